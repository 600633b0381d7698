//! The bar between what is found and what is drawn: waterfall or flame graph, what hues stand for, what is left out.

use super::clock::told;
use super::colour::ColourBy;
use super::trace::TraceModel;
use crate::format;
use crate::markup::{Markup, PICK, button, element, text};
use crate::url::FlameKind;

/// Below how many nanoseconds spans can be hidden.
const LEAST: [i64; 6] = [0, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The id of the button that opens the panel in which clocks are set.
pub const CLOCKS_BUTTON: &str = "clocks-button";

/// What the tools show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tools {
    /// The flame graph that is shown instead of the waterfall.
    pub flame: Option<FlameKind>,
    /// What the hues of bars stand for.
    pub colour: ColourBy,
    /// Shorter spans are hidden, in nanoseconds.
    pub least: i64,
    /// Whether spans outside of the shown time are hidden.
    pub within: bool,
    /// Whether a span is selected whose subtree could be shown alone.
    pub can_focus: bool,
    /// How many spans are left out.
    pub left_out: u32,
    /// Whether rows are low.
    pub compact: bool,
    /// What there is to say of clocks.
    pub clocks: Clocks,
    /// Whether the panel is open in which they are set.
    pub clocks_opened: bool,
    /// Whether their times are adjusted.
    pub adjusted: bool,
}

/// What there is to say of clocks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Clocks {
    /// There is one.
    #[default]
    One,
    /// They agree.
    Agree,
    /// Those that are not the root's, in words; empty where somebody has said that none is.
    Apart(String),
}

impl Clocks {
    /// What there is to say, given how far each is taken to be ahead.
    #[must_use]
    pub fn of(model: &TraceModel, skews: &[i64]) -> Self {
        if skews.len() < 2 {
            return Self::One;
        }
        let said = skews != model.estimates() || skews.iter().any(|skew| *skew != 0);
        if said {
            Self::Apart(told(model, skews))
        } else {
            Self::Agree
        }
    }
}

/// What a person does with the tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Draws a flame graph, or the waterfall.
    Draw(Option<FlameKind>),
    /// Chooses what hues stand for.
    Colour(ColourBy),
    /// Hides shorter spans.
    Least(i64),
    /// Hides rows that have nothing in the time shown, or shows them.
    Within,
    /// Shows the subtree of the selected span alone.
    Subtree,
    /// Leaves nothing out.
    Everything,
    /// Adjusts clocks that disagree, or shows what they said.
    Clock,
    /// Opens or closes the panel in which clocks are set.
    Clocks,
    /// Makes rows low or high.
    Compact,
}

impl Act {
    /// What a pick means; `None` for what is none of these.
    #[must_use]
    pub fn of(pick: &str) -> Option<Self> {
        let (what, value) = pick.split_once(':').unwrap_or((pick, ""));
        Some(match what {
            "draw" => Self::Draw(
                [FlameKind::WallClock, FlameKind::Aggregate]
                    .into_iter()
                    .find(|kind| kind.key() == value),
            ),
            "colour" if value == "attribute" => Self::Colour(ColourBy::Attribute(String::new())),
            "colour" => Self::Colour(ColourBy::from_key(value)),
            "attribute" => Self::Colour(ColourBy::Attribute(value.trim().to_owned())),
            "least" => Self::Least(value.parse().unwrap_or(0)),
            "within" => Self::Within,
            "subtree" => Self::Subtree,
            "everything" => Self::Everything,
            "clock" => Self::Clock,
            "clocks" => Self::Clocks,
            "compact" => Self::Compact,
            _ => return None,
        })
    }
}

/// The tools.
#[must_use]
pub fn tools(shown: &Tools) -> Markup {
    let kinds = [
        ("Waterfall", None),
        ("Flame", Some(FlameKind::WallClock)),
        ("Aggregate", Some(FlameKind::Aggregate)),
    ];
    let kind = |(label, kind): (&str, Option<FlameKind>)| {
        let pick = format!("draw:{}", kind.map_or("", FlameKind::key));
        pressed(&pick, label, shown.flame == kind)
    };
    let drawing = element("div", "trace-tools__kinds")
        .set("role", "group")
        .set("aria-label", "Drawing")
        .all(kinds.map(kind).into());
    let mut bar = element("div", "trace-tools")
        .set("role", "toolbar")
        .set("aria-label", "How the trace is drawn")
        .with(drawing);
    if shown.flame != Some(FlameKind::Aggregate) {
        bar = bar.all(colours(&shown.colour));
    }
    if let Clocks::Apart(told) = &shown.clocks {
        let told = if told.is_empty() { "none" } else { told };
        let label = if shown.adjusted {
            format!("Clocks adjusted: {told}")
        } else {
            format!("Adjust clocks: {told}")
        };
        let meaning = "As somebody has set them, else as estimated from when requests and their answers began and ended. Without it, times are shown as they were sent.";
        bar = bar.with(pressed("clock", &label, shown.adjusted).set("title", meaning));
    }
    if shown.flame.is_some() {
        return bar.all(clocks(shown));
    }
    let least = LEAST.map(|least| {
        let label = match least {
            0 => "nothing".to_owned(),
            _ => format::duration(least),
        };
        (least.to_string(), label, shown.least == least)
    });
    bar = bar.with(choice("Hide below ", "least", &least)).with(
        pressed("within", "Only what is in view", shown.within)
            .set("title", "Hide rows that have nothing in the time shown"),
    );
    bar = bar.with(
        pressed("compact", "Compact", shown.compact).set("title", "Lower rows, more of them (d)"),
    );
    bar = bar.all(clocks(shown));
    if shown.can_focus {
        bar = bar.with(button("", "subtree", "Only this subtree"));
    }
    if shown.left_out > 0 {
        let left = format!(
            "{} left out ",
            format::counted(u64::from(shown.left_out), "span")
        );
        bar = bar.with(
            text("span", "trace-tools__left", &left)
                .set("role", "status")
                .with(button("link", "everything", "Show all")),
        );
    }
    bar
}

/// The button of the panel in which clocks are set; nothing where there is one clock.
fn clocks(shown: &Tools) -> Vec<Markup> {
    let opened = if shown.clocks_opened { "true" } else { "false" };
    let open = button("", "clocks", "Clocks…")
        .set("id", CLOCKS_BUTTON)
        .set("aria-haspopup", "dialog")
        .set("aria-expanded", opened)
        .set("title", "Set by how much each clock is ahead");
    (shown.clocks != Clocks::One)
        .then_some(open)
        .into_iter()
        .collect()
}

fn colours(colour: &ColourBy) -> Vec<Markup> {
    let attribute = match colour {
        ColourBy::Attribute(name) => Some(name),
        _ => None,
    };
    let kinds = [
        ("service", *colour == ColourBy::Service),
        ("status", *colour == ColourBy::Status),
        ("attribute", attribute.is_some()),
    ];
    let kinds = kinds.map(|(kind, chosen)| (kind.to_owned(), kind.to_owned(), chosen));
    let mut out = vec![choice("Colour by ", "colour", &kinds)];
    if let Some(name) = attribute {
        out.push(
            element("input", "input trace-tools__attribute")
                .set("aria-label", "Attribute that colours the bars")
                .set("placeholder", "booking.status")
                .set("spellcheck", "false")
                .set("autocomplete", "off")
                .set("value", name)
                .set(PICK, "attribute"),
        );
    }
    out
}

/// A button that is pressed or not.
fn pressed(pick: &str, label: &str, is: bool) -> Markup {
    button("", pick, label).set("aria-pressed", if is { "true" } else { "false" })
}

/// A choice of values, each with its label and whether it is chosen.
fn choice(label: &str, pick: &str, options: &[(String, String, bool)]) -> Markup {
    let option = |(value, label, chosen): &(String, String, bool)| {
        let option = text("option", "", label).set("value", value);
        if *chosen {
            option.set("selected", "")
        } else {
            option
        }
    };
    text("label", "", label).with(
        element("select", "")
            .set(PICK, pick)
            .all(options.iter().map(option).collect()),
    )
}

/// The buttons at an attribute: colours the bars by it, follows its value.
#[must_use]
pub fn attribute_tools(name: &str, coloured: bool, followed: bool) -> Vec<Markup> {
    let tool = |pick, sign, words: &str, title, is| {
        pressed(pick, sign, is)
            .set("class", "attributes__tool")
            .set("aria-label", &format!("{words} {name}"))
            .set("title", title)
    };
    vec![
        tool(
            "follow",
            "⇢",
            "Follow",
            "Follow this value through the trace",
            followed,
        ),
        tool(
            "colour",
            "◐",
            "Colour by",
            "Colour the bars of the trace by this attribute",
            coloured,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_picked_is_what_is_done() {
        for (pick, act) in [
            ("draw:", Act::Draw(None)),
            ("draw:wall", Act::Draw(Some(FlameKind::WallClock))),
            ("colour:status", Act::Colour(ColourBy::Status)),
            (
                "attribute: a:b ",
                Act::Colour(ColourBy::Attribute("a:b".to_owned())),
            ),
            ("least:1000000", Act::Least(1_000_000)),
            ("everything", Act::Everything),
        ] {
            assert_eq!(Act::of(pick), Some(act), "{pick}");
        }
        assert_eq!(Act::of("12"), None);
    }

    #[test]
    fn a_flame_graph_leaves_nothing_out_and_an_aggregate_has_no_values() {
        let words = |flame| {
            tools(&Tools {
                flame,
                ..Tools::default()
            })
            .inner_text()
        };
        assert!(words(None).contains("Hide below"));
        assert!(!words(Some(FlameKind::WallClock)).contains("Hide below"));
        assert!(words(Some(FlameKind::WallClock)).contains("Colour by"));
        assert!(!words(Some(FlameKind::Aggregate)).contains("Colour by"));
    }

    #[test]
    fn clocks_are_told_where_there_are_several() {
        let words = |clocks, adjusted| {
            tools(&Tools {
                clocks,
                adjusted,
                ..Tools::default()
            })
            .inner_text()
        };
        assert!(!words(Clocks::One, false).contains("lock"));
        let agree = words(Clocks::Agree, false);
        assert!(
            agree.contains("Clocks…") && !agree.contains("Adjust"),
            "{agree}"
        );
        let apart = || Clocks::Apart("payment +3 s".to_owned());
        assert!(words(apart(), false).contains("Adjust clocks: payment +3 s"));
        assert!(words(apart(), true).contains("Clocks adjusted: payment +3 s"));
        assert!(words(Clocks::Apart(String::new()), true).contains("Clocks adjusted: none"));
    }

    #[test]
    fn what_is_left_out_is_counted_and_can_be_shown() {
        let shown = Tools {
            left_out: 3,
            ..Tools::default()
        };
        assert!(
            tools(&shown)
                .inner_text()
                .ends_with("3 spans left out Show all")
        );
    }
}
