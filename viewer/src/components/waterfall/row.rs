//! The pooled rows: names, marks, focus and keys.

use leptos::attr::custom::custom_attribute;
use leptos::prelude::*;
use shared::columns::flag;
use wasm_bindgen::JsCast;

use super::{OVERSCAN, STRIDE, WaterfallState};
use crate::browser;
use crate::components::find_bar::Find;
use crate::components::notes::NoteMark;
use crate::format;
use crate::model::rows::Row;
use crate::palette::{NEUTRAL, dot};
use crate::timeline::layout::RowMeasures;

/// One of the pooled rows. It shows the row of the window that is congruent to its number.
#[component]
pub fn PooledRow(
    /// Which of the pooled rows it is.
    place: usize,
    /// What is shown.
    state: WaterfallState,
    /// The first row of the window.
    first: Memo<usize>,
    /// How many rows the window has.
    pool: Memo<usize>,
    /// The measures of a row.
    measures: Memo<RowMeasures>,
    /// The row of the keyboard.
    active_row: Memo<usize>,
    /// The row in the drawer.
    selected_row: Memo<Option<usize>>,
) -> impl IntoView {
    let element = NodeRef::<leptos::html::Div>::new();
    let index = Memo::new(move |_| {
        let (first, pool) = (first.get(), pool.get().max(1));
        first + (place + pool - first % pool) % pool
    });
    let row = Memo::new(move |_| state.rows.with(|rows| rows.rows.get(index.get()).copied()));
    // The focus stays with the row, not with the element that showed it.
    Effect::new(move |previous: Option<usize>| {
        let index = index.get();
        if previous.is_some_and(|previous| previous != index)
            && let Some(element) = element.get_untracked()
            && document()
                .active_element()
                .is_some_and(|focused| focused == **element)
            && let Some(parent) = element
                .parent_element()
                .and_then(|parent| parent.dyn_into::<web_sys::HtmlElement>().ok())
        {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = parent.focus_with_options(&options);
        }
        index
    });
    let press = move |_| {
        let Some(row) = row.get_untracked() else {
            return;
        };
        state.active.set(row.key);
        if row.key.fold {
            state.toggle(row);
        } else {
            state.selected.set(Some(row.key.node));
        }
        browser::focus(&format!("row-{}", index.get_untracked()));
    };
    let hue = Memo::new(move |_| {
        let colours = state.colours.get();
        row.get().map_or(NEUTRAL, |row| {
            state
                .model
                .with_value(|model| colours.row_hue(model, row.key))
        })
    });
    let find = use_context::<Find>();
    let misses = move || {
        let (Some(find), Some(row)) = (find, row.get()) else {
            return false;
        };
        let path = state.followed();
        state.model.with_value(|model| {
            find.misses(model, &row)
                || path.is_some_and(|path| !path.carriers().shown_by(model, &row))
        })
    };
    view! {
        <div
            node_ref=element
            id=move || format!("row-{}", index.get())
            class="row"
            class:row--selected=move || selected_row.get() == Some(index.get()) && row.get().is_some_and(|row| !row.key.fold)
            class:row--miss=misses
            role="row"
            hidden=move || row.get().is_none()
            {..custom_attribute("aria-level", move || row.get().map(|row| (row.depth + 1).to_string()))}
            aria-rowindex=move || (index.get() + 1).to_string()
            aria-expanded=move || row.get().and_then(|row| row.open).map(|open| open.to_string())
            aria-selected=move || (selected_row.get() == Some(index.get())).to_string()
            aria-describedby=move || (state.card.get() == Some(index.get())).then_some("row-card")
            tabindex=move || if active_row.get() == index.get() { "0" } else { "-1" }
            style:transform=move || format!("translateY({}px)", index.get() as f64 * measures.get().height - state.screen.shift.get())
            style=("--depth", move || row.get().map_or(0, |row| row.depth).to_string())
            style=("--h", move || hue.get().to_string())
            class:row--grey=move || hue.get() == NEUTRAL
            on:click=press
        >
            {move || row.get().map(|row| view! { <RowCells row=row state=state hue=hue /> })}
        </div>
    }
}

#[component]
fn RowCells(row: Row, state: WaterfallState, hue: Memo<u16>) -> impl IntoView {
    let node = row.key.node;
    let model = state.model.get_value();
    let (service, failed, name) = (
        model.service_of(node).clone(),
        !row.key.fold && model.error[node as usize],
        format::quoted(model.name(node)),
    );
    let closed = row.open == Some(false);
    let hides_error = closed && row.hides_error && !failed;
    let figures = match model.fold_times(node).filter(|_| row.key.fold) {
        Some(times) => format!(
            "{} alike, median {}",
            row.hidden,
            format::duration(times.p50)
        ),
        None => format!(
            "{}{}",
            if failed { "error, " } else { "" },
            format::duration(model.raw_duration(node))
        ),
    };
    let links = match (
        model.links_of(node).is_empty(),
        model.linked_from(node).is_empty(),
    ) {
        _ if row.key.fold => None,
        (true, true) => None,
        (false, true) => Some(("↗", "links to another span")),
        (true, false) => Some(("↙", "another span links here")),
        (false, false) => Some(("⇄", "links to another span, and another links here")),
    };
    let orphan = !row.key.fold && model.has(node, flag::ORPHAN);
    let hides_error_text = if hides_error { ", hides an error" } else { "" };
    let toggle = move |event: leptos::ev::MouseEvent| {
        event.stop_propagation();
        state.active.set(row.key);
        state.toggle(row);
    };
    view! {
        <div class="row__name" role="gridcell">
            <i class="row__guides" aria-hidden="true"></i>
            {match row.open {
                Some(open) => {
                    view! { <button type="button" class="row__twisty" class:row__twisty--open=open tabindex="-1" aria-hidden="true" on:click=toggle></button> }.into_any()
                }
                None => view! { <i class="row__leaf" aria-hidden="true"></i> }.into_any(),
            }}
            <i class=move || dot(hue.get(), service.browser) aria-hidden="true"></i>
            <span class="row__label">{name.clone()}</span>
            <span class="row__service">{service.name}</span>
            {move || {
                let told = state.followed().and_then(|path| state.model.with_value(|model| path.told_by(model, row.key)));
                let changed = told.as_ref().is_some_and(|told| told.contains('→'));
                told.map(|told| view! { <span class="row__value" class:row__value--changed=changed>{told}</span> })
            }}
            <span class="row__marks">
                <NoteMark span=model.span_id(node) />
                {links.map(|(sign, label)| view! { <b class="row__link" role="img" aria-label=label title=label>{sign}</b> })}
                {orphan.then(|| view! { <span class="row__count" title="Its parent has not arrived">"parent missing"</span> })}
                {failed.then(|| view! { <b class="row__error" aria-label="error">"✕"</b> })}
                {hides_error.then(|| view! { <b class="row__error row__error--hidden" aria-label="hides an error" title="An error is hidden in here">"✕"</b> })}
                {(closed && !row.key.fold).then(|| view! { <span class="row__count">"+" {format::count(u64::from(row.hidden))}</span> })}
                {row.key.fold.then(|| view! { <span class="row__count">"×" {format::count(u64::from(row.hidden))}</span> })}
            </span>
        </div>
        <div class="visually-hidden" role="gridcell">{figures} {hides_error_text}</div>
    }
}

/// Moves the active row by a key; whether the key meant something.
pub fn move_active(
    key: &str,
    state: WaterfallState,
    active_row: Memo<usize>,
    pool: Memo<usize>,
) -> bool {
    let rows = state.rows.get_untracked();
    let current = active_row.get_untracked();
    let Some(row) = rows.rows.get(current).copied() else {
        return false;
    };
    let page = pool
        .get_untracked()
        .saturating_sub(2 * OVERSCAN + STRIDE)
        .max(1);
    let last = rows.len().saturating_sub(1);
    let target = match key {
        "ArrowDown" => (current + 1).min(last),
        "ArrowUp" => current.saturating_sub(1),
        "PageDown" => (current + page).min(last),
        "PageUp" => current.saturating_sub(page),
        "Home" => 0,
        "End" => last,
        "ArrowRight" if row.open == Some(false) => {
            state.toggle(row);
            current
        }
        "ArrowRight" if row.open == Some(true) => (current + 1).min(last),
        "ArrowLeft" if row.open == Some(true) => {
            state.toggle(row);
            current
        }
        "ArrowLeft" => rows.parent(current).unwrap_or(current),
        "Enter" | " " if row.key.fold => {
            state.toggle(row);
            current
        }
        "Enter" | " " => {
            state.selected.set(Some(row.key.node));
            current
        }
        _ => return false,
    };
    let Some(target) = rows.rows.get(target) else {
        return true;
    };
    state.active.set(target.key);
    if !target.key.fold && state.selected.get_untracked().is_some() {
        state.selected.set(Some(target.key.node));
    }
    state.show_active(true);
    true
}
