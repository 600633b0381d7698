//! Loads a trace: columns as they arrive, rows as soon as they can be shown, then what the time went to.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::columns::{Columns, ColumnsError, Decoder};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader};

use crate::api::{ApiError, ask_with};
use crate::model::clock;
use crate::model::pace::Pace;
use crate::model::trace::TraceModel;

/// So long the page may work before it looks whether somebody wants something of it.
const SLICE_MILLIS: f64 = 8.0;
/// Smaller traces are analysed before they are shown: nobody sees the difference.
const SMALL: usize = 20_000;
/// Bytes that are read between two breaths.
const PIECE: usize = 128 << 10;

/// How far a trace is.
#[derive(Debug, Clone)]
pub enum Loading {
    /// Nothing has arrived.
    Asked,
    /// The server has read so many spans.
    Reading(u32),
    /// So many spans of how many have arrived.
    Arriving(u32, u32),
    /// It can be shown.
    Ready(Arc<TraceModel>),
    /// It cannot.
    Failed(ApiError),
}

/// A trace that is loaded, and again when asked for.
#[derive(Debug, Clone, Copy)]
pub struct LoadedTrace {
    /// How far it is. While it is loaded again, the previous one stays.
    pub state: ReadSignal<Loading>,
    /// Why loading it again failed.
    pub stale: ReadSignal<Option<ApiError>>,
    refresh: RwSignal<u32>,
    busy: StoredValue<bool>,
}

impl LoadedTrace {
    /// Loads it again, unless that is under way.
    pub fn refresh(self) {
        if !self.busy.get_value() {
            self.refresh.update(|count| *count += 1);
        }
    }
}

/// Loads the trace at `path` of the API.
pub fn use_trace(path: String) -> LoadedTrace {
    let (state, set_state) = signal(Loading::Asked);
    let (stale, set_stale) = signal(None);
    let loaded = LoadedTrace {
        state,
        stale,
        refresh: RwSignal::new(0),
        busy: StoredValue::new(false),
    };
    let open: StoredValue<Option<(AbortController, BrowserPace)>, LocalStorage> =
        StoredValue::new_local(None);
    let stop = move || {
        open.try_update_value(|open| {
            if let Some((controller, pace)) = open.take() {
                controller.abort();
                pace.stop();
            }
        });
    };
    Effect::new(move |_| {
        loaded.refresh.track();
        stop();
        let Ok(controller) = AbortController::new() else {
            return;
        };
        let (signal, pace) = (controller.signal(), BrowserPace::default());
        open.set_value(Some((controller, pace.clone())));
        loaded.busy.set_value(true);
        let path = format!("{path}/columns");
        spawn_local(async move {
            let first = !matches!(state.try_get_untracked(), Some(Loading::Ready(_)));
            let report = |progress: Loading| {
                if first {
                    set_state.try_set(progress);
                }
            };
            let found = load(&path, &signal, &pace, &report).await;
            if signal.aborted() {
                return;
            }
            loaded.busy.try_set_value(false);
            match found {
                Ok(model) => {
                    set_stale.try_set(None);
                    let known = matches!(state.try_get_untracked(), Some(Loading::Ready(known)) if *known == model);
                    if !known {
                        set_state.try_set(Loading::Ready(Arc::new(model)));
                    }
                }
                Err(error) if first => {
                    set_state.try_set(Loading::Failed(error));
                }
                Err(error) => {
                    set_stale.try_set(Some(error));
                }
            }
        });
    });
    on_cleanup(stop);
    loaded
}

async fn load(
    path: &str,
    signal: &web_sys::AbortSignal,
    pace: &BrowserPace,
    report: &impl Fn(Loading),
) -> Result<TraceModel, ApiError> {
    let columns = receive(path, signal, pace, report).await?;
    let model = TraceModel::build(columns, pace).await;
    if model.len() <= SMALL {
        model.analyse(&BrowserPace::unhurried()).await;
    }
    Ok(model)
}

async fn receive(
    path: &str,
    signal: &web_sys::AbortSignal,
    pace: &BrowserPace,
    report: &impl Fn(Loading),
) -> Result<Columns, ApiError> {
    let unreadable = |error: ColumnsError| ApiError::Unreadable(error.to_string());
    let mut pieces = Pieces::open(path, Some(signal)).await?;
    let mut decoder = Decoder::default();
    while let Some(bytes) = pieces.next().await? {
        for piece in bytes.chunks(PIECE) {
            decoder.push(piece).map_err(unreadable)?;
            if pace.breathe_now().await {
                let (loaded, total) = (decoder.columns().len() as u32, decoder.columns().total);
                report(if total == 0 {
                    Loading::Reading(decoder.server_progress().0)
                } else {
                    Loading::Arriving(loaded, total)
                });
            }
        }
        if decoder.columns().total == 0 && decoder.server_progress().0 > 0 {
            report(Loading::Reading(decoder.server_progress().0));
        }
    }
    decoder.finish().map_err(unreadable)
}

/// An answer that comes piece by piece.
#[derive(Debug)]
pub struct Pieces(ReadableStreamDefaultReader);

impl Pieces {
    /// Asks for it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn open(path: &str, signal: Option<&web_sys::AbortSignal>) -> Result<Self, ApiError> {
        Self::open_with(path, None, signal).await
    }

    /// The same, with a header of the request.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn open_with(
        path: &str,
        header: Option<(&str, &str)>,
        signal: Option<&web_sys::AbortSignal>,
    ) -> Result<Self, ApiError> {
        let body = ask_with(path, header, signal).await?.body();
        let body = body.ok_or(ApiError::Unreachable)?;
        Ok(Self(body.get_reader().unchecked_into()))
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`ApiError::Unreachable`].
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ApiError> {
        let piece = JsFuture::from(self.0.read())
            .await
            .map_err(|_| ApiError::Unreachable)?;
        let value = js_sys::Reflect::get(&piece, &"value".into());
        Ok(value
            .ok()
            .filter(|value| !value.is_undefined())
            .map(|value| js_sys::Uint8Array::from(value).to_vec()))
    }
}

/// The trace as the root's clock would have told it, given how far each clock is ahead, unless `pace` is stopped before.
pub async fn adjust(sent: &TraceModel, skews: &[i64], pace: &BrowserPace) -> TraceModel {
    let model = clock::adjusted(sent, skews, pace).await;
    if model.len() <= SMALL {
        model.analyse(&BrowserPace::unhurried()).await;
    }
    model
}

/// Analyses a trace that is being shown; `done` is called once that is known, unless the owner is gone by then.
pub fn analyse(model: Arc<TraceModel>, done: impl FnOnce() + 'static) {
    let pace = BrowserPace::default();
    let stopped = StoredValue::new_local(pace.clone());
    on_cleanup(move || {
        stopped.try_with_value(BrowserPace::stop);
    });
    spawn_local(async move {
        // The first rows are painted before.
        pace.pause().await;
        model.analyse(&pace).await;
        done();
    });
}

/// Gives way to the browser every few milliseconds.
#[derive(Debug, Clone, Default)]
pub struct BrowserPace {
    since: Rc<Cell<f64>>,
    stopped: Rc<Cell<bool>>,
    unhurried: bool,
}

impl BrowserPace {
    /// Never gives way: for little work, which then needs no code of its own.
    #[must_use]
    pub fn unhurried() -> Self {
        Self {
            unhurried: true,
            ..Self::default()
        }
    }

    /// Whoever breathes from now on does not go on.
    pub fn stop(&self) {
        self.stopped.set(true);
    }

    /// Whether somebody has stopped it.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.get()
    }

    /// Breathes, and says whether that took a pause.
    async fn breathe_now(&self) -> bool {
        if self.unhurried {
            return false;
        }
        if self.stopped.get() {
            // Nothing wakes the work again, so that it is dropped.
            std::future::pending::<()>().await;
        }
        let due = now() - self.since.get() >= SLICE_MILLIS;
        if due {
            self.pause().await;
        }
        due
    }

    async fn pause(&self) {
        let promise = js_sys::Promise::new(&mut |resolve, _| {
            // A page without timers gets no pause either.
            let _ = window().set_timeout_with_callback(&resolve);
        });
        let _ = JsFuture::from(promise).await;
        self.since.set(now());
    }
}

impl Pace for BrowserPace {
    async fn breathe(&self) {
        self.breathe_now().await;
    }
}

fn now() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}
