//! What stands in place of every page while the server asks for a token.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::components::state::Message;
use crate::identity::identity;

/// Asks for a token and tries it.
#[component]
pub fn SignInPage(
    /// Why.
    why: &'static str,
) -> impl IntoView {
    let field = NodeRef::<leptos::html::Input>::new();
    let (said, say) = signal(String::new());
    Effect::new(move |_| {
        document().set_title("Sign in · Throughline");
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let token = field
            .get_untracked()
            .map(|field| field.value().trim().to_owned())
            .unwrap_or_default();
        if token.is_empty() {
            say.set("Paste a token first.".to_owned());
            return;
        }
        spawn_local(async move {
            match api::try_token(&token).await {
                Ok(()) => identity().sign_in(token),
                Err(error) => {
                    say.try_set(error.to_string());
                }
            }
        });
    };
    view! {
        <h1 class="visually-hidden">"Sign in"</h1>
        <Message title="Sign in with a token">
            <p>{why}</p>
            <form class="sign-in" on:submit=submit>
                <label class="visually-hidden" for="token">"Token"</label>
                <input
                    id="token"
                    class="input"
                    type="password"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder="Token"
                    node_ref=field
                />
                <button type="submit" class="button button--primary">"Sign in"</button>
            </form>
            <p class="message__detail" role="alert">{said}</p>
            <p class="message__detail">"It is kept until this tab is closed. Whoever runs the server has tokens to give."</p>
        </Message>
    }
}
