//! The trace page: the answer first, then the waterfall and the span in the drawer.

mod absent;
mod address;
mod head;
mod keys;
mod view;

use std::cell::RefCell;
use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use send_wrapper::SendWrapper;

use self::absent::{Missing, Skeleton};
use self::view::TraceView;
use crate::api::{self, ApiError, use_fetch};
use crate::browser;
use crate::components::clock::Clock;
use crate::components::find_bar::Fields;
use crate::components::notes::Notes;
use crate::components::state::{Failure, StaleNotice};
use crate::format;
use crate::loading::{Loading, use_trace};
use crate::model::offsets::carried;
use crate::model::trace::TraceModel;
use crate::pages::later;
use crate::url::TraceAddress;

/// A trace that ended less than so many seconds ago may still grow.
const SETTLED_SECONDS: i64 = 30;
/// Larger traces are not asked for again and again; a reload shows what has come since.
const MOST_REFRESHED: usize = 100_000;
/// How often a trace that may grow is asked for, in seconds.
const REFRESH_SECONDS: u32 = 2;
/// How often a trace that has not arrived is asked for before that is said.
const PATIENCE: u32 = 5;

/// The page at `/trace/{id}`.
#[component]
pub fn TracePage(
    /// The trace.
    id: String,
) -> impl IntoView {
    let path = format!("/api/v1/traces/{}", crate::url::encode(&id));
    let loaded = use_trace(path.clone());
    let path = Memo::new(move |_| path.clone());
    let logs = use_fetch(path, |path: &String| format!("{path}/logs"), api::logs);
    provide_context(Notes::of(&id));
    Fields::provide();
    // What a person sees survives the arrival of further spans: it is kept here, by the ids of spans.
    let address = StoredValue::new(TraceAddress::parse(&use_location().search.get_untracked()));
    let (waited, set_waited) = signal(0_u32);
    browser::every(REFRESH_SECONDS, move || {
        let again = match loaded.state.get_untracked() {
            Loading::Ready(model) => {
                model.len() <= MOST_REFRESHED
                    && (browser::now() - model.end_time()).0 < SETTLED_SECONDS * 1_000_000_000
            }
            Loading::Failed(ApiError::Refused { status: 404, .. }) => {
                set_waited.update(|waited| *waited += 1);
                waited.get_untracked() < PATIENCE
            }
            _ => false,
        };
        if again {
            loaded.refresh();
            logs.refresh();
        }
    });
    let logs = Signal::derive(move || logs.state.get());
    let shown_id = id.clone();
    let clock = Clock::provide(loaded, address);
    let shown = Memo::new(move |_| match loaded.state.get() {
        Loading::Ready(model) => clock.told(model).map_or(Shown::Nothing, Shown::Trace),
        Loading::Failed(error) => Shown::Failure(error),
        Loading::Asked | Loading::Reading(_) | Loading::Arriving(..) => Shown::Nothing,
    });
    let progress = Signal::derive(move || match loaded.state.get() {
        Loading::Reading(read) => Some(format!("{} spans read", format::count(u64::from(read)))),
        Loading::Arriving(loaded, total) => Some(format!(
            "{} of {} spans loaded",
            format::count(u64::from(loaded)),
            format::count(u64::from(total))
        )),
        _ => None,
    });
    let seen = RefCell::new(None::<Arc<TraceModel>>);
    let panel = move || {
        clock.open.get().then(|| {
            let part = SendWrapper::new(async move {
                later::clock_panel(clock).await.unwrap_or_else(|_| {
                    view! { <p class="clocks" role="alert">"Clocks: this part of the viewer did not load; reload the page."</p> }.into_any()
                })
            });
            Suspend::new(part)
        })
    };
    view! {
        <StaleNotice error=loaded.stale />
        {move || match shown.get() {
            Shown::Trace(model) if model.is_empty() => view! { <Missing id=id.clone() waiting=false /> }.into_any(),
            Shown::Trace(model) => {
                let before = seen.replace(Some(Arc::clone(&model)));
                if let Some(before) = &before {
                    address.update_value(|address| address.zoom = carried(address.zoom, before, &model));
                    clock.show_address();
                }
                view! { <TraceView model=model address=address logs=logs clock=clock first=before.is_none() /> }.into_any()
            }
            Shown::Nothing => view! { <Skeleton progress=progress /> }.into_any(),
            Shown::Failure(ApiError::Refused { status: 404, .. }) => {
                let id = shown_id.clone();
                view! { {move || view! { <Missing id=id.clone() waiting=waited.get() < PATIENCE /> }} }.into_any()
            }
            Shown::Failure(error) => {
                view! { <Failure error=error what="the trace" retry=Callback::new(move |()| loaded.refresh()) /> }.into_any()
            }
        }}
        {panel}
    }
}

/// What the page shows.
#[derive(Clone)]
enum Shown {
    Nothing,
    Trace(Arc<TraceModel>),
    Failure(ApiError),
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => true,
            (Self::Trace(a), Self::Trace(b)) => Arc::ptr_eq(a, b),
            (Self::Failure(a), Self::Failure(b)) => a == b,
            _ => false,
        }
    }
}
