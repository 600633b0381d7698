//! The audit log: who looked at which trace or session, and who was turned away. Lines of JSON, appended to a file in the
//! data directory and never changed; no token is ever in it.
//!
//! What must be noted is not answered where it cannot be: the file is written before the answer leaves. Requests that
//! are turned away could fill a disk, so only so many of them a minute have a line of their own. Whoever reads asks
//! many times: the same look of the same reader has one line in a while.

use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use shared::query::audit::{AuditEntry, AuditResponse, Event};
use shared::time::UnixNanos;

use crate::store::system_clock;

/// The file in the data directory.
pub const FILE: &str = "audit.jsonl";

/// So many lines are kept where there is no file.
const MAX_IN_MEMORY: usize = 10_000;

/// So many requests that were turned away are noted in a minute.
const MAX_REFUSALS: u32 = 60;

/// A look has another line when its last one is so old.
const LOOK_NANOS: u64 = 10 * MINUTE_NANOS;

/// So many looks are remembered. Where there are more, some have a line too many.
const MAX_LOOKS: usize = 4_096;

const MINUTE_NANOS: u64 = 60_000_000_000;

/// How much of the file is read at once, from its end.
const BLOCK_BYTES: u64 = 64 << 10;

/// The log.
pub struct Audit {
    kept: Mutex<Kept>,
}

struct Kept {
    lines: Lines,
    /// The minute in which requests were turned away last, and how many.
    refusals: (u64, u32),
    /// When each look was noted last.
    looks: HashMap<Look, UnixNanos>,
}

/// Who, how, and at what.
type Look = (Option<String>, Event, Vec<String>);

enum Lines {
    File(File),
    Memory(VecDeque<String>),
}

impl Default for Audit {
    /// A log that ends with the process.
    fn default() -> Self {
        Self::keeping(Lines::Memory(VecDeque::new()))
    }
}

impl Audit {
    /// The log in a data directory.
    ///
    /// # Errors
    /// When the file cannot be opened or made.
    pub fn open(directory: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(directory.join(FILE))?;
        Ok(Self::keeping(Lines::File(file)))
    }

    fn keeping(lines: Lines) -> Self {
        Self {
            kept: Mutex::new(Kept {
                lines,
                refusals: (0, 0),
                looks: HashMap::new(),
            }),
        }
    }

    /// Notes something, a look that was noted lately not again. Blocks for as long as a write to a file takes.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note(
        &self,
        who: Option<&str>,
        event: Event,
        what: Vec<String>,
        detail: Option<String>,
    ) -> std::io::Result<()> {
        self.note_at(system_clock()(), who, event, what, detail)
    }

    fn note_at(
        &self,
        time: UnixNanos,
        who: Option<&str>,
        event: Event,
        what: Vec<String>,
        detail: Option<String>,
    ) -> std::io::Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(event, Event::Unauthenticated | Event::Forbidden) && !kept.has_room(time) {
            return Ok(());
        }
        let entry = AuditEntry {
            time,
            who: who.map(str::to_owned),
            event,
            what,
            detail,
        };
        let look = event
            .is_look()
            .then(|| (entry.who.clone(), event, entry.what.clone()));
        if let Some(look) = &look
            && kept.is_fresh(look, time)
        {
            return Ok(());
        }
        tracing::info!(target: "throughline::audit", who, ?event, what = ?entry.what, detail = entry.detail);
        kept.write(&entry)?;
        if let Some(look) = look {
            kept.remember(look, time);
        }
        Ok(())
    }

    /// The latest entries before an offset that an earlier answer gave, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn latest(&self, limit: usize, before: Option<u64>) -> std::io::Result<AuditResponse> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (lines, next) = match &mut kept.lines {
            Lines::File(file) => last_lines(file, limit, before)?,
            Lines::Memory(lines) => {
                let end = before.map_or(lines.len(), |before| lines.len().min(before as usize));
                let start = end.saturating_sub(limit);
                let found = lines.range(start..end).rev().cloned().collect();
                (found, (start > 0).then_some(start as u64))
            }
        };
        // A line that a crash cut short is passed over.
        let entries = lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        Ok(AuditResponse { entries, next })
    }
}

impl Kept {
    /// Whether a request that was turned away gets a line; the last one of a minute says that there may be more.
    fn has_room(&mut self, time: UnixNanos) -> bool {
        let minute = time.0 / MINUTE_NANOS;
        if self.refusals.0 != minute {
            self.refusals = (minute, 0);
        }
        self.refusals.1 = self.refusals.1.saturating_add(1);
        if self.refusals.1 == MAX_REFUSALS + 1 {
            tracing::warn!(target: "throughline::audit", "more requests are turned away this minute than are noted");
        }
        self.refusals.1 <= MAX_REFUSALS
    }

    /// Whether a look was noted so lately that it is the same one still.
    fn is_fresh(&self, look: &Look, time: UnixNanos) -> bool {
        let noted = self.looks.get(look);
        noted.is_some_and(|noted| time.0.saturating_sub(noted.0) < LOOK_NANOS)
    }

    fn remember(&mut self, look: Look, time: UnixNanos) {
        if self.looks.len() >= MAX_LOOKS {
            self.looks
                .retain(|_, noted| time.0.saturating_sub(noted.0) < LOOK_NANOS);
        }
        if self.looks.len() >= MAX_LOOKS {
            self.looks.clear();
        }
        self.looks.insert(look, time);
    }

    fn write(&mut self, entry: &AuditEntry) -> std::io::Result<()> {
        let mut line = serde_json::to_string(entry)?;
        match &mut self.lines {
            Lines::File(file) => {
                line.push('\n');
                // One write, so that a line is there as a whole or not at all.
                file.write_all(line.as_bytes())
            }
            Lines::Memory(lines) => {
                if lines.len() == MAX_IN_MEMORY {
                    lines.pop_front();
                }
                lines.push_back(line);
                Ok(())
            }
        }
    }
}

/// A visitor, as the log may tell of one who is to be forgotten: by a hash, with which whoever knows the name can find
/// the entry.
#[must_use]
pub fn told_of(key: &str, value: &str) -> String {
    let digest = Sha256::digest(value);
    let hex: String = digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("the visitor whose {key} has the SHA-256 {hex}…")
}

/// At most `limit` whole lines before an offset, the last first, and the offset at which they begin.
fn last_lines(
    file: &mut File,
    limit: usize,
    before: Option<u64>,
) -> std::io::Result<(Vec<String>, Option<u64>)> {
    let length = file.seek(SeekFrom::End(0))?;
    let end = before.map_or(length, |before| before.min(length));
    let (mut start, mut bytes) = (end, Vec::new());
    let count = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    // One newline more ends the line before the first wanted one.
    while start > 0 && count(&bytes) <= limit {
        let from = start.saturating_sub(BLOCK_BYTES);
        let mut block = vec![0; (start - from) as usize];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut block)?;
        block.extend_from_slice(&bytes);
        (start, bytes) = (from, block);
    }
    let mut found = Vec::new();
    let mut at = bytes.len();
    while at > 0 && found.len() < limit {
        let line_end = at - usize::from(bytes[at - 1] == b'\n');
        let line_start = bytes[..line_end]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline + 1);
        found.push(String::from_utf8_lossy(&bytes[line_start..line_end]).into_owned());
        at = line_start;
    }
    let next = start + at as u64;
    Ok((found, (next > 0).then_some(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> [(Audit, Option<tempfile::TempDir>); 2] {
        let directory = tempfile::TempDir::new().expect("a directory");
        let file = Audit::open(directory.path()).expect("a log");
        [(Audit::default(), None), (file, Some(directory))]
    }

    #[test]
    fn entries_are_read_newest_first_and_page_by_page() {
        for (audit, _directory) in both() {
            for index in 0..2_500 {
                let what = vec![format!("session-{index}"), "x".repeat(40)];
                audit
                    .note(Some("ci"), Event::SessionViewed, what, None)
                    .expect("noted");
            }
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let page = audit.latest(1_000, before).expect("readable");
                seen.extend(page.entries.into_iter().map(|entry| entry.what[0].clone()));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            let expected: Vec<String> = (0..2_500)
                .rev()
                .map(|index| format!("session-{index}"))
                .collect();
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn a_flood_of_refusals_is_noted_in_part_and_nothing_else_is_left_out() {
        for (audit, _directory) in both() {
            for _ in 0..500 {
                audit
                    .note(None, Event::Unauthenticated, Vec::new(), None)
                    .expect("noted");
            }
            audit
                .note(Some("ci"), Event::SessionViewed, Vec::new(), None)
                .expect("noted");
            let entries = audit.latest(1_000, None).expect("readable").entries;
            assert_eq!(entries[0].event, Event::SessionViewed);
            // The minute may have changed meanwhile.
            let refused = entries.len() - 1;
            assert!((60..=120).contains(&refused), "{refused}");
        }
    }

    #[test]
    fn a_look_that_goes_on_is_one_line_in_ten_minutes() {
        let audit = Audit::default();
        let note = |minute: u64, who, event, what: &str| {
            let time = UnixNanos(minute * MINUTE_NANOS);
            audit
                .note_at(time, Some(who), event, vec![what.to_owned()], None)
                .expect("noted");
        };
        for (minute, who, event, what) in [
            (100, "ci", Event::TraceViewed, "a"),
            (101, "ci", Event::TraceViewed, "a"),
            (102, "ci", Event::TraceViewed, "b"),
            (103, "ops", Event::TraceViewed, "a"),
            (104, "ci", Event::TraceExported, "a"),
            (105, "ci", Event::TraceExported, "a"),
            (109, "ci", Event::TraceViewed, "a"),
            (110, "ci", Event::TraceViewed, "a"),
            (111, "ci", Event::TraceViewed, "a"),
        ] {
            note(minute, who, event, what);
        }
        let entries = audit.latest(100, None).expect("readable").entries;
        let minutes: Vec<u64> = entries
            .iter()
            .rev()
            .map(|entry| entry.time.0 / MINUTE_NANOS)
            .collect();
        assert_eq!(minutes, [100, 102, 103, 104, 105, 110]);
    }

    #[test]
    fn looks_at_very_many_things_are_all_noted_and_few_are_remembered() {
        let audit = Audit::default();
        for index in 0..2 * MAX_LOOKS {
            let what = vec![format!("trace-{index}")];
            audit
                .note(Some("ci"), Event::TraceViewed, what, None)
                .expect("noted");
        }
        let entries = audit.latest(MAX_IN_MEMORY, None).expect("readable").entries;
        assert_eq!(entries.len(), 2 * MAX_LOOKS);
        assert!(audit.kept.lock().expect("a lock").looks.len() <= MAX_LOOKS);
    }

    #[test]
    fn the_file_is_appended_to_and_a_broken_line_is_passed_over() {
        let directory = tempfile::TempDir::new().expect("a directory");
        for who in ["one", "two"] {
            let audit = Audit::open(directory.path()).expect("a log");
            audit
                .note(Some(who), Event::AuditRead, Vec::new(), None)
                .expect("noted");
        }
        let path = directory.path().join(FILE);
        let mut file = OpenOptions::new()
            .append(true)
            .open(&path)
            .expect("the file");
        file.write_all(b"{\"time\":\"1").expect("written");
        let audit = Audit::open(directory.path()).expect("a log");
        let found = audit.latest(10, None).expect("readable");
        let names: Vec<_> = found
            .entries
            .iter()
            .map(|entry| entry.who.as_deref().unwrap_or(""))
            .collect();
        assert_eq!((names, found.next), (vec!["two", "one"], None));
    }
}
