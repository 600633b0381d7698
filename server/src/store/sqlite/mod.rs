//! The default store: SQLite, one file a day.
//!
//! Retention unlinks whole files; rows are deleted only where a visitor's data has to be gone (`erase`). A trace that was under
//! way at midnight has parts in two files; reading one asks every file, which costs some twenty
//! microseconds a file that does not have it.
//!
//! A record that arrives again after midnight is in two files. It is one all the same: whoever reads
//! passes over contents that another file had.

mod append;
mod codec;
mod day;
mod erase;
mod file;
mod links;
mod lock;
mod notes;
mod read;
mod replay;
mod run;
mod schema;
mod search;
#[cfg(test)]
mod tests;
mod tokens;
mod views;

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use shared::id::{SpanId, TraceId};
use shared::log::LogEntry;
use shared::query::erase::ErasedResponse;
use shared::query::run::{RunReport, RunSummary};
use shared::query::{Note, View};
use shared::span::SpanRecord;
use shared::time::UnixNanos;

use super::erasure::Erasure;
use super::replay::ReplayPart;
use super::run::newest_first;
use super::{Batch, Candidates, Clock, Filter, MetricRecord, Operation, Store, StoreError};
use append::Appender;
use day::Day;
use file::DayFile;
pub use lock::{DataDirectory, DirectoryError};
use notes::Notes;

/// Keeps a file a day in a directory.
pub struct SqliteStore {
    directory: DataDirectory,
    clock: Clock,
    retention_days: Option<u32>,
    days: RwLock<BTreeMap<Day, Arc<DayFile>>>,
    /// Today's file as far as it is open for writing.
    appender: Mutex<Option<(Day, Appender)>>,
    notes: Notes,
}

impl SqliteStore {
    /// Opens the files in a directory. Logs that a crash left behind are replayed.
    ///
    /// With `retention_days`, files older than so many days are dropped: 1 keeps today's alone.
    ///
    /// # Errors
    /// [`StoreError`] where a file cannot be read or is not a day's file of this version.
    pub fn open(
        directory: DataDirectory,
        clock: Clock,
        retention_days: Option<u32>,
    ) -> Result<Self, StoreError> {
        let mut days = BTreeMap::new();
        for (day, path) in day_files(directory.path())? {
            let file = DayFile::new(path);
            if file.has_tables()? {
                days.insert(day, Arc::new(file));
            } else {
                file.remove()?;
            }
        }
        let notes = Notes::open(directory.path())?;
        let store = Self {
            directory,
            notes,
            clock,
            retention_days,
            days: RwLock::new(days),
            appender: Mutex::new(None),
        };
        store.expire()?;
        store.finish_erasure()?;
        // Today's file is made now, so that a directory without room is known at the start.
        store.append(&[])?;
        Ok(store)
    }

    fn today(&self) -> Day {
        Day::of((self.clock)())
    }

    /// Newest first: a trace that is asked for is usually a new one.
    fn files(&self) -> Vec<Arc<DayFile>> {
        let days = self.days.read().unwrap_or_else(PoisonError::into_inner);
        days.values().rev().cloned().collect()
    }

    fn open_appender(&self, day: Day) -> Result<Appender, StoreError> {
        let file = {
            let mut days = self.days.write().unwrap_or_else(PoisonError::into_inner);
            let file = days.entry(day).or_insert_with(|| {
                Arc::new(DayFile::new(self.directory.path().join(day.file_name())))
            });
            Arc::clone(file)
        };
        let connection = file.open_writer()?;
        Appender::new(connection).map_err(|source| StoreError::File {
            doing: "cannot make room for packing".to_owned(),
            source,
        })
    }

    /// Brings one file of an earlier day up to date with what this program keeps in it, the newest that needs it: one
    /// each time that the store is tidied up, so that starting does not wait for all of them.
    fn prepare_old_file(&self) -> Result<(), StoreError> {
        for file in self.files() {
            if !file.knows_links()? {
                // What is written to it now waits: the table is made in one transaction.
                let _appending = self.appender.lock().unwrap_or_else(PoisonError::into_inner);
                drop(file.open_writer()?);
                return Ok(());
            }
        }
        Ok(())
    }

    fn write_error(&self, day: Day, doing: &str, source: rusqlite::Error) -> StoreError {
        let path = self.directory.path().join(day.file_name());
        StoreError::Database {
            doing: format!("{doing} {}", path.display()),
            source,
        }
    }
}

impl Store for SqliteStore {
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError> {
        let now = (self.clock)();
        let today = Day::of(now);
        // What a panic leaves behind is a connection whose transaction is rolled back when dropped.
        let mut slot = self.appender.lock().unwrap_or_else(|poisoned| {
            self.appender.clear_poison();
            let mut slot = poisoned.into_inner();
            *slot = None;
            slot
        });
        if slot.as_ref().is_some_and(|(day, _)| *day != today)
            && let Some((day, appender)) = slot.take()
        {
            // Yesterday's log is folded in at the next start if this fails.
            if let Err(source) = appender.close() {
                let error = self.write_error(day, "cannot close", source);
                tracing::warn!(%error, "a day's file stays open");
            }
        }
        let (day, mut appender) = match slot.take() {
            Some(open) => open,
            None => (today, self.open_appender(today)?),
        };
        // After an error the appender is dropped, and the next call opens the file afresh.
        appender
            .append(batches, now)
            .map_err(|source| self.write_error(day, "cannot write to", source))?;
        *slot = Some((day, appender));
        Ok(())
    }

    fn trace(&self, id: TraceId) -> Result<Vec<SpanRecord>, StoreError> {
        self.some_spans(id, usize::MAX)
    }

    fn some_spans(&self, id: TraceId, limit: usize) -> Result<Vec<SpanRecord>, StoreError> {
        let mut found = Vec::new();
        for file in self.files() {
            let rest = limit - found.len();
            file.each_span(id, None, rest, &mut |record, _| found.push(record))?;
        }
        Ok(found)
    }

    fn each_span(
        &self,
        id: TraceId,
        only: Option<SpanId>,
        take: &mut dyn FnMut(SpanRecord, i64),
    ) -> Result<(), StoreError> {
        for file in self.files() {
            file.each_span(id, only, usize::MAX, take)?;
        }
        Ok(())
    }

    fn trace_start(&self, id: TraceId) -> Result<Option<UnixNanos>, StoreError> {
        let mut earliest = None;
        for file in self.files() {
            if let Some(start) = file.trace_start(id)? {
                earliest = Some(earliest.map_or(start, |known: UnixNanos| known.min(start)));
            }
        }
        Ok(earliest)
    }

    fn logs(&self, id: TraceId) -> Result<Vec<LogEntry>, StoreError> {
        let (mut seen, mut found) = (HashSet::new(), Vec::new());
        for file in self.files().iter().rev() {
            file.logs(id, &mut seen, &mut found)?;
        }
        found.sort_by_key(|entry| entry.record.time);
        Ok(found)
    }

    fn candidates(&self, filter: &Filter) -> Result<Candidates<'_>, StoreError> {
        Ok(Box::new(search::Walk::new(self.files(), filter)?))
    }

    fn operations(&self) -> Result<Vec<Operation>, StoreError> {
        let mut operations = Vec::new();
        for file in self.files() {
            operations.extend(file.operations()?);
        }
        operations.sort_unstable();
        Ok(operations)
    }

    fn count_traces(&self, service: &str, deadline: Instant) -> Result<Option<u64>, StoreError> {
        let mut found = HashSet::new();
        for file in self.files() {
            if !search::traces_of(&file, service, deadline, &mut found)? {
                return Ok(None);
            }
        }
        Ok(Some(found.len() as u64))
    }

    fn range(&self) -> Result<Option<(UnixNanos, UnixNanos)>, StoreError> {
        let mut whole = None;
        for file in self.files() {
            if let Some((start, end)) = file.range()? {
                let (earliest, latest) = whole.unwrap_or((start, end));
                whole = Some((start.min(earliest), end.max(latest)));
            }
        }
        Ok(whole)
    }

    fn metrics(&self, name: &str) -> Result<Vec<MetricRecord>, StoreError> {
        let (mut seen, mut found) = (HashSet::new(), Vec::new());
        for file in self.files().iter().rev() {
            file.metrics(name, &mut seen, &mut found)?;
        }
        Ok(found)
    }

    fn notes(&self, trace: TraceId) -> Result<Vec<Note>, StoreError> {
        self.notes.list(trace)
    }

    fn put_note(&self, trace: TraceId, note: &Note) -> Result<(), StoreError> {
        self.notes.put(trace, note)
    }

    fn delete_note(&self, trace: TraceId, id: SpanId) -> Result<bool, StoreError> {
        self.notes.delete(trace, id)
    }

    fn views(&self) -> Result<Vec<View>, StoreError> {
        self.notes.views()
    }

    fn put_view(&self, view: &View) -> Result<(), StoreError> {
        self.notes.put_view(view)
    }

    fn delete_view(&self, id: SpanId) -> Result<bool, StoreError> {
        self.notes.delete_view(id)
    }

    fn replay_parts(&self, session: &str) -> Result<Vec<ReplayPart>, StoreError> {
        // Newest file first: what the oldest says of a place is written last, and stays.
        let mut found = BTreeMap::new();
        for file in self.files() {
            file.replay_parts(session, &mut found)?;
        }
        Ok(found.into_values().collect())
    }

    fn replay_events(
        &self,
        session: &str,
        stream: &str,
        numbers: RangeInclusive<u32>,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut found = BTreeMap::new();
        for file in self.files() {
            file.replay_events(session, stream, &numbers, &mut found)?;
        }
        Ok(found.into_values().collect())
    }

    fn runs(&self, session: &str) -> Result<Vec<RunSummary>, StoreError> {
        let mut found = Vec::new();
        for file in self.files() {
            file.runs(session, &mut found)?;
        }
        found.sort_by(newest_first);
        Ok(found)
    }

    fn run(&self, id: &str) -> Result<Option<RunReport>, StoreError> {
        for file in self.files() {
            if let Some(found) = file.run(id)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn run_picture(&self, id: &str, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        for file in self.files() {
            if let Some(found) = file.run_picture(id, number)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn each_log(&self, take: &mut dyn FnMut(&LogEntry)) -> Result<(), StoreError> {
        for file in self.files() {
            file.each_log(&mut |_, entry| take(entry))?;
        }
        Ok(())
    }

    fn erase(&self, erasure: &Erasure, dry_run: bool) -> Result<ErasedResponse, StoreError> {
        self.forget(erasure, dry_run)
    }

    fn expire(&self) -> Result<(), StoreError> {
        let Some(retention_days) = self.retention_days else {
            return self.prepare_old_file();
        };
        let oldest = self.today().minus(retention_days.saturating_sub(1));
        let expired: Vec<(Day, Arc<DayFile>)> = {
            let mut days = self.days.write().unwrap_or_else(PoisonError::into_inner);
            let kept = days.split_off(&oldest);
            std::mem::replace(&mut *days, kept).into_iter().collect()
        };
        for (day, file) in expired {
            tracing::info!(%day, path = %file.path().display(), "dropped a day past its retention");
            file.remove()?;
        }
        self.prepare_old_file()
    }

    fn close(&self) -> Result<(), StoreError> {
        let open = self
            .appender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        for file in self.files() {
            file.close_idle();
        }
        match open {
            Some((day, appender)) => appender
                .close()
                .map_err(|source| self.write_error(day, "cannot close", source)),
            None => Ok(()),
        }
    }
}

/// What is known of a day's file without opening the store.
pub struct DayReport {
    /// How large it is.
    pub bytes: u64,
    /// What is wrong with it and what to do.
    pub problem: Option<String>,
}

/// Looks at every day's file in a directory, `thorough`ly at every page of it.
///
/// # Errors
/// [`StoreError`] where the directory cannot be listed.
pub fn inspect(directory: &Path, thorough: bool) -> Result<Vec<DayReport>, StoreError> {
    let mut reports = Vec::new();
    for (_, path) in day_files(directory)? {
        let bytes = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let file = DayFile::new(path);
        let checked = file.has_tables().and_then(|has_tables| match has_tables {
            true if thorough => file.find_damage(),
            _ => Ok(None),
        });
        reports.push(DayReport {
            bytes,
            problem: checked.unwrap_or_else(|error| Some(error.to_string())),
        });
    }
    Ok(reports)
}

fn day_files(directory: &Path) -> Result<Vec<(Day, PathBuf)>, StoreError> {
    let error = |source| StoreError::File {
        doing: format!("cannot list {}", directory.display()),
        source,
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(error)? {
        let entry = entry.map_err(error)?;
        if let Some(day) = entry.file_name().to_str().and_then(Day::from_file_name) {
            found.push((day, entry.path()));
        }
    }
    Ok(found)
}
