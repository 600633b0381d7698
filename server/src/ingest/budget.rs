//! How much memory requests may take together.
//!
//! A request reserves room for its body as the body arrives, for what the body unpacks to, and keeps
//! the room until it is written. When all the room is taken, further requests are told to come back
//! later, so that a slow disk or a flood ends in refusals and not in a process that is killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The room that all requests share.
#[derive(Debug, Clone)]
pub struct Budget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    taken: AtomicUsize,
    limit: usize,
}

/// There is no more room now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server is busy: requests of {limit} bytes are waiting to be written")]
pub struct Exhausted {
    limit: usize,
}

/// One request's room; given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Budget {
    /// Room for `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                taken: AtomicUsize::new(0),
                limit,
            }),
        }
    }

    /// A request that has taken no room yet.
    #[must_use]
    pub fn reservation(&self) -> Reservation {
        Reservation {
            shared: Arc::clone(&self.shared),
            bytes: 0,
        }
    }
}

impl Reservation {
    /// Takes more room.
    ///
    /// # Errors
    /// [`Exhausted`] when it is not there; what was taken before stays taken.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let limit = self.shared.limit;
        self.shared
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                taken.checked_add(bytes).filter(|taken| *taken <= limit)
            })
            .map_err(|_| Exhausted { limit })?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shared.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_room_back_when_a_request_ends() {
        let budget = Budget::new(100);
        let mut first = budget.reservation();
        first.grow(60).expect("there is room");
        let mut second = budget.reservation();
        assert_eq!(second.grow(41), Err(Exhausted { limit: 100 }));
        second.grow(40).expect("exactly the rest");
        drop(first);
        second.grow(60).expect("the first gave its room back");
    }
}
