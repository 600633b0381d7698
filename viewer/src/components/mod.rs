//! The parts that pages are made of: markup over typed properties.

pub mod arrivals;
pub mod attribute_over_trace;
pub mod completion;
pub mod copy_button;
pub mod drawer;
pub mod drawn;
pub mod filters;
pub mod find_bar;
pub mod flame;
pub mod help;
pub mod mark;
pub mod notes;
pub mod nothing;
pub mod query_bar;
pub mod saved_views;
pub mod scatter;
pub mod share;
pub mod state;
pub mod theme;
pub mod top_bar;
pub mod trace_row;
pub mod trace_tools;
pub mod value;
pub mod waterfall;
