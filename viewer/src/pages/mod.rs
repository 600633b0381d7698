//! One file per page, and what several of them share.

pub mod compare;
pub mod file;
pub mod gallery;
pub mod later;
pub mod map;
pub mod not_found;
pub mod run;
pub mod search;
pub mod services;
pub mod session;
pub mod sessions;
pub mod setup;
pub mod sign_in;
pub mod trace;
pub mod trace_title;
pub mod trace_views;
