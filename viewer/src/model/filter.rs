//! What the search page asks for: the query and the filters beside it, as one TraceQL text and as an address.

use shared::time::UnixNanos;

use crate::url::QueryString;

/// How many traces the page asks for at first, and how many more each time.
pub const PAGE: u32 = 50;
/// More traces than this are not listed.
pub const MOST: u32 = 500;

/// How far back a search looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Range {
    /// All that is kept.
    #[default]
    Any,
    /// The last `n` seconds.
    Last(u32),
    /// From one instant to another, in Unix milliseconds.
    Between(u64, u64),
}

impl Range {
    /// The choices with their names in the address and for people.
    pub const CHOICES: [(Self, &'static str, &'static str); 7] = [
        (Self::Any, "", "Any time"),
        (Self::Last(300), "5m", "Last 5 minutes"),
        (Self::Last(900), "15m", "Last 15 minutes"),
        (Self::Last(3_600), "1h", "Last hour"),
        (Self::Last(21_600), "6h", "Last 6 hours"),
        (Self::Last(86_400), "24h", "Last 24 hours"),
        (Self::Last(604_800), "7d", "Last 7 days"),
    ];

    /// The range of a name in the address; unknown names are [`Range::Any`].
    #[must_use]
    pub fn from_key(key: &str) -> Self {
        Self::CHOICES
            .iter()
            .find(|choice| choice.1 == key)
            .map_or(Self::Any, |choice| choice.0)
    }

    /// Its name in the address.
    #[must_use]
    pub fn key(self) -> &'static str {
        Self::CHOICES
            .iter()
            .find(|choice| choice.0 == self)
            .map_or("", |choice| choice.1)
    }
}

/// The state of the search page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// The query as typed.
    pub query: String,
    /// Only traces in which this service took part.
    pub service: String,
    /// Only traces with a span of this name.
    pub operation: String,
    /// Only traces in which something failed.
    pub errors: bool,
    /// Only traces with a root of this name.
    pub root: String,
    /// Only traces that took at least so many microseconds.
    pub min_micros: Option<u64>,
    /// Only traces that took at most so many microseconds.
    pub max_micros: Option<u64>,
    /// How far back.
    pub range: Range,
    /// Whether the list follows what arrives.
    pub live: bool,
    /// How many traces to list at most.
    pub limit: u32,
    /// Where the page before ended, as the server said it; empty for the first page.
    pub after: String,
}

impl Filter {
    /// Reads the state from the address; `get` gives the decoded value of a parameter.
    #[must_use]
    pub fn from_address(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |key: &str| get(key).unwrap_or_default();
        let instant = |key: &str| text(key).parse::<u64>().ok();
        let range = match (instant("from"), instant("to")) {
            (Some(from), Some(to)) if from <= to => Range::Between(from, to),
            _ => Range::from_key(&text("range")),
        };
        Self {
            query: text("q"),
            service: text("service"),
            operation: text("operation"),
            errors: text("errors") == "1",
            root: text("root"),
            min_micros: micros(&text("min")),
            max_micros: micros(&text("max")),
            range,
            live: text("live") == "1",
            limit: text("limit").parse().unwrap_or(PAGE).clamp(PAGE, MOST),
            after: text("after"),
        }
    }

    /// The address of the state.
    #[must_use]
    pub fn address(&self) -> String {
        let mut query = QueryString::new("/search");
        query.push_unless_empty("q", &self.query);
        query.push_unless_empty("service", &self.service);
        query.push_unless_empty("operation", &self.operation);
        query.push_unless_empty("errors", if self.errors { "1" } else { "" });
        query.push_unless_empty("root", &self.root);
        query.push_unless_empty("min", &millis(self.min_micros));
        query.push_unless_empty("max", &millis(self.max_micros));
        query.push_unless_empty("range", self.range.key());
        if let Range::Between(from, to) = self.range {
            query.push("from", &from.to_string());
            query.push("to", &to.to_string());
        }
        query.push_unless_empty("live", if self.live { "1" } else { "" });
        if self.limit > PAGE {
            query.push("limit", &self.limit.to_string());
        }
        query.push_unless_empty("after", &self.after);
        query.finish()
    }

    /// The query and the filters as one TraceQL text; empty where nothing is asked for.
    ///
    /// The typed query comes first, so that a position in it is a position in the whole.
    /// Each filter is a spanset of its own: the service that took part need not be the one that failed.
    #[must_use]
    pub fn traceql(&self) -> String {
        let mut parts = Vec::new();
        if !self.query.trim().is_empty() {
            parts.push(self.query.trim_end().to_owned());
        }
        let mut conditions = Vec::new();
        if !self.service.is_empty() {
            conditions.push(format!("resource.service.name = {}", quoted(&self.service)));
        }
        if !self.operation.is_empty() {
            conditions.push(format!("name = {}", quoted(&self.operation)));
        }
        if !conditions.is_empty() {
            parts.push(format!("{{ {} }}", conditions.join(" && ")));
        }
        if self.errors {
            parts.push("{ status = error }".to_owned());
        }
        if !self.root.is_empty() {
            parts.push(format!("{{ rootName = {} }}", quoted(&self.root)));
        }
        let bounds = [(">=", self.min_micros), ("<=", self.max_micros)];
        let bounds: Vec<String> = bounds
            .into_iter()
            .filter_map(|(sign, micros)| Some(format!("traceDuration {sign} {}", length(micros?))))
            .collect();
        if !bounds.is_empty() {
            parts.push(format!("{{ {} }}", bounds.join(" && ")));
        }
        parts.join(" && ")
    }

    /// Where the API answers the search.
    #[must_use]
    pub fn api_path(&self, now: UnixNanos) -> String {
        let mut query = self.asked("/api/v1/search", now);
        query.push("limit", &self.limit.to_string());
        query.push_unless_empty("after", &self.after);
        query.finish()
    }

    /// Where the API says which part of the search leaves nothing.
    #[must_use]
    pub fn parts_path(&self, now: UnixNanos) -> String {
        self.asked("/api/v1/search/parts", now).finish()
    }

    /// Where the API tells what arrives for the search.
    #[must_use]
    pub fn tail_path(&self, now: UnixNanos) -> String {
        self.asked("/api/v1/search/tail", now).finish()
    }

    fn asked(&self, path: &str, now: UnixNanos) -> QueryString {
        let mut query = QueryString::new(path);
        query.push_unless_empty("q", &self.traceql());
        match self.range {
            Range::Any => {}
            Range::Last(seconds) => {
                let start = now.0.saturating_sub(u64::from(seconds) * 1_000_000_000);
                query.push("start", &start.to_string());
            }
            Range::Between(from, to) => {
                query.push("start", &from.saturating_mul(1_000_000).to_string());
                // The last millisecond belongs to the range.
                let end = to.saturating_mul(1_000_000).saturating_add(999_999);
                query.push("end", &end.to_string());
            }
        }
        query
    }

    /// The same search for this query text alone, without the filters beside it.
    #[must_use]
    pub fn with_whole_query(&self, query: String) -> Self {
        Self {
            query,
            range: self.range,
            live: self.live,
            limit: PAGE,
            ..Self::default()
        }
    }

    /// Whether the list is narrowed by anything.
    #[must_use]
    pub fn narrows(&self) -> bool {
        !self.traceql().is_empty() || self.range != Range::Any
    }
}

/// Milliseconds of an address, perhaps with a fraction, as microseconds.
fn micros(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(fraction) || whole.len() > 12 {
        return None;
    }
    let thousandths = format!("{fraction:0<3}");
    let micros = whole.parse::<u64>().ok()? * 1_000 + thousandths.get(..3)?.parse::<u64>().ok()?;
    (micros > 0).then_some(micros)
}

/// Microseconds as an address has them.
fn millis(micros: Option<u64>) -> String {
    let Some(micros) = micros else {
        return String::new();
    };
    match micros % 1_000 {
        0 => (micros / 1_000).to_string(),
        rest => format!("{}.{rest:03}", micros / 1_000),
    }
}

/// Microseconds as TraceQL writes them.
fn length(micros: u64) -> String {
    if micros.is_multiple_of(1_000) {
        format!("{}ms", micros / 1_000)
    } else {
        format!("{micros}us")
    }
}

/// A text as TraceQL writes it.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter() -> Filter {
        Filter {
            query: "{ span.booking.id != nil }".to_owned(),
            service: "pay\"ment".to_owned(),
            operation: "POST /charge".to_owned(),
            errors: true,
            root: String::new(),
            min_micros: Some(500_000),
            max_micros: None,
            range: Range::Last(3_600),
            live: true,
            limit: 100,
            after: "1-ab".to_owned(),
        }
    }

    /// What a brush leaves: a part of the time, and of the durations.
    fn brushed() -> Filter {
        Filter {
            root: "load".to_owned(),
            min_micros: Some(250),
            max_micros: Some(1_500_250),
            range: Range::Between(1_000, 2_000),
            limit: PAGE,
            ..Filter::default()
        }
    }

    #[test]
    fn the_address_keeps_the_whole_state() {
        for state in [filter(), brushed()] {
            let address = state.address();
            let pairs = crate::url::parse(address.split_once('?').expect("a query").1);
            let read = Filter::from_address(|key| {
                pairs
                    .iter()
                    .find(|pair| pair.0 == key)
                    .map(|pair| pair.1.clone())
            });
            assert_eq!(read, state);
        }
        assert_eq!(Filter::from_address(|_| None).address(), "/search");
    }

    #[test]
    fn filters_follow_the_typed_query() {
        assert_eq!(
            filter().traceql(),
            r#"{ span.booking.id != nil } && { resource.service.name = "pay\"ment" && name = "POST /charge" } && { status = error } && { traceDuration >= 500ms }"#
        );
        assert_eq!(
            brushed().traceql(),
            r#"{ rootName = "load" } && { traceDuration >= 250us && traceDuration <= 1500250us }"#
        );
        assert_eq!(Filter::default().traceql(), "");
    }

    #[test]
    fn the_api_is_asked_for_a_start_in_nanoseconds() {
        let filter = Filter {
            range: Range::Last(300),
            limit: PAGE,
            ..Filter::default()
        };
        assert_eq!(
            filter.api_path(UnixNanos(1_000_000_000_000)),
            "/api/v1/search?start=700000000000&limit=50"
        );
        assert!(
            brushed()
                .parts_path(UnixNanos(0))
                .ends_with("&start=1000000000&end=2000999999")
        );
    }
}
