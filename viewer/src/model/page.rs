//! Which page an address names.
//!
//! One match over the parts of the path, instead of a router's table of routes, whose types the browser would
//! have to load.

use crate::url::decode;

/// A page with what its path says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// The list of traces.
    Search,
    /// The timeline of a trace.
    Trace(String),
    /// Another view of a trace: the trace and the view's name.
    TraceView(String, String),
    /// What to compare a trace with.
    Choose(String),
    /// Two traces.
    Compare(String, String),
    /// The list of sessions.
    Sessions,
    /// One session, whose id is what its sender calls it.
    Session(String),
    /// What a re-run of a session came to.
    Run(String),
    /// The services.
    Services,
    /// The service map.
    Map,
    /// How to send spans.
    Setup,
    /// A file of traces, opened by the viewer alone.
    File,
    /// The component gallery, for whoever works on the viewer.
    Gallery,
    /// No page of ours.
    NotFound,
}

impl Page {
    /// The page at a path.
    #[must_use]
    pub fn at(path: &str) -> Self {
        let parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(decode)
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts[..] {
            [] | ["search"] => Self::Search,
            ["trace", id] => Self::Trace(id.to_ascii_lowercase()),
            ["trace", id, view] => Self::TraceView(id.to_ascii_lowercase(), view.to_owned()),
            ["compare", a] => Self::Choose(a.to_ascii_lowercase()),
            ["compare", a, b] => Self::Compare(a.to_ascii_lowercase(), b.to_ascii_lowercase()),
            ["sessions"] => Self::Sessions,
            ["session", id] => Self::Session(id.to_owned()),
            ["run", id] => Self::Run(id.to_owned()),
            ["services"] => Self::Services,
            ["map"] => Self::Map,
            ["setup"] => Self::Setup,
            ["file"] => Self::File,
            ["gallery"] => Self::Gallery,
            _ => Self::NotFound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_contract_has_its_page() {
        let text = str::to_owned;
        for (path, page) in [
            ("/", Page::Search),
            ("/search", Page::Search),
            ("/search/", Page::Search),
            ("/trace/ABC", Page::Trace(text("abc"))),
            (
                "/trace/abc/logs",
                Page::TraceView(text("abc"), text("logs")),
            ),
            ("/compare/a%2Cb/c", Page::Compare(text("a,b"), text("c"))),
            ("/compare/a", Page::Choose(text("a"))),
            ("/sessions", Page::Sessions),
            ("/session/Ab%2Fc", Page::Session(text("Ab/c"))),
            ("/run/0a1b", Page::Run(text("0a1b"))),
            ("/services", Page::Services),
            ("/map", Page::Map),
            ("/setup", Page::Setup),
            ("/file", Page::File),
            ("/gallery", Page::Gallery),
            ("/nothing", Page::NotFound),
            ("/map/more", Page::NotFound),
        ] {
            assert_eq!(Page::at(path), page, "{path}");
        }
    }
}
