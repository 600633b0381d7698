//! Whose clocks told the times, and what follows where they disagree.

use shared::columns::flag;
use shared::span::SpanKind;
use shared::time::{DurationNanos, UnixNanos};

use super::{STRIDE, TraceModel};
use crate::format;
use crate::model::clock::Bounds;
use crate::model::pace::Pace;

/// Clocks of one machine differ by less in what they say of one call: a browser's are rounded, and a server may end
/// its span after the answer has left. In nanoseconds.
pub const CLOCK_NOISE: i64 = 1_000_000;

impl TraceModel {
    /// By how much the clock that timed a node is ahead of the root's, in nanoseconds.
    #[must_use]
    pub fn skew_of(&self, node: u32) -> i64 {
        let clock = usize::from(self.clock_of(node));
        self.skews.get(clock).copied().unwrap_or(0)
    }

    /// The number of the clock that timed a node: a service has one on each of its hosts.
    #[must_use]
    pub fn clock_of(&self, node: u32) -> u16 {
        let clocks = if self.clock.is_empty() {
            &self.service
        } else {
            &self.clock
        };
        clocks[node as usize]
    }

    /// Whose clock it is: the service, with its host where it has several.
    #[must_use]
    pub fn clock_name(&self, clock: u16) -> String {
        let clocks = &self.columns.services;
        let Some(one) = clocks.get(usize::from(clock)) else {
            return String::new();
        };
        let name = format::clipped(&one.name, 32);
        let others = clocks
            .iter()
            .filter(|other| (&other.name, other.browser) == (&one.name, one.browser));
        match (others.count(), one.host.as_str()) {
            (..=1, _) => name,
            (_, "") => format!("{name} on a host that it does not name"),
            (_, host) => format!("{name} on {}", format::clipped(host, 32)),
        }
    }

    /// Whose clock it is: the service and its host, in full.
    #[must_use]
    pub fn clock_of_whom(&self, clock: u16) -> Option<(&str, &str)> {
        let one = self.columns.services.get(usize::from(clock))?;
        Some((&one.name, &one.host))
    }

    /// By how much each clock is ahead of the root's as the calls suggest, in nanoseconds.
    #[must_use]
    pub fn estimates(&self) -> &[i64] {
        if self.adjusted {
            &self.estimates
        } else {
            &self.skews
        }
    }

    /// Whether some clock is not the root's.
    #[must_use]
    pub fn clocks_apart(&self) -> bool {
        self.skews.iter().any(|skew| *skew != 0)
    }

    /// When a node began, as it was sent.
    #[must_use]
    pub fn sent_start(&self, node: u32) -> UnixNanos {
        let skew = if self.adjusted { self.skew_of(node) } else { 0 };
        self.start_time() + DurationNanos(self.start[node as usize] + skew)
    }

    /// The time of the root, where clocks that disagree stretch the trace far beyond it: what to look at first.
    #[must_use]
    pub fn focus(&self) -> Option<(i64, i64)> {
        self.clocks?;
        let root = self.root as usize;
        let (start, end) = (*self.start.get(root)?, *self.end.get(root)?);
        (end > start && (end - start) < self.duration / 2).then_some((start, end))
    }

    /// How long the whole took: from the earliest start to the latest end, or the root where clocks disagree.
    #[must_use]
    pub fn headline_duration(&self) -> i64 {
        self.focus()
            .map_or(self.duration, |(start, end)| end - start)
    }

    /// Finds which clocks disagree, and by how much.
    pub(super) async fn find_clocks(&mut self, pace: &impl Pace) {
        let mut bounds = Bounds::default();
        for node in 0..self.len() as u32 {
            bounds.learn(self, node);
            if self.clocks_disagree(node) {
                let (first, count) = self.clocks.unwrap_or((node, 0));
                self.clocks = Some((first, count + 1));
            }
            if (node as usize).is_multiple_of(STRIDE) {
                pace.breathe().await;
            }
        }
        if !self.is_empty() {
            let clocks = self.columns.services.len();
            self.skews = bounds.skews(clocks, self.clock_of(self.root));
        }
    }

    /// Whether a node tells of two clocks: a call that is answered lies within its request, so that an answer
    /// outside of it was timed by another clock. A message may well be taken up after its sender has gone on.
    #[must_use]
    pub fn clocks_disagree(&self, node: u32) -> bool {
        let outside = flag::STARTS_BEFORE_PARENT | flag::ENDS_AFTER_PARENT;
        if !self.has(node, outside) || !self.has(node, flag::ACROSS_SERVICES) {
            return false;
        }
        let Some(parent) = self.parent_of(node) else {
            return false;
        };
        let early = self.start[parent as usize] - self.start[node as usize];
        let late = self.end[node as usize] - self.end[parent as usize];
        early.max(late) >= CLOCK_NOISE
            && self.kind(parent) == SpanKind::Client
            && self.kind(node) == SpanKind::Server
    }
}
