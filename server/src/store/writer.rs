//! Makes one transaction of the batches of many requests.
//!
//! A commit waits for the disk, and that wait is the same for one batch as for a hundred. So one
//! thread takes whatever has gathered while it wrote the last group and writes it as the next: a
//! lone request waits for one commit, a crowd shares them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::{Batch, Store, StoreError};
use crate::ingest::budget::Reservation;

/// A group is closed at so many records, so that one commit stays short.
const MAX_RECORDS_PER_COMMIT: usize = 20_000;

/// How often it is said that the store still refuses.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Hands batches to the writing thread.
pub struct Writer {
    jobs: Mutex<Option<mpsc::UnboundedSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Job {
    batch: Batch,
    /// Room in memory, given back once the batch is written. The queue needs no other bound.
    reservation: Reservation,
    answer: oneshot::Sender<Result<(), Arc<StoreError>>>,
}

impl Writer {
    /// Starts the writing thread. `written` is told of what is on disk, before its senders are.
    ///
    /// # Errors
    /// When the operating system has no thread to give.
    pub fn start(
        store: Arc<dyn Store>,
        written: impl Fn(&[Batch]) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(store.as_ref(), &written, receiver))?;
        Ok(Self {
            jobs: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Writes a batch; the answer comes once it is on disk.
    ///
    /// # Errors
    /// Why the store refused; nothing of the batch is kept then.
    pub async fn write(
        &self,
        batch: Batch,
        reservation: Reservation,
    ) -> Result<(), Arc<StoreError>> {
        if batch.is_empty() {
            return Ok(());
        }
        let (answer, answered) = oneshot::channel();
        let job = Job {
            batch,
            reservation,
            answer,
        };
        let sent = match &*self.jobs.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(jobs) => jobs.send(job).is_ok(),
            None => false,
        };
        if !sent {
            return Err(Arc::new(StoreError::Stopped));
        }
        answered
            .await
            .unwrap_or_else(|_| Err(Arc::new(StoreError::Stopped)))
    }

    /// Takes no more batches, writes those that are waiting and ends the thread. Blocks.
    pub fn finish(&self) {
        self.jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's writer panicked");
        }
    }
}

fn run(store: &dyn Store, written: &dyn Fn(&[Batch]), mut jobs: mpsc::UnboundedReceiver<Job>) {
    let mut trouble = Trouble::default();
    while let Some(first) = jobs.blocking_recv() {
        let mut records = first.batch.len();
        let mut batches = vec![first.batch];
        let mut waiting = vec![(first.answer, first.reservation)];
        while records < MAX_RECORDS_PER_COMMIT
            && let Ok(job) = jobs.try_recv()
        {
            records += job.batch.len();
            batches.push(job.batch);
            waiting.push((job.answer, job.reservation));
        }
        // A panic must not end the thread: the batches count as refused and the next ones are tried.
        let append = || store.append(&batches).inspect(|()| written(&batches));
        let result = catch_unwind(AssertUnwindSafe(append))
            .unwrap_or(Err(StoreError::Stopped))
            .map_err(Arc::new);
        trouble.log(result.as_ref().err().map(Arc::as_ref), records);
        for (answer, reservation) in waiting {
            drop(reservation);
            // The client may have gone; what it sent is kept all the same.
            let _ = answer.send(result.clone());
        }
    }
}

/// Says once that the store refuses, again from time to time, and when it is over: a full disk must
/// not be filled further by the log about it.
#[derive(Default)]
struct Trouble {
    last_said: Option<Instant>,
    records: usize,
}

impl Trouble {
    fn log(&mut self, error: Option<&StoreError>, records: usize) {
        match error {
            Some(error) => {
                self.records += records;
                if self
                    .last_said
                    .is_none_or(|said| said.elapsed() >= SAY_AGAIN_AFTER)
                {
                    tracing::error!(%error, refused_records = self.records, "the store refuses");
                    self.last_said = Some(Instant::now());
                }
            }
            None => {
                if self.last_said.take().is_some() {
                    tracing::info!(refused_records = self.records, "the store takes data again");
                    self.records = 0;
                }
            }
        }
    }
}
