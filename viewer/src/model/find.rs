//! What a filter inside a trace finds, which rows it leaves, and where one goes from hit to hit.

use super::rows::Row;
use super::trace::TraceModel;

/// Spans that are looked at before somebody asks for the time.
pub const SLICE: u32 = 20_000;

/// What happens to the rows that a filter does not find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// They step back.
    #[default]
    Dim,
    /// They go.
    Hide,
    /// They go, but for the ancestors of what is found.
    Ancestors,
}

impl Mode {
    /// The choices, with their names in the address and for people.
    pub const CHOICES: [(Self, &'static str, &'static str); 3] = [
        (Self::Dim, "", "dim the rest"),
        (Self::Hide, "hide", "hide the rest"),
        (Self::Ancestors, "ancestors", "keep ancestors"),
    ];

    /// The mode of a name in the address.
    #[must_use]
    pub fn from_key(key: &str) -> Self {
        let found = Self::CHOICES.into_iter().find(|choice| choice.1 == key);
        found.map_or(Self::Dim, |choice| choice.0)
    }

    /// Its name in the address.
    #[must_use]
    pub fn key(self) -> &'static str {
        let found = Self::CHOICES.into_iter().find(|choice| choice.0 == self);
        found.map_or("", |choice| choice.1)
    }
}

/// Whether a text is a query in TraceQL; else it is words, which names and services
/// are searched for.
#[must_use]
pub fn is_query(text: &str) -> bool {
    text.starts_with(['{', '(']) || text.contains("()")
}

/// A search for words in names and services, in either case. A text is looked at once, however many spans have it.
pub struct WordSearch {
    words: String,
    services: Vec<bool>,
    /// What is known of each name, by its number.
    names: Vec<Option<bool>>,
    found: Vec<u32>,
    next: u32,
}

impl WordSearch {
    /// A search that has seen nothing yet.
    #[must_use]
    pub fn new(model: &TraceModel, words: &str) -> Self {
        let words = words.to_lowercase();
        let services = model.services.iter();
        Self {
            services: services
                .map(|service| service.name.to_lowercase().contains(&words))
                .collect(),
            names: vec![None; model.name_numbers()],
            words,
            found: Vec::new(),
            next: 0,
        }
    }

    /// Looks at a slice more. Returns whether anything is left to look at.
    pub fn go_on(&mut self, model: &TraceModel) -> bool {
        let count = model.len() as u32;
        let to = self.next.saturating_add(SLICE).min(count);
        for node in self.next..to {
            let known = &mut self.names[model.name_number(node) as usize];
            let has =
                *known.get_or_insert_with(|| model.name(node).to_lowercase().contains(&self.words));
            if has || self.services[usize::from(model.service[node as usize])] {
                self.found.push(node);
            }
        }
        self.next = to;
        to < count
    }

    /// What was found.
    #[must_use]
    pub fn hits(self) -> Hits {
        Hits::new(self.found)
    }
}

/// The nodes that were found, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hits(Vec<u32>);

impl Hits {
    /// From nodes in any order.
    #[must_use]
    pub fn new(mut nodes: Vec<u32>) -> Self {
        nodes.sort_unstable();
        nodes.dedup();
        Self(nodes)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The place of a node among them, counted from 1.
    #[must_use]
    pub fn place(&self, node: u32) -> Option<usize> {
        self.0.binary_search(&node).ok().map(|place| place + 1)
    }

    /// The next hit behind a node, or before it, around the ends.
    #[must_use]
    pub fn next(&self, node: u32, forward: bool) -> Option<u32> {
        let found = if forward {
            self.0
                .get(self.0.partition_point(|hit| *hit <= node))
                .or(self.0.first())
        } else {
            let before = self.0.partition_point(|hit| *hit < node);
            before
                .checked_sub(1)
                .and_then(|before| self.0.get(before))
                .or(self.0.last())
        };
        found.copied()
    }

    fn within(&self, from: u32, to: u32) -> bool {
        let next = self.0.get(self.0.partition_point(|hit| *hit < from));
        next.is_some_and(|hit| *hit < to)
    }

    /// Whether a row shows a hit: its own span, or one that it hides.
    #[must_use]
    pub fn shown_by(&self, model: &TraceModel, row: &Row) -> bool {
        let node = row.key.node;
        let end = match (row.key.fold, row.open) {
            (true, _) => model
                .fold_members(node)
                .last()
                .map_or(node, |last| model.after(last)),
            (false, Some(false)) => model.after(node),
            (false, _) => node + 1,
        };
        self.within(node, end)
    }

    /// Whether a mode leaves a row.
    #[must_use]
    pub fn leaves(&self, model: &TraceModel, row: &Row, mode: Mode) -> bool {
        match mode {
            Mode::Dim => true,
            Mode::Hide => self.shown_by(model, row),
            Mode::Ancestors => {
                self.shown_by(model, row) || self.within(row.key.node, model.after(row.key.node))
            }
        }
    }

    /// Where hits begin, as shares of the trace's time, at most one for each of `places`.
    #[must_use]
    pub fn marks(&self, model: &TraceModel, places: usize) -> Vec<f64> {
        let mut taken = vec![false; places];
        for node in &self.0 {
            let share = model.start[*node as usize] as f64 / model.duration.max(1) as f64;
            let place = (share.clamp(0.0, 1.0) * places as f64) as usize;
            taken[place.min(places - 1)] = true;
        }
        let taken = taken.iter().enumerate().filter(|(_, taken)| **taken);
        taken
            .map(|(place, _)| place as f64 / places as f64)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::super::pace::{Unhurried, at_once};
    use super::super::rows::{Openness, Rows};
    use super::*;

    #[test]
    fn a_walk_goes_around_the_ends() {
        let hits = Hits::new(vec![7, 2, 5, 5]);
        assert_eq!(hits.len(), 3);
        for (from, forward, expected) in [
            (0, true, 2),
            (2, true, 5),
            (7, true, 2),
            (7, false, 5),
            (2, false, 7),
        ] {
            assert_eq!(hits.next(from, forward), Some(expected), "{from} {forward}");
        }
        assert_eq!(hits.place(5), Some(2));
        assert_eq!(Hits::default().next(3, true), None);
    }

    #[test]
    fn words_are_queries_only_with_their_signs() {
        for (text, expected) in [
            ("seat", false),
            ("{ name = \"a\" }", true),
            ("count() > 1", true),
            ("a (b)", false),
        ] {
            assert_eq!(is_query(text), expected, "{text}");
        }
    }

    #[test]
    fn a_search_for_words_goes_through_every_slice() {
        let calls = (2..2 * u64::from(SLICE) + 8)
            .map(|id| fixture::span(id, 1, "api", "GET /seats/7", id, id + 1));
        let root = fixture::span(1, 0, "api", "Seats/7 of all", 0, 100_000);
        let model = fixture::model([root].into_iter().chain(calls).collect());
        let mut search = WordSearch::new(&model, "Seats/7");
        let mut slices = 1;
        while search.go_on(&model) {
            slices += 1;
        }
        assert_eq!(slices, 3);
        assert_eq!(search.hits().len(), model.len(), "in either case");
    }

    #[test]
    fn modes_leave_hits_their_ancestors_or_everything() {
        let model = fixture::booking();
        let rows = Rows::new(&model, &Openness::default());
        let name = |row: &Row| model.name(row.key.node).to_owned();
        let deep = rows
            .rows
            .iter()
            .rfind(|row| row.depth > 1)
            .expect("a deep row");
        let mut search = WordSearch::new(&model, &name(deep).to_uppercase());
        while search.go_on(&model) {}
        let hits = search.hits();
        assert!(hits.place(deep.key.node).is_some(), "in either case");
        let left = |mode| -> Vec<Row> {
            let kept = rows
                .clone()
                .only(|row| hits.leaves(&model, row, mode), &Unhurried);
            let kept = at_once(kept);
            kept.rows
        };
        assert_eq!(left(Mode::Dim), rows.rows);
        assert_eq!(left(Mode::Hide).len(), hits.len());
        let ancestors = left(Mode::Ancestors);
        assert!(ancestors.len() > hits.len());
        assert_eq!(ancestors[0].key.node, 0, "down from the root");
        let marks = hits.marks(&model, 100);
        assert!(!marks.is_empty() && marks.iter().all(|mark| (0.0..1.0).contains(mark)));
        for (mode, key, _) in Mode::CHOICES {
            assert_eq!(Mode::from_key(key), mode);
            assert_eq!(mode.key(), key);
        }
    }
}
