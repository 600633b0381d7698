//! What an unknown address shows.

use leptos::prelude::*;

use crate::components::state::Message;

/// The page for addresses that lead nowhere.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <div class="page page--centered">
            <h1 class="visually-hidden">"No page"</h1>
            <Message title="There is no page here">
                <p>"The address may be mistyped, or belong to a newer viewer."</p>
                <p><a class="button button--primary" href="/">"Go to the traces"</a></p>
            </Message>
        </div>
    }
}
