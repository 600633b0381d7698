//! The data directory, held by one server at a time.
//!
//! The lock is the operating system's, on an open file: it ends with the process, however that ends,
//! so there is no stale lock to clear after `kill -9`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

const LOCK_FILE: &str = "throughline.lock";

/// A data directory that this process holds.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    /// Unlocked when closed.
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It cannot be made.
    #[error("cannot create the data directory {}: {source}; name another one with --data", path.display())]
    Create {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// It cannot be written to.
    #[error("cannot write to the data directory {}: {source}; change its permissions or name another one with --data", path.display())]
    Write {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Another server holds it.
    #[error("another server{} uses the data directory {}: stop it, or name another one with --data", holder(*pid), path.display())]
    Held {
        /// The directory.
        path: PathBuf,
        /// The other server's process, where it told.
        pid: Option<u32>,
    },
}

impl DataDirectory {
    /// Makes the directory where it is missing, and takes hold of it.
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub fn hold(path: &Path) -> Result<Self, DirectoryError> {
        let path = path.to_path_buf();
        if let Err(source) = std::fs::create_dir_all(&path) {
            return Err(DirectoryError::Create { path, source });
        }
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(LOCK_FILE));
        let mut lock = match opened {
            Ok(lock) => lock,
            Err(source) => return Err(DirectoryError::Write { path, source }),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let pid = lock
                    .read_to_string(&mut text)
                    .ok()
                    .and_then(|_| text.trim().parse().ok());
                return Err(DirectoryError::Held { path, pid });
            }
            Err(TryLockError::Error(source)) => return Err(DirectoryError::Write { path, source }),
        }
        // The process id serves the other server's message only: a full disk is no reason to stop.
        let _ = lock
            .set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()));
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}
