//! Whose clock tells the times of the trace: what was sent, or what one clock would have told.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser;
use crate::loading::{LoadedTrace, Loading, adjust};
use crate::model::trace::TraceModel;
use crate::url::TraceAddress;

/// Whose clock tells the times.
#[derive(Clone, Copy)]
pub struct Clock {
    adjusted: RwSignal<bool>,
    /// A trace as it was sent, and as one clock would have told it.
    known: RwSignal<Option<(Arc<TraceModel>, Arc<TraceModel>)>>,
    /// Whether somebody has turned to the other.
    turned: StoredValue<bool>,
    /// Turns to the other.
    pub toggle: Callback<()>,
}

impl Clock {
    /// Adjusts the trace whenever that is wanted.
    pub fn provide(loaded: LoadedTrace, address: StoredValue<TraceAddress>) -> Self {
        let adjusted = RwSignal::new(address.with_value(|address| address.adjusted));
        let known = RwSignal::new(None::<(Arc<TraceModel>, Arc<TraceModel>)>);
        let turned = StoredValue::new(false);
        Effect::new(move |_| {
            let (true, Loading::Ready(sent)) = (adjusted.get(), loaded.state.get()) else {
                return;
            };
            let done = known.with_untracked(|known| {
                known.as_ref().is_some_and(|(of, _)| Arc::ptr_eq(of, &sent))
            });
            if done {
                return;
            }
            if !sent.clocks_apart() {
                return known.set(None);
            }
            spawn_local(async move {
                let model = Arc::new(adjust(&sent).await);
                known.try_set(Some((sent, model)));
            });
        });
        let toggle = Callback::new(move |()| {
            let state = loaded.state.get_untracked();
            if !matches!(state, Loading::Ready(sent) if sent.clocks_apart()) {
                return;
            }
            let next = !adjusted.get_untracked();
            address.update_value(|address| {
                address.adjusted = next;
                // The time shown is counted from another start.
                address.zoom = None;
            });
            let path = window().location().pathname().unwrap_or_default();
            browser::replace_address(&format!(
                "{path}{}",
                address.with_value(TraceAddress::query)
            ));
            turned.set_value(true);
            adjusted.set(next);
        });
        Self {
            adjusted,
            known,
            turned,
            toggle,
        }
    }

    /// The trace by the clock that is wanted. `None` where an address wants adjusted times and they are not known yet;
    /// whoever turns to them sees the trace as it was sent until then, and whoever sees them keeps them while it grows.
    pub fn told(self, sent: Arc<TraceModel>) -> Option<Arc<TraceModel>> {
        if !self.adjusted.get() {
            return Some(sent);
        }
        match self.known.get() {
            Some((_, model)) => Some(model),
            None if self.turned.get_value() || !sent.clocks_apart() => Some(sent),
            None => None,
        }
    }
}
