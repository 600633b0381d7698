//! Names and values of any length and content, as text: they wrap, and long ones are cut until asked for.

use leptos::prelude::*;
use shared::attribute::{Attribute, AttributeValue};

use super::copy_button::CopyButton;
use super::trace_tools::AttributeTools;
use crate::format;

/// Longer values are cut.
const CLAMP: usize = 280;

/// A list of attributes.
#[component]
pub fn Attributes(
    /// The attributes in the order that they were sent in.
    attributes: Vec<Attribute>,
    /// How many their sender left out.
    #[prop(default = 0)]
    dropped: u32,
    /// Whether they are those of a span or its resource, which all spans of a trace may have.
    #[prop(default = false)]
    tools: bool,
) -> impl IntoView {
    view! {
        <dl class="attributes">
            {attributes
                .into_iter()
                .map(|attribute| {
                    let text = attribute.value.to_string();
                    let copied = text.clone();
                    let name = tools.then(|| attribute.key.clone());
                    let what = format::clipped(&attribute.key, 60);
                    let tone = tone(&attribute);
                    view! {
                        <div class="attributes__row">
                            <dt>{breakable(&attribute.key)}</dt>
                            <dd class=tone>
                                <Value text=text link=attribute.value.as_str().is_some() />
                                <CopyButton text=move |()| copied.clone() what=what quiet=true />
                                {name.map(|name| view! { <AttributeTools name=name /> })}
                            </dd>
                        </div>
                    }
                })
                .collect_view()}
        </dl>
        {(dropped > 0).then(|| view! { <p class="drawer__note">{format::counted(u64::from(dropped), "attribute")} " left out by the sender"</p> })}
    }
}

/// A value: an address leads there, a long text is cut until asked for.
#[component]
pub fn Value(
    /// The value as text.
    text: String,
    /// Whether it may be an address.
    #[prop(default = false)]
    link: bool,
) -> impl IntoView {
    let (all, set_all) = signal(false);
    // Only addresses of the web; anything else, such as `javascript:`, stays a text.
    let is_address = link
        && (text.starts_with("https://") || text.starts_with("http://"))
        && !text.contains(char::is_whitespace);
    let long = text.chars().count() > CLAMP;
    let address = text.clone();
    let shown = move || {
        if long && !all.get() {
            format::clipped(&text, CLAMP)
        } else {
            text.clone()
        }
    };
    view! {
        {if is_address {
            view! { <a class="value" href=address target="_blank" rel="noopener noreferrer nofollow">{shown}</a> }.into_any()
        } else {
            view! { <span class="value">{shown}</span> }.into_any()
        }}
        {long.then(|| {
            view! {
                <button type="button" class="link value__all" on:click=move |_| set_all.update(|all| *all = !*all)>
                    {move || if all.get() { "show less" } else { "show all" }}
                </button>
            }
        })}
    }
}

/// A dotted name that may break after its dots.
fn breakable(name: &str) -> impl IntoView + use<> {
    name.split_inclusive('.')
        .map(|part| view! { {part.to_owned()}<wbr /> })
        .collect_view()
}

fn tone(attribute: &Attribute) -> &'static str {
    let failed = match (attribute.key.as_str(), &attribute.value) {
        ("http.response.status_code", AttributeValue::Int(status)) => *status >= 400,
        ("error.type" | "exception.type" | "exception.message", _) => true,
        _ => false,
    };
    match (&attribute.value, failed) {
        (_, true) => "attributes__value attributes__value--failed",
        (AttributeValue::Empty, _) => "attributes__value attributes__value--empty",
        _ => "attributes__value",
    }
}
