//! One day's file and its connections.
//!
//! One writer and any number of readers, in WAL mode: readers never wait for the writer. A commit
//! with `synchronous = FULL` returns once the log is on disk, which is what makes an answered export
//! survive `kill -9` and a power cut; the next program to open the file replays the log.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use shared::resource::{Resource, Scope};

use super::codec::Unpacker;
use super::schema::{self, Header};
use super::{links, replay, run};
use crate::store::StoreError;

/// How long a connection waits for another one: only checkpoints at the end of a day need it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Idle connections that are kept for the next reader.
const MAX_IDLE_READERS: usize = 8;

/// Resources and scopes that are kept decoded; a browser sends one resource per page load.
const MAX_SENDERS_KEPT: usize = 10_000;

/// A day's file.
pub struct DayFile {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
    senders: Mutex<Senders>,
}

/// Decoded resources and scopes by their row.
#[derive(Default)]
pub(super) struct Senders {
    pub(super) resources: HashMap<i64, Arc<Resource>>,
    pub(super) scopes: HashMap<i64, Arc<Scope>>,
}

/// A connection that reads, with what it needs to unpack blobs.
pub struct Reader {
    pub(super) connection: Connection,
    pub(super) unpacker: Unpacker,
}

impl DayFile {
    /// Names a file; nothing is opened yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::default(),
            senders: Mutex::default(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the connection that writes, and makes the tables where the file is new.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be opened or made, or is not a day's file of this
    /// version.
    pub fn open_writer(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = self.open(flags)?;
        let opened = (|| {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "temp_store", "MEMORY")?;
            // In KiB. The writer touches the indexes of a day at random.
            connection.pragma_update(None, "cache_size", -65_536)?;
            connection.pragma_update(None, "journal_size_limit", 67_108_864)?;
            connection.set_prepared_statement_cache_capacity(64);
            schema::header(&connection)
        })();
        match opened.map_err(|source| self.error("cannot open", source))? {
            Header::New => {
                schema::create(&mut connection)
                    .map_err(|source| self.error("cannot create the tables of", source))?;
            }
            header => self.check(header)?,
        }
        replay::prepare(&connection)
            .and_then(|()| run::prepare(&connection))
            .and_then(|()| links::prepare(&mut connection))
            .map_err(|source| self.error("cannot open", source))?;
        Ok(connection)
    }

    /// Whether the file has its tables: a crash between the making of the two leaves it empty.
    ///
    /// # Errors
    /// [`StoreError`] where it is not a day's file of this version, or cannot be read.
    pub fn has_tables(&self) -> Result<bool, StoreError> {
        let reader = self.reader()?;
        let header = schema::header(&reader.connection)
            .map_err(|source| self.error("cannot read", source))?;
        self.give_back(reader);
        self.check(header)?;
        Ok(header == Header::Current)
    }

    /// Whether the file knows which traces link to which.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read.
    pub fn knows_links(&self) -> Result<bool, StoreError> {
        self.read(|reader| {
            links::is_known(&reader.connection).map_err(|source| self.error("cannot read", source))
        })
    }

    /// Reads every page; the first damage in words.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be opened.
    pub fn find_damage(&self) -> Result<Option<String>, StoreError> {
        let found: String = self.read(|reader| {
            reader
                .connection
                .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
                .map_err(|source| self.error("cannot read", source))
        })?;
        Ok((found != "ok").then(|| {
            let path = self.path.display();
            format!("{path} is damaged ({found}): move it away, and the server starts without it")
        }))
    }

    fn check(&self, header: Header) -> Result<(), StoreError> {
        let path = self.path.display();
        match header {
            Header::Current | Header::New => Ok(()),
            Header::Other(version) => Err(StoreError::Format(format!(
                "{path} has format version {version}, this program reads version {}: use the \
                 program that wrote it, or move the file away",
                schema::VERSION
            ))),
            Header::Foreign => Err(StoreError::Format(format!(
                "{path} is not one of Throughline's files: move it out of the data directory"
            ))),
        }
    }

    /// Runs `read` on a connection of the pool.
    ///
    /// # Errors
    /// Whatever `read` returns, or [`StoreError`] where the file cannot be opened.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut reader = self.reader()?;
        let result = read(&mut reader);
        // After an error a connection may hold a broken view of the file.
        if result.is_ok() {
            self.give_back(reader);
        }
        result
    }

    fn reader(&self) -> Result<Reader, StoreError> {
        if let Some(reader) = lock(&self.idle).pop() {
            return Ok(reader);
        }
        // Not read-only to SQLite: whoever opens a file first after a crash replays its log.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = self.open(flags)?;
        connection
            .pragma_update(None, "query_only", true)
            .map_err(|source| self.error("cannot open", source))?;
        connection.set_prepared_statement_cache_capacity(32);
        let unpacker = Unpacker::new().map_err(|source| StoreError::File {
            doing: "cannot make room for unpacking".to_owned(),
            source,
        })?;
        Ok(Reader {
            connection,
            unpacker,
        })
    }

    fn give_back(&self, reader: Reader) {
        let mut idle = lock(&self.idle);
        if idle.len() < MAX_IDLE_READERS {
            idle.push(reader);
        }
    }

    fn open(&self, flags: OpenFlags) -> Result<Connection, StoreError> {
        let connection = Connection::open_with_flags(&self.path, flags)
            .map_err(|source| self.error("cannot open", source))?;
        connection
            .busy_timeout(BUSY_TIMEOUT)
            .map_err(|source| self.error("cannot open", source))?;
        Ok(connection)
    }

    /// The decoded senders, emptied when they have become too many.
    pub(super) fn senders(&self) -> MutexGuard<'_, Senders> {
        let mut senders = lock(&self.senders);
        if senders.resources.len() + senders.scopes.len() > MAX_SENDERS_KEPT {
            *senders = Senders::default();
        }
        senders
    }

    /// Forgets the decoded senders, whose rows may be gone.
    pub(super) fn forget_senders(&self) {
        *lock(&self.senders) = Senders::default();
    }

    /// Closes the idle connections; the last one to close folds the log into the file.
    pub fn close_idle(&self) {
        lock(&self.idle).clear();
    }

    /// Removes the file. Readers that are at work finish on what they have open.
    ///
    /// # Errors
    /// [`StoreError`] where the operating system refuses.
    pub fn remove(&self) -> Result<(), StoreError> {
        self.close_idle();
        for suffix in ["", "-wal", "-shm"] {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            match std::fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => {
                    let doing = format!("cannot remove {}", PathBuf::from(path).display());
                    return Err(StoreError::File { doing, source });
                }
            }
        }
        Ok(())
    }

    /// An error about this file.
    pub(super) fn error(&self, doing: &str, source: rusqlite::Error) -> StoreError {
        StoreError::Database {
            doing: format!("{doing} {}", self.path.display()),
            source,
        }
    }
}

/// What these locks guard stays whole when a thread panics: caches and idle connections.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
