//! A difference as a table for people.

use std::fmt::Write as _;

use shared::diff::{Change, Compared, DiffNode, TraceDiff};
use shared::time::DurationNanos;
use shared::trace::Short;

/// Names longer than this are cut in the table; `--format json` has them whole.
const NAME_WIDTH: usize = 56;

/// The whole report.
#[must_use]
pub fn table(found: &TraceDiff) -> String {
    let mut out = String::new();
    head(&mut out, found);
    if found.reasons.is_empty() {
        out.push_str("\nNo difference in structure, outcome or time.\n");
    } else {
        reasons(&mut out, found);
        places(&mut out, found);
    }
    parameters(&mut out, found);
    out
}

fn head(out: &mut String, found: &TraceDiff) {
    let ids: Vec<String> = found.baselines.iter().map(ToString::to_string).collect();
    let other = found.other.map(|id| id.to_string()).unwrap_or_default();
    let by = found.duration.other - found.duration.most;
    let _ = writeln!(
        out,
        "baseline  {}\n          {}, {} spans\nother     {other}\n          {}, {} spans ({})",
        ids.join("\n          "),
        times(found.duration),
        range(found.spans),
        Short(found.duration.other),
        found.spans.other,
        signed(by),
    );
}

fn reasons(out: &mut String, found: &TraceDiff) {
    let difference = found.unexplained.0
        + found
            .reasons
            .iter()
            .map(|reason| reason.explains.0)
            .sum::<i64>();
    out.push_str("\nWhy\n");
    let mut line = |explains: DurationNanos, text: &str| {
        let share = match difference {
            _ if explains.0 == 0 => String::new(),
            0 => String::new(),
            // A whole number: less than half of one is nothing, on either side.
            _ => {
                let percent = (100.0 * explains.0 as f64 / difference as f64).round() as i64;
                format!("{percent} %").replace('-', "−")
            }
        };
        let time = if explains.0 == 0 {
            String::new()
        } else {
            signed(explains)
        };
        let _ = writeln!(out, "  {time:>9} {share:>6}  {}", plain(text));
    };
    for reason in &found.reasons {
        line(reason.explains, &reason.text);
    }
    if found.unexplained.0 != 0 {
        line(found.unexplained, "is spread over what is not listed here");
    }
}

fn places(out: &mut String, found: &TraceDiff) {
    // A place is shown if something changed there or below.
    let mut shown = vec![false; found.nodes.len()];
    for (index, node) in found.nodes.iter().enumerate().rev() {
        shown[index] |= !node.changes.is_empty();
        if let Some(parent) = node.parent {
            shown[parent as usize] |= shown[index];
        }
    }
    out.push_str("\nWhere\n");
    let mut hidden = 0;
    for (node, shown) in found.nodes.iter().zip(shown) {
        if !shown {
            hidden += 1;
            continue;
        }
        let indent = "  ".repeat((node.depth as usize).min(20));
        let name = cut(&format!(
            "{indent}{} · {}",
            plain(&node.service),
            plain(&node.operation)
        ));
        let marks: Vec<&str> = node.changes.iter().map(|change| word(*change)).collect();
        let _ = writeln!(
            out,
            "  {} {name:<NAME_WIDTH$}  {:>11}  {:>24}  {}",
            sign(node),
            counts(node),
            durations(node),
            marks.join(", ")
        );
    }
    if hidden > 0 {
        let _ = writeln!(out, "    and {hidden} places without a change");
    }
}

fn parameters(out: &mut String, found: &TraceDiff) {
    let changed = || {
        found
            .nodes
            .iter()
            .filter(|node| !node.attributes.is_empty())
    };
    if changed().next().is_none() {
        return;
    }
    out.push_str("\nParameters and attributes, which are no part of the structure\n");
    for node in changed() {
        let _ = writeln!(
            out,
            "  {} · {}",
            plain(&node.service),
            cut(&plain(&node.operation))
        );
        for attribute in &node.attributes {
            let value = |value: &Option<String>| match value {
                Some(value) => plain(value),
                None => "(none)".to_owned(),
            };
            let examples: Vec<String> = attribute
                .examples
                .iter()
                .map(|(from, to)| format!("{} → {}", value(from), value(to)))
                .collect();
            let more = (attribute.pairs as usize).saturating_sub(examples.len());
            let more = match more {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let _ = writeln!(
                out,
                "      {}: {}{more}",
                plain(&attribute.key),
                examples.join(", ")
            );
        }
    }
}

fn sign(node: &DiffNode) -> char {
    if node.has(Change::Added) {
        '+'
    } else if node.has(Change::Removed) {
        '-'
    } else if node.changes.is_empty() {
        ' '
    } else {
        '~'
    }
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Count => "count",
        Change::Failing => "fails",
        Change::Recovered => "no longer fails",
        Change::Slower => "slower",
        Change::Faster => "faster",
        Change::SlowerBelow => "waits longer",
        Change::FasterBelow => "waits less",
        Change::Moved => "other order",
        Change::Renamed => "renamed",
    }
}

fn counts(node: &DiffNode) -> String {
    let usual = range(node.count);
    let other = node.count.other.to_string();
    if usual == other {
        format!("×{other}")
    } else {
        format!("×{usual} → ×{other}")
    }
}

fn durations(node: &DiffNode) -> String {
    match (node.count.most, node.count.other) {
        (0, _) => format!("→ {}", Short(node.total.other)),
        (_, 0) => format!("{} →", times(node.total)),
        _ => format!("{} → {}", times(node.total), Short(node.total.other)),
    }
}

fn range(compared: Compared<u32>) -> String {
    if compared.least == compared.most {
        compared.most.to_string()
    } else {
        format!("{}–{}", compared.least, compared.most)
    }
}

fn times(compared: Compared<DurationNanos>) -> String {
    if compared.least == compared.most {
        Short(compared.most).to_string()
    } else {
        format!("{}–{}", Short(compared.least), Short(compared.most))
    }
}

fn signed(duration: DurationNanos) -> String {
    let sign = match duration.0 {
        0 => "±",
        1.. => "+",
        _ => "−",
    };
    format!(
        "{sign}{}",
        Short(DurationNanos(duration.0.saturating_abs()))
    )
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(NAME_WIDTH - 1) {
        Some((at, last)) if at + last.len_utf8() < text.len() => format!("{}…", &text[..at]),
        _ => text.to_owned(),
    }
}

/// Without what would steer a terminal: names come from whoever sent the spans.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
