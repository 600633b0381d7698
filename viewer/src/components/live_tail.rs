//! Follows a search: opens the stream of what arrives for it, takes it into the list, and says how that goes.
//!
//! The stream is open while the page is in view. Where it is lost it is asked for again from the last event on, and
//! until it is there again the list is searched for from time to time.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::query::ServicesResponse;
use shared::query::tail::TailEvent;
use web_sys::{AbortController, AbortSignal};

use crate::api::{self, ApiError, Fetched, SearchResponse};
use crate::browser;
use crate::loading::Pieces;
use crate::model::filter::{Filter, MOST};
use crate::model::tail::{Following, Reader, Seen, merged};

/// How often the list is searched for, and the stream tried again, while there is no stream; in seconds.
const ASK_SECONDS: u32 = 2;
/// So many events are kept, for an answer that was under way when they came.
const RECENT: usize = 100;

/// What is followed.
#[derive(Clone, Copy)]
pub struct Followed {
    /// The search.
    pub filter: Memo<Filter>,
    /// Its list.
    pub found: Fetched<SearchResponse>,
    /// The services of the filters beside it.
    pub services: Fetched<ServicesResponse>,
}

/// A stream and what came of it.
#[derive(Clone, Copy)]
struct Stream {
    followed: Followed,
    seen: RwSignal<Seen>,
    last: StoredValue<Option<String>>,
    recent: StoredValue<Vec<TailEvent>>,
    open: StoredValue<Option<AbortController>, LocalStorage>,
}

/// Follows what arrives, and says how that goes.
#[component]
pub fn LiveTail(
    /// What is followed; the search stays the same.
    followed: Followed,
) -> impl IntoView {
    let stream = Stream {
        followed,
        seen: RwSignal::new(Seen::default()),
        last: StoredValue::new(None),
        recent: StoredValue::new(Vec::new()),
        open: StoredValue::new_local(None),
    };
    stream.start();
    browser::on_visibility(move |visible| {
        if visible {
            stream.start();
        } else {
            stream.stop();
        }
    });
    on_cleanup(move || stream.stop());
    // An answer that crossed events may be of before them.
    Effect::new(move |was: Option<u32>| {
        let answers = followed.found.answers.get();
        if was.is_some_and(|was| was != answers) {
            for event in stream.recent.get_value() {
                stream.show(&event);
            }
        }
        answers
    });
    browser::every(ASK_SECONDS, move || {
        let asks = stream.seen.with_untracked(|seen| seen.following) == Following::Asking;
        // One that is being opened may take its time.
        if asks && stream.open.with_value(Option::is_none) {
            followed.found.refresh();
            stream.start();
        }
    });
    view! { <LiveSaid seen=stream.seen.into() /> }
}

/// `Live: 3 traces arrived`
#[component]
pub fn LiveSaid(seen: Signal<Seen>) -> impl IntoView {
    view! { <p class="live__said" role="status">{move || seen.with(Seen::in_words)}</p> }
}

impl Stream {
    fn stop(self) {
        self.open.try_update_value(|open| {
            if let Some(controller) = open.take() {
                controller.abort();
            }
        });
    }

    fn start(self) {
        self.stop();
        if !browser::is_visible() {
            return;
        }
        let Ok(controller) = AbortController::new() else {
            return;
        };
        let signal = controller.signal();
        self.open.set_value(Some(controller));
        spawn_local(async move {
            let ended = self.follow(&signal).await;
            if signal.aborted() {
                return;
            }
            self.open.try_set_value(None);
            // Whoever has to sign in is asked by the page.
            let refused = matches!(
                ended,
                Err(ApiError::Refused {
                    status: 400..=403,
                    ..
                })
            );
            let following = if refused {
                Following::Refused
            } else {
                Following::Asking
            };
            self.seen.try_update(|seen| seen.following = following);
        });
    }

    async fn follow(self, signal: &AbortSignal) -> Result<(), ApiError> {
        let path = self
            .followed
            .filter
            .get_untracked()
            .tail_path(browser::now());
        let last = self.last.get_value();
        let header = last.as_deref().map(|last| ("last-event-id", last));
        let mut pieces = Pieces::open_with(&path, header, Some(signal)).await?;
        let mut reader = Reader::default();
        while let Some(piece) = pieces.next().await? {
            for event in reader.push(&piece) {
                let arrived: TailEvent = api::json(event.data.as_bytes())?;
                if signal.aborted() {
                    return Ok(());
                }
                self.take(arrived, event.id);
            }
        }
        Ok(())
    }

    fn take(self, event: TailEvent, id: String) {
        let first = self.last.get_value().is_none();
        self.last.set_value(Some(id));
        self.seen.update(|seen| {
            seen.following = Following::Open;
            seen.take(&event);
        });
        // What arrived before the stream was open, or cannot be told any more, a search finds.
        if first || event.missed {
            self.followed.found.refresh();
        }
        if event.traces.is_empty() && event.others.is_empty() {
            return;
        }
        self.show(&event);
        self.recent.update_value(|recent| {
            recent.push(event);
            let excess = recent.len().saturating_sub(RECENT);
            recent.drain(..excess);
        });
    }

    fn show(self, event: &TailEvent) {
        let most = MOST as usize;
        self.followed.found.amend(|list| merged(list, event, most));
        let known = self.followed.services.state.get_untracked().ready();
        let is_known = |name: &str| {
            known
                .as_ref()
                .is_some_and(|known| known.services.iter().any(|service| service.name == name))
        };
        let mut services = event.traces.iter().flat_map(|trace| &trace.services);
        if services.any(|service| !is_known(&service.name)) {
            self.followed.services.refresh();
        }
    }
}
