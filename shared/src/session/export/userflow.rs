//! A session as Chrome Recorder's UserFlow (<https://github.com/puppeteer/replay>).
//!
//! Its parsers strip what they do not know, so that what is known of traces is a file beside it.

use serde_json::{Value, json};

use super::Exported;
use super::seen::seen;
use crate::session::{By, Instruction, Selector};

/// Where an element is pressed, from its corner: the recorder wants to know, and nothing is recorded.
const OFFSET_PX: u32 = 5;

/// The flow. Values are their references, such as `{{input:email}}`, to be replaced.
#[must_use]
pub fn userflow(exported: &Exported<'_>) -> Value {
    let steps: Vec<Value> = numbered(exported)
        .into_iter()
        .map(|(step, _)| step)
        .collect();
    json!({ "title": exported.title(), "steps": steps })
}

/// The traces of a flow's steps, by the steps' indices in it.
#[must_use]
pub fn traces_of_userflow(exported: &Exported<'_>) -> Value {
    let mut steps = Vec::new();
    for (index, (_, instruction)) in numbered(exported).into_iter().enumerate() {
        let Some(one) = instruction else { continue };
        if let Some(trace) = exported.trace(one.trace) {
            steps.push(json!({
                "step": index, "name": one.name, "traceId": one.trace, "seen": seen(trace),
            }));
        }
    }
    json!({ "session": exported.script.session, "origin": exported.script.origin, "steps": steps })
}

/// The flow's steps, each with the instruction that it ends.
fn numbered<'a>(exported: &Exported<'a>) -> Vec<(Value, Option<&'a Instruction>)> {
    let script = exported.script;
    let mut steps = Vec::new();
    if let Some((width, height)) = script.viewport {
        steps.push((
            json!({
                "type": "setViewport", "width": width, "height": height, "deviceScaleFactor": 1,
                "isMobile": false, "hasTouch": false, "isLandscape": width > height,
            }),
            None,
        ));
    }
    for one in &script.instructions {
        let of_one = steps_of(one, &script.origin);
        let last = of_one.len().saturating_sub(1);
        for (index, step) in of_one.into_iter().enumerate() {
            steps.push((step, (index == last).then_some(one)));
        }
    }
    steps
}

fn steps_of(one: &Instruction, origin: &str) -> Vec<Value> {
    let selectors: Vec<Value> = one.step.selectors.iter().map(selector).collect();
    let keys = |key: &str| {
        vec![
            json!({ "type": "keyDown", "key": key }),
            json!({ "type": "keyUp", "key": key }),
        ]
    };
    let click = json!({
        "type": "click", "target": "main", "selectors": selectors,
        "offsetX": OFFSET_PX, "offsetY": OFFSET_PX,
    });
    let is_button = one.step.selectors.iter().any(
        |selector| matches!(selector.parts.last(), Some(By::Role(role, _)) if role == "button"),
    );
    match (one.kind.as_str(), &one.step.value) {
        ("goto", _) => vec![json!({ "type": "navigate", "url": format!("{origin}{}", one.path) })],
        ("change", Some(value)) => vec![json!({
            "type": "change", "target": "main", "selectors": selectors, "value": value.to_string(),
        })],
        ("keydown", _) => keys(one.step.key.as_deref().unwrap_or_default()),
        ("submit", _) if !is_button => keys("Enter"),
        ("back" | "drag", _) => vec![json!({
            "type": "customStep", "target": "main", "name": one.kind,
            "parameters": {
                "selectors": selectors,
                "to": one.step.target.iter().map(selector).collect::<Vec<_>>(),
            },
        })],
        _ => vec![click],
    }
}

/// A selector as the recorder writes it: a part within the one before.
fn selector(selector: &Selector) -> Value {
    let parts = selector.parts.iter().map(|part| match part {
        By::TestId(id) => format!("[data-testid={}]", super::string(id)),
        By::Role(role, name) => format!("aria/{name}[role=\"{role}\"]"),
        By::Text(text) => format!("text/{text}"),
        By::Css(css) => css.clone(),
    });
    json!(parts.collect::<Vec<_>>())
}
