//! The public face: takes telemetry in and gives nothing out but the tracer's script.
//!
//! A request passes these rooms in order: `cors` decides what browsers may ask, `body` reads and
//! unpacks within limits and within the common [`budget`], `http` or `grpc` decodes, and
//! [`Receiver::store`] answers once the store has it on disk. Whatever goes wrong on the way is one
//! [`refusal::Refusal`], which both protocols translate.

mod body;
pub mod budget;
pub mod cors;
pub mod grpc;
pub mod http;
mod metrics;
mod metrics_json;
mod refusal;
mod replay;
mod rpc_status;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use budget::{Budget, Reservation};
use refusal::Refusal;

use crate::store::Batch;
use crate::store::writer::Writer;
use crate::telemetry::{Arrived, Signal, Telemetry};

/// How large a request may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// As it is sent, in bytes.
    pub request_bytes: usize,
    /// Unpacked, in bytes.
    pub decompressed_bytes: usize,
}

/// What every receiver needs.
#[derive(Clone)]
pub struct Receiver {
    /// Where batches go.
    pub writer: Arc<Writer>,
    /// The room that all requests share.
    pub budget: Budget,
    /// How large a request may be.
    pub limits: Limits,
    /// Counts.
    pub telemetry: Arc<Telemetry>,
}

/// A decoded request.
struct Decoded {
    batch: Batch,
    /// How many records of its signal the batch has.
    records: u64,
    /// How many more the request had that cannot be kept.
    rejected: u64,
    /// Why the first of those cannot.
    reason: Option<String>,
}

/// What the sender is told of records that were not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Partial {
    rejected: i64,
    message: String,
}

impl Receiver {
    /// Stores a decoded request; `Ok` means that it is on disk.
    async fn store(
        &self,
        signal: Signal,
        decoded: Decoded,
        reservation: Reservation,
    ) -> Result<Option<Partial>, Refusal> {
        let Decoded {
            batch,
            records,
            rejected,
            reason,
        } = decoded;
        let senders = Arrived::in_batch(&batch);
        if let Err(error) = self.writer.write(batch, reservation).await {
            let refusal = Refusal::Store(error);
            self.telemetry
                .refused(signal, records + rejected, refusal.for_operators());
            return Err(refusal);
        }
        self.telemetry.accepted(signal, records);
        self.telemetry.arrived(&senders);
        if rejected == 0 {
            return Ok(None);
        }
        let reason = reason.unwrap_or_else(|| "invalid ids".to_owned());
        let message = format!(
            "{rejected} {} not kept, the first: {reason}",
            signal.records()
        );
        self.telemetry.refused(signal, rejected, message.clone());
        Ok(Some(Partial {
            rejected: i64::try_from(rejected).unwrap_or(i64::MAX),
            message,
        }))
    }

    /// Counts a request that never came as far as the store.
    fn refuse(&self, signal: Signal, refusal: &Refusal) {
        self.telemetry.refused(signal, 0, refusal.for_operators());
    }
}
