//! What the map page shows, as its address.

use shared::time::UnixNanos;

use super::filter::Range;
use crate::url::QueryString;

/// What the map is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compare {
    /// With nothing.
    #[default]
    Nothing,
    /// With the same length of time just before.
    Before,
    /// With the same time a day earlier.
    Yesterday,
    /// With the same time a week earlier.
    LastWeek,
}

impl Compare {
    /// The choices with their names in the address and for people.
    pub const CHOICES: [(Self, &'static str, &'static str); 4] = [
        (Self::Nothing, "", "Compare with nothing"),
        (Self::Before, "before", "with the time before"),
        (Self::Yesterday, "day", "with a day earlier"),
        (Self::LastWeek, "week", "with a week earlier"),
    ];

    /// The choice of a name in the address; unknown names are [`Compare::Nothing`].
    #[must_use]
    pub fn from_key(key: &str) -> Self {
        let found = Self::CHOICES.iter().find(|choice| choice.1 == key);
        found.map_or(Self::Nothing, |choice| choice.0)
    }

    fn key(self) -> &'static str {
        let found = Self::CHOICES.iter().find(|choice| choice.0 == self);
        found.map_or("", |choice| choice.1)
    }

    /// How long before the map's range the other one lies, in seconds.
    fn earlier(self, range: u64) -> Option<u64> {
        match self {
            Self::Nothing => None,
            Self::Before => Some(range),
            Self::Yesterday => Some(86_400),
            Self::LastWeek => Some(604_800),
        }
    }
}

/// The state of the map page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MapAddress {
    /// How far back the map reaches.
    pub range: Range,
    /// What it is compared with.
    pub compare: Compare,
    /// What is picked: the name of a node or an edge; empty where nothing is.
    pub at: String,
    /// Whether it is shown as tables.
    pub table: bool,
}

impl MapAddress {
    /// Reads the state from the address. Without a range it is the last hour.
    #[must_use]
    pub fn from_address(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |key: &str| get(key).unwrap_or_default();
        let range = match Range::from_key(&text("range")) {
            Range::Any => Range::Last(3_600),
            range => range,
        };
        Self {
            range,
            compare: Compare::from_key(&text("compare")),
            at: text("at"),
            table: text("view") == "table",
        }
    }

    /// The address of the state.
    #[must_use]
    pub fn address(&self) -> String {
        let mut query = QueryString::new("/map");
        query.push_unless_empty("range", self.range.key());
        query.push_unless_empty("compare", self.compare.key());
        query.push_unless_empty("view", if self.table { "table" } else { "" });
        query.push_unless_empty("at", &self.at);
        query.finish()
    }

    /// Where the API answers for a range and a comparison.
    #[must_use]
    pub fn api_path((range, compare): (Range, Compare), now: UnixNanos) -> String {
        let seconds = match range {
            Range::Last(seconds) => u64::from(seconds),
            // The map's addresses have no other: they go back from now.
            Range::Any | Range::Between(..) => 3_600,
        };
        let end = now.0 / 1_000_000_000;
        let mut query = QueryString::new("/api/v1/map");
        let mut push = |start: &str, end_key: &str, end: u64| {
            query.push(start, &end.saturating_sub(seconds).to_string());
            query.push(end_key, &end.to_string());
        };
        push("start", "end", end);
        if let Some(earlier) = compare.earlier(seconds) {
            push("beforeStart", "beforeEnd", end.saturating_sub(earlier));
        }
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_keeps_the_state() {
        let state = MapAddress {
            range: Range::Last(900),
            compare: Compare::Yesterday,
            at: "service:a>database:b c".to_owned(),
            table: true,
        };
        let address = state.address();
        let pairs = crate::url::parse(address.split_once('?').expect("a query").1);
        let get = |key: &str| {
            pairs
                .iter()
                .find(|pair| pair.0 == key)
                .map(|pair| pair.1.clone())
        };
        assert_eq!(MapAddress::from_address(get), state);
        assert_eq!(MapAddress::from_address(|_| None).range, Range::Last(3_600));
    }

    #[test]
    fn the_range_before_is_as_long() {
        let asked = (Range::Last(900), Compare::Before);
        let path = MapAddress::api_path(asked, UnixNanos(10_000_000_000_000));
        assert_eq!(
            path,
            "/api/v1/map?start=9100&end=10000&beforeStart=8200&beforeEnd=9100"
        );
    }
}
