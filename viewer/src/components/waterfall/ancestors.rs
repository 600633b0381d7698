//! What the first row that is seen belongs to: its ancestors stay below the axis when they are scrolled away.

use leptos::prelude::*;

use super::WaterfallState;
use crate::components::drawn::Drawn;
use crate::format;
use crate::markup::{Markup, button, element, text};
use crate::model::trace::TraceModel;
use crate::timeline::layout::RowMeasures;

/// So many of the nearest are named, beside the outermost.
const NEAREST: usize = 3;

/// The line of ancestors; nothing where all of them are seen.
#[component]
pub fn Ancestors(
    /// What is shown.
    state: WaterfallState,
    /// The element of the rows.
    body: NodeRef<leptos::html::Div>,
    /// The measures of a row.
    measures: Memo<RowMeasures>,
) -> impl IntoView {
    let edge = NodeRef::<leptos::html::Div>::new();
    // How much of the rows' element has gone below the axis, in pixels.
    let gone = RwSignal::new(0.0);
    Effect::new(move |_| {
        state.screen.view.track();
        if let (Some(edge), Some(body)) = (edge.get(), body.get()) {
            let top = |element: &web_sys::Element| element.get_bounding_client_rect().top();
            gone.set(top(&edge) - top(&body));
        }
    });
    let above = Memo::new(move |_| {
        let gone = gone.get();
        if gone < 1.0 {
            return Vec::new();
        }
        let first = (gone + state.screen.shift.get()) / measures.get().height;
        state.rows.with(|rows| {
            state
                .model
                .with_value(|model| rows.scrolled_away(model, first as usize))
        })
    });
    let contents = Signal::derive(move || {
        let nodes = above.get();
        let line = state.model.with_value(|model| line(model, &nodes));
        line.into_iter().collect()
    });
    let pick = Callback::new(move |picked: String| {
        if let Ok(node) = picked.parse() {
            state.go(node, false);
        }
    });
    view! {
        <div class="ancestors" node_ref=edge>
            <Drawn contents=contents class="ancestors__place" on_pick=pick />
        </div>
    }
}

fn line(model: &TraceModel, nodes: &[u32]) -> Option<Markup> {
    let name = |node: u32| {
        let name = format::clipped(&format::quoted(model.name(node)), 60);
        button("ancestors__one", &node.to_string(), &name)
    };
    let (outermost, rest) = nodes.split_first()?;
    let mut line = element("nav", "ancestors__line")
        .set("aria-label", "Above the rows that are seen")
        .with(name(*outermost));
    let left_out = rest.len().saturating_sub(NEAREST);
    if left_out > 0 {
        line = line.with(text("span", "", "› …"));
    }
    for node in &rest[left_out..] {
        line = line.with(text("span", "", "›")).with(name(*node));
    }
    Some(line)
}
