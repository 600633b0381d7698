//! What ties the waterfall to the screen: its size, the scroll position, the canvas and the focus.

use std::cell::Cell;
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::{NARROW, WaterfallState};
use crate::browser;
use crate::components::theme::ThemeChoice;
use crate::timeline::canvas::CanvasSurface;
use crate::timeline::draw::{Scene, draw};
use crate::timeline::layout::RowMeasures;
use crate::timeline::scale::Scale;
use crate::timeline::scroll::{Place, Reach};
use crate::timeline::surface::Theme;
use crate::timeline::ticks::ticks;

/// What is seen of the waterfall, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct View {
    /// From the top of the first row to the top of what is seen.
    pub top: f64,
    /// How much is seen.
    pub height: f64,
}

/// What is known of the screen.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// The width of the timeline.
    pub width: RwSignal<f64>,
    /// Whether names stand above bars.
    pub narrow: RwSignal<bool>,
    /// What is seen.
    pub view: RwSignal<View>,
    /// How far down among the rows lies what is drawn in their element, in pixels; see [`crate::timeline::scroll`].
    pub shift: RwSignal<f64>,
    /// How much of the rows' element has gone behind the axis, in pixels.
    pub gone: RwSignal<f64>,
}

impl Default for Screen {
    /// Before anything has been measured.
    fn default() -> Self {
        Self {
            width: RwSignal::new(0.0),
            narrow: RwSignal::new(false),
            view: RwSignal::new(View {
                top: 0.0,
                height: 900.0,
            }),
            shift: RwSignal::new(0.0),
            gone: RwSignal::new(0.0),
        }
    }
}

impl Screen {
    fn place(self) -> Place {
        let shift = self.shift.get_untracked();
        Place {
            scrolled: self.view.get_untracked().top - shift,
            shift,
        }
    }

    fn set_place(self, place: Place, located: Located) {
        let view = View {
            top: place.top(),
            height: located.height,
        };
        if (located.gone - self.gone.get_untracked()).abs() >= 0.5 {
            self.gone.set(located.gone);
        }
        if (place.shift - self.shift.get_untracked()).abs() >= 1.0 {
            self.shift.set(place.shift);
        }
        if view != self.view.get_untracked() {
            self.view.set(view);
        }
    }
}

/// Follows size and scroll position. Whatever element scrolls, the window is where rows and screen meet.
pub fn observe(
    frame: NodeRef<leptos::html::Div>,
    body: NodeRef<leptos::html::Div>,
    timeline: NodeRef<leptos::html::Div>,
    observed: Screen,
    reach: Memo<Reach>,
) {
    let measure = move || {
        let (Some(frame), Some(body), Some(timeline)) = (
            frame.try_get_untracked().flatten(),
            body.try_get_untracked().flatten(),
            timeline.try_get_untracked().flatten(),
        ) else {
            return;
        };
        observed
            .narrow
            .set(frame.get_bounding_client_rect().width() < NARROW);
        let width = timeline.get_bounding_client_rect().width();
        if (width - observed.width.get_untracked()).abs() > 0.5 {
            observed.width.set(width);
        }
        let located = located(&frame, &body, &timeline);
        let place =
            reach
                .get_untracked()
                .scrolled(observed.place(), located.scrolled, located.height);
        observed.set_place(place, located);
        if (place.scrolled - located.scrolled).abs() >= 1.0 {
            browser::scroll_by(&body, place.scrolled - located.scrolled);
        }
    };
    // Rows that are opened or closed move nothing else that is watched.
    Effect::new(move |before: Option<()>| {
        reach.track();
        if before.is_some() {
            request_animation_frame(measure);
        }
    });
    let scroll = Closure::<dyn Fn()>::new(measure);
    let resized = Closure::<dyn Fn()>::new(measure);
    let observer = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
    // Scrolling does not bubble; a capturing listener hears whichever element scrolls.
    let function: js_sys::Function = scroll.as_ref().unchecked_ref::<js_sys::Function>().clone();
    let _ = window().add_event_listener_with_callback_and_bool("scroll", &function, true);
    let kept = StoredValue::new_local((scroll, resized, observer));
    Effect::new(move |_| {
        let (Some(frame), Some(timeline)) = (frame.get(), timeline.get()) else {
            return;
        };
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
            let _ = window().remove_event_listener_with_callback_and_bool(
                "scroll",
                scroll.as_ref().unchecked_ref(),
                true,
            );
            if let Some(observer) = observer {
                observer.disconnect();
            }
        });
    });
}

/// Where the rows are on the screen, in pixels.
#[derive(Debug, Clone, Copy)]
struct Located {
    /// From the top of the rows' element to the top of what is seen.
    scrolled: f64,
    /// How much is seen.
    height: f64,
    /// How much of the rows' element has gone behind the axis.
    gone: f64,
}

/// Measures it. To be asked before anything is drawn: afterwards it has to be laid out first.
fn located(
    frame: &web_sys::Element,
    body: &web_sys::Element,
    timeline: &web_sys::Element,
) -> Located {
    let screen = window()
        .inner_height()
        .ok()
        .and_then(|height| height.as_f64())
        .unwrap_or(900.0);
    let outer = frame.get_bounding_client_rect();
    let (top, bottom) = (outer.top().max(0.0), outer.bottom().min(screen));
    let rows = body.get_bounding_client_rect().top();
    Located {
        scrolled: (top - rows).max(0.0),
        height: (bottom - top).max(100.0),
        gone: timeline.get_bounding_client_rect().bottom() - rows,
    }
}

/// What the canvas is drawn from.
#[derive(Clone, Copy)]
pub struct Drawn {
    /// What lies where.
    pub scale: Memo<Scale>,
    /// The first row of the window.
    pub first: Memo<usize>,
    /// How many rows the window has.
    pub pool: Memo<usize>,
    /// The measures of a row.
    pub measures: Memo<RowMeasures>,
    /// The row in the drawer.
    pub selected_row: Memo<Option<usize>>,
    /// The width of the timeline.
    pub width: RwSignal<f64>,
    /// The colours of the theme.
    pub colors: Memo<Colors>,
}

/// The colours of a theme, and the font of labels.
pub type Colors = (Theme, String);

/// The colours of the theme that is chosen.
pub fn use_colors() -> Memo<Colors> {
    let theme_choice = expect_context::<ThemeChoice>();
    Memo::new(move |_| {
        // The theme decides what the properties hold.
        let _dark = theme_choice.dark();
        read_theme()
    })
}

/// Draws the canvas once a frame, whatever changed.
pub fn follow_canvas(canvas: NodeRef<leptos::html::Canvas>, state: WaterfallState, drawn: Drawn) {
    let colors = drawn.colors;
    let pending = Rc::new(Cell::new(false));
    let paint = move || -> Option<()> {
        let canvas = canvas.try_get_untracked().flatten()?;
        let rows = state.rows.try_get_untracked()?;
        let (first, pool, measures) = (
            drawn.first.get_untracked(),
            drawn.pool.get_untracked(),
            drawn.measures.get_untracked(),
        );
        let count = pool.min(rows.len().saturating_sub(first));
        let (width, height) = (drawn.width.get_untracked(), count as f64 * measures.height);
        let style = web_sys::HtmlElement::style(&canvas);
        let _ = style.set_property("width", &format!("{width}px"));
        let _ = style.set_property("height", &format!("{height}px"));
        let _ = style.set_property(
            "transform",
            &format!(
                "translateY({}px)",
                first as f64 * measures.height - state.screen.shift.get_untracked()
            ),
        );
        let (theme, family) = colors.get_untracked();
        let mut surface = CanvasSurface::over(&canvas, width, height, &family)?;
        let scale = drawn.scale.get_untracked();
        let path = state.path.get_untracked().and_then(Result::ok);
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
                colours: &state.colours.get_untracked(),
                logs: &state.logs.get_untracked(),
                followed: path.as_ref().map(|path| path.carriers()),
                theme: &theme,
            };
            draw(&mut surface, &scene);
        })
    };
    Effect::new(move |_| {
        state.rows.track();
        state.line.track();
        state.colours.track();
        state.path.track();
        state.logs.track();
        state.analysed.track();
        drawn.scale.track();
        drawn.first.track();
        state.screen.shift.track();
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

/// The colours of the page as it is now.
#[must_use]
pub fn read_theme() -> Colors {
    let theme = Theme {
        panel: browser::css_property("--panel"),
        select: browser::css_property("--select"),
        hair: browser::css_property("--hair"),
        ink: browser::css_property("--ink"),
        ink_2: browser::css_property("--ink-2"),
        line: browser::css_property("--line"),
        error: browser::css_property("--error"),
        warn: browser::css_property("--warn"),
        service_lightness: browser::css_property("--svc-l"),
        service_chroma: browser::css_property("--svc-c"),
    };
    (theme, browser::css_property("--font"))
}

/// Brings the active row into view and, if asked, into focus.
pub fn follow_active(
    state: WaterfallState,
    (frame, body, timeline): (
        NodeRef<leptos::html::Div>,
        NodeRef<leptos::html::Div>,
        NodeRef<leptos::html::Div>,
    ),
    anchor: NodeRef<leptos::html::Div>,
    active_row: Memo<usize>,
    measures: Memo<RowMeasures>,
    reach: Memo<Reach>,
) {
    Effect::new(move |_| {
        let (asked, focus) = state.reveal.get();
        if asked == 0 {
            return;
        }
        // After the rows have been found and laid out for what has been opened.
        let show = move || {
            let (Some(anchor), Some(frame), Some(body), Some(timeline)) = (
                anchor.try_get_untracked().flatten(),
                frame.try_get_untracked().flatten(),
                body.try_get_untracked().flatten(),
                timeline.try_get_untracked().flatten(),
            ) else {
                return;
            };
            let Some(row) = active_row.try_get_untracked() else {
                return;
            };
            let height = measures.get_untracked().height;
            let top = row as f64 * height;
            let view = state.screen.view.get_untracked();
            // What is far away is drawn with the shift that it has there.
            let near = (top - view.top).abs() <= 2.0 * view.height;
            let shift = if near {
                state.screen.shift.get_untracked()
            } else {
                reach.get_untracked().at(top).shift
            };
            let style = web_sys::HtmlElement::style(&anchor);
            let _ = style.set_property("top", &format!("{}px", top - shift));
            let _ = style.set_property("height", &format!("{height}px"));
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            options.set_behavior(web_sys::ScrollBehavior::Instant);
            anchor.scroll_into_view_with_scroll_into_view_options(&options);
            if !near {
                let located = located(&frame, &body, &timeline);
                let scrolled = located.scrolled;
                state.screen.set_place(Place { scrolled, shift }, located);
            }
            if focus {
                // The row is drawn once the scroll has been heard.
                request_animation_frame(move || browser::focus(&format!("row-{row}")));
            }
        };
        state.shown.then(move || request_animation_frame(show));
    });
}
