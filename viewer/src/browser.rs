//! The few things that are asked of the browser itself.

use leptos::prelude::*;
use shared::time::UnixNanos;
use wasm_bindgen::JsCast;

/// The present instant by the browser's clock.
#[must_use]
pub fn now() -> UnixNanos {
    UnixNanos::from_millis_f64(js_sys::Date::now())
}

/// How long the page has been there, in milliseconds: a clock that is never set.
#[must_use]
pub fn uptime_millis() -> f64 {
    window()
        .performance()
        .map_or_else(js_sys::Date::now, |performance| performance.now())
}

/// Does something once the next frame is painted.
pub fn behind_next_frame(what: impl FnOnce() + 'static) {
    request_animation_frame(move || set_timeout(what, std::time::Duration::ZERO));
}

/// 12345.5 as the browser's language writes it; `None` where it writes `12,345.5`.
#[must_use]
pub fn sample_number() -> Option<String> {
    let language = window().navigator().language().unwrap_or_default();
    // A browser that is asked for the first time reads what it knows of languages, for as long as the whole page
    // takes to be drawn.
    let known = [
        "", "en", "en-US", "en-GB", "en-CA", "en-AU", "en-NZ", "en-IE",
    ];
    if known.contains(&language.as_str()) {
        return None;
    }
    let number = js_sys::Number::from(12_345.5);
    Some(number.to_locale_string(&language).into())
}

const LOCAL_TIME: &str = "throughline.local-time";

/// Whether times are shown in the browser's zone, as somebody has chosen before.
#[must_use]
pub fn shows_local_time() -> bool {
    let storage = window().local_storage().ok().flatten();
    storage.is_some_and(|storage| matches!(storage.get_item(LOCAL_TIME), Ok(Some(_))))
}

/// Shows times in the browser's zone or in UTC from now on. The page is drawn anew, which loses
/// nothing since its address has all that it shows.
pub fn show_local_time(local: bool) {
    let Some(storage) = window().local_storage().ok().flatten() else {
        return;
    };
    // A browser that stores nothing stays with UTC.
    let _ = if local {
        storage.set_item(LOCAL_TIME, "1")
    } else {
        storage.remove_item(LOCAL_TIME)
    };
    let _ = window().location().reload();
}

/// How many minutes the browser's zone is ahead of UTC at an instant.
#[must_use]
pub fn minutes_ahead(instant: UnixNanos) -> i32 {
    let date = js_sys::Date::new(&(instant.0 as f64 / 1e6).into());
    -(date.get_timezone_offset() as i32)
}

/// An instant that follows the clock every `seconds`, for relative times.
#[must_use]
pub fn ticking_now(seconds: u32) -> ReadSignal<UnixNanos> {
    let (instant, set_instant) = signal(now());
    every(seconds, move || {
        set_instant.try_set(now());
    });
    instant
}

/// Calls `action` every `seconds` while the page is in view, until the owner is gone.
pub fn every(seconds: u32, action: impl Fn() + 'static) {
    let period = std::time::Duration::from_secs(u64::from(seconds));
    let handle = set_interval_with_handle(
        move || {
            if is_visible() {
                action();
            }
        },
        period,
    );
    on_cleanup(move || {
        if let Ok(handle) = handle {
            handle.clear();
        }
    });
}

/// Tells `action` whenever the page comes into view or goes out of it, until the owner is gone.
pub fn on_visibility(action: impl Fn(bool) + 'static) {
    let listener = window_event_listener_untyped("visibilitychange", move |_| action(is_visible()));
    on_cleanup(move || listener.remove());
}

/// Whether somebody can see the page.
#[must_use]
pub fn is_visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}

/// Whether the window is as narrow as a phone.
#[must_use]
pub fn is_narrow() -> bool {
    window()
        .match_media("(max-width: 700px)")
        .ok()
        .flatten()
        .is_some_and(|query| query.matches())
}

/// What the browser keeps under a key; `None` where it keeps nothing, or must not.
#[must_use]
pub fn kept(key: &str) -> Option<String> {
    let storage = window().local_storage().ok().flatten()?;
    storage.get_item(key).ok().flatten()
}

/// Has the browser keep a text, where it may and has room.
pub fn keep(key: &str, text: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        // A full or forbidden storage forgets, and everything else works.
        let _ = storage.set_item(key, text);
    }
}

/// Whether keys go into a text that someone writes.
#[must_use]
pub fn is_typing(event: &web_sys::KeyboardEvent) -> bool {
    let Some(element) = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
    else {
        return false;
    };
    matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
}

/// Scrolls so that the element with this id is in view.
pub fn scroll_to(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        reveal(&element);
    }
}

/// Scrolls whatever an element is in, as little as makes it seen.
pub fn reveal(element: &web_sys::Element) {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    options.set_inline(web_sys::ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// Scrolls whatever an element is scrolled by, by so many pixels.
pub fn scroll_by(element: &web_sys::Element, pixels: f64) {
    let scrolls = |element: &web_sys::Element| {
        let style = window().get_computed_style(element).ok().flatten();
        let overflow = style.and_then(|style| style.get_property_value("overflow-y").ok());
        overflow.is_some_and(|overflow| matches!(overflow.as_str(), "auto" | "scroll"))
            && element.scroll_height() > element.client_height()
    };
    let mut around =
        std::iter::successors(element.parent_element(), |element| element.parent_element());
    let scroller = around.find(scrolls);
    // Without one of its own it is the page.
    if let Some(scroller) = scroller.or_else(|| document().scrolling_element()) {
        scroller.set_scroll_top(scroller.scroll_top() + pixels.round() as i32);
    }
}

/// Puts the keyboard focus on the element with this id, without scrolling.
pub fn focus(id: &str) {
    let Some(element) = document()
        .get_element_by_id(id)
        .and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    else {
        return;
    };
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    // An element that cannot be focused keeps the focus where it is.
    let _ = element.focus_with_options(&options);
}

/// Copies a text. Where the page has no clipboard, as over plain HTTP, a selection is copied instead.
pub async fn copy(text: String) -> bool {
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into());
    if clipboard.is_ok_and(|clipboard| !clipboard.is_undefined()) {
        let promise = window().navigator().clipboard().write_text(&text);
        if wasm_bindgen_futures::JsFuture::from(promise).await.is_ok() {
            return true;
        }
    }
    copy_selection(&text).unwrap_or(false)
}

fn copy_selection(text: &str) -> Option<bool> {
    let document = document();
    let area: web_sys::HtmlTextAreaElement =
        document.create_element("textarea").ok()?.dyn_into().ok()?;
    area.set_value(text);
    area.set_class_name("visually-hidden");
    document.body()?.append_child(&area).ok()?;
    area.select();
    let copied = document
        .unchecked_ref::<web_sys::HtmlDocument>()
        .exec_command("copy")
        .unwrap_or(false);
    area.remove();
    Some(copied)
}

/// Saves a file as if it were a link's.
pub fn save(name: &str, bytes: &[u8]) {
    if let Some(address) = object_url(bytes) {
        save_from(name, address);
    }
}

/// Saves what the browser holds already.
pub fn save_blob(name: &str, blob: &web_sys::Blob) {
    if let Ok(address) = web_sys::Url::create_object_url_with_blob(blob) {
        save_from(name, address);
    }
}

fn save_from(name: &str, address: String) {
    if let Ok(element) = document().create_element("a") {
        let named = element
            .set_attribute("href", &address)
            .and_then(|()| element.set_attribute("download", name));
        if named.is_ok() {
            element.unchecked_ref::<web_sys::HtmlElement>().click();
        }
    }
    // The browser has taken the file by then.
    set_timeout(
        move || {
            let _ = web_sys::Url::revoke_object_url(&address);
        },
        std::time::Duration::from_secs(60),
    );
}

/// An address of bytes that the page holds.
#[must_use]
pub fn object_url(bytes: &[u8]) -> Option<String> {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let blob = web_sys::Blob::new_with_u8_array_sequence(&parts).ok()?;
    web_sys::Url::create_object_url_with_blob(&blob).ok()
}

/// Replaces the address of the page without a step in the history.
pub fn replace_address(address: &str) {
    let Ok(history) = window().history() else {
        return;
    };
    let state = history.state().unwrap_or_default();
    // The browser refuses more than some hundred changes in half a minute; the next change carries the state.
    let _ = history.replace_state_with_url(&state, "", Some(address));
}

/// The value of a custom property of the page.
#[must_use]
pub fn css_property(name: &str) -> String {
    document()
        .document_element()
        .and_then(|root| window().get_computed_style(&root).ok().flatten())
        .and_then(|style| style.get_property_value(name).ok())
        .map(|value| value.trim().to_owned())
        .unwrap_or_default()
}
