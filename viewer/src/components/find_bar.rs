//! The filter inside a trace: hits as one types, counted, marked along the time, and walked.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::AbortController;

use super::query_bar::{ProblemLine, characters};
use super::waterfall::WaterfallState;
use crate::browser;
use crate::format;
use crate::loading::BrowserPace;
use crate::model::find::{Hits, Mode, WordSearch, is_query};
use crate::model::query_view::KnownFields;
use crate::model::rows::Row;
use crate::model::trace::TraceModel;
use crate::traceql::{self, Job, Mistake, Refusal};

/// How long nobody types before a query is evaluated, in milliseconds: what it asks for is asked of the server once.
const PAUSE_MILLIS: u64 = 80;
/// How long a search for words may keep the page from drawing, in milliseconds.
const SLICE_MILLIS: f64 = 8.0;
/// How many marks the track has room for.
const MARKS: usize = 400;

/// The state of the filter, in the context of the trace's page.
#[derive(Clone, Copy)]
pub struct Find {
    /// What is typed.
    pub text: RwSignal<String>,
    /// What happens to the rest.
    pub mode: RwSignal<Mode>,
    hits: RwSignal<Option<Arc<Hits>>>,
    problem: RwSignal<Option<Mistake>>,
    /// How far a query is that takes its time; empty where none does.
    working: RwSignal<String>,
    /// The attributes that queries have asked for.
    fields: StoredValue<Rc<RefCell<KnownFields>>, LocalStorage>,
    /// What ends the query that is being evaluated.
    open: StoredValue<Option<(Option<AbortController>, BrowserPace)>, LocalStorage>,
    /// Counts what was asked: an answer to an older question is not wanted any more.
    asked: StoredValue<u32>,
}

impl Find {
    /// The filter as an address has it, in the context of what follows.
    #[must_use]
    pub fn provide(text: &str, mode: &str) -> Self {
        let find = Self {
            text: RwSignal::new(text.to_owned()),
            mode: RwSignal::new(Mode::from_key(mode)),
            hits: RwSignal::new(None),
            problem: RwSignal::new(None),
            working: RwSignal::new(String::new()),
            fields: StoredValue::new_local(expect_context::<Fields>().0.get_value()),
            open: StoredValue::new_local(None),
            asked: StoredValue::new(0),
        };
        provide_context(find);
        find
    }

    /// What decides which rows the filter leaves; `None` where it leaves all.
    #[must_use]
    pub fn leaves(self) -> Option<(Arc<Hits>, Mode)> {
        let mode = self.mode.get();
        if mode == Mode::Dim {
            return None;
        }
        // Where nothing is found, a timeline without rows would say less than one that is dimmed.
        let hits = self.hits.get().filter(|hits| hits.len() > 0)?;
        Some((hits, mode))
    }

    /// Whether a row shows nothing that was found.
    #[must_use]
    pub fn misses(self, model: &TraceModel, row: &Row) -> bool {
        let hits = self.hits.get();
        hits.is_some_and(|hits| !hits.shown_by(model, row))
    }

    fn walk(self, state: WaterfallState, forward: bool) {
        let active = state.active.get_untracked().node;
        let next = self
            .hits
            .with_untracked(|hits| hits.as_ref()?.next(active, forward));
        if let Some(node) = next {
            state.go(node, false);
        }
    }

    /// Asks for the hits whenever the text has changed.
    fn follow(self, state: WaterfallState) {
        let timer: StoredValue<Option<TimeoutHandle>, LocalStorage> = StoredValue::new_local(None);
        Effect::new(move |_| {
            let text = self.text.get().trim().to_owned();
            let number = self.asked.with_value(|asked| asked + 1);
            self.asked.set_value(number);
            timer.update_value(|timer| {
                if let Some(timer) = timer.take() {
                    timer.clear();
                }
            });
            self.stop();
            self.working.set(String::new());
            if text.is_empty() {
                self.problem.set(None);
                self.hits.set(None);
            } else if is_query(&text) {
                let ask = move || spawn_local(self.evaluate(state, text, number));
                let handle = set_timeout_with_handle(ask, Duration::from_millis(PAUSE_MILLIS));
                timer.set_value(handle.ok());
            } else {
                self.problem.set(None);
                let search = state
                    .model
                    .with_value(|model| WordSearch::new(model, &text));
                self.scan(state, search, number);
            }
        });
        on_cleanup(move || self.stop());
    }

    /// Ends the query that is being evaluated.
    fn stop(self) {
        self.open.try_update_value(|open| {
            if let Some((controller, pace)) = open.take() {
                pace.stop();
                controller.inspect(AbortController::abort);
            }
        });
    }

    /// Looks for words, for as long as a frame can spare; then behind the next one.
    fn scan(self, state: WaterfallState, mut search: WordSearch, number: u32) {
        if self.asked.try_get_value() != Some(number) {
            return;
        }
        let began = browser::uptime_millis();
        let goes_on = state.model.with_value(|model| {
            while search.go_on(model) {
                if browser::uptime_millis() - began > SLICE_MILLIS {
                    return true;
                }
            }
            false
        });
        if goes_on {
            request_animation_frame(move || self.scan(state, search, number));
        } else {
            self.hits.set(Some(Arc::new(search.hits())));
        }
    }

    async fn evaluate(self, state: WaterfallState, text: String, number: u32) {
        let (Some(model), Some(fields)) =
            (state.model.try_get_value(), self.fields.try_get_value())
        else {
            return;
        };
        let controller = AbortController::new().ok();
        let pace = BrowserPace::default();
        let job = Job {
            text,
            model,
            fields,
            signal: controller.as_ref().map(AbortController::signal),
            pace: pace.clone(),
            report: Box::new(move |how_far| {
                if self.asked.try_get_value() == Some(number) {
                    self.working.try_set(how_far);
                }
            }),
        };
        self.open.try_set_value(Some((controller, pace)));
        let found = match traceql::filter(job).await {
            Ok(finding) => finding.await,
            Err(_) => Err(Refusal::Wrong(traceql::not_loaded())),
        };
        if self.asked.try_get_value() != Some(number) {
            return;
        }
        self.working.set(String::new());
        match found {
            Ok(nodes) => {
                self.problem.set(None);
                self.hits.set(Some(Arc::new(Hits::new(nodes))));
            }
            // What was found before is still shown.
            Err(Refusal::Unfinished) => self.problem.set(None),
            Err(Refusal::Wrong(mistake)) => self.problem.set(Some(mistake)),
        }
    }
}

/// The attributes that queries have asked for, kept while a trace grows and clocks are adjusted.
#[derive(Clone, Copy)]
pub struct Fields(StoredValue<Rc<RefCell<KnownFields>>, LocalStorage>);

impl Fields {
    /// None yet, in the context of what follows.
    pub fn provide() {
        provide_context(Self(StoredValue::new_local(Rc::default())));
    }
}

/// The field, the count, and the track with the hits.
#[component]
pub fn FindBar(
    /// What is shown.
    state: WaterfallState,
) -> impl IntoView {
    let find = expect_context::<Find>();
    find.follow(state);
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || browser::is_typing(&event) {
            return;
        }
        let found = find.hits.with_untracked(Option::is_some);
        match event.key().as_str() {
            "/" => {
                event.prevent_default();
                // The bar at the top of the page hears the key as well, and has no say here.
                request_animation_frame(|| browser::focus("find"));
            }
            // Without a filter the key goes to the next error.
            "n" if found => {
                event.stop_immediate_propagation();
                find.walk(state, true);
            }
            "N" if found => find.walk(state, false),
            _ => {}
        }
    });
    on_cleanup(move || listener.remove());
    let count = move || {
        let working = find.working.get();
        if !working.is_empty() {
            return Some(working);
        }
        let hits = find.hits.get()?;
        let of = format::count(hits.len() as u64);
        Some(match hits.place(state.active.get().node) {
            Some(place) => format!("{} of {of}", format::count(place as u64)),
            None if hits.len() == 1 => "1 span".to_owned(),
            None => format!("{of} spans"),
        })
    };
    let marks = move || {
        let hits = find.hits.get()?;
        let marks = state.model.with_value(|model| hits.marks(model, MARKS));
        let mark = |share: f64| view! { <i style=format!("left:{:.2}%", share * 100.0)></i> };
        Some(
            view! { <div class="find__track" aria-hidden="true">{marks.into_iter().map(mark).collect_view()}</div> },
        )
    };
    let scroll = RwSignal::new(0);
    let field = NodeRef::<leptos::html::Input>::new();
    let follow_scroll = move || {
        if let Some(field) = field.get_untracked() {
            scroll.set(field.scroll_left());
        }
    };
    view! {
        <div class="find" role="search">
            <input
                id="find"
                node_ref=field
                class="input find__input"
                type="search"
                aria-label="Filter the spans of this trace, by words or in TraceQL"
                aria-invalid=move || find.problem.with(Option::is_some).then_some("true")
                aria-describedby="find-problem find-count"
                placeholder="Filter: words, or { duration > 100ms }"
                spellcheck="false"
                autocomplete="off"
                prop:value=move || find.text.get()
                on:input:target=move |event| {
                    find.text.set(event.target().value());
                    follow_scroll();
                }
                on:scroll=move |_| follow_scroll()
                on:keyup=move |_| follow_scroll()
                on:keydown=move |event: web_sys::KeyboardEvent| match event.key().as_str() {
                    "Enter" => find.walk(state, !event.shift_key()),
                    "Escape" => find.text.set(String::new()),
                    _ => {}
                }
            />
            <span id="find-count" class="find__count" role="status">{count}</span>
            <Show when=move || find.hits.with(Option::is_some)>
                <button type="button" class="icon-button" aria-label="Previous hit" title="Previous hit (N)" on:click=move |_| find.walk(state, false)>"↑"</button>
                <button type="button" class="icon-button" aria-label="Next hit" title="Next hit (n)" on:click=move |_| find.walk(state, true)>"↓"</button>
                <select
                    class="select find__mode"
                    aria-label="What happens to the other spans"
                    on:change:target=move |event| find.mode.set(Mode::from_key(&event.target().value()))
                >
                    {Mode::CHOICES
                        .map(|(mode, key, label)| view! { <option value=key selected=move || find.mode.get() == mode>{label}</option> })
                        .collect_view()}
                </select>
            </Show>
            <div id="find-problem" class="find__problem" role="alert">
                {move || find.problem.get().map(|problem| {
                    // The query is the text without the blanks around it.
                    let text = find.text.get_untracked();
                    let before = text.len() - text.trim_start().len();
                    let at = problem.position.map(|at| characters(&text, at + before));
                    view! { <ProblemLine problem=problem at=at scroll=scroll.into() /> }
                })}
            </div>
            {marks}
        </div>
    }
}
