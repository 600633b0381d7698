//! Who the person at the browser is to the server: a token, kept for as long as the tab lives.
//!
//! The token is in `sessionStorage` and in the header of each request, and nowhere else: no cookie that a browser would
//! send by itself, no address.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use crate::{api, browser};

const KEY: &str = "throughline.token";

thread_local! {
    /// Requests that are under way have no owner whose context they could ask.
    static STATE: Identity = Identity {
        token: RwSignal::new(storage().and_then(|storage| storage.get_item(KEY).ok().flatten())),
        refused: RwSignal::new(None),
    };
}

/// Whether somebody has signed in, and whether somebody must.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    token: RwSignal<Option<String>>,
    refused: RwSignal<Option<&'static str>>,
}

/// The page's one identity.
#[must_use]
pub fn identity() -> Identity {
    STATE.with(|state| *state)
}

impl Identity {
    /// The token, for the header of a request.
    #[must_use]
    pub fn token(self) -> Option<String> {
        self.token.get_untracked()
    }

    /// Whether there is a token, as a signal.
    #[must_use]
    pub fn is_signed_in(self) -> bool {
        self.token.with(Option::is_some)
    }

    /// Why somebody has to sign in; `None` while the server answers.
    #[must_use]
    pub fn refusal(self) -> Option<&'static str> {
        self.refused.get()
    }

    /// A request was turned away for its token, or for having none.
    pub fn refuse(self) {
        if self.refused.with_untracked(Option::is_none) {
            let why = match self.token() {
                Some(_) => "The server does not know the token any more.",
                None => "This server shows what it has to those who have a token.",
            };
            self.refused.set(Some(why));
        }
    }

    /// Sends this token from now on.
    pub fn sign_in(self, token: String) {
        if let Some(storage) = storage() {
            // A browser that stores nothing asks again after a reload.
            let _ = storage.set_item(KEY, &token);
        }
        self.token.set(Some(token));
        self.refused.set(None);
    }

    /// Forgets the token.
    pub fn sign_out(self) {
        if let Some(storage) = storage() {
            let _ = storage.remove_item(KEY);
        }
        self.token.set(None);
        self.refused.set(Some("You have signed out."));
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}

/// Has links to files of the API fetch them with the token, which the browser itself would not send.
pub fn follow_downloads() {
    let listener = window_event_listener(leptos::ev::click, |event| {
        if identity().token().is_none() {
            return;
        }
        let link = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| element.closest("a[href^='/api/']").ok().flatten());
        let Some(path) = link.and_then(|link| link.get_attribute("href")) else {
            return;
        };
        event.prevent_default();
        spawn_local(async move {
            if let Ok((name, file)) = api::file(&path).await {
                browser::save(&name, &file);
            }
        });
    });
    on_cleanup(move || listener.remove());
}
