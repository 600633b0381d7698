//! Recordings of pages, as the store keeps them: chunks of events in numbered order, a stream for each tab.

use shared::time::UnixNanos;

/// A part of a page's recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayChunk {
    /// What it is a part of and when it was recorded.
    pub part: ReplayPart,
    /// Its events, a JSON array, packed by zstd.
    pub events: Vec<u8>,
}

/// Which chunk it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplayPart {
    /// The session.
    pub session: String,
    /// The page, in one of the session's tabs.
    pub stream: String,
    /// Its number in the stream, from 0 without a gap.
    pub number: u32,
    /// When its first event happened.
    pub start: UnixNanos,
    /// When its last one did.
    pub end: UnixNanos,
    /// How many bytes its events have, unpacked.
    pub bytes: u64,
}

impl ReplayPart {
    /// Whether two chunks claim the same place; the first that arrived has it.
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        (&self.session, &self.stream, self.number) == (&other.session, &other.stream, other.number)
    }
}
