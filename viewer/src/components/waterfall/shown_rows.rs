//! The rows that are asked for: found at once in traces of usual size, between frames in large ones.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::find_bar::Find;
use crate::loading::BrowserPace;
use crate::model::find::{Hits, Mode};
use crate::model::pace::at_once;
use crate::model::rows::{Narrowing, Openness, Rows};
use crate::model::trace::TraceModel;

/// The rows of a trace with more spans are not found within one frame.
const LARGE: usize = 100_000;

/// What decides which rows there are.
#[derive(Clone, Copy)]
pub struct Asking {
    /// The trace.
    pub model: StoredValue<Arc<TraceModel>>,
    /// What is closed and opened.
    pub openness: RwSignal<Openness>,
    /// What is left out.
    pub narrowing: RwSignal<Narrowing>,
    /// The time shown.
    pub window: RwSignal<Option<(i64, i64)>>,
    /// Whether spans outside of it are left out.
    pub within: RwSignal<bool>,
    /// The filter.
    pub find: Find,
}

/// What is asked for at one moment.
struct Asked {
    openness: Openness,
    narrowing: Narrowing,
    filter: Option<(Arc<Hits>, Mode)>,
}

impl Asked {
    async fn rows(self, model: &TraceModel, pace: &BrowserPace) -> Arc<Rows> {
        let rows = Rows::find(model, &self.openness, &self.narrowing, pace).await;
        Arc::new(match self.filter {
            Some((hits, mode)) => rows.only(|row| hits.leaves(model, row, mode), pace).await,
            None => rows,
        })
    }
}

/// The rows, which may come later than they are asked for.
#[derive(Debug, Clone, Copy)]
pub struct ShownRows {
    /// The latest that were found; none before the first.
    pub rows: Signal<Arc<Rows>>,
    late: Option<Late>,
}

/// What waits for rows.
#[derive(Debug, Clone, Copy)]
struct Late {
    /// How often rows were asked for.
    asked: Memo<u64>,
    /// Which of these the latest answer.
    found: StoredValue<u64>,
    waiting: StoredValue<Vec<Box<dyn FnOnce()>>, LocalStorage>,
}

impl ShownRows {
    /// Finds the rows whenever others are asked for.
    #[must_use]
    pub fn follow(asking: Asking) -> Self {
        let narrowing = Memo::new(move |_| Narrowing {
            // A zoom finds no other rows unless it leaves out what is outside.
            within: if asking.within.get() {
                asking.window.get()
            } else {
                None
            },
            ..asking.narrowing.get()
        });
        let asked = move || Asked {
            openness: asking.openness.get(),
            narrowing: narrowing.get(),
            filter: asking.find.leaves(),
        };
        if asking.model.with_value(|model| model.len()) <= LARGE {
            let find = move |_: Option<&Arc<Rows>>| {
                let asked = asked();
                let rows =
                    |model: &Arc<TraceModel>| at_once(asked.rows(model, &BrowserPace::unhurried()));
                asking.model.with_value(rows)
            };
            // Comparing rows takes as long as drawing them.
            let rows = Memo::new_with_compare(find, |_, _| true);
            return Self {
                rows: rows.into(),
                late: None,
            };
        }
        let rows = RwSignal::new(Arc::new(Rows::default()));
        let late = Late {
            asked: Memo::new(move |before: Option<&u64>| {
                let _ = asked();
                before.map_or(1, |before| before + 1)
            }),
            found: StoredValue::new(0),
            waiting: StoredValue::new_local(Vec::new()),
        };
        let work: StoredValue<Option<BrowserPace>, LocalStorage> = StoredValue::new_local(None);
        let stop = move || {
            work.try_update_value(|work| work.take().inspect(BrowserPace::stop));
        };
        Effect::new(move |_| {
            let number = late.asked.get();
            stop();
            let pace = BrowserPace::default();
            work.set_value(Some(pace.clone()));
            let (model, asked) = (asking.model.get_value(), untrack(asked));
            spawn_local(async move {
                let found = asked.rows(&model, &pace).await;
                if late.found.try_set_value(number).is_some() {
                    return;
                }
                rows.try_set(found);
                let waiting = late.waiting.try_update_value(std::mem::take);
                waiting.into_iter().flatten().for_each(|then| then());
            });
        });
        on_cleanup(stop);
        Self {
            rows: rows.into(),
            late: Some(late),
        }
    }

    /// Does something once the rows are those that are asked for: now, where they are.
    pub fn then(self, what: impl FnOnce() + 'static) {
        match self.late {
            Some(late) if late.asked.get_untracked() != late.found.get_value() => {
                late.waiting
                    .update_value(|waiting| waiting.push(Box::new(what)));
            }
            _ => what(),
        }
    }
}
