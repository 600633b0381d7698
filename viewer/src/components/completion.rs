//! The list under a query field: what may stand where the caret is, from the names and values that the
//! server has; in an empty field the queries that were asked before.

use std::sync::Arc;

use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::browser;
use crate::model::complete::{Knowns, Place, Suggestion, Wanted, place, suggest};
use crate::model::saved;
use crate::url;

const KEY: &str = "throughline.queries";

/// The state of the list. It opens when somebody types or asks for it, and a choice is never made by
/// itself: Enter without one asks the query as it stands.
#[derive(Clone, Copy)]
pub struct Completion {
    text: RwSignal<String>,
    field: NodeRef<Input>,
    /// The caret, in bytes, while the list is open.
    caret: RwSignal<Option<usize>>,
    active: RwSignal<Option<usize>>,
    /// The values of each field that was asked for, none yet while they are under way; the names
    /// under no field.
    known: RwSignal<Vec<(String, Arc<Knowns>)>>,
    shown: Memo<Vec<Suggestion>>,
}

impl Completion {
    /// The list of a field with its text.
    #[must_use]
    pub fn new(text: RwSignal<String>, field: NodeRef<Input>) -> Self {
        let caret = RwSignal::new(None);
        let known = RwSignal::new(Vec::<(String, Arc<Knowns>)>::new());
        let shown = Memo::new(move |_| {
            let Some(caret) = caret.get() else {
                return Vec::new();
            };
            text.with(|text| {
                if text.trim().is_empty() {
                    let mut shown = recent();
                    shown.extend(suggest(&place(text, caret), &[], &[]));
                    return shown;
                }
                let place = place(text, caret);
                let field = match &place.wanted {
                    Wanted::Value(field) => field.as_str(),
                    _ => "",
                };
                let of = known.with(|known| {
                    let of = known.iter().find(|(of, _)| of == field);
                    of.map(|(_, of)| Arc::clone(of))
                });
                let of = of.unwrap_or_default();
                suggest(&place, &of.values, &of.values)
            })
        });
        Self {
            text,
            field,
            caret,
            active: RwSignal::new(None),
            known,
            shown,
        }
    }

    /// Whether the list is shown.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.shown.with(|shown| !shown.is_empty())
    }

    /// The id of the chosen entry's element.
    #[must_use]
    pub fn active_id(self) -> Option<String> {
        let active = self.active.get()?;
        self.is_open().then(|| format!("query-suggestion-{active}"))
    }

    /// Asks for the names, once for each page.
    pub fn wake(self) {
        self.ask(String::new());
    }

    /// The caret has moved, or the text has changed.
    pub fn typed(self) {
        let Some(field) = self.field.get_untracked() else {
            return;
        };
        let units = field.selection_start().ok().flatten().unwrap_or(0) as usize;
        let caret = self.text.with_untracked(|text| byte_of(text, units));
        self.active.set(None);
        self.caret.set(Some(caret));
        if let Wanted::Value(field) = self.place(caret).wanted {
            self.ask(field);
        }
    }

    fn place(self, caret: usize) -> Place {
        self.text.with_untracked(|text| place(text, caret))
    }

    /// Asks for the values of a field, or without one for the names.
    fn ask(self, field: String) {
        if self
            .known
            .with_untracked(|known| known.iter().any(|(of, _)| *of == field))
        {
            return;
        }
        self.known
            .update(|known| known.push((field.clone(), Arc::default())));
        spawn_local(async move {
            let path = match field.as_str() {
                "" => "/api/v1/tags".to_owned(),
                field => format!("/api/v1/tags/{}/values", url::encode(field)),
            };
            // A field that is being typed may be none yet.
            if let Ok(answer) = api::read::<Knowns>(&path).await {
                self.known.try_update(|known| {
                    known.retain(|(of, _)| *of != field);
                    known.push((field, Arc::new(answer)));
                });
            }
        });
    }

    /// Shuts the list.
    pub fn close(self) {
        self.caret.set(None);
        self.active.set(None);
    }

    /// Arrows move through the list, Enter and Tab take what is chosen, Escape shuts it.
    pub fn key(self, event: &web_sys::KeyboardEvent) {
        let count = self.shown.with_untracked(Vec::len);
        let active = self.active.get_untracked();
        let next = match event.key().as_str() {
            "ArrowDown" if count == 0 => {
                event.prevent_default();
                return self.typed();
            }
            "ArrowDown" => Some(active.map_or(0, |active| (active + 1) % count)),
            "ArrowUp" if count > 0 => Some(active.map_or(count - 1, |at| (at + count - 1) % count)),
            "Enter" | "Tab" if active.is_some() && count > 0 => {
                event.prevent_default();
                return self.take(active.unwrap_or(0));
            }
            "Escape" if count > 0 => {
                event.prevent_default();
                event.stop_propagation();
                return self.close();
            }
            "ArrowLeft" | "ArrowRight" | "Home" | "End" => return self.close(),
            _ => return,
        };
        event.prevent_default();
        self.active.set(next);
        if let Some(element) = self
            .active_id()
            .and_then(|id| document().get_element_by_id(&id))
        {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            element.scroll_into_view_with_scroll_into_view_options(&options);
        }
    }

    /// Puts a suggestion where the caret is, and goes on from behind it.
    fn take(self, index: usize) {
        let Some(caret) = self.caret.get_untracked() else {
            return;
        };
        let Some(chosen) = self.shown.with_untracked(|shown| shown.get(index).cloned()) else {
            return;
        };
        let place = self.place(caret);
        let mut next = self.text.get_untracked();
        // A blank that follows already need not be there twice.
        let end = if next[place.end..].starts_with(' ') {
            place.end + 1
        } else {
            place.end
        };
        next.replace_range(place.start..end, &chosen.text);
        let caret = place.start + chosen.text.len();
        let units = next[..caret].encode_utf16().count() as u32;
        self.text.set(next);
        let field = self.field.get_untracked();
        // The value is in the field before the caret goes behind it.
        request_animation_frame(move || {
            if let Some(field) = field {
                let _ = field.set_selection_range(units, units);
                self.typed();
            }
        });
    }

    /// Keeps a query that was asked, for the next time.
    pub fn remember(self, query: &str) {
        if !query.is_empty() {
            let queries = saved::read_queries(&browser::kept(KEY).unwrap_or_default());
            browser::keep(KEY, &saved::write_queries(&saved::asked(&queries, query)));
        }
    }
}

fn recent() -> Vec<Suggestion> {
    let queries = saved::read_queries(&browser::kept(KEY).unwrap_or_default());
    let queries = queries.into_iter().take(8);
    queries
        .map(|text| Suggestion {
            text,
            note: "asked before".to_owned(),
        })
        .collect()
}

/// The byte of a place that the browser counts in UTF-16 units.
fn byte_of(text: &str, units: usize) -> usize {
    let mut counted = 0;
    for (index, character) in text.char_indices() {
        if counted >= units {
            return index;
        }
        counted += character.len_utf16();
    }
    text.len()
}

/// The list itself.
#[component]
pub fn Suggestions(
    /// What it shows.
    completion: Completion,
) -> impl IntoView {
    view! {
        <ul id="query-suggestions" class="suggestions" role="listbox" aria-label="Suggestions" hidden=move || !completion.is_open()>
            {move || {
                completion
                    .shown
                    .get()
                    .into_iter()
                    .enumerate()
                    .map(|(index, suggestion)| {
                        view! {
                            <li
                                id=format!("query-suggestion-{index}")
                                class="suggestions__entry"
                                role="option"
                                aria-selected=move || (completion.active.get() == Some(index)).to_string()
                                on:mousedown=move |event| {
                                    event.prevent_default();
                                    completion.take(index);
                                }
                            >
                                <code>{suggestion.text}</code>
                                <small>{suggestion.note}</small>
                            </li>
                        }
                    })
                    .collect_view()
            }}
        </ul>
    }
}
