//! Draws markup that is data, and says what of it is picked.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::browser;
use crate::markup::{Content, MIDDLE, Markup, PICK};

const HTML: &str = "http://www.w3.org/1999/xhtml";
const SVG: &str = "http://www.w3.org/2000/svg";

/// An element whose contents are drawn anew whenever they change. What had the focus keeps it.
#[component]
pub fn Drawn(
    /// The contents.
    #[prop(into)]
    contents: Signal<Vec<Markup>>,
    /// The class of the element around them.
    class: &'static str,
    /// Told of the value of what is picked.
    on_pick: Callback<String>,
) -> impl IntoView {
    let root: NodeRef<leptos::html::Div> = NodeRef::new();
    Effect::new(move |_| {
        let Some(root) = root.get() else { return };
        let focused = document()
            .active_element()
            .filter(|element| root.contains(Some(element)))
            .and_then(|element| element.get_attribute(PICK));
        let first_time = root.first_element_child().is_none();
        contents.with(|contents| fill(&root, contents));
        if first_time && let Some((frame, middle)) = picture(&root) {
            // What is not laid out yet cannot be scrolled.
            request_animation_frame(move || {
                frame.set_scroll_left(middle as i32 - frame.client_width() / 2);
            });
        }
        let Some(focused) = focused else { return };
        let quoted = focused.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(Some(element)) = root.query_selector(&format!("[{PICK}=\"{quoted}\"]")) {
            // An SVG element takes the focus by the same method as an HTML element does.
            let _ = element.unchecked_ref::<HtmlElement>().focus();
        }
    });
    let pick = move |event: &web_sys::Event| {
        let picked = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|element| element.closest(&format!("[{PICK}]")).ok().flatten())
            .and_then(|element| element.get_attribute(PICK));
        let found = picked.is_some();
        if let Some(picked) = picked {
            on_pick.run(picked);
        }
        found
    };
    view! {
        <div
            class=class
            node_ref=root
            on:click=move |event| {
                if !is(&event, &["SELECT", "OPTION", "INPUT"]) {
                    pick(&event);
                }
            }
            on:change=move |event| {
                // A field hands over its pick and its value.
                let field = event.target().and_then(|target| target.dyn_into::<Element>().ok());
                if let Some(name) = field.and_then(|field| field.get_attribute(PICK)) {
                    on_pick.run(format!("{name}:{}", event_target_value(&event)));
                }
            }
            on:focusin=|event| {
                // Browsers scroll to what takes the focus, but not to parts of a picture.
                let part = event.target().and_then(|target| target.dyn_into::<web_sys::SvgElement>().ok());
                if let Some(part) = part {
                    browser::reveal(&part);
                }
            }
            on:keydown=move |event| {
                // A real button makes a click of these keys by itself.
                let real = is(&event, &["BUTTON", "A", "INPUT", "SELECT"]);
                if !real && matches!(event.key().as_str(), "Enter" | " ") && pick(&event) {
                    event.prevent_default();
                }
            }
        ></div>
    }
}

/// The element around the picture that has a middle, and where that is.
fn picture(root: &Element) -> Option<(Element, f64)> {
    let picture = root.query_selector(&format!("[{MIDDLE}]")).ok()??;
    let middle = picture.get_attribute(MIDDLE)?.parse().ok()?;
    Some((picture.parent_element()?, middle))
}

/// Whether an event is one of an element with one of these names.
fn is(event: &web_sys::Event, names: &[&str]) -> bool {
    let element = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| names.contains(&element.tag_name().as_str()))
}

/// Draws contents in the place of what an element has.
pub fn fill(root: &Element, contents: &[Markup]) {
    root.set_text_content(None);
    for markup in contents {
        draw(root, markup, HTML);
    }
}

fn draw(into: &Element, markup: &Markup, space: &str) {
    let space = if markup.tag == "svg" { SVG } else { space };
    let Ok(element) = document().create_element_ns(Some(space), markup.tag) else {
        return;
    };
    for (name, value) in &markup.attributes {
        let _ = element.set_attribute(name, value);
    }
    for content in &markup.contents {
        match content {
            Content::Text(text) => {
                let _ = element.append_with_str_1(text);
            }
            Content::Element(markup) => draw(&element, markup, space),
        }
    }
    let _ = into.append_child(&element);
}
