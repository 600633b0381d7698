//! Alike siblings in a row, which are shown as one.

use super::{NONE, STRIDE, TraceModel};
use crate::model::pace::Pace;

/// From this many alike siblings in a row on, they are shown as one.
const FOLD_FROM: u32 = 4;

/// How long the members of a fold took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldTimes {
    /// Their median, in nanoseconds.
    pub p50: i64,
    /// What 95 of 100 stayed below.
    pub p95: i64,
    /// The last end.
    pub end: i64,
}

impl TraceModel {
    /// The members of the fold that begins at `node`; empty where none does.
    pub fn fold_members(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let mut next = node;
        (0..self.fold[node as usize]).map(move |_| {
            let member = next;
            next = self.after(member);
            member
        })
    }

    /// How long the members of the fold that begins at `node` took.
    #[must_use]
    pub fn fold_times(&self, node: u32) -> Option<FoldTimes> {
        self.fold_times.get(&node).copied()
    }

    /// The first members of all folds, in no order.
    pub fn folds(&self) -> impl Iterator<Item = u32> + '_ {
        self.fold_times.keys().copied()
    }

    /// Finds them.
    pub(super) async fn find_folds(&mut self, pace: &impl Pace) {
        let mut seen = 0;
        for parent in std::iter::once(NONE).chain(0..self.len() as u32) {
            if parent != NONE && self.subtree[parent as usize] <= FOLD_FROM {
                seen += 1;
                if seen % STRIDE == 0 {
                    pace.breathe().await;
                }
                continue;
            }
            let end = if parent == NONE {
                self.len() as u32
            } else {
                self.after(parent)
            };
            let mut child = if parent == NONE { 0 } else { parent + 1 };
            while child < end {
                let head = child;
                let mut length = 0;
                while child < end && self.alike(head, child) {
                    length += 1;
                    child = self.after(child);
                    seen += 1;
                    if seen % STRIDE == 0 {
                        pace.breathe().await;
                    }
                }
                if length >= FOLD_FROM {
                    self.add_fold(head, length);
                    pace.breathe().await;
                }
            }
        }
    }

    fn add_fold(&mut self, head: u32, length: u32) {
        self.fold[head as usize] = length;
        let mut durations: Vec<i64> = self
            .fold_members(head)
            .map(|member| self.duration_of(member))
            .collect();
        let mut at = |share: usize| {
            let place = (durations.len() - 1) * share / 100;
            *durations.select_nth_unstable(place).1
        };
        let (p50, p95) = (at(50), at(95));
        let ends = self
            .fold_members(head)
            .map(|member| self.end[member as usize]);
        let end = ends.max().unwrap_or_default();
        self.fold_times.insert(head, FoldTimes { p50, p95, end });
    }

    fn alike(&self, a: u32, b: u32) -> bool {
        self.service[a as usize] == self.service[b as usize]
            && self.name_number(a) == self.name_number(b)
    }
}
