//! View state in the address: percent-encoding, and the state of the trace page.

use crate::model::offsets::Offset;

/// Builds an address with a query.
#[derive(Debug)]
pub struct QueryString {
    text: String,
    empty: bool,
}

impl QueryString {
    /// Starts with a path.
    #[must_use]
    pub fn new(path: &str) -> Self {
        Self {
            text: path.to_owned(),
            empty: true,
        }
    }

    /// Adds a parameter.
    pub fn push(&mut self, key: &str, value: &str) {
        self.text.push(if self.empty { '?' } else { '&' });
        self.empty = false;
        self.text.push_str(key);
        self.text.push('=');
        self.text.push_str(&encode(value));
    }

    /// Adds a parameter if it has a value.
    pub fn push_unless_empty(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.push(key, value);
        }
    }

    /// The address.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }
}

/// The text as a component of an address (RFC 3986 §2.3: unreserved characters stay; commas stay legible too).
#[must_use]
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The decoded pairs of a query without its question mark. What is not UTF-8 is replaced.
#[must_use]
pub fn parse(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// The text that a component of an address stands for. What is not UTF-8 is replaced.
#[must_use]
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let digits = text
            .get(index + 1..index + 3)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[index], digits) {
            (b'%', Some(byte)) => {
                out.push(byte);
                index += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        index += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A part of the span drawer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// What describes the span.
    #[default]
    Attributes,
    /// What happened during it.
    Events,
    /// What was logged during it.
    Logs,
    /// Other spans that it is related to.
    Links,
    /// Who sent it.
    Resource,
}

impl Tab {
    /// The parts in order.
    pub const ALL: [Self; 5] = [
        Self::Attributes,
        Self::Events,
        Self::Logs,
        Self::Links,
        Self::Resource,
    ];

    /// Its name in the address.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Attributes => "attributes",
            Self::Events => "events",
            Self::Logs => "logs",
            Self::Links => "links",
            Self::Resource => "resource",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Attributes => "Attributes",
            Self::Events => "Events",
            Self::Logs => "Logs",
            Self::Links => "Links",
            Self::Resource => "Resource",
        }
    }
}

/// A kind of flame graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlameKind {
    /// Time runs to the right.
    WallClock,
    /// Alike calls are one.
    Aggregate,
}

impl FlameKind {
    /// Its name in the address.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::WallClock => "wall",
            Self::Aggregate => "aggregate",
        }
    }
}

/// Stands for all details where an address says what is closed.
const DETAILS: &str = "details";

/// The state of the trace page that an address carries. Spans are named by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraceAddress {
    /// The span in the drawer.
    pub span: Option<String>,
    /// The part of the drawer.
    pub tab: Tab,
    /// Whether what happens within single services is closed.
    pub details_closed: bool,
    /// Spans whose children are hidden; where details are closed, those of which that is not so by that alone.
    pub collapsed: Vec<String>,
    /// Spans at which an unfolded row of repeats begins.
    pub unfolded: Vec<String>,
    /// The time shown, in nanoseconds from the start of the trace; all of it where not given.
    pub zoom: Option<(i64, i64)>,
    /// Whether the critical path is hidden.
    pub line_off: bool,
    /// The filter inside the trace.
    pub find: String,
    /// What happens to the spans that it does not find.
    pub rest: String,
    /// The flame graph that is shown instead of the waterfall.
    pub flame: Option<FlameKind>,
    /// The span whose subtree alone is shown.
    pub focus: Option<String>,
    /// Shorter spans are hidden, in nanoseconds; 0 hides none.
    pub least: i64,
    /// Whether spans outside of the shown time are hidden.
    pub within: bool,
    /// What the hues of bars stand for, where it is not the service.
    pub colour: String,
    /// Whether rows are low; as the reader likes them where nothing is said.
    pub compact: Option<bool>,
    /// The attribute whose value is followed.
    pub follow: String,
    /// Whether the times of clocks that disagree are adjusted.
    pub adjusted: bool,
    /// By how much clocks are ahead, where somebody has set it.
    pub offsets: Vec<Offset>,
}

impl TraceAddress {
    /// Reads the state of an address; what is not understood is left out.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let mut out = Self::default();
        for (key, value) in parse(query.trim_start_matches('?')) {
            let ids = || {
                value
                    .split(',')
                    .filter(|id| !id.is_empty())
                    .map(str::to_owned)
                    .collect()
            };
            match key.as_str() {
                "span" => out.span = Some(value),
                "tab" => {
                    out.tab = Tab::ALL
                        .into_iter()
                        .find(|tab| tab.key() == value)
                        .unwrap_or_default()
                }
                "collapsed" => {
                    out.collapsed = ids();
                    out.details_closed = out.collapsed.first().is_some_and(|id| id == DETAILS);
                    out.collapsed.retain(|id| id != DETAILS);
                }
                "unfolded" => out.unfolded = ids(),
                "zoom" => {
                    out.zoom = value
                        .split_once('-')
                        .and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)))
                        .filter(|(from, to)| from < to);
                }
                "line" => out.line_off = value == "off",
                "find" => out.find = value,
                "rest" => out.rest = value,
                "flame" => {
                    out.flame = [FlameKind::WallClock, FlameKind::Aggregate]
                        .into_iter()
                        .find(|kind| kind.key() == value);
                }
                "focus" => out.focus = Some(value).filter(|id| !id.is_empty()),
                "least" => out.least = value.parse().unwrap_or(0).max(0),
                "colour" => out.colour = value,
                "density" => {
                    out.compact = match value.as_str() {
                        "18" => Some(true),
                        "24" => Some(false),
                        _ => None,
                    }
                }
                "follow" => out.follow = value,
                "clock" => out.adjusted = value == "adjusted",
                "offset" => out.offsets.extend(Offset::parse(&value)),
                "rows" => out.within = value == "within",
                _ => {}
            }
        }
        out
    }

    /// The spans that it names.
    pub fn spans(&self) -> impl Iterator<Item = &str> {
        let single = self.span.iter().chain(&self.focus);
        let all = single.chain(&self.collapsed).chain(&self.unfolded);
        all.map(String::as_str)
    }

    /// The query of the state with its question mark; empty for the state that a trace opens with.
    #[must_use]
    pub fn query(&self) -> String {
        let mut query = QueryString::new("");
        query.push_unless_empty("span", self.span.as_deref().unwrap_or_default());
        if self.span.is_some() && self.tab != Tab::default() {
            query.push("tab", self.tab.key());
        }
        let details = self.details_closed.then_some(DETAILS);
        let collapsed = details
            .into_iter()
            .chain(self.collapsed.iter().map(String::as_str));
        query.push_unless_empty("collapsed", &collapsed.collect::<Vec<_>>().join(","));
        query.push_unless_empty("unfolded", &self.unfolded.join(","));
        if let Some((from, to)) = self.zoom {
            query.push("zoom", &format!("{from}-{to}"));
        }
        query.push_unless_empty("line", if self.line_off { "off" } else { "" });
        query.push_unless_empty("find", &self.find);
        if !self.find.is_empty() {
            query.push_unless_empty("rest", &self.rest);
        }
        query.push_unless_empty("flame", self.flame.map_or("", FlameKind::key));
        query.push_unless_empty("focus", self.focus.as_deref().unwrap_or_default());
        if self.least > 0 {
            query.push("least", &self.least.to_string());
        }
        query.push_unless_empty("rows", if self.within { "within" } else { "" });
        query.push_unless_empty("colour", &self.colour);
        if let Some(compact) = self.compact {
            query.push("density", if compact { "18" } else { "24" });
        }
        query.push_unless_empty("follow", &self.follow);
        query.push_unless_empty("clock", if self.adjusted { "adjusted" } else { "" });
        for offset in &self.offsets {
            query.push("offset", &offset.key());
        }
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_trace_survives_its_address() {
        let state = TraceAddress {
            span: Some("00f067aa0ba902b7".to_owned()),
            tab: Tab::Logs,
            details_closed: true,
            collapsed: vec!["01".to_owned(), "02".to_owned()],
            unfolded: vec!["03".to_owned()],
            zoom: Some((40_000_000, 2_240_000_000)),
            line_off: true,
            find: "{ status = error }".to_owned(),
            rest: "hide".to_owned(),
            flame: Some(FlameKind::Aggregate),
            focus: Some("04".to_owned()),
            least: 1_500_000,
            within: true,
            colour: "booking.status".to_owned(),
            compact: Some(true),
            follow: "booking.id".to_owned(),
            adjusted: true,
            offsets: vec![Offset {
                service: "payment".to_owned(),
                host: "h-2".to_owned(),
                nanos: -1_500_000,
            }],
        };
        assert_eq!(TraceAddress::parse(&state.query()), state);
        assert_eq!(TraceAddress::default().query(), "");
    }

    #[test]
    fn all_details_are_one_word_however_many_there_are() {
        let mut state = TraceAddress {
            details_closed: true,
            ..TraceAddress::default()
        };
        assert_eq!(state.query(), "?collapsed=details");
        assert_eq!(TraceAddress::parse(&state.query()), state);
        state.collapsed = vec!["0a".to_owned()];
        state.focus = Some("0b".to_owned());
        assert_eq!(TraceAddress::parse(&state.query()), state);
        assert_eq!(state.spans().collect::<Vec<_>>(), ["0b", "0a"]);
    }

    #[test]
    fn a_broken_address_opens_the_trace_all_the_same() {
        for query in [
            "?zoom=9-3",
            "?zoom=x",
            "?tab=nonsense",
            "?line=",
            "?density=7",
            "?offset=far,h,payment",
            "&&=&",
            "?collapsed=,,",
        ] {
            assert_eq!(
                TraceAddress::parse(query),
                TraceAddress::default(),
                "{query}"
            );
        }
    }

    #[test]
    fn every_character_survives_an_address() {
        for text in ["{ name = \"Żółć 🎬\" && x > 1 }", "100%", "a+b=c&d", "%zz"] {
            let mut query = QueryString::new("");
            query.push("q", text);
            assert_eq!(
                parse(query.finish().trim_start_matches('?')),
                [("q".to_owned(), text.to_owned())]
            );
        }
    }
}
