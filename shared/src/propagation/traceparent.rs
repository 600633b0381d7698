//! `traceparent` (W3C Trace Context §3.2).
