//! The designed states of a page that has nothing to show: empty and failed.

use leptos::prelude::*;

use crate::api::ApiError;

/// A page's message in place of its content: what is missing, why, and the one thing to do.
#[component]
pub fn Message(
    /// What is missing.
    #[prop(into)]
    title: String,
    /// Whether something failed.
    #[prop(default = false)]
    failed: bool,
    /// Why, and what to do.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="message" class:message--failed=failed role=if failed { "alert" } else { "status" }>
            <svg class="message__art" viewBox="0 0 160 56" aria-hidden="true">
                <path class="message__ground" d="M8 8h56M40 27h64M80 46h72" />
                <path class="message__line" d="M4 17h18q5 0 5 5v9q0 5 5 5h30q5 0 5 5v9q0 5 5 5h28" />
                <circle class="message__start" cx="4" cy="17" r="4.5" />
            </svg>
            <h2 class="message__title">{title}</h2>
            <div class="message__text">{children()}</div>
        </section>
    }
}

/// What a page shows when the server gave no answer.
#[component]
pub fn Failure(
    /// Why.
    error: ApiError,
    /// What was asked for, as in `the traces`.
    what: &'static str,
    /// Asks again.
    #[prop(into)]
    retry: Callback<()>,
) -> impl IntoView {
    let title = match &error {
        ApiError::Unreachable => "The server does not answer".to_owned(),
        ApiError::Refused { status, .. } if *status >= 500 => {
            "The server could not answer".to_owned()
        }
        ApiError::Refused { .. } => format!("The server refused to give {what}"),
        ApiError::Unreadable(_) => "The answer cannot be read".to_owned(),
    };
    let text = match &error {
        ApiError::Unreachable => view! {
            <p>"Nothing listens at " <code>{origin()}</code> ". Start it with " <code>"throughline serve"</code> " and try again."</p>
        }
        .into_any(),
        ApiError::Refused { message, .. } => view! { <p>{message.clone()}</p> }.into_any(),
        ApiError::Unreadable(reason) => view! {
            <p>"The viewer and the server may be of different versions; reload the page."</p>
            <p class="message__detail">{reason.clone()}</p>
        }
        .into_any(),
    };
    view! {
        <Message title=title failed=true>
            {text}
            <p>
                <button type="button" class="button button--primary" on:click=move |_| retry.run(())>"Try again"</button>
            </p>
        </Message>
    }
}

/// A line above what is still shown when a refresh failed.
#[component]
pub fn StaleNotice(
    /// Why the refresh failed.
    error: ReadSignal<Option<ApiError>>,
) -> impl IntoView {
    move || {
        error.get().map(|error| {
            view! { <p class="notice" role="status">"Shown is the last answer: " {error.to_string()} "."</p> }
        })
    }
}

fn origin() -> String {
    window().location().origin().unwrap_or_default()
}
