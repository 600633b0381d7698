//! Long work in short pieces: see [`shared::pace`], whose words these are.

pub use shared::pace::{Pace, Unhurried, at_once};
