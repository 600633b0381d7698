//! Puts the spans of one trace in order.
