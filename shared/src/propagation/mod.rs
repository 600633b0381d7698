//! How context travels in HTTP headers.
//!
//! Parsing is strict: what the specifications call invalid is refused as a whole ([`traceparent`],
//! [`tracestate`]) or member by member ([`baggage`], whose specification leaves that open). Formatting
//! writes only what parsing accepts.

pub mod baggage;
pub mod traceparent;
pub mod tracestate;

/// Cuts optional white space off both ends (`OWS`, RFC 9110 §5.6.3).
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
