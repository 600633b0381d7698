//! Leptos in the browser: signals, effects, resources, suspense, actions, timers and the router.

mod backend;

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::hooks::use_navigate;
use leptos_router::path;
use throughline_leptos::{reporting, use_route};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use backend::{POLL, ask, finish, finished, parameter, sleep, step};

fn main() {
    // Before the router changes the page's address.
    let background = parameter("background") == "1";
    leptos::mount::mount_to_body(move || {
        view! {
            <Router>
                <Application background />
            </Router>
        }
    });
}

/// The data are there when the view is shown.
#[component]
fn Details(id: &'static str) -> impl IntoView {
    let answer = LocalResource::new(move || step(id, 40, ""));
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                answer.await;
                finish(id);
                "there"
            })}
        </Suspense>
    }
}

/// Asks when the router shows it.
#[component]
fn Movie() -> impl IntoView {
    use_route();
    finish("router-component");
    view! { <p>"movie"</p> }
}

#[component]
fn Failing() -> impl IntoView {
    view! {
        <ErrorBoundary fallback=reporting("Failing", |_| view! { <p>"failed"</p> })>
            {"seven".parse::<u32>()}
        </ErrorBoundary>
    }
}

#[component]
fn Application(background: bool) -> impl IntoView {
    let navigate = use_navigate();
    let changed = RwSignal::new("");
    Effect::new(move || {
        if !changed.get().is_empty() {
            finish(changed.get());
        }
    });
    let source = RwSignal::new("");
    let derived = Memo::new(move |_| source.get());
    Effect::new(move || {
        if !derived.get().is_empty() {
            finish(derived.get());
        }
    });

    let wanted = RwSignal::new("");
    let resource = LocalResource::new(move || {
        let id = wanted.get();
        async move {
            if !id.is_empty() {
                step(id, 20, "").await;
                finished(id).await;
            }
        }
    });
    let fetched = RwSignal::new(false);
    let refetched = LocalResource::new(move || {
        let again = fetched.get_untracked();
        async move {
            if again {
                finished("resource-refetch").await;
            }
        }
    });
    let save = Action::new_local(|id: &&'static str| {
        let id = *id;
        async move {
            step(id, 20, "").await;
            id
        }
    });
    Effect::new(move || {
        if let Some(id) = save.value().get() {
            finish(id);
        }
    });
    let shown = RwSignal::new(false);
    let failing = RwSignal::new(false);
    let text = RwSignal::new(String::new());
    let debounced = leptos::leptos_dom::helpers::debounce(Duration::from_millis(300), move |()| {
        finish("debounced-input");
    });
    let typed = {
        let mut debounced = debounced;
        move |event: leptos::ev::Event| {
            text.set(event_target_value(&event));
            debounced(());
        }
    };

    if background {
        poll();
    }
    Effect::new(|| {
        let _ = document()
            .body()
            .expect("a page")
            .set_attribute("data-application", "ready");
    });

    view! {
        <div id="controls">
            <button on:click=move |_| finish("handler")>"handler"</button>
            <button on:click=move |_| spawn_local(async {
                step("handler-await", 20, "").await;
                sleep(5).await;
                finished("handler-await").await;
            })>"handler-await"</button>
            <button on:click=move |_| changed.set("effect")>"effect"</button>
            <button on:click=move |_| source.set("memo")>"memo"</button>
            <button on:click=move |_| wanted.set("resource")>"resource"</button>
            <button on:click=move |_| {
                fetched.set(true);
                refetched.refetch();
            }>"resource-refetch"</button>
            <button on:click=move |_| shown.set(true)>"suspense"</button>
            <button on:click=move |_| {
                save.dispatch_local("action");
            }>"action"</button>
            <button on:click=move |_| set_timeout(|| finish("timeout"), Duration::from_millis(30))>"timeout"</button>
            <button on:click=move |_| request_animation_frame(|| finish("animation-frame"))>"animation-frame"</button>
            <button on:click=move |_| queue_microtask(|| finish("microtask"))>"microtask"</button>
            <button on:click=move |_| spawn_local(async {
                if step("retry-after-401", 0, "&status=401").await == 401 {
                    step("retry-after-401", 10, "").await;
                    finished("retry-after-401").await;
                }
            })>"retry-after-401"</button>
            <button on:click=move |_| navigate("/movies/42", Default::default())>"router-component"</button>
            <button on:click=move |_| failing.set(true)>"error-boundary"</button>
            <input aria-label="debounced-input" on:input=typed />
        </div>
        <p>{move || text.get().len()} {move || resource.get().map(|()| "")}</p>
        <Show when=move || shown.get()><Details id="suspense" /></Show>
        <Show when=move || failing.get()><Failing /></Show>
        <Routes fallback=|| "">
            <Route path=path!("/movies/:id") view=Movie />
        </Routes>
    }
}

/// What asks without any user: an interval, and the heartbeat of a WebSocket.
fn poll() {
    set_interval(|| ask("interval"), POLL);
    let host = window().location().host().expect("a page's own host");
    let socket =
        web_sys::WebSocket::new(&format!("ws://{host}/socket?every=105")).expect("a valid address");
    let heard = Closure::<dyn FnMut(web_sys::MessageEvent)>::new(|_| ask("web-socket"));
    socket.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}
