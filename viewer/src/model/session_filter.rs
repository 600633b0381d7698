//! What the list of sessions asks for, as an address of the page and of the API.

use shared::time::UnixNanos;

use super::filter::Range;
use crate::url::QueryString;

/// The state of the list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SessionFilter {
    /// A text of the visitor's name, e-mail or id.
    pub user: String,
    /// A text of a route.
    pub route: String,
    /// Only where something went wrong.
    pub error: bool,
    /// Only where a web vital was poor.
    pub poor: bool,
    /// Only where somebody clicked in vain.
    pub rage: bool,
    /// Only sessions that lasted so many seconds.
    pub longer: Option<u32>,
    /// How far back.
    pub range: Range,
    /// Where the page of the list begins.
    pub after: String,
}

impl SessionFilter {
    /// Reads the state from the address; `get` gives the decoded value of a parameter.
    #[must_use]
    pub fn from_address(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |key: &str| get(key).unwrap_or_default();
        Self {
            user: text("user"),
            route: text("route"),
            error: text("error") == "1",
            poor: text("poor") == "1",
            rage: text("rage") == "1",
            longer: text("longer").parse().ok().filter(|seconds| *seconds > 0),
            range: Range::from_key(&text("range")),
            after: text("after"),
        }
    }

    /// The address of the state.
    #[must_use]
    pub fn address(&self) -> String {
        let flag = |on: bool| if on { "1" } else { "" };
        let mut query = QueryString::new("/sessions");
        query.push_unless_empty("user", &self.user);
        query.push_unless_empty("route", &self.route);
        query.push_unless_empty("error", flag(self.error));
        query.push_unless_empty("poor", flag(self.poor));
        query.push_unless_empty("rage", flag(self.rage));
        query.push_unless_empty("longer", &self.longer_text());
        query.push_unless_empty("range", self.range.key());
        query.push_unless_empty("after", &self.after);
        query.finish()
    }

    /// What the server is asked.
    #[must_use]
    pub fn api_path(&self, now: UnixNanos) -> String {
        let flag = |on: bool| if on { "true" } else { "" };
        let mut query = QueryString::new("/api/v1/sessions");
        query.push_unless_empty("user", &self.user);
        query.push_unless_empty("route", &self.route);
        query.push_unless_empty("error", flag(self.error));
        query.push_unless_empty("vitals", if self.poor { "poor" } else { "" });
        query.push_unless_empty("rage", flag(self.rage));
        query.push_unless_empty("longer", &self.longer_text());
        if let Range::Last(seconds) = self.range {
            let start = now.0.saturating_sub(u64::from(seconds) * 1_000_000_000);
            query.push("start", &start.to_string());
        }
        query.push_unless_empty("after", &self.after);
        query.finish()
    }

    /// Whether anything is asked at all.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    fn longer_text(&self) -> String {
        self.longer
            .map_or(String::new(), |seconds| seconds.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::parse;

    #[test]
    fn an_address_carries_the_whole_state() {
        let filter = SessionFilter {
            user: "ada & bob".to_owned(),
            route: "/book".to_owned(),
            error: true,
            poor: true,
            rage: true,
            longer: Some(30),
            range: Range::Last(3_600),
            after: "1-ab".to_owned(),
        };
        let address = filter.address();
        let (_, query) = address.split_once('?').expect("a query");
        let pairs = parse(query);
        let get = |key: &str| {
            let pair = pairs.iter().find(|(name, _)| name == key);
            pair.map(|(_, value)| value.clone())
        };
        assert_eq!(SessionFilter::from_address(get), filter);
        assert_eq!(SessionFilter::default().address(), "/sessions");
        assert_eq!(
            filter.api_path(UnixNanos(3_600_000_000_007)),
            "/api/v1/sessions?user=ada%20%26%20bob&route=%2Fbook&error=true&vitals=poor&rage=true&longer=30&start=7&after=1-ab"
        );
    }
}
