//! Long work in short pieces: see [`shared::pace`], whose words these are.

#[cfg(test)]
pub use shared::pace::Unhurried;
pub use shared::pace::{Pace, at_once};
