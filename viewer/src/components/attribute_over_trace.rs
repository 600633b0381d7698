//! An attribute over the whole trace: what the hues of bars stand for, with the legend.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::waterfall::WaterfallState;
use crate::api;
use crate::model::colour::{ColourBy, Colours};
use crate::model::values::Values;

/// Keeps the hues true to the choice.
pub fn follow_colour(state: WaterfallState) {
    Effect::new(move |_| {
        let by = state.colour.get();
        state.problem.set(None);
        let name = match by {
            ColourBy::Service => return state.colours.set(Arc::default()),
            ColourBy::Status => return state.colours.set(Arc::new(Colours::Status)),
            ColourBy::Attribute(ref name) => name.clone(),
        };
        spawn_local(async move {
            let found = values(state, &name).await;
            // Whoever has chosen something else since does not want it any more.
            if state.colour.try_get_untracked() != Some(by) {
                return;
            }
            match found {
                Some(Ok(values)) => {
                    state.colours.set(Arc::new(Colours::of_values(values)));
                }
                Some(Err(error)) => state.problem.set(Some(error)),
                None => {}
            }
        });
    });
}

/// The values of an attribute over the trace; `None` where the page has gone meanwhile.
pub async fn values(state: WaterfallState, name: &str) -> Option<Result<Arc<Values>, String>> {
    let id = state.model.try_with_value(|model| model.trace_id())??;
    let answer = api::attribute(&id.to_hex(), name).await;
    state.model.try_with_value(|model| match answer {
        Ok(column) => Ok(Arc::new(Values::new(model, &column))),
        Err(error) => Err(error.to_string()),
    })
}
