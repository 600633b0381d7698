//! One file per page.

pub mod not_found;
pub mod search;
pub mod services;
pub mod setup;
pub mod trace;
