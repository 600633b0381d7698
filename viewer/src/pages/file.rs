//! A file of traces, opened by the viewer alone: dropped anywhere or chosen here, and sent nowhere.

use std::rc::Rc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::later;
use crate::components::drawn::Drawn;
use crate::format;
use crate::local;
use crate::model::file::{File, answer, list};
use crate::model::page::Page;
use crate::traceql;

/// The page at `/file`.
#[component]
pub fn FilePage() -> impl IntoView {
    Effect::new(|_| document().set_title("Open a file · Throughline"));
    // The timeline and what evaluates filters are loaded before a file is chosen, so that both work though the server be
    // gone by then.
    spawn_local(async {
        let _ = later::traces(Page::NotFound).await;
        if let Ok(reading) = traceql::check("{ name =~ \"\" }".to_owned()).await {
            reading.await;
        }
    });
    let problem = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::new());
    let navigate = use_navigate();
    let read = move |file: web_sys::File| {
        let navigate = navigate.clone();
        problem.set(String::new());
        spawn_local(async move {
            match open(&file).await {
                Ok(read) => match read.traces.as_slice() {
                    [(id, _)] if read.left_out.is_none() => {
                        navigate(&format!("/trace/{id}"), Default::default());
                    }
                    _ => {
                        if let Some((count, why)) = &read.left_out {
                            let left = format::counted(u64::from(*count), "span");
                            problem.try_set(format!("{left} could not be read, the first: {why}."));
                        }
                        found.try_set(vec![list(&read)]);
                    }
                },
                Err(why) => {
                    problem.try_set(format!("{} cannot be opened: {why}.", file.name()));
                }
            }
        });
    };
    if let Some(file) = local::dropped() {
        read(file);
    }
    // Another file that is dropped while the page is there.
    let again = read.clone();
    let listener = window_event_listener(
        leptos::ev::Custom::<leptos::ev::Event>::new(local::DROP_EVENT),
        move |_| {
            if let Some(file) = local::dropped() {
                again(file);
            }
        },
    );
    on_cleanup(move || listener.remove());
    let choose = move |event: leptos::ev::Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let file = input
            .and_then(|input| input.files())
            .and_then(|files| files.get(0));
        if let Some(file) = file {
            read(file);
        }
    };
    view! {
        <div class="page">
            <h1 class="page__title">"Open a file of traces"</h1>
            <p class="page__lead">
                "Drop a file anywhere in the viewer, or choose one: OTLP (JSON or protobuf), Jaeger, Zipkin, or Chrome's trace events, such as the Performance panel saves; packed with gzip or not. It stays in this browser; "
                <code>"throughline import"</code> " brings it to the server."
            </p>
            <p><input type="file" class="file__input" accept=".json,.jsonl,.ndjson,.pb,.binpb,.gz,application/json" aria-label="A file of traces" on:change=choose /></p>
            {move || problem.with(|problem| (!problem.is_empty()).then(|| view! { <p class="find__problem" role="alert">{problem.clone()}</p> }))}
            <Drawn contents=found class="file" on_pick=Callback::new(|_: String| ()) />
        </div>
    }
}

/// How a file that is packed with gzip begins (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A larger file would not fit beside its spans into the memory that a page may have.
const MOST_UNPACKED: usize = 1 << 30;

/// What is in a file that is packed with gzip; `None` where it is damaged, or too large.
async fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut packed = packed.to_vec();
    let source = web_sys::Response::new_with_opt_u8_array(Some(&mut packed)).ok()?;
    let class = js_sys::Reflect::get(&window(), &"DecompressionStream".into()).ok()?;
    let class: js_sys::Function = class.dyn_into().ok()?;
    let unpacking = js_sys::Reflect::construct(&class, &js_sys::Array::of1(&"gzip".into())).ok()?;
    // It has the two ends of a pair.
    let pair: web_sys::ReadableWritablePair = unpacking.unchecked_into();
    let reader = source.body()?.pipe_through(&pair).get_reader();
    let reader: web_sys::ReadableStreamDefaultReader = reader.dyn_into().ok()?;
    let mut unpacked = Vec::new();
    loop {
        let part = JsFuture::from(reader.read()).await.ok()?;
        let get = |key: &str| js_sys::Reflect::get(&part, &key.into()).ok();
        if get("done")?.is_truthy() {
            return Some(unpacked);
        }
        let part: js_sys::Uint8Array = get("value")?.dyn_into().ok()?;
        if unpacked.len() + part.length() as usize > MOST_UNPACKED {
            return None;
        }
        unpacked.extend(part.to_vec());
    }
}

/// Reads a file, and answers for its traces from now on.
async fn open(file: &web_sys::File) -> Result<Rc<File>, String> {
    let buffer = JsFuture::from(file.array_buffer())
        .await
        .map_err(|_| "the browser cannot read it any more; choose it again".to_owned())?;
    let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
    let bytes = if bytes.starts_with(&GZIP) {
        unpack(&bytes)
            .await
            .ok_or("it is packed with gzip, and damaged; `gzip -t` tells more")?
    } else {
        bytes
    };
    let read = Rc::new(File::read(&bytes).map_err(|error| error.to_string())?);
    if read.traces.is_empty() {
        return Err("there is no span in it".to_owned());
    }
    let name: Rc<str> = Rc::from(file.name());
    for (place, (id, _)) in read.traces.iter().enumerate() {
        let file = Rc::clone(&read);
        let answers = move |asked: &str| answer(&file.traces.get(place)?.1, asked);
        local::open(id.to_hex(), Rc::clone(&name), Rc::new(answers));
    }
    Ok(read)
}
