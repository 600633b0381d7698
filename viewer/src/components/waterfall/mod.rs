//! The waterfall: a canvas of bars under rows of names that are pooled, virtual and reachable by keyboard.
//!
//! Rows and canvas cover the same window of rows, a little taller than the screen, and scroll together as part of
//! the page; only when the window is left are they moved and drawn anew. So nothing swims while scrolling.

mod ancestors;
mod axis;
mod hover;
mod minimap;
mod print;
mod row;
pub mod shown_rows;
mod track;
pub mod view;

use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use self::ancestors::Ancestors;
use self::axis::{Axis, OpenButtons};
use self::hover::HoverCard;
use self::minimap::Minimap;
use self::print::Printed;
use self::row::{PooledRow, move_active};
use self::shown_rows::ShownRows;
use self::track::Track;
use self::view::{Drawn, Screen, follow_active, follow_canvas, observe, use_colors};
use crate::browser::{self, behind_next_frame};
use crate::components::clock::Clock;
use crate::format;
use crate::model::colour::{ColourBy, Colours};
use crate::model::follow::Path;
use crate::model::log_marks::LogMarks;
use crate::model::rows::{Narrowing, Openness, Row, RowKey, Rows};
use crate::model::trace::TraceModel;
use crate::timeline::layout::RowMeasures;
use crate::timeline::marks::log_at;
use crate::timeline::scale::Scale;
use crate::timeline::scroll::{MOST_PX, Reach};
use crate::timeline::ticks::ticks;
use crate::url::Tab;

/// Rows drawn above and below what is seen.
const OVERSCAN: usize = 12;
/// The window moves by so many rows at a time.
const STRIDE: usize = 6;
/// Narrower waterfalls have names above bars.
const NARROW: f64 = 640.0;
/// So many rows come with one frame while a trace is opened.
const BATCH: usize = 8;
/// One press of `+`.
pub const ZOOM_STEP: f64 = 1.6;
/// One press of `.`, as a share of the width.
pub const PAN_STEP: f64 = 0.25;

/// Under which key the browser keeps how high rows are.
const DENSITY: &str = "throughline.density";
/// What it keeps for low ones.
const COMPACT: &str = "compact";

/// Whether this browser's user likes rows low.
#[must_use]
pub fn likes_compact() -> bool {
    browser::kept(DENSITY).as_deref() == Some(COMPACT)
}

/// What a person does to the waterfall, shared with the page around it.
#[derive(Debug, Clone, Copy)]
pub struct WaterfallState {
    /// What is closed and opened.
    pub openness: RwSignal<Openness>,
    /// The row of the keyboard.
    pub active: RwSignal<RowKey>,
    /// The span in the drawer.
    pub selected: RwSignal<Option<u32>>,
    /// The time shown.
    pub window: RwSignal<Option<(i64, i64)>>,
    /// Whether the critical path is drawn.
    pub line: RwSignal<bool>,
    /// The rows, given what is open.
    pub rows: Signal<Arc<Rows>>,
    /// The same, where something waits for them.
    pub shown: ShownRows,
    /// The trace.
    pub model: StoredValue<Arc<TraceModel>>,
    /// Asks for the active row to be seen: how often, and whether it takes the focus.
    pub reveal: RwSignal<(u32, bool)>,
    /// What is seen of the rows, and how large it is.
    pub screen: Screen,
    /// What is left out.
    pub narrowing: RwSignal<Narrowing>,
    /// Whether spans outside of the shown time are left out.
    pub within: RwSignal<bool>,
    /// Whether it is known what the time went to.
    pub analysed: RwSignal<bool>,
    /// What the hues of bars stand for.
    pub colour: RwSignal<ColourBy>,
    /// The hues of bars.
    pub colours: RwSignal<Arc<Colours>>,
    /// Why the values of an attribute could not be read.
    pub problem: RwSignal<Option<String>>,
    /// The part of the drawer.
    pub tab: RwSignal<Tab>,
    /// Where the logs lie on the bars.
    pub logs: Memo<Arc<LogMarks>>,
    /// The log that was picked on a bar: its span's node, and its place among the span's logs.
    pub log: RwSignal<Option<(u32, usize)>>,
    /// Whether rows are low, so that more of them are seen.
    pub compact: RwSignal<bool>,
    /// The row whose card shows.
    pub card: RwSignal<Option<usize>>,
    /// Whose clock tells the times.
    pub clock: Clock,
    /// The attribute whose value is followed; empty where none is.
    pub follow: RwSignal<String>,
    /// Its path through the trace, once that is known, or why it is not.
    pub path: RwSignal<Option<Result<Arc<Path>, String>>>,
}

impl WaterfallState {
    /// Goes to a span: opens what hides it, moves there and shows it.
    pub fn go(self, node: u32, select: bool) {
        self.model.with_value(|model| {
            let mut openness = self.openness.get_untracked();
            openness.reveal(model, node);
            if openness != self.openness.get_untracked() {
                self.openness.set(openness);
            }
        });
        self.shown.then(move || {
            // What is gone to is shown, whatever is left out.
            let hidden = self
                .rows
                .with_untracked(|rows| !rows.shows(RowKey { node, fold: false }));
            if hidden {
                self.within.set(false);
                self.narrowing.set(Narrowing::default());
            }
            self.active.set(RowKey { node, fold: false });
            if select || self.selected.get_untracked().is_some() {
                self.selected.set(Some(node));
            }
            self.show_active(true);
        });
    }

    /// Makes rows low or high, here and wherever this browser shows a trace.
    pub fn toggle_compact(self) {
        let compact = !self.compact.get_untracked();
        browser::keep(DENSITY, if compact { COMPACT } else { "" });
        self.compact.set(compact);
    }

    /// The measures of a row.
    fn measures(self) -> RowMeasures {
        match (self.screen.narrow.get(), self.compact.get()) {
            (true, _) => RowMeasures::NARROW,
            (false, true) => RowMeasures::COMPACT,
            (false, false) => RowMeasures::WIDE,
        }
    }

    /// The first row that is seen, and how many are.
    #[must_use]
    pub fn seen_rows(self) -> (usize, usize) {
        let height = untrack(|| self.measures()).height;
        let view = self.screen.view.get_untracked();
        let first = (view.top / height).floor().max(0.0);
        (first as usize, (view.height / height).ceil() as usize)
    }

    /// Scrolls until the active row is seen.
    pub fn show_active(self, focus: bool) {
        self.reveal.update(|reveal| *reveal = (reveal.0 + 1, focus));
    }

    /// The path of the value that is followed, where a span has it: a value that nobody has dims nobody.
    fn followed(self) -> Option<Arc<Path>> {
        let path = self.path.get().and_then(Result::ok);
        path.filter(|path| path.carriers().len() > 0)
    }

    fn toggle(self, row: Row) {
        if let Some(open) = row.open {
            self.model.with_value(|model| {
                self.openness
                    .update(|openness| openness.set(model, row.key, !open));
            });
        }
    }
}

/// The waterfall of a trace.
#[component]
pub fn Waterfall(
    /// What is shown, and what people change.
    state: WaterfallState,
    /// Whether the rows come frame by frame: nobody has seen them yet.
    staged: bool,
) -> impl IntoView {
    let model = state.model.get_value();
    let total = model.duration;
    let span_count = model.len();
    let depth = model.deepest;
    let frame = NodeRef::<leptos::html::Div>::new();
    let body = NodeRef::<leptos::html::Div>::new();
    let canvas = NodeRef::<leptos::html::Canvas>::new();
    let anchor = NodeRef::<leptos::html::Div>::new();
    let timeline = NodeRef::<leptos::html::Div>::new();

    let Screen {
        width,
        narrow,
        view: view_port,
        shift,
        ..
    } = state.screen;
    let measures = Memo::new(move |_| state.measures());
    let reach = Memo::new(move |_| {
        let rows = state.rows.with(|rows| rows.len());
        Reach::new(rows as f64 * measures.get().height, MOST_PX)
    });
    let scale = Memo::new(move |_| Scale::new(total, state.window.get(), width.get()));
    let marks = Memo::new(move |_| ticks(scale.get()));

    let pool = Memo::new(move |_| {
        let seen = (view_port.with(|view| view.height) / measures.get().height).ceil() as usize;
        (seen + 2 * OVERSCAN + STRIDE).next_multiple_of(STRIDE)
    });
    let first = Memo::new(move |_| {
        let seen_first = (view_port.with(|view| view.top) / measures.get().height)
            .floor()
            .max(0.0) as usize;
        let last = state
            .rows
            .with(|rows| rows.len())
            .saturating_sub(pool.get());
        (seen_first.saturating_sub(OVERSCAN) / STRIDE * STRIDE).min(last.next_multiple_of(STRIDE))
    });
    let active_row = Memo::new(move |_| state.rows.with(|rows| rows.position(state.active.get())));
    let selected_row = Memo::new(move |_| {
        state
            .selected
            .get()
            .map(|node| state.rows.with(|rows| rows.row_of(node)))
    });

    let mounted = mount_in_batches(state, pool, staged);
    observe(frame, body, timeline, state.screen, reach);
    let colors = use_colors();
    follow_canvas(
        canvas,
        state,
        Drawn {
            scale,
            first,
            pool,
            measures,
            selected_row,
            width,
            colors,
        },
    );
    follow_active(
        state,
        (frame, body, timeline),
        anchor,
        active_row,
        measures,
        reach,
    );

    let wheel = move |event: leptos::ev::WheelEvent| {
        let Some(timeline) = timeline.get_untracked() else {
            return;
        };
        let px = f64::from(event.client_x()) - timeline.get_bounding_client_rect().left();
        let next = if event.ctrl_key() || event.meta_key() {
            scale.get_untracked().zoomed(
                (-event.delta_y() * 0.004).exp(),
                px.clamp(0.0, width.get_untracked()),
            )
        } else if event.shift_key() || event.delta_x().abs() > event.delta_y().abs() {
            let by = if event.delta_x() == 0.0 {
                event.delta_y()
            } else {
                event.delta_x()
            };
            scale.get_untracked().panned(by)
        } else {
            return;
        };
        event.prevent_default();
        state.window.set(next.window());
    };
    // Leptos listens passively; a zoom must keep the page from zooming too.
    Effect::new(move |_| {
        let Some(body) = body.get() else { return };
        let listener = Closure::<dyn Fn(web_sys::WheelEvent)>::new(wheel);
        let options = js_sys::Object::new();
        // Setting a property of a new object cannot fail.
        let _ = js_sys::Reflect::set(&options, &"passive".into(), &false.into());
        let add = js_sys::Reflect::get(&body, &"addEventListener".into())
            .ok()
            .and_then(|add| add.dyn_into::<js_sys::Function>().ok());
        if let Some(add) = add {
            let _ = add.call3(&body, &"wheel".into(), listener.as_ref(), &options);
        }
        // The listener dies with the element; the element holds the only other reference.
        listener.forget();
    });

    // A log on a bar is shown in the drawer. This comes before the row is picked, since the drawer takes room of the bars.
    let pick_log = move |event: leptos::ev::MouseEvent| {
        let (Some(rows), Some(timeline)) = (body.get_untracked(), timeline.get_untracked()) else {
            return;
        };
        let at = |client: i32, from: f64| f64::from(client) - from;
        let measures = measures.get_untracked();
        let y = at(event.client_y(), rows.get_bounding_client_rect().top()) + shift.get_untracked();
        let x = at(event.client_x(), timeline.get_bounding_client_rect().left());
        let row = (y / measures.height).max(0.0) as usize;
        let key = state
            .rows
            .with_untracked(|rows| rows.rows.get(row).map(|row| row.key));
        let found = key.filter(|key| !key.fold).and_then(|key| {
            let y = y - row as f64 * measures.height;
            let logs = state.logs.get_untracked();
            let place = log_at(logs.of(key.node), scale.get_untracked(), measures, (x, y))?;
            Some((key.node, place))
        });
        state.log.set(found);
        if found.is_some() {
            state.tab.set(Tab::Logs);
        }
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        if move_active(&event.key(), state, active_row, pool) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    let shortcuts = window_event_listener(leptos::ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || browser::is_typing(&event) {
            return;
        }
        let middle = width.get_untracked() / 2.0;
        let zoom = |factor: f64| {
            state
                .window
                .set(scale.get_untracked().zoomed(factor, middle).window())
        };
        let along = |share: f64| {
            let by = share * width.get_untracked();
            state.window.set(scale.get_untracked().panned(by).window());
        };
        match event.key().as_str() {
            "+" | "=" => zoom(ZOOM_STEP),
            "-" => zoom(1.0 / ZOOM_STEP),
            "0" => state.window.set(None),
            "," => along(-PAN_STEP),
            "." => along(PAN_STEP),
            "ArrowDown" | "ArrowUp" if on_page(&event) => {
                event.prevent_default();
                state.show_active(true);
            }
            _ => {}
        }
    });
    on_cleanup(move || shortcuts.remove());

    view! {
           <div
    class="waterfall" class:waterfall--narrow=move || narrow.get() class:waterfall--compact=move || state.compact.get() && !narrow.get() style=("--indent", move || indent(depth, narrow.get())) node_ref=frame>
               <Minimap state=state width=width colors=colors />
               <Track state=state scale=scale />
               <div class="waterfall__axis">
                   <div class="waterfall__corner">
                       <span class="waterfall__count">{format::counted(span_count as u64, "span")}</span>
                       <OpenButtons state=state />
                       <button
                           type="button"
                           class="line-toggle"
                           aria-pressed=move || state.line.get().to_string()
                           title="Show the critical path (l)"
                           on:click=move |_| state.line.update(|line| *line = !*line)
                       >
                           <i aria-hidden="true"></i>
                           "Critical path"
                       </button>
                   </div>
                   <Axis scale=scale marks=marks window=state.window timeline=timeline />
                   <Ancestors state=state measures=measures />
               </div>
               <div
                   class="waterfall__rows"
                   node_ref=body
                   role="treegrid"
                   aria-label="Spans of the trace"
                   aria-rowcount=move || state.rows.with(|rows| rows.len()).to_string()
                   tabindex="-1"
                   style:height=move || format!("{}px", reach.get().element())
                   on:keydown=on_key
                   on:click:capture=pick_log
               >
                   <For each=move || 0..pool.get().min(mounted.get()) key=|slot| *slot let:place>
                       <PooledRow place=place state=state first=first pool=pool measures=measures active_row=active_row selected_row=selected_row />
                   </For>
                   <canvas class="waterfall__canvas" node_ref=canvas aria-hidden="true"></canvas>
                   <div class="waterfall__anchor" node_ref=anchor aria-hidden="true"></div>
               </div>
               <Printed state=state />
               <HoverCard state=state body=body timeline=timeline measures=measures view_port=view_port narrow=narrow />
           </div>
       }
}

/// How many of the pooled rows are there: all of them, or some more with each frame from when there is something to show.
fn mount_in_batches(state: WaterfallState, pool: Memo<usize>, staged: bool) -> RwSignal<usize> {
    let mounted = RwSignal::new(if staged { 0 } else { usize::MAX });
    if staged {
        Effect::new(move |done: Option<bool>| {
            let seen = done == Some(true) || state.rows.with(|rows| rows.len() > 0);
            let more = mounted.get() < pool.get();
            if seen && more {
                let mount = move || {
                    mounted.try_update(|mounted| *mounted += BATCH);
                };
                // Bars and the minimap are painted before the first names.
                if mounted.get() == 0 {
                    behind_next_frame(mount);
                } else {
                    request_animation_frame(mount);
                }
            }
            seen
        });
    }
    mounted
}

/// How far a level is indented: less in deep traces, so that names keep their room.
fn indent(depth: u32, narrow: bool) -> String {
    let (room, most) = if narrow { (64.0, 8.0) } else { (120.0, 14.0) };
    format!("{:.1}px", (room / f64::from(depth.max(1))).clamp(4.0, most))
}

/// Whether a key was pressed with nothing in focus.
fn on_page(event: &web_sys::KeyboardEvent) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .is_some_and(|element| matches!(element.tag_name().as_str(), "BODY" | "MAIN"))
}
