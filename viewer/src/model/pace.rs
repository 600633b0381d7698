//! Long work in short pieces: see [`shared::pace`], whose words these are.

#[cfg(test)]
pub use shared::pace::at_once;
pub use shared::pace::{Pace, Unhurried};
