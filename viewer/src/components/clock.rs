//! Whose clock tells the times of the trace: what was sent, or what one clock would have told.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser;
use crate::loading::{BrowserPace, LoadedTrace, Loading, adjust};
use crate::model::offsets::{Offset, applied};
use crate::model::trace::TraceModel;
use crate::url::TraceAddress;

/// The trace as one clock would have told it, and what that was made of.
struct Known {
    sent: Arc<TraceModel>,
    skews: Vec<i64>,
    model: Arc<TraceModel>,
}

/// Whose clock tells the times.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Whether times are adjusted.
    pub adjusted: RwSignal<bool>,
    /// Whether the panel is open in which clocks are set.
    pub open: RwSignal<bool>,
    /// The trace as it was sent.
    loaded: LoadedTrace,
    /// Has what somebody has set.
    address: StoredValue<TraceAddress>,
    known: RwSignal<Option<Known>>,
    /// How often somebody has set a clock or turned to the other times.
    turned: RwSignal<u32>,
}

impl Clock {
    /// Adjusts the trace whenever that is wanted.
    pub fn provide(loaded: LoadedTrace, address: StoredValue<TraceAddress>) -> Self {
        let out = Self {
            adjusted: RwSignal::new(address.with_value(|address| address.adjusted)),
            open: RwSignal::new(false),
            loaded,
            address,
            known: RwSignal::new(None),
            turned: RwSignal::new(0),
        };
        let under_way = StoredValue::new_local(BrowserPace::default());
        Effect::new(move |_| {
            under_way.with_value(BrowserPace::stop);
            let (true, Some(sent)) = (out.adjusted.get(), out.sent()) else {
                return;
            };
            if !out.differs(&sent) {
                return out.known.set(None);
            }
            let skews = out.applied(&sent);
            let done = out.known.with_untracked(|known| {
                known
                    .as_ref()
                    .is_some_and(|known| Arc::ptr_eq(&known.sent, &sent) && known.skews == skews)
            });
            if done {
                return;
            }
            let pace = BrowserPace::default();
            under_way.set_value(pace.clone());
            spawn_local(async move {
                let model = Arc::new(adjust(&sent, &skews, &pace).await);
                if !pace.is_stopped() {
                    out.known.try_set(Some(Known { sent, skews, model }));
                }
            });
        });
        out
    }

    /// The trace as it was sent, once it is there.
    pub fn sent(self) -> Option<Arc<TraceModel>> {
        match self.loaded.state.get() {
            Loading::Ready(sent) => Some(sent),
            _ => None,
        }
    }

    /// Whether adjusted times could be others than those that were sent.
    fn differs(self, sent: &TraceModel) -> bool {
        sent.clocks_apart() || !self.offsets().is_empty()
    }

    /// By how much each clock of a trace is taken to be ahead.
    pub fn applied(self, model: &TraceModel) -> Vec<i64> {
        applied(model, &self.offsets())
    }

    /// What somebody has set.
    pub fn offsets(self) -> Vec<Offset> {
        self.turned.track();
        self.address.with_value(|address| address.offsets.clone())
    }

    /// Adjusts clocks that disagree, or shows what they said.
    pub fn toggle(self) {
        if untrack(|| self.sent().is_some_and(|sent| self.differs(&sent))) {
            self.turn(!self.adjusted.get_untracked());
        }
    }

    /// Adjusts times by what somebody has set.
    pub fn set(self, offsets: Vec<Offset>) {
        self.address
            .update_value(|address| address.offsets = offsets);
        self.turn(true);
    }

    fn turn(self, adjusted: bool) {
        self.address
            .update_value(|address| address.adjusted = adjusted);
        self.show_address();
        self.adjusted.set(adjusted);
        self.turned.update(|turned| *turned += 1);
    }

    /// Keeps the address of the page true to what is shown.
    pub fn show_address(self) {
        let path = window().location().pathname().unwrap_or_default();
        let query = self.address.with_value(TraceAddress::query);
        browser::replace_address(&format!("{path}{query}"));
    }

    /// The trace by the clock that is wanted. `None` where an address wants adjusted times and they are not known yet;
    /// whoever turns to them sees the trace as it was sent until then, and whoever sees them keeps them while it grows.
    pub fn told(self, sent: Arc<TraceModel>) -> Option<Arc<TraceModel>> {
        if !self.adjusted.get() {
            return Some(sent);
        }
        let known = self
            .known
            .with(|known| Some(Arc::clone(&known.as_ref()?.model)));
        match known {
            Some(model) => Some(model),
            None if self.turned.get_untracked() > 0 || !self.differs(&sent) => Some(sent),
            None => None,
        }
    }
}
