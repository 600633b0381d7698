//! The services that sent spans. They are counted as the spans arrive, so that all that is kept is in the figures.

use std::collections::BTreeMap;
use std::time::Instant;

use shared::query::{Service, ServicesResponse};
use shared::time::UnixNanos;

use crate::store::{Operation, Store, StoreError};

/// Every service with its operations, as of `now`. Where `traces_until` is given, the traces of each are counted as
/// well until then: those of the services with the fewest spans first, so that most have their count.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn services(
    store: &dyn Store,
    now: UnixNanos,
    traces_until: Option<Instant>,
) -> Result<ServicesResponse, StoreError> {
    let (start, end) = store.range()?.unzip();
    let mut services = gather(store.operations()?);
    if let Some(deadline) = traces_until {
        let mut fewest_first: Vec<&mut Service> = services.iter_mut().collect();
        fewest_first.sort_by_key(|service| service.span_count);
        for service in fewest_first {
            service.trace_count = store.count_traces(&service.name, deadline)?;
        }
    }
    Ok(ServicesResponse {
        span_count: services.iter().map(|service| service.span_count).sum(),
        services,
        start,
        end,
        as_of: now,
    })
}

/// Services by name, with the names of their operations in order.
fn gather(operations: Vec<Operation>) -> Vec<Service> {
    let mut services: BTreeMap<String, Service> = BTreeMap::new();
    for operation in operations {
        let service = services
            .entry(operation.service)
            .or_insert_with_key(|name| Service {
                name: name.clone(),
                browser: false,
                operations: Vec::new(),
                span_count: 0,
                trace_count: None,
            });
        service.browser |= operation.browser;
        service.span_count += operation.spans;
        service.operations.push(operation.name);
    }
    let mut services: Vec<Service> = services.into_values().collect();
    for service in &mut services {
        service.operations.sort_unstable();
        service.operations.dedup();
    }
    services
}
