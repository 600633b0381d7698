//! The traces that got spans since somebody last asked.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use shared::id::TraceId;

use crate::store::Batch;

/// Beyond so many it is no longer said which: all minutes are read anew then.
const MAX_TRACES: usize = 50_000;

/// A set of traces, or the word that there were too many.
#[derive(Default)]
pub struct Touched {
    traces: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    ids: HashSet<TraceId>,
    too_many: bool,
}

impl Touched {
    /// Takes note of the traces of some batches.
    pub fn add(&self, batches: &[Batch]) {
        let mut noted = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.too_many {
            return;
        }
        let spans = batches.iter().flat_map(|batch| &batch.spans);
        // Spans of one trace often come one after another.
        let mut last = None;
        for span in spans {
            let id = span.span.trace_id;
            if last != Some(id) {
                noted.ids.insert(id);
                last = Some(id);
            }
        }
        if noted.ids.len() > MAX_TRACES {
            *noted = Noted {
                ids: HashSet::new(),
                too_many: true,
            };
        }
    }

    /// All of them were.
    pub fn all(&self) {
        let mut noted = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        noted.ids.clear();
        noted.too_many = true;
    }

    /// The traces noted since the last call; `None` where there were too many to note.
    pub fn take(&self) -> Option<HashSet<TraceId>> {
        let mut noted = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = std::mem::take(&mut *noted);
        (!noted.too_many).then_some(noted.ids)
    }
}
