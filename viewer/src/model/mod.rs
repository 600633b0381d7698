//! What the pages know of a trace: pure, without a browser, tested natively.

pub mod filter;
pub mod findings;
pub mod highlight;
pub mod layers;
pub mod phases;
pub mod rows;
pub mod scatter;
pub mod service_map;
pub mod story;
pub mod trace;

#[cfg(test)]
pub mod fixture;
