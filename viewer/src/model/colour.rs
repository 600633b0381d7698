//! What the hue of a bar stands for: its service, its status, or the value of an attribute; and the legend.

use std::sync::Arc;

use shared::span::StatusCode;

use super::order::descending;
use super::rows::RowKey;
use super::trace::TraceModel;
use super::values::Values;
use crate::format;
use crate::markup::{Markup, element, text};
use crate::palette::{FAILED, NEUTRAL, SUCCEEDED, dot, service_hue};

/// So many values get hues of their own; more could not be told apart.
const MOST_VALUES: usize = 12;
/// Longer values are cut in the legend.
const LONGEST: usize = 40;

/// What the hue of a bar stands for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ColourBy {
    /// The service.
    #[default]
    Service,
    /// The status.
    Status,
    /// The value of the attribute of this name.
    Attribute(String),
}

impl ColourBy {
    /// Reads its name in the address: an attribute's name stands for itself, after a dot where it would
    /// be taken for something else.
    #[must_use]
    pub fn from_key(key: &str) -> Self {
        match key {
            "" | "service" => Self::Service,
            "status" => Self::Status,
            _ => Self::Attribute(key.strip_prefix('.').unwrap_or(key).to_owned()),
        }
    }

    /// Its name in the address; empty for services.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Service => String::new(),
            Self::Status => "status".to_owned(),
            Self::Attribute(name) => match Self::from_key(name) {
                Self::Attribute(read) if read == *name => name.clone(),
                _ => format!(".{name}"),
            },
        }
    }
}

/// One hue with what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it stands for.
    pub label: String,
    /// The hue, or [`NEUTRAL`].
    pub hue: u16,
    /// How many spans have it.
    pub count: u32,
}

/// The hues of a trace's bars.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Colours {
    /// Those of services.
    #[default]
    Service,
    /// Those of statuses.
    Status,
    /// Those of an attribute's values: for each number of a value its hue.
    Values(Arc<Values>, Vec<u16>),
}

impl Colours {
    /// The hues of values: by first appearance in the trace, for the most frequent where there are many.
    #[must_use]
    pub fn of_values(values: Arc<Values>) -> Self {
        let (counts, order) = counted(&values);
        let keys = order
            .iter()
            .map(|number| f64::from(counts[*number as usize]));
        let mut frequent = descending(keys.collect());
        frequent.truncate(MOST_VALUES);
        let mut hues = vec![NEUTRAL; values.distinct()];
        let chosen = (0..order.len()).filter(|place| frequent.contains(place));
        for (index, place) in chosen.enumerate() {
            hues[order[place] as usize] = service_hue(index);
        }
        Self::Values(values, hues)
    }

    /// The hue of a node, or [`NEUTRAL`].
    #[must_use]
    pub fn hue(&self, model: &TraceModel, node: u32) -> u16 {
        match self {
            Self::Service => model.service_of(node).hue,
            Self::Status => status_hue(model.status(node)),
            Self::Values(values, hues) => values
                .number(node)
                .and_then(|number| hues.get(number as usize).copied())
                .unwrap_or(NEUTRAL),
        }
    }

    /// The hue of a row: of alike calls, what they have in common.
    #[must_use]
    pub fn row_hue(&self, model: &TraceModel, row: RowKey) -> u16 {
        let hue = self.hue(model, row.node);
        // Alike calls are calls of one service.
        if !row.fold || matches!(self, Self::Service) {
            return hue;
        }
        let same = model
            .fold_members(row.node)
            .all(|member| self.hue(model, member) == hue);
        if same { hue } else { NEUTRAL }
    }

    /// What each hue stands for; nothing for services, whose names stand in the rows.
    #[must_use]
    pub fn legend(&self, model: &TraceModel) -> Vec<Entry> {
        match self {
            Self::Service => Vec::new(),
            Self::Status => {
                let statuses = [
                    (StatusCode::Error, "error"),
                    (StatusCode::Ok, "ok"),
                    (StatusCode::Unset, "not set"),
                ];
                let entry = |(status, label): (StatusCode, &str)| Entry {
                    label: label.to_owned(),
                    hue: status_hue(status),
                    count: (0..model.len() as u32)
                        .filter(|node| model.status(*node) == status)
                        .count() as u32,
                };
                let entries = statuses.into_iter().map(entry);
                entries.filter(|entry| entry.count > 0).collect()
            }
            Self::Values(values, hues) => {
                let (counts, order) = counted(values);
                let own = |number: &&u32| hues[**number as usize] != NEUTRAL;
                let mut entries: Vec<Entry> = order
                    .iter()
                    .filter(own)
                    .map(|number| Entry {
                        label: format::clipped(values.text(*number), LONGEST),
                        hue: hues[*number as usize],
                        count: counts[*number as usize],
                    })
                    .collect();
                let others = order.len() - entries.len();
                let told: u32 = entries.iter().map(|entry| entry.count).sum();
                let with_value: u32 = counts.iter().sum();
                let mut grey = |label: String, count: u32| {
                    if count > 0 {
                        entries.push(Entry {
                            label,
                            hue: NEUTRAL,
                            count,
                        });
                    }
                };
                grey(
                    format::counted(others as u64, "other value"),
                    with_value - told,
                );
                grey("no value".to_owned(), values.len() as u32 - with_value);
                entries
            }
        }
    }
}

/// The legend as a list.
#[must_use]
pub fn legend(entries: &[Entry]) -> Vec<Markup> {
    let item = |entry: &Entry| {
        element("li", "")
            .with(element("i", &dot(entry.hue, false)).set("style", &format!("--h:{}", entry.hue)))
            .with(text("span", "", &entry.label))
            .with(text("small", "", &format::count(u64::from(entry.count))))
    };
    if entries.is_empty() {
        return Vec::new();
    }
    vec![
        element("ul", "legend")
            .set("aria-label", "Colours")
            .all(entries.iter().map(item).collect()),
    ]
}

fn status_hue(status: StatusCode) -> u16 {
    match status {
        StatusCode::Error => FAILED,
        StatusCode::Ok => SUCCEEDED,
        StatusCode::Unset => NEUTRAL,
    }
}

/// How many nodes have each value, and the values in the order of their first node.
fn counted(values: &Values) -> (Vec<u32>, Vec<u32>) {
    let mut counts = vec![0; values.distinct()];
    let mut order = Vec::new();
    for number in (0..values.len() as u32).filter_map(|node| values.number(node)) {
        let count: &mut u32 = &mut counts[number as usize];
        if *count == 0 {
            order.push(number);
        }
        *count += 1;
    }
    (counts, order)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{booking, failed, model, span};
    use super::*;

    #[test]
    fn every_choice_survives_the_address() {
        for (by, key) in [
            (ColourBy::Service, ""),
            (ColourBy::Status, "status"),
            (
                ColourBy::Attribute("booking.status".into()),
                "booking.status",
            ),
            (ColourBy::Attribute("status".into()), ".status"),
            (ColourBy::Attribute(".odd".into()), "..odd"),
        ] {
            assert_eq!(by.key(), key);
            assert_eq!(ColourBy::from_key(key), by);
        }
    }

    #[test]
    fn services_are_the_default_and_need_no_legend() {
        let (model, colours) = (booking(), Colours::default());
        assert_eq!(colours.hue(&model, 0), model.services[0].hue);
        assert!(colours.legend(&model).is_empty());
    }

    #[test]
    fn what_failed_is_red_and_what_says_nothing_is_grey() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 100),
            failed(span(2, 1, "a", "child", 50, 100), "no"),
        ]);
        let colours = Colours::Status;
        assert_eq!(
            (colours.hue(&model, 0), colours.hue(&model, 1)),
            (NEUTRAL, FAILED)
        );
        let legend: Vec<_> = colours
            .legend(&model)
            .into_iter()
            .map(|entry| (entry.label, entry.count))
            .collect();
        assert_eq!(legend, [("error".to_owned(), 1), ("not set".to_owned(), 1)]);
    }

    #[test]
    fn values_take_hues_in_the_order_of_the_trace() {
        let model = booking();
        let values = [Some("new"), None, Some("paid"), Some("new")];
        let colours = Colours::of_values(Arc::new(Values::of_nodes(&values)));
        let hues: Vec<u16> = (0..4).map(|node| colours.hue(&model, node)).collect();
        assert_eq!(
            hues,
            [service_hue(0), NEUTRAL, service_hue(1), service_hue(0)]
        );
        let drawn = legend(&colours.legend(&model));
        assert_eq!(drawn[0].inner_text(), "new2paid1no value1");
    }

    #[test]
    fn of_many_values_the_frequent_ones_have_hues_and_the_rest_are_counted() {
        let texts: Vec<String> = (0..40).map(|index| format!("v{index}")).collect();
        let mut values: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
        values.extend([Some("v39"); 5]);
        let colours = Colours::of_values(Arc::new(Values::of_nodes(&values)));
        let legend = colours.legend(&booking());
        assert_eq!(legend.len(), MOST_VALUES + 1);
        assert!(
            legend
                .iter()
                .any(|entry| entry.label == "v39" && entry.count == 6)
        );
        let rest = legend.last().expect("the rest");
        assert_eq!((rest.label.as_str(), rest.count), ("28 other values", 28));
    }
}
