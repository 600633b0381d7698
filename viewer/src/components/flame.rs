//! The flame graph: the same spans, selection and time as the waterfall, a lane a depth; or alike calls as one.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::waterfall::view::{Colors, use_colors};
use super::waterfall::{PAN_STEP, WaterfallState, ZOOM_STEP};
use crate::format;
use crate::loading::BrowserPace;
use crate::model::flame::{Flame, Step};
use crate::model::trace::TraceModel;
use crate::timeline::canvas::CanvasSurface;
use crate::timeline::flame::{Hit, LANE, Picture, boxed, draw, stepped, under};
use crate::timeline::scale::Scale;
use crate::url::FlameKind;

/// The flame graph of a trace.
#[component]
pub fn FlameGraph(
    /// What is shown, and what people change.
    state: WaterfallState,
    /// By wall clock or in the aggregate.
    kind: Signal<FlameKind>,
) -> impl IntoView {
    let flame: StoredValue<Option<Arc<Flame>>> = StoredValue::new(None);
    let (ready, set_ready) = signal(false);
    let model = state.model.get_value();
    let pace = BrowserPace::default();
    let stopped = StoredValue::new_local(pace.clone());
    on_cleanup(move || {
        stopped.try_with_value(BrowserPace::stop);
    });
    spawn_local(async move {
        let found = Flame::new(&model, &pace).await;
        flame.try_set_value(Some(Arc::new(found)));
        set_ready.try_set(true);
    });

    let frame = NodeRef::<leptos::html::Div>::new();
    let canvas = NodeRef::<leptos::html::Canvas>::new();
    let size = RwSignal::new((0.0_f64, 0.0_f64));
    let top = RwSignal::new(0.0_f64);
    let hovered = RwSignal::new(None::<String>);
    // Where the keyboard is, while it is in the picture.
    let active = RwSignal::new(None::<u32>);
    let colors = use_colors();
    let lanes = Memo::new(move |_| {
        ready.track();
        let depth = flame.with_value(|flame| {
            flame.as_ref().map_or(0, |flame| match kind.get() {
                FlameKind::WallClock => flame.depth(),
                FlameKind::Aggregate => flame.call_depth as usize,
            })
        });
        depth as f64
    });
    // The aggregate has its own time: that of all work.
    let zoom = RwSignal::new(None::<(i64, i64)>);
    let window_of = move || match kind.get() {
        FlameKind::WallClock => state.window,
        FlameKind::Aggregate => zoom,
    };
    let scale = Memo::new(move |_| {
        ready.track();
        let total = match kind.get() {
            FlameKind::WallClock => state.model.with_value(|model| model.duration),
            FlameKind::Aggregate => {
                flame.with_value(|flame| flame.as_ref().map_or(1, |flame| flame.total()))
            }
        };
        Scale::new(total, window_of().get(), size.get().0)
    });
    let measure = move || {
        if let Some(frame) = frame.try_get_untracked().flatten() {
            let now = (
                f64::from(frame.client_width()),
                f64::from(frame.client_height()),
            );
            if now != size.get_untracked() {
                size.set(now);
            }
            top.set(f64::from(frame.scroll_top()));
        }
    };
    let resized = window_event_listener(leptos::ev::resize, move |_| measure());
    on_cleanup(move || resized.remove());
    Effect::new(move |_| {
        frame.track();
        lanes.track();
        request_animation_frame(measure);
    });
    let picture = move |model: &TraceModel, flame: &Flame, act: &mut dyn FnMut(&Picture<'_>)| {
        // A box of many calls has no value of its own.
        let colours = match kind.get_untracked() {
            FlameKind::WallClock => state.colours.get_untracked(),
            FlameKind::Aggregate => Arc::default(),
        };
        act(&Picture {
            model,
            flame,
            kind: kind.get_untracked(),
            scale: scale.get_untracked(),
            top: top.get_untracked(),
            height: size.get_untracked().1,
            selected: state.selected.get_untracked(),
            colours: &colours,
            active: active.get_untracked(),
        });
    };
    let with_picture = move |act: &mut dyn FnMut(&Picture<'_>)| {
        if let Some(Some(flame)) = flame.try_get_value() {
            state
                .model
                .try_with_value(|model| picture(model, &flame, act));
        }
    };
    Effect::new(move |_| {
        ready.track();
        size.track();
        top.track();
        scale.track();
        kind.track();
        state.selected.track();
        active.track();
        state.colours.track();
        let colors = colors.get();
        let Some(canvas) = canvas.get() else { return };
        request_animation_frame(move || {
            with_picture(&mut |picture| {
                let _ = paint(&canvas, picture, &colors);
            });
        });
    });
    let hit = move |event: &web_sys::MouseEvent| {
        let canvas = canvas.get_untracked()?;
        let rect = canvas.get_bounding_client_rect();
        let (x, y) = (
            f64::from(event.client_x()) - rect.left(),
            f64::from(event.client_y()) - rect.top(),
        );
        let mut found = None;
        with_picture(&mut |picture| found = under(picture, x, y));
        found
    };
    let wheel = move |event: leptos::ev::WheelEvent| {
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            return;
        }
        event.prevent_default();
        let Some(canvas) = canvas.get_untracked() else {
            return;
        };
        let px = f64::from(event.client_x()) - canvas.get_bounding_client_rect().left();
        let next = if event.shift_key() {
            scale
                .get_untracked()
                .panned(event.delta_y() + event.delta_x())
        } else {
            let factor = (-event.delta_y() * 0.004).exp();
            scale.get_untracked().zoomed(factor, px)
        };
        untrack(window_of).set(next.window());
    };
    let show = move |hit: &Hit| {
        let Some(frame) = frame.get_untracked() else {
            return;
        };
        let (lane, seen) = (hit.lane as f64 * LANE, size.get_untracked().1);
        let least = (lane + LANE - seen).max(0.0);
        let place = f64::from(frame.scroll_top()).clamp(least, lane.max(least));
        frame.set_scroll_top(place as i32);
        // A zoom shows the box, if it has to go there.
        if let Some((from, to)) = untrack(window_of).get_untracked()
            && (hit.to < from || hit.from > to)
        {
            untrack(window_of).set(Some((hit.from, hit.to)).filter(|(from, to)| from < to));
        }
    };
    let at_key = move || {
        let mut found = None;
        with_picture(&mut |picture| {
            found = active.get_untracked().and_then(|node| boxed(picture, node));
        });
        found
    };
    let walk = move |step: Step| {
        let mut found = None;
        with_picture(&mut |picture| {
            let next = stepped(picture, active.get_untracked(), step);
            found = next.and_then(|node| boxed(picture, node));
        });
        if let Some(hit) = found {
            show(&hit);
            active.set(Some(hit.node));
            hovered.set(Some(hit.words));
        }
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let zoom = |factor: f64| {
            let middle = size.get_untracked().0 / 2.0;
            let next = scale.get_untracked().zoomed(factor, middle);
            untrack(window_of).set(next.window());
        };
        let along = |share: f64| {
            let by = share * size.get_untracked().0;
            untrack(window_of).set(scale.get_untracked().panned(by).window());
        };
        match event.key().as_str() {
            "ArrowUp" => walk(Step::Above),
            "ArrowDown" => walk(Step::Below),
            "ArrowLeft" => walk(Step::Before),
            "ArrowRight" => walk(Step::After),
            "Enter" => {
                if let Some(hit) = at_key() {
                    state.selected.set(Some(hit.node));
                }
            }
            " " => {
                let to = at_key().map(|hit| (hit.from, hit.to));
                untrack(window_of).set(to.filter(|(from, to)| from < to));
            }
            "+" | "=" => zoom(ZOOM_STEP),
            "-" => zoom(1.0 / ZOOM_STEP),
            "0" => untrack(window_of).set(None),
            "," => along(-PAN_STEP),
            "." => along(PAN_STEP),
            _ => return,
        }
        event.prevent_default();
    };
    let enter = move |_| {
        with_picture(&mut |picture| {
            let read = state.selected.get_untracked();
            let read = read.filter(|node| boxed(picture, *node).is_some());
            active.set(read.or_else(|| stepped(picture, None, Step::Above)));
        });
        hovered.set(at_key().map(|hit| hit.words));
    };
    let leave = move |_| {
        active.set(None);
        hovered.set(None);
    };
    view! {
        <div class="flame">
            <p class="flame__hint" id="flame-hint" aria-live=move || if active.with(Option::is_some) { "polite" } else { "off" }>
                {move || {
                    hovered
                        .get()
                        .unwrap_or_else(|| {
                            match kind.get() {
                                FlameKind::WallClock => "Each lane is a depth, time runs to the right. Click a span to read it, double-click to zoom to it; arrow keys, Enter and Space do the same.",
                                FlameKind::Aggregate => "Alike calls are one box, as wide as the time spent in them and below. Double-click to zoom to one; arrow keys and Space do the same.",
                            }
                            .to_owned()
                        })
                }}
            </p>
            <div
                class="flame__frame"
                node_ref=frame
                role="application"
                tabindex="0"
                aria-label="Flame graph; the waterfall lists the same spans"
                aria-describedby="flame-hint"
                on:keydown=on_key
                on:focus=enter
                on:blur=leave
                on:scroll=move |_| measure() on:wheel=wheel>
                <div class="flame__room" style:height=move || format!("{}px", (lanes.get() * LANE).min(8_000_000.0))>
                    <canvas
                        class="flame__canvas"
                        node_ref=canvas
                        aria-hidden="true"
                        on:mousemove=move |event| hovered.set(hit(&event).map(|hit| hit.words))
                        on:mouseleave=move |_| hovered.set(None)
                        on:click=move |event| {
                            if let Some(hit) = hit(&event) {
                                state.selected.set(Some(hit.node));
                            }
                        }
                        on:dblclick=move |event| {
                            window_of().set(hit(&event).map(|hit| (hit.from, hit.to)).filter(|(from, to)| from < to));
                        }
                    ></canvas>
                </div>
            </div>
            <Show when=move || !ready.get()>
                <p class="flame__wait" role="status">{format::counted(state.model.with_value(|model| model.len()) as u64, "span")} " are being laid out"</p>
            </Show>
        </div>
    }
}

fn paint(
    canvas: &web_sys::HtmlCanvasElement,
    picture: &Picture<'_>,
    colors: &Colors,
) -> Option<()> {
    let (width, height) = (picture.scale.width(), picture.height);
    let style = web_sys::HtmlElement::style(canvas);
    style.set_property("width", &format!("{width}px")).ok()?;
    style.set_property("height", &format!("{height}px")).ok()?;
    let (theme, family) = colors;
    draw(
        &mut CanvasSurface::over(canvas, width, height, family)?,
        picture,
        theme,
    );
    Some(())
}
