//! Which rows the waterfall shows, given what is collapsed and what is unfolded.
//!
//! A row is a span, or the head of a fold: alike siblings shown as one. A fold's head carries the index
//! of its first member; its members, when unfolded, are rows one level deeper.

use std::collections::BTreeSet;

use super::pace::Pace;
#[cfg(test)]
use super::pace::{Unhurried, at_once};
use super::trace::{NONE, STRIDE, TraceModel};

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// The span's node; for a fold's head, its first member.
    pub node: u32,
    /// Whether the row is the head of a fold.
    pub fold: bool,
}

/// One row of the waterfall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What it stands for.
    pub key: RowKey,
    /// How far it is indented.
    pub depth: u32,
    /// Whether its children show; `None` where it has none.
    pub open: Option<bool>,
    /// How many spans it hides while closed; for a fold's head, how many members it has.
    pub hidden: u32,
    /// Whether one of the spans that it hides failed.
    pub hides_error: bool,
}

/// What a person has closed and opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Openness {
    /// Whether what happens within single services is closed ([`TraceModel::is_detail`]).
    pub details_closed: bool,
    /// Nodes whose children are hidden though nothing else hides them, or shown though they are details.
    pub exceptions: BTreeSet<u32>,
    /// First members of the folds whose members show.
    pub unfolded: BTreeSet<u32>,
}

/// What is left out beside what is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Narrowing {
    /// The node whose subtree alone is shown.
    pub focus: Option<u32>,
    /// Shorter nodes are left out, in nanoseconds, unless they failed.
    pub least: i64,
    /// Nodes outside of this time are left out.
    pub within: Option<(i64, i64)>,
}

impl Narrowing {
    /// Whether each node is shown: it is not left out, or it leads to one that is not. `None` where all are.
    async fn kept(&self, model: &TraceModel, pace: &impl Pace) -> Option<Vec<bool>> {
        if self.least <= 0 && self.within.is_none() {
            return None;
        }
        let mut kept = vec![false; model.len()];
        for node in (0..model.len()).rev() {
            let (start, end) = (model.start[node], model.end[node]);
            let long = end - start >= self.least || model.error[node];
            let seen = self
                .within
                .is_none_or(|(from, to)| start <= to && end >= from);
            kept[node] |= long && seen;
            if kept[node]
                && let Some(parent) = model.parent_of(node as u32)
            {
                kept[parent as usize] = true;
            }
            if node % STRIDE == 0 {
                pace.breathe().await;
            }
        }
        Some(kept)
    }
}

/// The rows of the waterfall.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// The rows from top to bottom.
    pub rows: Vec<Row>,
    /// For each node the row that shows it: its own, or its nearest visible ancestor's.
    row_of: Vec<u32>,
    /// How many nodes are left out.
    pub left_out: u32,
}

impl Rows {
    /// Finds the rows of a trace of which nothing is left out. O(nodes).
    #[cfg(test)]
    #[must_use]
    pub fn new(model: &TraceModel, openness: &Openness) -> Self {
        Self::narrowed(model, openness, &Narrowing::default())
    }

    /// Finds the rows that are not left out at once. O(nodes).
    #[cfg(test)]
    #[must_use]
    pub fn narrowed(model: &TraceModel, openness: &Openness, narrowing: &Narrowing) -> Self {
        at_once(Self::find(model, openness, narrowing, &Unhurried))
    }

    /// Finds the rows that are not left out, with breaths in between. O(nodes).
    pub async fn find(
        model: &TraceModel,
        openness: &Openness,
        narrowing: &Narrowing,
        pace: &impl Pace,
    ) -> Self {
        let kept = narrowing.kept(model, pace).await;
        let shown = |node: u32| kept.as_ref().is_none_or(|kept| kept[node as usize]);
        let (first, count) = match narrowing.focus {
            Some(focus) if (focus as usize) < model.len() => (focus, model.after(focus)),
            _ => (0, model.len() as u32),
        };
        let outer = model.depth.get(first as usize).copied().unwrap_or(0);
        let mut left_out = model.len() as u32 - (count - first);
        let mut rows = Vec::with_capacity(model.len());
        pace.breathe().await;
        let mut row_of = vec![0; model.len()];
        // How much deeper rows are than their nodes, by where it ends: one level for each open fold around them.
        let mut shifts: Vec<u32> = Vec::new();
        let mut node = first;
        let mut steps = 0_usize;
        while node < count {
            steps += 1;
            if steps.is_multiple_of(STRIDE) {
                pace.breathe().await;
            }
            while shifts.last().is_some_and(|end| *end <= node) {
                shifts.pop();
            }
            let mut depth = model.depth[node as usize] - outer + shifts.len() as u32;
            // In a focused subtree its head stands alone, whatever fold it belongs to.
            let members = if narrowing.focus == Some(node) {
                0
            } else {
                model.fold[node as usize]
            };
            let (mut end, mut some_shown, mut some_failed) = (node, false, false);
            for _ in 0..members {
                some_shown |= shown(end);
                some_failed |= fails_within(model, end);
                end = model.after(end);
                steps += 1;
                if steps.is_multiple_of(STRIDE) {
                    pace.breathe().await;
                }
            }
            if some_shown {
                let open = openness.unfolded.contains(&node);
                rows.push(Row {
                    key: RowKey { node, fold: true },
                    depth,
                    open: Some(open),
                    hidden: members,
                    hides_error: some_failed,
                });
                if !open {
                    row_of[node as usize..end as usize].fill(rows.len() as u32 - 1);
                    node = end;
                    continue;
                }
                shifts.push(end);
                depth += 1;
            }
            if !shown(node) {
                // It shows in the row above, as what is closed does.
                let next = model.after(node);
                left_out += next - node;
                row_of[node as usize..next as usize].fill((rows.len() as u32).saturating_sub(1));
                node = next;
                continue;
            }
            let leaf = model.subtree[node as usize] == 1;
            let open = !openness.closes(model, node);
            rows.push(Row {
                key: RowKey { node, fold: false },
                depth,
                open: (!leaf).then_some(open),
                hidden: model.subtree[node as usize] - 1,
                hides_error: model.errors_below[node as usize] > 0,
            });
            let next = if open { node + 1 } else { model.after(node) };
            row_of[node as usize..next as usize].fill(rows.len() as u32 - 1);
            node = next;
        }
        Self {
            rows,
            row_of,
            left_out,
        }
    }

    /// Only some of the rows, with breaths in between. What a row that goes has shown is shown by the row above it.
    pub async fn only(mut self, keep: impl Fn(&Row) -> bool, pace: &impl Pace) -> Self {
        let mut places = Vec::with_capacity(self.rows.len());
        let mut kept = 0;
        for index in 0..self.rows.len() {
            let row = self.rows[index];
            if keep(&row) {
                self.rows[kept] = row;
                kept += 1;
            }
            places.push((kept as u32).saturating_sub(1));
            if index.is_multiple_of(STRIDE) {
                pace.breathe().await;
            }
        }
        self.rows.truncate(kept);
        for nodes in self.row_of.chunks_mut(STRIDE) {
            for row in nodes {
                *row = places[*row as usize];
            }
            pace.breathe().await;
        }
        self
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row that shows a node: its own, or its nearest visible ancestor's.
    #[must_use]
    pub fn row_of(&self, node: u32) -> usize {
        self.row_of
            .get(node as usize)
            .map_or(0, |row| *row as usize)
    }

    /// The row of a key; where it is hidden, its nearest visible ancestor's.
    #[must_use]
    pub fn position(&self, key: RowKey) -> usize {
        let row = self.row_of(key.node);
        // A fold's open head is directly above its first member.
        let head_above = key.fold && row > 0 && self.rows[row - 1].key == key;
        if head_above { row - 1 } else { row }
    }

    /// The ancestors of what a row shows that have rows above it, the outermost first.
    #[must_use]
    pub fn scrolled_away(&self, model: &TraceModel, row: usize) -> Vec<u32> {
        let node = self.rows.get(row).map(|row| row.key.node);
        let ancestors = node.map(|node| {
            std::iter::successors(model.parent_of(node), |node| model.parent_of(*node))
        });
        let above = |node: &u32| {
            let key = RowKey {
                node: *node,
                fold: false,
            };
            self.row_of(*node) < row && self.shows(key)
        };
        let mut found: Vec<u32> = ancestors.into_iter().flatten().filter(above).collect();
        found.reverse();
        found
    }

    /// Whether a key has a row of its own.
    #[must_use]
    pub fn shows(&self, key: RowKey) -> bool {
        let row = self.rows.get(self.position(key));
        row.is_some_and(|row| row.key == key)
    }

    /// The row that a row hangs from.
    #[must_use]
    pub fn parent(&self, row: usize) -> Option<usize> {
        let depth = self.rows.get(row)?.depth;
        (0..row).rev().find(|above| self.rows[*above].depth < depth)
    }
}

impl Openness {
    /// Opens everything that hides `node`.
    pub fn reveal(&mut self, model: &TraceModel, node: u32) {
        let mut current = node;
        loop {
            let parent = model.parent[current as usize];
            // A fold hides its members together; its head is the member at which a fold begins.
            for head in model
                .children(parent)
                .take_while(|sibling| *sibling <= current)
            {
                if model.fold[head as usize] > 0
                    && model.fold_members(head).any(|member| member == current)
                {
                    self.unfolded.insert(head);
                }
            }
            if parent == NONE {
                return;
            }
            if self.closes(model, parent) {
                self.turn(parent);
            }
            current = parent;
        }
    }

    /// Whether the children of a node are hidden.
    #[must_use]
    pub fn closes(&self, model: &TraceModel, node: u32) -> bool {
        (self.details_closed && model.is_detail(node)) != self.exceptions.contains(&node)
    }

    /// Whether a node's children may be hidden at all.
    #[must_use]
    pub fn closes_some(&self) -> bool {
        self.details_closed || !self.exceptions.is_empty()
    }

    /// Closes what happens within single services, or opens everything.
    pub fn close_details(&mut self, close: bool) {
        self.details_closed = close;
        self.exceptions.clear();
    }

    /// Opens or closes a row.
    pub fn set(&mut self, model: &TraceModel, key: RowKey, open: bool) {
        if !key.fold {
            if self.closes(model, key.node) == open {
                self.turn(key.node);
            }
        } else if open {
            self.unfolded.insert(key.node);
        } else {
            self.unfolded.remove(&key.node);
        }
    }

    fn turn(&mut self, node: u32) {
        if !self.exceptions.remove(&node) {
            self.exceptions.insert(node);
        }
    }
}

fn fails_within(model: &TraceModel, node: u32) -> bool {
    model.error[node as usize] || model.errors_below[node as usize] > 0
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{booking, model, span};
    use super::*;

    fn shown(model: &TraceModel, openness: &Openness) -> Vec<String> {
        let rows = Rows::new(model, openness);
        rows.rows
            .iter()
            .map(|row| {
                let mark = if row.key.fold {
                    format!(" ×{}", row.hidden)
                } else {
                    String::new()
                };
                format!(
                    "{}{}{mark}",
                    "  ".repeat(row.depth as usize),
                    model.name(row.key.node)
                )
            })
            .collect()
    }

    #[test]
    fn alike_siblings_are_one_row_until_unfolded() {
        let mut spans = vec![span(1, 0, "a", "root", 0, 100)];
        spans.extend((0..4).map(|i| span(10 + i, 1, "a", "SELECT", 10 * i, 10 * i + 5)));
        spans.push(span(20, 1, "a", "after", 60, 70));
        let model = model(spans);
        assert_eq!(
            shown(&model, &Openness::default()),
            ["root", "  SELECT ×4", "  after"]
        );
        let mut openness = Openness::default();
        openness.set(
            &model,
            RowKey {
                node: 1,
                fold: true,
            },
            true,
        );
        assert_eq!(
            shown(&model, &openness),
            [
                "root",
                "  SELECT ×4",
                "    SELECT",
                "    SELECT",
                "    SELECT",
                "    SELECT",
                "  after"
            ]
        );
        let rows = Rows::new(&model, &openness);
        assert_eq!(
            rows.position(RowKey {
                node: 1,
                fold: true
            }),
            1
        );
        assert_eq!(
            rows.position(RowKey {
                node: 1,
                fold: false
            }),
            2
        );
        assert_eq!(rows.parent(3), Some(1));
    }

    #[test]
    fn what_is_left_out_keeps_the_way_to_what_is_shown() {
        let model = booking();
        let openness = Openness::default();
        let long = Narrowing {
            least: 100_000_000,
            ..Narrowing::default()
        };
        let rows = Rows::narrowed(&model, &openness, &long);
        assert!(
            rows.rows
                .iter()
                .all(|row| model.duration_of(row.key.node) >= 100_000_000)
        );
        assert_eq!(rows.len() as u32 + rows.left_out, model.len() as u32);
        let payment = (0..model.len() as u32)
            .find(|node| model.name(*node) == "POST /charge")
            .expect("a span");
        let focus = Narrowing {
            focus: Some(payment),
            ..Narrowing::default()
        };
        let rows = Rows::narrowed(&model, &openness, &focus);
        assert_eq!(rows.len() as u32, model.subtree[payment as usize]);
        assert_eq!(rows.rows[0].depth, 0);
        let early = Narrowing {
            within: Some((0, 50_000_000)),
            ..Narrowing::default()
        };
        assert_eq!(Rows::narrowed(&model, &openness, &early).len(), 2);
    }

    #[test]
    fn details_are_closed_but_for_what_somebody_opens() {
        let model = booking();
        let mut openness = Openness::default();
        openness.close_details(true);
        let rows = Rows::new(&model, &openness);
        let closed = |rows: &Rows| -> Vec<u32> {
            let closed = rows.rows.iter().filter(|row| row.open == Some(false));
            closed
                .filter(|row| !row.key.fold)
                .map(|row| row.key.node)
                .collect()
        };
        let details = closed(&rows);
        assert!(!details.is_empty() && rows.len() < model.len());
        for node in &details {
            let within = *node..model.after(*node);
            let service = |node: u32| model.service[node as usize];
            assert!(within.clone().all(|below| service(below) == service(*node)));
        }
        // Every service is seen all the same.
        let mut seen: Vec<u16> = rows
            .rows
            .iter()
            .map(|row| model.service[row.key.node as usize])
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), model.services.len());
        let key = RowKey {
            node: details[0],
            fold: false,
        };
        openness.set(&model, key, true);
        assert_eq!(closed(&Rows::new(&model, &openness)), details[1..]);
        openness.set(&model, key, false);
        assert!(openness.exceptions.is_empty());
        openness.reveal(&model, details[0] + 1);
        assert!(!openness.closes(&model, details[0]) && openness.closes_some());
        openness.close_details(false);
        assert_eq!(openness, Openness::default());
    }

    #[test]
    fn what_is_collapsed_shows_in_its_nearest_visible_ancestor() {
        let model = booking();
        let mut openness = Openness::default();
        openness.set(
            &model,
            RowKey {
                node: 2,
                fold: false,
            },
            false,
        );
        let rows = Rows::new(&model, &openness);
        assert_eq!(shown(&model, &openness).len(), 3);
        assert!(rows.rows[2].hides_error);
        assert_eq!(rows.rows[2].hidden, model.subtree[2] - 1);
        assert_eq!(rows.row_of(model.len() as u32 - 1), 2);
    }

    #[test]
    fn ancestors_that_are_scrolled_away_are_known() {
        let model = booking();
        let rows = Rows::new(&model, &Openness::default());
        let names = |row: usize| -> Vec<String> {
            let found = rows.scrolled_away(&model, row).into_iter();
            found.map(|node| model.name(node).to_owned()).collect()
        };
        assert!(names(0).is_empty(), "the root has none");
        let (charge, _) = rows
            .rows
            .iter()
            .enumerate()
            .find(|(_, row)| model.name(row.key.node) == "POST acquirer/charge")
            .expect("a row");
        assert_eq!(
            names(charge),
            [
                "click \"Book Now\"",
                "POST /api/bookings",
                "POST /bookings",
                "POST /record",
                "POST /charge"
            ]
        );
        assert!(names(rows.len()).is_empty(), "there is no such row");
        let focus = Narrowing {
            focus: Some(rows.rows[charge].key.node),
            ..Narrowing::default()
        };
        let rows = Rows::narrowed(&model, &Openness::default(), &focus);
        assert!(
            rows.scrolled_away(&model, 0).is_empty(),
            "left out is not above"
        );
    }

    #[test]
    fn revealing_a_span_opens_every_ancestor_and_fold_above_it() {
        let model = booking();
        let mut openness = Openness::default();
        openness.set(
            &model,
            RowKey {
                node: 0,
                fold: false,
            },
            false,
        );
        let select = (0..model.len() as u32)
            .filter(|node| model.name(*node) == "SELECT seats")
            .nth(7)
            .expect("a select");
        openness.reveal(&model, select);
        let rows = Rows::new(&model, &openness);
        assert_eq!(
            rows.rows[rows.row_of(select)].key,
            RowKey {
                node: select,
                fold: false
            }
        );
    }
}
