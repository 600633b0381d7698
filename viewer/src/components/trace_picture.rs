//! The waterfall as a picture on the clipboard, or as a file where the browser takes no pictures.

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Blob, HtmlCanvasElement};

use super::waterfall::WaterfallState;
use super::waterfall::view::read_theme;
use crate::browser;
use crate::pages::later;
use crate::timeline::canvas::CanvasSurface;
use crate::timeline::picture::{Picture, Subject};
use crate::timeline::surface::{Surface as _, Weight};

/// Pixels of the picture for one of the page, whatever the screen has: it is looked at elsewhere.
const DENSITY: f64 = 2.0;
const PNG: &str = "image/png";

/// Copies the waterfall as it is seen, or saves it under `file`, and says which. To be called as a gesture happens:
/// browsers let nothing else write to the clipboard.
pub fn copy(state: WaterfallState, file: String, say: WriteSignal<&'static str>) {
    // What is drawn may have to be loaded first, and a browser does not wait so long: it is promised.
    let picture = future_to_promise(async move {
        let drawn = later::picture(state).await.ok().flatten();
        let canvas = drawn.ok_or(JsValue::NULL)?;
        JsFuture::from(encoded(&canvas)).await
    });
    let written = write(&picture);
    say.set("Drawing the picture …");
    spawn_local(async move {
        let copied = match written {
            Some(written) => JsFuture::from(written).await.is_ok(),
            None => false,
        };
        let made = JsFuture::from(picture).await;
        say.try_set(
            match made.ok().and_then(|made| made.dyn_into::<Blob>().ok()) {
                None => "There is no picture: the server does not answer. Reload the page.",
                Some(_) if copied => "The picture is copied.",
                Some(blob) => {
                    browser::save_blob(&file, &blob);
                    "The browser lets no picture be copied; it is saved as a file."
                }
            },
        );
    });
}

/// Draws the waterfall as it is seen. `None` where the browser has no canvas for it.
#[must_use]
pub fn draw(state: WaterfallState) -> Option<HtmlCanvasElement> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    let (theme, family) = read_theme();
    let rows = state.rows.get_untracked();
    let colours = state.colours.get_untracked();
    let logs = state.logs.get_untracked();
    let path = state.path.get_untracked().and_then(Result::ok);
    let model = state.model.try_get_value()?;
    let subject = Subject {
        model: &model,
        rows: &rows,
        seen: state.seen_rows(),
        window: state.window.get_untracked(),
        width: state.screen.width.get_untracked(),
        compact: state.compact.get_untracked(),
        line: state.line.get_untracked(),
        colours: &colours,
        followed: path.as_ref().map(|path| path.carriers()),
        logs: &logs,
        theme: &theme,
    };
    let mut ruler = CanvasSurface::part(&canvas, (0.0, 0.0), DENSITY, &family)?;
    let picture = Picture::new(subject, |text| ruler.text_width(text, Weight::Regular));
    let (width, height) = picture.size();
    canvas.set_width((width * DENSITY).round() as u32);
    canvas.set_height((height * DENSITY).round() as u32);
    picture.draw_frame(&mut CanvasSurface::part(
        &canvas,
        (0.0, 0.0),
        DENSITY,
        &family,
    )?);
    picture.draw_bars(&mut CanvasSurface::part(
        &canvas,
        picture.bars(),
        DENSITY,
        &family,
    )?);
    Some(canvas)
}

/// The canvas as a PNG.
fn encoded(canvas: &HtmlCanvasElement) -> Promise {
    Promise::new(&mut |resolve, reject| {
        let take = Closure::once_into_js(move |blob: JsValue| {
            let (settle, with) = if blob.is_null() {
                (&reject, JsValue::NULL)
            } else {
                (&resolve, blob)
            };
            let _ = settle.call1(&JsValue::UNDEFINED, &with);
        });
        // A canvas that cannot be encoded is handed over as null.
        let _ = canvas.to_blob(take.unchecked_ref());
    })
}

/// Hands a promised picture to the clipboard; `None` where there is none that takes pictures, as over plain HTTP.
fn write(picture: &Promise) -> Option<Promise> {
    let window = window();
    let clipboard = Reflect::get(&window.navigator(), &"clipboard".into()).ok()?;
    let write: Function = Reflect::get(&clipboard, &"write".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let item: Function = Reflect::get(&window, &"ClipboardItem".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let content = Object::new();
    Reflect::set(&content, &PNG.into(), picture).ok()?;
    let item = Reflect::construct(&item, &Array::of1(&content)).ok()?;
    write
        .call1(&clipboard, &Array::of1(&item))
        .ok()?
        .dyn_into()
        .ok()
}
