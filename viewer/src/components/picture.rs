//! A picture of the API, fetched as everything else is: an `img` would ask for it without a token.

use leptos::prelude::*;

use crate::api::{self, Remote, use_fetch};

/// A picture with what it shows.
#[component]
pub fn Picture(
    /// Where it is.
    path: String,
    /// What it shows, for those who cannot see it.
    what: String,
    /// The words below it.
    title: &'static str,
) -> impl IntoView {
    let found = use_fetch(
        Memo::new(move |_| path.clone()),
        String::clone,
        api::picture,
    );
    view! {
        <figure class="picture">
            {move || match found.state.get() {
                Remote::Loading => view! { <div class="skeleton skeleton--block" aria-hidden="true"></div> }.into_any(),
                Remote::Ready(address) => view! { <img src=address.to_string() alt=what.clone() /> }.into_any(),
                Remote::Failed(error) => view! { <p>"Not shown: " {error.to_string()}</p> }.into_any(),
            }}
            <figcaption>{title}</figcaption>
        </figure>
    }
}
