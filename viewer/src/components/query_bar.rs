//! The field in which a query is written: coloured as it is typed, with an error under the character that it is about,
//! while it is typed and when the server says so.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::completion::{Completion, Suggestions};
use crate::model::highlight::{Token, TokenKind, tokens};
use crate::traceql::{self, Mistake};

/// How long nobody types before the query is read, in milliseconds.
const PAUSE_MILLIS: u64 = 200;

/// A TraceQL field. Coloured text lies under a transparent input of the same metrics.
#[component]
pub fn QueryBar(
    /// The query that was last asked.
    value: Signal<String>,
    /// Asks.
    on_submit: Callback<String>,
    /// What the server says is wrong with it.
    #[prop(optional, into)]
    problem: Signal<Option<Mistake>>,
    /// Whether the field is part of a bar.
    #[prop(default = false)]
    compact: bool,
) -> impl IntoView {
    let text = RwSignal::new(String::new());
    // The field is written by people; the address only gives it a new start.
    Effect::new(move |_| text.set(value.get()));
    let scroll = RwSignal::new(0);
    let field = NodeRef::<leptos::html::Input>::new();
    // An edited query is another query: what was said of the old one no longer holds.
    let typed_problem = problem_while_typing(text);
    let shown_problem = Memo::new(move |_| {
        problem
            .get()
            .filter(|_| text.with(|text| value.with(|value| text == value)))
            .or_else(|| typed_problem.get())
    });
    let follow_scroll = move || {
        if let Some(field) = field.get_untracked() {
            scroll.set(field.scroll_left());
        }
    };
    let paint = NodeRef::<leptos::html::Div>::new();
    // What the problem is about must be seen, also in a field that is shorter than its query.
    Effect::new(move |_| {
        let Some(position) = shown_problem.get().and_then(|problem| problem.position) else {
            return;
        };
        let (Some(field), Some(paint)) = (field.get(), paint.get()) else {
            return;
        };
        text.with_untracked(|text| {
            let character = f64::from(paint.scroll_width()) / text.chars().count().max(1) as f64;
            let middle = characters(text, position) as f64 * character
                - f64::from(field.client_width()) / 2.0;
            field.set_scroll_left(middle.max(0.0) as i32);
        });
        follow_scroll();
    });
    let completion = Completion::new(text, field);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        completion.close();
        let query = text.get_untracked().trim().to_owned();
        completion.remember(&query);
        on_submit.run(query);
    };
    let at = move || {
        shown_problem
            .get()
            .and_then(|problem| problem.position)
            .map(|position| characters(&text.read(), position))
    };
    let painted = move || {
        let text = text.get();
        let bad = shown_problem.get().and_then(|problem| problem.position);
        let mut start = 0;
        tokens(&text)
            .into_iter()
            .map(|token| {
                let range = start..start + token.text.len();
                start = range.end;
                let class = token_class(token);
                let bad = bad.is_some_and(|bad| range.contains(&bad));
                view! { <span class=class class:token--bad=bad>{token.text.to_owned()}</span> }
            })
            .collect_view()
    };
    view! {
        <form class="query" class:query--compact=compact role="search" aria-label="Traces" on:submit=submit>
            <div class="query__field" class:query__field--bad=move || shown_problem.with(Option::is_some)>
                <div class="query__window" aria-hidden="true">
                    <div class="query__paint" node_ref=paint style:transform=move || format!("translateX({}px)", -scroll.get())>{painted}</div>
                </div>
                <input
                    id="query"
                    class="query__input"
                    type="text"
                    name="q"
                    node_ref=field
                    role="combobox"
                    aria-label="Query in TraceQL"
                    aria-autocomplete="list"
                    aria-controls="query-suggestions"
                    aria-expanded=move || completion.is_open().to_string()
                    aria-activedescendant=move || completion.active_id()
                    aria-invalid=move || shown_problem.with(Option::is_some).then_some("true")
                    aria-describedby="query-problem"
                    placeholder=if compact { "Search traces" } else { "{ resource.service.name = \"shop-web\" && duration > 500ms }" }
                    spellcheck="false"
                    autocomplete="off"
                    autocapitalize="off"
                    prop:value=move || text.get()
                    on:input:target=move |event| {
                        text.set(event.target().value());
                        follow_scroll();
                        completion.typed();
                    }
                    on:keydown=move |event| completion.key(&event)
                    on:focus=move |_| completion.wake()
                    on:blur=move |_| completion.close()
                    on:click=move |_| completion.typed()
                    on:scroll=move |_| follow_scroll()
                    on:keyup=move |_| follow_scroll()
                />
                <kbd class="query__key" aria-hidden="true">"/"</kbd>
                <Suggestions completion=completion />
            </div>
            <Show when=move || !compact>
                <button type="submit" class="button button--primary query__go">"Search"</button>
            </Show>
            <div id="query-problem" class="query__problem" role="alert">
                {move || shown_problem.get().map(|problem| view! { <ProblemLine problem=problem at=at() scroll=scroll.into() /> })}
            </div>
        </form>
    }
}

/// What is wrong with a query, with a mark under the character that it is about.
#[component]
pub fn ProblemLine(
    /// What is wrong.
    problem: Mistake,
    /// How many characters stand before the place.
    at: Option<usize>,
    /// By how many pixels the field is scrolled.
    scroll: Signal<i32>,
) -> impl IntoView {
    let place = at.and_then(|at| i32::try_from(at).ok());
    view! {
        <div class="query__problem-line" style=("--at", place.unwrap_or(0).to_string()) style=("--scroll", move || format!("{}px", scroll.get()))>
            {place.map(|_| view! { <i class="query__caret" aria-hidden="true"></i> })}
            <span class="query__problem-text"><span>{problem.message}</span></span>
        </div>
    }
}

/// What is wrong with the text as it stands, once nobody types for a moment; the start of a query is not wrong.
fn problem_while_typing(text: RwSignal<String>) -> RwSignal<Option<Mistake>> {
    let found = RwSignal::new(None);
    let timer: StoredValue<Option<TimeoutHandle>, LocalStorage> = StoredValue::new_local(None);
    let stop = move || {
        timer.try_update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
        });
    };
    Effect::new(move |_| {
        let typed = text.get();
        stop();
        // What was said of the text before stays until this one is read, so that it does not flicker.
        if typed.trim().is_empty() {
            found.set(None);
            return;
        }
        let read = move || {
            spawn_local(async move {
                // Without the part that reads queries the server says what is wrong.
                let Ok(reading) = traceql::check(typed.clone()).await else {
                    return;
                };
                let mistake = reading.await;
                if text.try_get_untracked().as_ref() == Some(&typed) {
                    found.try_set(mistake);
                }
            });
        };
        let pause = Duration::from_millis(PAUSE_MILLIS);
        timer.set_value(set_timeout_with_handle(read, pause).ok());
    });
    on_cleanup(stop);
    found
}

fn token_class(token: Token<'_>) -> &'static str {
    match token.kind {
        TokenKind::Blank => "token",
        TokenKind::Field => "token token--field",
        TokenKind::Value => "token token--value",
        TokenKind::Operator => "token token--operator",
        TokenKind::Punctuation => "token token--punctuation",
    }
}

/// How many characters lie before a byte of a text.
pub fn characters(text: &str, byte: usize) -> usize {
    text.char_indices()
        .take_while(|(index, _)| *index < byte)
        .count()
}
