//! What the pages know of a trace: pure, without a browser, tested natively.

pub mod alike;
pub mod analysis;
pub mod card;
pub mod clock;
pub mod colour;
pub mod compare;
pub mod complete;
pub mod curl;
pub mod file;
pub mod filter;
pub mod find;
pub mod findings;
pub mod flame;
pub mod follow;
pub mod highlight;
pub mod layers;
pub mod links;
pub mod live;
pub mod log_marks;
pub mod main_thread;
pub mod map_address;
pub mod map_picture;
pub mod map_tables;
pub mod order;
pub mod pace;
pub mod page;
pub mod phases;
pub mod recipes;
pub mod recording;
pub mod rows;
pub mod run;
pub mod saved;
pub mod scatter;
pub mod service_map;
pub mod session;
pub mod session_filter;
pub mod span_figures;
pub mod stacks;
pub mod story;
pub mod trace;
pub mod trace_tools;
pub mod trace_views;
pub mod values;

#[cfg(test)]
pub mod fixture;
