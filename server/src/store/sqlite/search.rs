//! Walks the traces of several days' files, newest first.
//!
//! Each file lists its traces by start. Usually the lists do not overlap; but a trace that was under
//! way at midnight is in two files, and a late batch may bring an old trace into today's. Its place
//! in the common order is that of its earliest part, so a trace that a file offers is first looked
//! up in the other files and waits in `pending` until no file can offer a newer one.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use rusqlite::params;
use shared::id::TraceId;
use shared::time::{DurationNanos, UnixNanos};

use super::file::{DayFile, Reader};
use super::{links, tokens};
use crate::store::{Candidate, Filter, StoreError};

/// How many rows a file hands out at a time.
const PAGE: usize = 256;

/// Up to so many traces found in the attribute index are fetched one by one and sorted; of more, the
/// list by start is walked and each trace looked up among them.
const MAX_FETCHED: usize = 2_000;

/// How many rows are counted between two looks at the clock.
const ROWS_BETWEEN_LOOKS: u32 = 1_024;

/// A trace's part in one file may start later than the trace, by at most this if a search for an
/// earlier time is to find it by what is in that part.
const MAX_LATER: DurationNanos = DurationNanos(86_400 * 1_000_000_000);

/// The candidates of a search over some files.
pub struct Walk {
    files: Vec<Arc<DayFile>>,
    lists: Vec<FileList>,
    pending: BTreeSet<Candidate>,
    seen: HashSet<TraceId>,
    filter: Filter,
}

impl Walk {
    /// Starts a walk.
    ///
    /// # Errors
    /// [`StoreError`] where a file cannot be read.
    pub fn new(files: Vec<Arc<DayFile>>, filter: &Filter) -> Result<Self, StoreError> {
        let mut walk = Self {
            files,
            lists: Vec::new(),
            pending: BTreeSet::new(),
            seen: HashSet::new(),
            filter: filter.clone(),
        };
        if let Some(id) = filter.trace {
            if let Some(start) = walk.start(id, None)? {
                walk.offer(id, start);
            }
            return Ok(walk);
        }
        walk.lists = walk
            .files
            .iter()
            .map(|file| FileList::new(file, filter))
            .collect::<Result<_, _>>()?;
        Ok(walk)
    }

    /// Takes a trace in, where the range has it.
    fn offer(&mut self, id: TraceId, start: UnixNanos) {
        let candidate = Candidate {
            start: Reverse(start),
            id,
        };
        let filter = &self.filter;
        if start >= filter.start
            && start <= filter.end
            && filter.after.is_none_or(|after| candidate > after)
        {
            self.pending.insert(candidate);
        }
    }

    fn advance(&mut self) -> Result<Option<Candidate>, StoreError> {
        loop {
            let mut newest: Option<(Candidate, usize)> = None;
            for (index, list) in self.lists.iter_mut().enumerate() {
                if let Some(place) = list.peek()?
                    && newest.is_none_or(|(other, _)| place < other)
                {
                    newest = Some((place, index));
                }
            }
            let Some((place, index)) = newest else {
                return Ok(self.pending.pop_first());
            };
            if self
                .pending
                .first()
                .is_some_and(|pending| *pending <= place)
            {
                return Ok(self.pending.pop_first());
            }
            self.lists[index].pop();
            if !self.seen.insert(place.id) {
                continue;
            }
            if let Some(start) = self.start(place.id, Some((index, place.start.0)))? {
                self.offer(place.id, start);
            }
        }
    }

    /// The earliest start of a trace, of which one file's start may be known.
    fn start(
        &self,
        id: TraceId,
        known: Option<(usize, UnixNanos)>,
    ) -> Result<Option<UnixNanos>, StoreError> {
        let mut start = known.map(|(_, start)| start);
        for (other, file) in self.files.iter().enumerate() {
            if known.is_none_or(|(index, _)| other != index)
                && let Some(part) = file.trace_start(id)?
            {
                start = Some(start.map_or(part, |start| start.min(part)));
            }
        }
        Ok(start)
    }
}

impl Iterator for Walk {
    type Item = Result<Candidate, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

/// One file's traces, newest first, fetched a page at a time.
struct FileList {
    file: Arc<DayFile>,
    from: i64,
    to: i64,
    longest: i64,
    errors: i64,
    /// What the attribute index found; `None` where nothing was asked of it.
    found: Option<HashSet<i64>>,
    page: VecDeque<Candidate>,
    last: Option<Candidate>,
    ended: bool,
}

impl FileList {
    fn new(file: &Arc<DayFile>, filter: &Filter) -> Result<Self, StoreError> {
        let mut list = Self {
            file: Arc::clone(file),
            from: column(filter.start),
            to: column(latest_part(filter)),
            longest: filter.lasted.map_or(i64::MIN, |lasted| lasted.0),
            errors: i64::from(filter.failed),
            found: None,
            page: VecDeque::new(),
            last: None,
            ended: false,
        };
        let listed = file.read(|reader| {
            list.is_listed(reader)
                .map_err(|source| file.error("cannot search", source))
        })?;
        if !listed {
            list.ended = true;
            return Ok(list);
        }
        file.read(|reader| {
            let found =
                indexed(reader, filter).map_err(|source| file.error("cannot search", source))?;
            let Some(found) = found else {
                return Ok(());
            };
            if found.len() <= MAX_FETCHED {
                list.page = list
                    .fetch(reader, &found)
                    .map_err(|source| file.error("cannot search", source))?;
                list.ended = true;
            } else {
                list.found = Some(found);
            }
            Ok(())
        })?;
        Ok(list)
    }

    /// Whether any trace lies in the range: most files of a search by time have none.
    fn is_listed(&self, reader: &Reader) -> rusqlite::Result<bool> {
        reader
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM trace WHERE start BETWEEN ? AND ?)")?
            .query_row([self.from, self.to], |row| row.get(0))
    }

    fn peek(&mut self) -> Result<Option<Candidate>, StoreError> {
        while self.page.is_empty() && !self.ended {
            let file = Arc::clone(&self.file);
            file.read(|reader| {
                self.next_page(reader)
                    .map_err(|source| file.error("cannot search", source))
            })?;
        }
        Ok(self.page.front().copied())
    }

    fn pop(&mut self) {
        self.page.pop_front();
    }

    fn next_page(&mut self, reader: &Reader) -> rusqlite::Result<()> {
        let (last_start, last_id) = match self.last {
            Some(last) => (column(last.start.0).min(self.to), *last.id.as_bytes()),
            None => (self.to, [0; 16]),
        };
        let mut statement = reader.connection.prepare_cached(
            "SELECT id, trace_id, start FROM trace INDEXED BY trace_by_start \
             WHERE start BETWEEN ?1 AND ?2 AND (start < ?2 OR trace_id > ?3) \
             AND longest >= ?4 AND errors >= ?5 AND spans > 0 \
             ORDER BY start DESC, trace_id LIMIT ?6",
        )?;
        let mut rows = statement.query(params![
            self.from,
            last_start,
            last_id,
            self.longest,
            self.errors,
            PAGE as i64
        ])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            let place = place(row.get(1)?, row.get(2)?);
            self.last = place.or(self.last);
            let wanted = match &self.found {
                Some(found) => found.contains(&row.get(0)?),
                None => true,
            };
            if wanted {
                self.page.extend(place);
            }
        }
        self.ended = count < PAGE;
        Ok(())
    }

    fn fetch(
        &self,
        reader: &Reader,
        found: &HashSet<i64>,
    ) -> rusqlite::Result<VecDeque<Candidate>> {
        let mut statement = reader.connection.prepare_cached(
            "SELECT trace_id, start FROM trace WHERE id = ?1 AND start BETWEEN ?2 AND ?3 \
             AND longest >= ?4 AND errors >= ?5 AND spans > 0",
        )?;
        let mut places = Vec::with_capacity(found.len());
        for id in found {
            let mut rows =
                statement.query(params![id, self.from, self.to, self.longest, self.errors])?;
            if let Some(row) = rows.next()? {
                places.extend(place(row.get(0)?, row.get(1)?));
            }
        }
        places.sort_unstable();
        Ok(places.into())
    }
}

/// The traces that the indexes have for a filter; `None` where nothing is asked of them.
fn indexed(reader: &Reader, filter: &Filter) -> rusqlite::Result<Option<HashSet<i64>>> {
    let linking = match filter.links_to {
        Some(id) => links::to(&reader.connection, id)?,
        None => None,
    };
    let mut query = String::new();
    for word in filter.terms.iter().filter_map(tokens::of_term) {
        tokens::push_word(word, &mut query);
        query.push(' ');
    }
    if query.is_empty() {
        return Ok(linking);
    }
    let mut found = traces_with(reader, &query)?;
    if let Some(linking) = linking {
        found.retain(|trace| linking.contains(trace));
    }
    Ok(Some(found))
}

fn traces_with(reader: &Reader, query: &str) -> rusqlite::Result<HashSet<i64>> {
    reader
        .connection
        .prepare_cached(
            "SELECT doc.trace FROM token JOIN doc ON doc.id = token.rowid WHERE token MATCH ?",
        )?
        .query_map([query], |row| row.get(0))?
        .collect()
}

/// Adds a file's traces in which a service has spans; whether all could be read before the deadline.
///
/// # Errors
/// [`StoreError`] where the file cannot be read.
pub fn traces_of(
    file: &DayFile,
    service: &str,
    deadline: Instant,
    found: &mut HashSet<[u8; 16]>,
) -> Result<bool, StoreError> {
    let mut word = String::new();
    tokens::push_word(tokens::service(service), &mut word);
    file.read(|reader| {
        (|| {
            let mut statement = reader.connection.prepare_cached(
                "SELECT trace.trace_id FROM token JOIN doc ON doc.id = token.rowid \
                 JOIN trace ON trace.id = doc.trace WHERE token MATCH ?",
            )?;
            let mut rows = statement.query([word])?;
            let mut count = 0_u32;
            loop {
                if count.is_multiple_of(ROWS_BETWEEN_LOOKS) && Instant::now() >= deadline {
                    return Ok(false);
                }
                count = count.wrapping_add(1);
                let Some(row) = rows.next()? else {
                    return Ok(true);
                };
                found.insert(row.get(0)?);
            }
        })()
        .map_err(|source| file.error("cannot read", source))
    })
}

fn place(id: [u8; 16], start: i64) -> Option<Candidate> {
    Some(Candidate {
        start: Reverse(UnixNanos(start as u64)),
        id: TraceId::from_bytes(id)?,
    })
}

/// The latest start of a trace's part that can belong to a trace of the range. Where nothing is asked
/// of the part, that of the trace's earliest part is enough.
fn latest_part(filter: &Filter) -> UnixNanos {
    let latest = match filter.after {
        Some(after) => filter.end.min(after.start.0),
        None => filter.end,
    };
    let asks_nothing = filter.terms.is_empty() && filter.links_to.is_none();
    if asks_nothing && !filter.failed && filter.lasted.is_none() {
        latest
    } else {
        latest + MAX_LATER
    }
}

fn column(instant: UnixNanos) -> i64 {
    i64::try_from(instant.0).unwrap_or(i64::MAX)
}
