//! A trace that has arrived: head, tools, filter, waterfall or flame graph, and the span in the drawer.

use std::sync::Arc;

use leptos::prelude::*;
use shared::log::LogEntry;

use super::absent::SkeletonRows;
use super::address::follow_address;
use super::head::TraceHead;
use super::keys::follow_keys;
use crate::api::Remote;
use crate::browser::behind_next_frame;
use crate::components::attribute_over_trace::{FollowStrip, follow_colour, follow_value};
use crate::components::clock::Clock;
use crate::components::drawer::Drawer;
use crate::components::find_bar::{Find, FindBar};
use crate::components::flame::FlameGraph;
use crate::components::trace_tools::TraceTools;
use crate::components::waterfall::shown_rows::{Asking, ShownRows};
use crate::components::waterfall::view::Screen;
use crate::components::waterfall::{Waterfall, WaterfallState, likes_compact};
use crate::format;
use crate::loading::analyse;
use crate::model::colour::ColourBy;
use crate::model::log_marks::LogMarks;
use crate::model::rows::{Narrowing, Openness, RowKey};
use crate::model::trace::TraceModel;
use crate::url::{FlameKind, TraceAddress};

/// How much of the page is there while it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Head,
    Tools,
    All,
}

/// The trace.
#[component]
pub fn TraceView(
    /// Its spans.
    model: Arc<TraceModel>,
    /// The address, which survives the arrival of further spans.
    address: StoredValue<TraceAddress>,
    /// Its logs.
    logs: Signal<Remote<Vec<LogEntry>>>,
    /// Whose clock tells the times.
    clock: Clock,
    /// Whether it is the first that the page shows: its parts come frame by frame.
    first: bool,
) -> impl IntoView {
    let opened = address.get_value();
    let named = model.named(&opened.spans().filter_map(|id| id.parse().ok()).collect());
    let node = |id: &String| named.get(&id.parse().ok()?).copied();
    let openness = RwSignal::new(Openness {
        details_closed: opened.details_closed,
        exceptions: opened.collapsed.iter().filter_map(node).collect(),
        unfolded: opened.unfolded.iter().filter_map(node).collect(),
    });
    let selected = RwSignal::new(opened.span.as_ref().and_then(node));
    let active = RwSignal::new(RowKey {
        node: selected.get_untracked().unwrap_or(0),
        fold: false,
    });
    let kept = StoredValue::new(Arc::clone(&model));
    let find = Find::provide(&opened.find, &opened.rest);
    let window = RwSignal::new(opened.zoom.or_else(|| model.focus()));
    let within = RwSignal::new(opened.within);
    let narrowing = RwSignal::new(Narrowing {
        focus: opened.focus.as_ref().and_then(node),
        least: opened.least,
        within: None,
    });
    let flame = RwSignal::new(opened.flame);
    let shown = ShownRows::follow(Asking {
        model: kept,
        openness,
        narrowing,
        window,
        within,
        find,
    });
    let state = WaterfallState {
        openness,
        active,
        selected,
        window,
        line: RwSignal::new(!opened.line_off),
        rows: shown.rows,
        shown,
        narrowing,
        within,
        screen: Screen::default(),
        model: kept,
        reveal: RwSignal::new((0, false)),
        analysed: RwSignal::new(model.analysis().is_some()),
        colour: RwSignal::new(ColourBy::from_key(&opened.colour)),
        colours: RwSignal::default(),
        problem: RwSignal::new(None),
        tab: RwSignal::new(opened.tab),
        logs: Memo::new(move |_| {
            let entries = logs.get().ready().unwrap_or_default();
            kept.with_value(|model| Arc::new(LogMarks::new(model, &entries)))
        }),
        log: RwSignal::new(None),
        compact: RwSignal::new(opened.compact.unwrap_or_else(likes_compact)),
        card: RwSignal::new(None),
        clock,
        follow: RwSignal::new(opened.follow),
        path: RwSignal::new(None),
    };
    provide_context(state);
    follow_colour(state);
    follow_value(state);
    if model.analysis().is_none() {
        let analysed = state.analysed;
        analyse(Arc::clone(&model), move || {
            analysed.try_set(true);
        });
    }
    let tab = state.tab;
    if let Some(node) = selected.get_untracked() {
        openness.update(|openness| openness.reveal(&model, node));
        state.show_active(false);
    }
    follow_address(state, find, tab, flame, address);
    let title = format!(
        "{} {} · Throughline",
        format::quoted(model.name(model.root)),
        format::duration(model.headline_duration())
    );
    Effect::new(move |_| document().set_title(&title));
    let drawer_model = Arc::clone(&model);
    // What is there: the head, then the tools as well, then all.
    let stage = RwSignal::new(if first { Stage::Head } else { Stage::All });
    if first {
        behind_next_frame(move || {
            stage.try_set(Stage::Tools);
            behind_next_frame(move || {
                stage.try_set(Stage::All);
            });
        });
    }
    let is_at = move |least: Stage| stage.get() >= least;
    let flame_kind = Signal::derive(move || flame.get().unwrap_or(FlameKind::WallClock));
    view! {
        <div class="trace" class:trace--drawer=move || selected.with(Option::is_some)>
            <TraceHead model=Arc::clone(&model) state=state />
            <div class="trace__body">
                <div class="trace__scroll">
                    <Show when=move || is_at(Stage::Tools) fallback=SkeletonRows>
                        <TraceTools state=state flame=flame />
                        <Show when=move || is_at(Stage::All) fallback=SkeletonRows>
                            <Show when=move || flame.with(Option::is_none) fallback=move || view! { <FlameGraph state=state kind=flame_kind /> }>
                                <FindBar state=state />
                                <FollowStrip state=state />
                                <Waterfall state=state staged=first />
                            </Show>
                        </Show>
                    </Show>
                    {follow_keys(state)}
                </div>
                {move || {
                    let model = Arc::clone(&drawer_model);
                    selected
                        .get()
                        .filter(|_| is_at(Stage::All))
                        .map(|node| {
                            let close = Callback::new(move |()| {
                                selected.set(None);
                                state.show_active(true);
                            });
                            view! { <Drawer model=model node=node tab=tab logs=logs on_close=close /> }
                        })
                }}
            </div>
        </div>
    }
}
