//! An attribute over the whole trace: what the hues of bars stand for, with the legend, and the value that is followed.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::drawn::Drawn;
use super::waterfall::WaterfallState;
use crate::api;
use crate::browser;
use crate::loading::BrowserPace;
use crate::markup::{Markup, text};
use crate::model::colour::{ColourBy, Colours};
use crate::model::follow::{Path, strip};
use crate::model::values::Values;

/// Keeps the hues true to the choice.
pub fn follow_colour(state: WaterfallState) {
    Effect::new(move |_| {
        let by = state.colour.get();
        state.problem.set(None);
        let name = match by {
            ColourBy::Service => return state.colours.set(Arc::default()),
            ColourBy::Status => return state.colours.set(Arc::new(Colours::Status)),
            ColourBy::Attribute(ref name) => name.clone(),
        };
        spawn_local(async move {
            let found = values(state, &name).await;
            // Whoever has chosen something else since does not want it any more.
            if state.colour.try_get_untracked() != Some(by) {
                return;
            }
            match found {
                Some(Ok(values)) => {
                    state.colours.set(Arc::new(Colours::of_values(values)));
                }
                Some(Err(error)) => state.problem.set(Some(error)),
                None => {}
            }
        });
    });
}

/// The values of an attribute over the trace; `None` where the page has gone meanwhile.
pub async fn values(state: WaterfallState, name: &str) -> Option<Result<Arc<Values>, String>> {
    let model = state.model.try_get_value()?;
    let answer = api::attribute(&model.trace_id()?.to_hex(), name).await;
    let column = match answer {
        Ok(column) => column,
        Err(error) => return Some(Err(error.to_string())),
    };
    let values = Values::new(&model, &column, &BrowserPace::default()).await;
    Some(Ok(Arc::new(values)))
}

/// Keeps the path true to the attribute that is followed.
pub fn follow_value(state: WaterfallState) {
    Effect::new(move |_| {
        let name = state.follow.get();
        state.path.set(None);
        if name.is_empty() {
            return;
        }
        spawn_local(async move {
            let found = match values(state, &name).await {
                Some(Ok(values)) => match state.model.try_get_value() {
                    Some(model) => Ok(Arc::new(
                        Path::find(&model, values, &BrowserPace::default()).await,
                    )),
                    None => return,
                },
                Some(Err(error)) => Err(error),
                None => return,
            };
            if state.follow.try_get_untracked().as_ref() == Some(&name) {
                state.path.set(Some(found));
            }
        });
    });
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || browser::is_typing(&event) {
            return;
        }
        match event.key().as_str() {
            "v" => walk(state, true),
            "V" => walk(state, false),
            // The drawer closes first.
            "Escape" if state.selected.get_untracked().is_none() => state.follow.set(String::new()),
            _ => {}
        }
    });
    on_cleanup(move || listener.remove());
}

fn walk(state: WaterfallState, forward: bool) {
    let active = state.active.get_untracked().node;
    let next = state.path.with_untracked(|path| match path {
        Some(Ok(path)) => path.next(active, forward),
        _ => None,
    });
    if let Some(node) = next {
        state.go(node, false);
    }
}

/// The strip with the path of the value that is followed; nothing where none is.
#[component]
pub fn FollowStrip(
    /// What is shown.
    state: WaterfallState,
) -> impl IntoView {
    let contents = Signal::derive(move || {
        state.follow.with(|key| match state.path.get() {
            _ if key.is_empty() => Vec::new(),
            None => waiting(key),
            Some(Err(error)) => failed(key, &error),
            Some(Ok(path)) => {
                let at = state.active.get().node;
                state.model.with_value(|model| strip(key, &path, model, at))
            }
        })
    });
    let pick = Callback::new(move |picked: String| match picked.as_str() {
        "on" => walk(state, true),
        "back" => walk(state, false),
        "end" => state.follow.set(String::new()),
        _ => {
            if let Ok(node) = picked.parse() {
                state.go(node, true);
            }
        }
    });
    view! {
        <section aria-label="Followed value" hidden=move || state.follow.with(String::is_empty)>
            <Drawn contents=contents class="follow" on_pick=pick />
        </section>
    }
}

fn waiting(key: &str) -> Vec<Markup> {
    vec![
        text("b", "follow__key", key),
        text("span", "follow__none", "Looking for it …").set("role", "status"),
    ]
}

fn failed(key: &str, error: &str) -> Vec<Markup> {
    let words = format!("The values could not be read: {error}");
    vec![
        text("b", "follow__key", key),
        text("span", "trace-tools__problem", &words).set("role", "alert"),
    ]
}
