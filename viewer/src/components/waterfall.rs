//! The waterfall: a canvas of bars under rows of names that are pooled, virtual and reachable by keyboard.
//!
//! Rows and canvas cover the same window of rows, a little taller than the screen, and scroll together as part of
//! the page; only when the window is left are they moved and drawn anew. So nothing swims while scrolling.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use leptos::attr::custom::custom_attribute;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::theme::ThemeChoice;
use crate::browser;
use crate::format;
use crate::model::rows::{Openness, Row, RowKey, Rows};
use crate::model::trace::TraceModel;
use crate::timeline::canvas::CanvasSurface;
use crate::timeline::draw::{Scene, Theme, draw};
use crate::timeline::layout::RowMeasures;
use crate::timeline::scale::Scale;
use crate::timeline::ticks::ticks;

/// Rows drawn above and below what is seen.
const OVERSCAN: usize = 12;
/// The window moves by so many rows at a time.
const STRIDE: usize = 6;
/// Narrower waterfalls have names above bars.
const NARROW: f64 = 640.0;
/// One press of `+`.
const ZOOM_STEP: f64 = 1.6;

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
    pub rows: Memo<Arc<Rows>>,
    /// The trace.
    pub model: StoredValue<Arc<TraceModel>>,
    /// Asks for the active row to be seen: how often, and whether it takes the focus.
    pub reveal: RwSignal<(u32, bool)>,
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
        self.active.set(RowKey { node, fold: false });
        if select || self.selected.get_untracked().is_some() {
            self.selected.set(Some(node));
        }
        self.show_active(true);
    }

    /// Scrolls until the active row is seen.
    pub fn show_active(self, focus: bool) {
        self.reveal.update(|reveal| *reveal = (reveal.0 + 1, focus));
    }

    fn toggle(self, row: Row) {
        if let Some(open) = row.open {
            self.openness.update(|openness| openness.set(row.key, !open));
        }
    }
}

/// What is seen of the waterfall, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct View {
    /// From the top of the first row to the top of what is seen.
    top: f64,
    /// How much is seen.
    height: f64,
}

/// The waterfall of a trace.
#[component]
pub fn Waterfall(
    /// What is shown, and what people change.
    state: WaterfallState,
) -> impl IntoView {
    let model = state.model.get_value();
    let total = model.duration;
    let span_count = model.len();
    let frame = NodeRef::<leptos::html::Div>::new();
    let body = NodeRef::<leptos::html::Div>::new();
    let canvas = NodeRef::<leptos::html::Canvas>::new();
    let anchor = NodeRef::<leptos::html::Div>::new();
    let timeline = NodeRef::<leptos::html::Div>::new();

    let width = RwSignal::new(0.0_f64);
    let narrow = RwSignal::new(false);
    let view_port = RwSignal::new(View { top: 0.0, height: 900.0 });
    let measures = Memo::new(move |_| if narrow.get() { RowMeasures::NARROW } else { RowMeasures::WIDE });
    let scale = Memo::new(move |_| Scale::new(total, state.window.get(), width.get()));
    let marks = Memo::new(move |_| ticks(scale.get()));

    let pool = Memo::new(move |_| {
        let seen = (view_port.with(|view| view.height) / measures.get().height).ceil() as usize;
        (seen + 2 * OVERSCAN + STRIDE).next_multiple_of(STRIDE)
    });
    let first = Memo::new(move |_| {
        let seen_first = (view_port.with(|view| view.top) / measures.get().height).floor().max(0.0) as usize;
        let last = state.rows.with(|rows| rows.len()).saturating_sub(pool.get());
        (seen_first.saturating_sub(OVERSCAN) / STRIDE * STRIDE).min(last.next_multiple_of(STRIDE))
    });
    let active_row = Memo::new(move |_| state.rows.with(|rows| rows.position(state.active.get())));
    let selected_row = Memo::new(move |_| state.selected.get().map(|node| state.rows.with(|rows| rows.row_of(node))));

    observe(frame, body, timeline, Observed { width, narrow, view: view_port });
    follow_canvas(canvas, state, Drawn { scale, first, pool, measures, selected_row, width });
    follow_active(state, anchor, body, active_row, measures);

    let wheel = move |event: leptos::ev::WheelEvent| {
        let Some(timeline) = timeline.get_untracked() else { return };
        let px = f64::from(event.client_x()) - timeline.get_bounding_client_rect().left();
        let next = if event.ctrl_key() || event.meta_key() {
            scale.get_untracked().zoomed((-event.delta_y() * 0.004).exp(), px.clamp(0.0, width.get_untracked()))
        } else if event.shift_key() || event.delta_x().abs() > event.delta_y().abs() {
            let by = if event.delta_x() == 0.0 { event.delta_y() } else { event.delta_x() };
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
        let add = js_sys::Reflect::get(&body, &"addEventListener".into()).ok().and_then(|add| add.dyn_into::<js_sys::Function>().ok());
        if let Some(add) = add {
            let _ = add.call3(&body, &"wheel".into(), listener.as_ref(), &options);
        }
        // The listener dies with the element; the element holds the only other reference.
        listener.forget();
    });

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
        let zoom = |factor: f64| state.window.set(scale.get_untracked().zoomed(factor, middle).window());
        match event.key().as_str() {
            "+" | "=" => zoom(ZOOM_STEP),
            "-" => zoom(1.0 / ZOOM_STEP),
            "0" => state.window.set(None),
            "ArrowDown" | "ArrowUp" if on_page(&event) => {
                event.prevent_default();
                state.show_active(true);
            }
            _ => {}
        }
    });
    on_cleanup(move || shortcuts.remove());

    view! {
        <div class="waterfall" class:waterfall--narrow=move || narrow.get() node_ref=frame>
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
            </div>
            <div
                class="waterfall__rows"
                node_ref=body
                role="treegrid"
                aria-label="Spans of the trace"
                aria-rowcount=move || state.rows.with(|rows| rows.len()).to_string()
                tabindex="-1"
                style:height=move || format!("{}px", state.rows.with(|rows| rows.len()) as f64 * measures.get().height)
                on:keydown=on_key
            >
                <For each=move || 0..pool.get() key=|slot| *slot let:place>
                    <PooledRow place=place state=state first=first pool=pool measures=measures active_row=active_row selected_row=selected_row />
                </For>
                <canvas class="waterfall__canvas" node_ref=canvas aria-hidden="true"></canvas>
                <div class="waterfall__anchor" node_ref=anchor aria-hidden="true"></div>
            </div>
        </div>
    }
}

/// Whether a key was pressed with nothing in focus.
fn on_page(event: &web_sys::KeyboardEvent) -> bool {
    event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()).is_some_and(|element| matches!(element.tag_name().as_str(), "BODY" | "MAIN"))
}

#[component]
fn OpenButtons(state: WaterfallState) -> impl IntoView {
    let closed = Memo::new(move |_| state.openness.with(|openness| !openness.collapsed.is_empty()));
    let toggle = move |_| {
        let close = !closed.get_untracked();
        state.openness.update(|openness| {
            openness.collapsed.clear();
            if close {
                // Down to where another service begins, the shape of the trace stays.
                state.model.with_value(|model| openness.collapsed.extend(edges(model)));
            }
        });
    };
    view! {
        <button type="button" class="link waterfall__open" on:click=toggle>
            {move || if closed.get() { "Expand all" } else { "Collapse details" }}
        </button>
    }
}

/// The nodes below which no other service works: what is inside them is detail.
fn edges(model: &TraceModel) -> Vec<u32> {
    let count = model.len();
    let mut leaves_service = vec![false; count];
    for node in (0..count as u32).rev() {
        if let Some(parent) = model.parent_of(node) {
            let other = model.service[node as usize] != model.service[parent as usize];
            leaves_service[parent as usize] |= other || leaves_service[node as usize];
        }
    }
    (0..count as u32).filter(|node| model.subtree[*node as usize] > 1 && !leaves_service[*node as usize]).collect()
}

/// The time axis. Dragging along it zooms to the stretch; a double click shows all.
#[component]
fn Axis(
    scale: Memo<Scale>,
    marks: Memo<Vec<crate::timeline::ticks::Tick>>,
    window: RwSignal<Option<(i64, i64)>>,
    timeline: NodeRef<leptos::html::Div>,
) -> impl IntoView {
    let drag = RwSignal::new(None::<(f64, f64)>);
    let at = move |event: &leptos::ev::PointerEvent| {
        timeline.get_untracked().map(|timeline| {
            let rect = timeline.get_bounding_client_rect();
            (f64::from(event.client_x()) - rect.left()).clamp(0.0, rect.width())
        })
    };
    let begin = move |event: leptos::ev::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        let Some(x) = at(&event) else { return };
        if let Some(timeline) = timeline.get_untracked() {
            // Without the capture a drag only ends at the edge.
            let _ = timeline.set_pointer_capture(event.pointer_id());
        }
        drag.set(Some((x, x)));
    };
    let follow = move |event: leptos::ev::PointerEvent| {
        if let (Some((from, _)), Some(x)) = (drag.get_untracked(), at(&event)) {
            drag.set(Some((from, x)));
        }
    };
    let end = move |_| {
        if let Some((from, to)) = drag.get_untracked() {
            drag.set(None);
            if (to - from).abs() >= 6.0 {
                window.set(scale.get_untracked().selected(from, to).window());
            }
        }
    };
    view! {
        <div
            class="axis"
            node_ref=timeline
            title="Drag to zoom, double-click to show all"
            on:pointerdown=begin
            on:pointermove=follow
            on:pointerup=end
            on:pointercancel=move |_| drag.set(None)
            on:dblclick=move |_| window.set(None)
        >
            {move || {
                marks
                    .get()
                    .into_iter()
                    .map(|mark| {
                        // A label that would be cut at the edge is left to its neighbour.
                        let fits = mark.px < scale.get_untracked().width() - 44.0;
                        view! { <span class="axis__mark" style=("--x", format!("{:.2}px", mark.px))>{fits.then_some(mark.label)}</span> }
                    })
                    .collect_view()
            }}
            {move || {
                drag.get()
                    .map(|(from, to)| {
                        let length = scale.with(|scale| (scale.nanos_from_px(from.max(to)) - scale.nanos_from_px(from.min(to))) as i64);
                        view! {
                            <div
                                class="axis__drag"
                                style=("--x", format!("{:.2}px", from.min(to)))
                                style=("--width", format!("{:.2}px", (to - from).abs()))
                            >
                                <span>{format::duration(length)}</span>
                            </div>
                        }
                    })
            }}
            <Show when=move || window.with(Option::is_some)>
                <button type="button" class="axis__all" on:pointerdown=|event| event.stop_propagation() on:click=move |_| window.set(None)>
                    "Whole trace"
                </button>
            </Show>
        </div>
    }
}

/// One of the pooled rows. It shows the row of the window that is congruent to its number.
#[component]
fn PooledRow(
    place: usize,
    state: WaterfallState,
    first: Memo<usize>,
    pool: Memo<usize>,
    measures: Memo<RowMeasures>,
    active_row: Memo<usize>,
    selected_row: Memo<Option<usize>>,
) -> impl IntoView {
    let element = NodeRef::<leptos::html::Div>::new();
    let index = Memo::new(move |_| {
        let (first, pool) = (first.get(), pool.get().max(1));
        first + (place + pool - first % pool) % pool
    });
    let row = Memo::new(move |_| state.rows.with(|rows| rows.rows.get(index.get()).copied()));
    // The focus stays with the row, not with the element that showed it.
    Effect::new(move |previous: Option<usize>| {
        let index = index.get();
        if previous.is_some_and(|previous| previous != index)
            && let Some(element) = element.get_untracked()
            && document().active_element().is_some_and(|focused| focused == **element)
            && let Some(parent) = element.parent_element().and_then(|parent| parent.dyn_into::<web_sys::HtmlElement>().ok())
        {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = parent.focus_with_options(&options);
        }
        index
    });
    let press = move |_| {
        let Some(row) = row.get_untracked() else { return };
        state.active.set(row.key);
        if row.key.fold {
            state.toggle(row);
        } else {
            state.selected.set(Some(row.key.node));
        }
        browser::focus(&format!("row-{}", index.get_untracked()));
    };
    view! {
        <div
            node_ref=element
            id=move || format!("row-{}", index.get())
            class="row"
            class:row--selected=move || selected_row.get() == Some(index.get()) && row.get().is_some_and(|row| !row.key.fold)
            role="row"
            hidden=move || row.get().is_none()
            {..custom_attribute("aria-level", move || row.get().map(|row| (row.depth + 1).to_string()))}
            aria-rowindex=move || (index.get() + 1).to_string()
            aria-expanded=move || row.get().and_then(|row| row.open).map(|open| open.to_string())
            aria-selected=move || (selected_row.get() == Some(index.get())).to_string()
            tabindex=move || if active_row.get() == index.get() { "0" } else { "-1" }
            style:transform=move || format!("translateY({}px)", index.get() as f64 * measures.get().height)
            style=("--depth", move || row.get().map_or(0, |row| row.depth).to_string())
            style=("--h", move || row.get().map_or(0, |row| state.model.with_value(|model| model.service_of(row.key.node).hue)).to_string())
            on:click=press
        >
            {move || row.get().map(|row| view! { <RowCells row=row state=state /> })}
        </div>
    }
}

#[component]
fn RowCells(row: Row, state: WaterfallState) -> impl IntoView {
    let node = row.key.node;
    let model = state.model.get_value();
    let (service, failed, name) = (model.service_of(node).clone(), !row.key.fold && model.error[node as usize], format::quoted(&model.span(node).name));
    let closed = row.open == Some(false);
    let hides_error = closed && row.hides_error && !failed;
    let figures = match model.fold_times(node).filter(|_| row.key.fold) {
        Some(times) => format!("{} alike, median {}", row.hidden, format::duration(times.p50)),
        None => format!("{}{}", if failed { "error, " } else { "" }, format::duration(model.span(node).duration().0)),
    };
    let hides_error_text = if hides_error { ", hides an error" } else { "" };
    let toggle = move |event: leptos::ev::MouseEvent| {
        event.stop_propagation();
        state.active.set(row.key);
        state.toggle(row);
    };
    view! {
        <div class="row__name" role="gridcell">
            <i class="row__guides" aria-hidden="true"></i>
            {match row.open {
                Some(open) => {
                    view! { <button type="button" class="row__twisty" class:row__twisty--open=open tabindex="-1" aria-hidden="true" on:click=toggle></button> }.into_any()
                }
                None => view! { <i class="row__leaf" aria-hidden="true"></i> }.into_any(),
            }}
            <i class="dot" class:dot--browser=service.browser aria-hidden="true"></i>
            <span class="row__label" title=name.clone()>{name.clone()}</span>
            <span class="row__service">{service.name}</span>
            <span class="row__marks">
                {failed.then(|| view! { <b class="row__error" aria-label="error">"✕"</b> })}
                {hides_error.then(|| view! { <b class="row__error row__error--hidden" aria-label="hides an error" title="An error is hidden in here">"✕"</b> })}
                {(closed && !row.key.fold).then(|| view! { <span class="row__count">"+" {format::count(u64::from(row.hidden))}</span> })}
                {row.key.fold.then(|| view! { <span class="row__count">"×" {format::count(u64::from(row.hidden))}</span> })}
            </span>
        </div>
        <div class="visually-hidden" role="gridcell">{figures} {hides_error_text}</div>
    }
}

/// Moves the active row by a key; whether the key meant something.
fn move_active(key: &str, state: WaterfallState, active_row: Memo<usize>, pool: Memo<usize>) -> bool {
    let rows = state.rows.get_untracked();
    let current = active_row.get_untracked();
    let Some(row) = rows.rows.get(current).copied() else { return false };
    let page = pool.get_untracked().saturating_sub(2 * OVERSCAN + STRIDE).max(1);
    let last = rows.len().saturating_sub(1);
    let target = match key {
        "ArrowDown" => (current + 1).min(last),
        "ArrowUp" => current.saturating_sub(1),
        "PageDown" => (current + page).min(last),
        "PageUp" => current.saturating_sub(page),
        "Home" => 0,
        "End" => last,
        "ArrowRight" if row.open == Some(false) => {
            state.toggle(row);
            current
        }
        "ArrowRight" if row.open == Some(true) => (current + 1).min(last),
        "ArrowLeft" if row.open == Some(true) => {
            state.toggle(row);
            current
        }
        "ArrowLeft" => rows.parent(current).unwrap_or(current),
        "Enter" | " " if row.key.fold => {
            state.toggle(row);
            current
        }
        "Enter" | " " => {
            state.selected.set(Some(row.key.node));
            current
        }
        _ => return false,
    };
    let Some(target) = rows.rows.get(target) else { return true };
    state.active.set(target.key);
    if !target.key.fold && state.selected.get_untracked().is_some() {
        state.selected.set(Some(target.key.node));
    }
    state.show_active(true);
    true
}

#[derive(Clone, Copy)]
struct Observed {
    width: RwSignal<f64>,
    narrow: RwSignal<bool>,
    view: RwSignal<View>,
}

/// Follows size and scroll position. Whatever element scrolls, the window is where rows and screen meet.
fn observe(frame: NodeRef<leptos::html::Div>, body: NodeRef<leptos::html::Div>, timeline: NodeRef<leptos::html::Div>, observed: Observed) {
    let measure = move || {
        let (Some(frame), Some(body), Some(timeline)) = (frame.try_get_untracked().flatten(), body.try_get_untracked().flatten(), timeline.try_get_untracked().flatten()) else {
            return;
        };
        let outer = frame.get_bounding_client_rect();
        observed.narrow.set(outer.width() < NARROW);
        let width = timeline.get_bounding_client_rect().width();
        if (width - observed.width.get_untracked()).abs() > 0.5 {
            observed.width.set(width);
        }
        let screen = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(900.0);
        let rows = body.get_bounding_client_rect();
        let (top, bottom) = (outer.top().max(0.0), outer.bottom().min(screen));
        let view = View { top: (top - rows.top()).max(0.0), height: (bottom - top).max(100.0) };
        if view != observed.view.get_untracked() {
            observed.view.set(view);
        }
    };
    let scroll = Closure::<dyn Fn()>::new(measure);
    let resized = Closure::<dyn Fn()>::new(measure);
    let observer = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
    // Scrolling does not bubble; a capturing listener hears whichever element scrolls.
    let function: js_sys::Function = scroll.as_ref().unchecked_ref::<js_sys::Function>().clone();
    let _ = window().add_event_listener_with_callback_and_bool("scroll", &function, true);
    let kept = StoredValue::new_local((scroll, resized, observer));
    Effect::new(move |_| {
        let (Some(frame), Some(timeline)) = (frame.get(), timeline.get()) else { return };
        kept.with_value(|(_, _, observer)| {
            if let Some(observer) = observer {
                observer.observe(&frame);
                observer.observe(&timeline);
            }
        });
        measure();
    });
    on_cleanup(move || {
        kept.try_with_value(|(scroll, _, observer)| {
            let _ = window().remove_event_listener_with_callback_and_bool("scroll", scroll.as_ref().unchecked_ref(), true);
            if let Some(observer) = observer {
                observer.disconnect();
            }
        });
    });
}

#[derive(Clone, Copy)]
struct Drawn {
    scale: Memo<Scale>,
    first: Memo<usize>,
    pool: Memo<usize>,
    measures: Memo<RowMeasures>,
    selected_row: Memo<Option<usize>>,
    width: RwSignal<f64>,
}

/// Draws the canvas once a frame, whatever changed.
fn follow_canvas(canvas: NodeRef<leptos::html::Canvas>, state: WaterfallState, drawn: Drawn) {
    let theme_choice = expect_context::<ThemeChoice>();
    let colors = Memo::new(move |_| {
        // The theme decides what the properties hold.
        let _dark = theme_choice.dark();
        read_theme()
    });
    let pending = Rc::new(Cell::new(false));
    let paint = move || -> Option<()> {
        let canvas = canvas.try_get_untracked().flatten()?;
        let rows = state.rows.try_get_untracked()?;
        let (first, pool, measures) = (drawn.first.get_untracked(), drawn.pool.get_untracked(), drawn.measures.get_untracked());
        let count = pool.min(rows.len().saturating_sub(first));
        let (width, height) = (drawn.width.get_untracked(), count as f64 * measures.height);
        let density = window().device_pixel_ratio().clamp(1.0, 3.0);
        let (pixels_x, pixels_y) = ((width * density).round() as u32, (height * density).round() as u32);
        // Assigning a size clears the canvas, and costs even where it is the same.
        if (canvas.width(), canvas.height()) != (pixels_x, pixels_y) {
            canvas.set_width(pixels_x);
            canvas.set_height(pixels_y);
        }
        let style = web_sys::HtmlElement::style(&canvas);
        let _ = style.set_property("width", &format!("{width}px"));
        let _ = style.set_property("height", &format!("{height}px"));
        let _ = style.set_property("transform", &format!("translateY({}px)", first as f64 * measures.height));
        let context = canvas.get_context("2d").ok()??.dyn_into::<web_sys::CanvasRenderingContext2d>().ok()?;
        let _ = context.set_transform(density, 0.0, 0.0, density, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, width, height);
        let (theme, family) = colors.get_untracked();
        let scale = drawn.scale.get_untracked();
        state.model.try_with_value(|model| {
            let scene = Scene {
                model,
                rows: &rows,
                first,
                count,
                scale,
                ticks: &ticks(scale),
                measures,
                selected: drawn.selected_row.get_untracked(),
                line: state.line.get_untracked(),
                theme: &theme,
            };
            draw(&mut CanvasSurface::new(context, &family), &scene);
        })
    };
    Effect::new(move |_| {
        state.rows.track();
        state.line.track();
        drawn.scale.track();
        drawn.first.track();
        drawn.pool.track();
        drawn.measures.track();
        drawn.selected_row.track();
        colors.track();
        canvas.track();
        if pending.replace(true) {
            return;
        }
        let pending = Rc::clone(&pending);
        request_animation_frame(move || {
            pending.set(false);
            // A waterfall that has left the page draws nothing.
            let _ = paint();
        });
    });
}

fn read_theme() -> (Theme, String) {
    let theme = Theme {
        panel: browser::css_property("--panel"),
        select: browser::css_property("--select"),
        hair: browser::css_property("--hair"),
        ink: browser::css_property("--ink"),
        ink_2: browser::css_property("--ink-2"),
        line: browser::css_property("--line"),
        error: browser::css_property("--error"),
        service_lightness: browser::css_property("--svc-l"),
        service_chroma: browser::css_property("--svc-c"),
    };
    (theme, browser::css_property("--font"))
}

/// Brings the active row into view and, if asked, into focus.
fn follow_active(
    state: WaterfallState,
    anchor: NodeRef<leptos::html::Div>,
    body: NodeRef<leptos::html::Div>,
    active_row: Memo<usize>,
    measures: Memo<RowMeasures>,
) {
    Effect::new(move |_| {
        let (asked, focus) = state.reveal.get();
        if asked == 0 {
            return;
        }
        // After the rows have been laid out for what has been opened.
        request_animation_frame(move || {
            let (Some(anchor), Some(_)) = (anchor.try_get_untracked().flatten(), body.try_get_untracked().flatten()) else { return };
            let Some(row) = active_row.try_get_untracked() else { return };
            let height = measures.get_untracked().height;
            let style = web_sys::HtmlElement::style(&anchor);
            let _ = style.set_property("top", &format!("{}px", row as f64 * height));
            let _ = style.set_property("height", &format!("{height}px"));
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            options.set_behavior(web_sys::ScrollBehavior::Instant);
            anchor.scroll_into_view_with_scroll_into_view_options(&options);
            if focus {
                // The row is drawn once the scroll has been heard.
                request_animation_frame(move || browser::focus(&format!("row-{row}")));
            }
        });
    });
}
