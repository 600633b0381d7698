//! What makes two records the same record: a hash over everything in them.
//!
//! Exporters send a batch again when they did not hear the answer, so the same span arrives twice;
//! its ids alone do not tell it from a different span that was given the same ids by mistake.

use std::collections::HashMap;
use std::sync::Arc;

use prost::Message as _;
use sha2::{Digest as _, Sha256};
use shared::log::LogEntry;
use shared::resource::{Resource, Scope};
use shared::span::SpanRecord;

use super::MetricRecord;
use crate::otlp_protobuf::encode;

/// The hash of a resource or scope.
pub type SenderHash = [u8; 16];

/// A resource or scope in OTLP's encoding, and its hash.
#[derive(Debug)]
pub struct Sender {
    /// What the store knows it by.
    pub hash: SenderHash,
    /// Its protobuf message.
    pub message: Vec<u8>,
}

/// Encodes the resources and scopes of one call once each, however many spans share them.
///
/// They are told apart by address, which holds while the lifetime `'batch` does.
#[derive(Debug, Default)]
pub struct Senders<'batch> {
    resources: HashMap<*const Resource, Arc<Sender>>,
    scopes: HashMap<*const Scope, Arc<Sender>>,
    borrowed: std::marker::PhantomData<&'batch ()>,
}

impl<'batch> Senders<'batch> {
    /// The encoded form of a resource.
    pub fn resource(&mut self, resource: &'batch Arc<Resource>) -> Arc<Sender> {
        let sender = self
            .resources
            .entry(Arc::as_ptr(resource))
            .or_insert_with(|| sender(encode::resource(resource).encode_to_vec()));
        Arc::clone(sender)
    }

    /// The encoded form of a scope.
    pub fn scope(&mut self, scope: &'batch Arc<Scope>) -> Arc<Sender> {
        let sender = self
            .scopes
            .entry(Arc::as_ptr(scope))
            .or_insert_with(|| sender(encode::scope(scope).encode_to_vec()));
        Arc::clone(sender)
    }

    /// The hash of a span with its sender.
    pub fn span(&mut self, record: &'batch SpanRecord) -> i64 {
        let message = encode::span(&record.span).encode_to_vec();
        self.record(&record.resource, &record.scope, &message, 0)
    }

    /// The hash of a log record with its sender. Equal records of one batch are told apart by
    /// `ordinal`, which counts them from 0: a record has no id, and a loop may well write the same
    /// line twice in the same clock tick.
    pub fn log(&mut self, entry: &'batch LogEntry, ordinal: u32) -> i64 {
        let message = encode::log_record(&entry.record).encode_to_vec();
        self.record(&entry.resource, &entry.scope, &message, ordinal)
    }

    /// The hash of a metric with its sender.
    pub fn metric(&mut self, metric: &'batch MetricRecord) -> i64 {
        self.record(&metric.resource, &metric.scope, &metric.message, 0)
    }

    fn record(
        &mut self,
        resource: &'batch Arc<Resource>,
        scope: &'batch Arc<Scope>,
        message: &[u8],
        ordinal: u32,
    ) -> i64 {
        let hash = Sha256::new()
            .chain_update(self.resource(resource).hash)
            .chain_update(self.scope(scope).hash)
            .chain_update(ordinal.to_le_bytes())
            .chain_update(message)
            .finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        i64::from_le_bytes(first)
    }
}

/// Hands out the ordinals of equal log records within one batch.
#[derive(Debug, Default)]
pub struct Ordinals {
    seen: HashMap<i64, u32>,
}

impl Ordinals {
    /// How many records with this hash came before.
    pub fn next(&mut self, hash: i64) -> u32 {
        let count = self.seen.entry(hash).or_insert(0);
        *count += 1;
        *count - 1
    }
}

fn sender(message: Vec<u8>) -> Arc<Sender> {
    let mut hash = SenderHash::default();
    hash.copy_from_slice(&Sha256::digest(&message)[..16]);
    Arc::new(Sender { hash, message })
}
