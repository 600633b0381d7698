//! The lists that open over the page below a button: `Esc`, a press elsewhere and the focus elsewhere close them, so that
//! none lies over what somebody looks at.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement, Node};

/// What such a list is, where it is open.
const OPEN: &str = ":is(details.menu, details.saved)[open]";

/// Closes the lists of every page; for the frame around the pages, before any page listens for `Esc`.
pub fn close_menus() {
    let key = window_event_listener(leptos::ev::keydown, |event| {
        if event.key() != "Escape" {
            return;
        }
        let Some(menu) = open() else {
            return;
        };
        close(&menu);
        if let Ok(Some(button)) = menu.query_selector("summary") {
            // What cannot take the focus leaves it where it is.
            let _ = button.unchecked_ref::<HtmlElement>().focus();
        }
        // The page has something of its own to close with the next press.
        event.stop_immediate_propagation();
    });
    let press = window_event_listener(leptos::ev::pointerdown, |event| leave(event.target()));
    let focus = window_event_listener(leptos::ev::focusin, |event| leave(event.target()));
    on_cleanup(move || {
        key.remove();
        press.remove();
        focus.remove();
    });
}

/// Closes the list that something is not in. No second one is open: opening it closed the first.
fn leave(to: Option<EventTarget>) {
    let to = to.and_then(|target| target.dyn_into::<Node>().ok());
    if let Some(menu) = open().filter(|menu| !menu.contains(to.as_ref())) {
        close(&menu);
    }
}

fn open() -> Option<Element> {
    document().query_selector(OPEN).ok().flatten()
}

fn close(menu: &Element) {
    // An attribute that is gone already is as good.
    let _ = menu.remove_attribute("open");
}
