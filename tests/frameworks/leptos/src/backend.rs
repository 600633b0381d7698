//! The backend's addresses, and the pace of what runs in the background: what `src/backend.js` is to the other
//! applications. The path of a request says which control causes it.

use std::cell::{Cell, OnceCell};
use std::time::Duration;

use gloo_net::http::Request;
use leptos::prelude::{set_timeout, window};
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::UrlSearchParams;

/// How often a poller looks.
pub const POLL: Duration = Duration::from_millis(115);

thread_local! {
    /// What the page's address says, read before the router changes it.
    static QUERY: OnceCell<UrlSearchParams> = const { OnceCell::new() };
    static UNANSWERED: Cell<bool> = const { Cell::new(false) };
}

/// A parameter of the page's first address.
pub fn parameter(name: &str) -> String {
    QUERY.with(|query| {
        query
            .get_or_init(|| {
                let search = window().location().search().unwrap_or_default();
                UrlSearchParams::new_with_str(&search).expect("a browser's own query")
            })
            .get(name)
            .unwrap_or_default()
    })
}

async fn get(path: &str, more: &str) -> u16 {
    let url = format!("/api/{path}?run={}{more}", parameter("run"));
    match Request::get(&url).send().await {
        Ok(response) => {
            let _ = response.text().await;
            response.status()
        }
        Err(_) => 0,
    }
}

/// The request that a case ends in.
pub async fn finished(id: &str) {
    get(&format!("case/{id}"), "").await;
}

/// The same for whoever does not wait for it.
pub fn finish(id: &'static str) {
    spawn_local(finished(id));
}

/// A request on the way there. Returns the status of the answer.
pub async fn step(id: &str, delay_millis: u32, more: &str) -> u16 {
    get(
        &format!("step/{id}"),
        &format!("&delay={delay_millis}{more}"),
    )
    .await
}

/// A poller's request, one at a time.
pub fn ask(source: &'static str) {
    if source == "interval" && UNANSWERED.replace(true) {
        return;
    }
    spawn_local(async move {
        get(&format!("background/{source}"), "").await;
        if source == "interval" {
            UNANSWERED.set(false);
        }
    });
}

/// A promise of `setTimeout`, awaited.
pub async fn sleep(millis: u64) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        set_timeout(
            move || {
                let _ = resolve.call0(&wasm_bindgen::JsValue::UNDEFINED);
            },
            Duration::from_millis(millis),
        );
    });
    let _ = JsFuture::from(promise).await;
}
