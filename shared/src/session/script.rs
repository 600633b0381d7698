//! What has to be done to do a session again.

use serde::{Deserialize, Serialize};

use super::{Action, ColorScheme, Session, Step};
use crate::id::TraceId;
use crate::time::DurationNanos;

/// A load within this time after a step in the same tab is what the step led to; a later one has
/// another cause, such as an address that was typed.
const LED_TO: DurationNanos = DurationNanos(10_000_000_000);

/// The instructions of a session, in order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Script {
    /// The session.
    pub session: String,
    /// The service of its pages, whose spans are the browser's.
    pub service: String,
    /// The origin of its first page, such as `https://shop.example`.
    pub origin: String,
    /// The window's width and height in CSS pixels, where they are known.
    pub viewport: Option<(u32, u32)>,
    /// Which colours the visitor prefers, where it is known.
    pub color_scheme: Option<ColorScheme>,
    /// What has to be done.
    pub instructions: Vec<Instruction>,
    /// What the session has that cannot be done again, in words.
    pub left_out: Vec<String>,
}

/// One thing that has to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instruction {
    /// `goto`, `click`, `change`, `submit`, `keydown`, `drag` or `back`.
    pub kind: String,
    /// What it is called, such as `click "Book Now"`.
    pub name: String,
    /// Which tab.
    pub tab: u32,
    /// For `goto`, the path with its query's names.
    pub path: String,
    /// For all others, the element.
    pub step: Step,
    /// What it caused; `None` where it caused nothing.
    pub trace: Option<TraceId>,
    /// The route after it, where it is another one than before.
    pub leads_to: Option<String>,
}

/// The shortest list of instructions that does what the session's user did.
///
/// What was typed into one field is one instruction, and a press that only moved the focus to a field
/// which is then filled in is none. Loads are instructions where no step led to them.
#[must_use]
pub fn script(session: &Session) -> Script {
    let mut script = Script {
        session: session.id.clone(),
        service: session.service.clone(),
        ..Script::default()
    };
    let mut before: Option<&Action> = None;
    for (index, action) in session.actions.iter().enumerate() {
        if script.viewport.is_none() {
            script.viewport = action.step.as_ref().and_then(|step| step.viewport);
        }
        if script.color_scheme.is_none() {
            script.color_scheme = action.step.as_ref().and_then(|step| step.color_scheme);
        }
        if script.origin.is_empty() {
            script.origin = split(&action.url).0.to_owned();
        }
        let previous = before.filter(|one| one.tab == action.tab);
        match action.kind.as_str() {
            "load" => {
                let led = previous
                    .is_some_and(|step| step.kind != "load" && action.start - step.end < LED_TO);
                match script.instructions.last_mut() {
                    Some(last) if led => {
                        last.leads_to = Some(split(&action.url).1.to_owned());
                        // The load is what it caused.
                        last.trace = last.trace.or(action.trace);
                    }
                    _ => script.instructions.push(goto(action)),
                }
            }
            "popstate" => script.instructions.push(Instruction {
                kind: "back".to_owned(),
                ..instruction(action, Step::default())
            }),
            "click" | "change" | "submit" | "keydown" | "drag" => match &action.step {
                Some(step) if can_be_done(action, step) => {
                    let next = session.actions.get(index + 1);
                    if !only_focuses(action, step, next) {
                        add(&mut script.instructions, instruction(action, step.clone()));
                    }
                }
                // A key that is typed is told of by the change of its field.
                _ if action.kind == "keydown" => {}
                _ => script.left_out.push(format!(
                    "{}: nothing unique leads to its element",
                    action.name
                )),
            },
            other => script
                .left_out
                .push(format!("{}: a {other} is not done again", action.name)),
        }
        before = Some(action);
    }
    script
}

/// The origin, and the path with what follows it.
fn split(url: &str) -> (&str, &str) {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| authority + at);
    url.split_at(end)
}

fn can_be_done(action: &Action, step: &Step) -> bool {
    match action.kind.as_str() {
        "keydown" => step.key.is_some(),
        "drag" => !step.selectors.is_empty() && !step.target.is_empty(),
        _ => !step.selectors.is_empty(),
    }
}

/// Whether the press did nothing but give the focus to a field that is filled in next.
fn only_focuses(action: &Action, step: &Step, next: Option<&Action>) -> bool {
    action.kind == "click"
        && action.trace.is_none()
        && next.is_some_and(|next| {
            next.kind == "change"
                && next.step.as_ref().is_some_and(|other| {
                    other.value.is_some() && other.selectors.first() == step.selectors.first()
                })
        })
}

/// Adds an instruction; of several changes of one field the last one stays.
fn add(instructions: &mut Vec<Instruction>, new: Instruction) {
    if let Some(last) = instructions.last_mut()
        && new.kind == "change"
        && last.kind == "change"
        && last.tab == new.tab
        && last.step.selectors.first() == new.step.selectors.first()
    {
        *last = Instruction {
            trace: new.trace.or(last.trace),
            ..new
        };
    } else {
        instructions.push(new);
    }
}

fn instruction(action: &Action, step: Step) -> Instruction {
    let led = action.route_after != action.route_before && !action.route_after.is_empty();
    Instruction {
        kind: action.kind.clone(),
        name: action.name.clone(),
        tab: action.tab,
        path: String::new(),
        step,
        trace: action.trace,
        leads_to: led.then(|| action.route_after.clone()),
    }
}

fn goto(action: &Action) -> Instruction {
    let path = split(&action.url).1;
    Instruction {
        kind: "goto".to_owned(),
        path: if path.is_empty() { "/" } else { path }.to_owned(),
        leads_to: None,
        ..instruction(action, Step::default())
    }
}
