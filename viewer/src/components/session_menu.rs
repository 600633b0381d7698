//! What can be done with a session beside looking at it: do it again, take it elsewhere, see what became of earlier
//! re-runs.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::query::run::RunsResponse;

use crate::api::{self, use_fetch};
use crate::model::run as model;
use crate::{browser, format};

/// The server's documents of a session, with what each is for.
const FILES: [(&str, &str, &str); 4] = [
    ("playwright", "Playwright test", "with its traces"),
    ("userflow", "UserFlow", "for Chrome's recorder"),
    ("markdown", "Bug report", "in Markdown"),
    ("bundle", "Offline page", "for another machine"),
];

/// The menu of a session, and its re-runs.
#[component]
pub fn SessionMenu(
    /// The session's id.
    id: String,
) -> impl IntoView {
    let (said, say) = signal("");
    let encoded = crate::url::encode(&id);
    let runs = {
        let path = format!("/api/v1/sessions/{encoded}/runs");
        use_fetch(
            Memo::new(move |_| path.clone()),
            String::clone,
            api::json::<RunsResponse>,
        )
    };
    let copy = move |_| {
        let here = window().location().origin().unwrap_or_default();
        let command = model::command(&id, &here, "https://staging.example");
        spawn_local(async move {
            let copied = browser::copy(command).await;
            say.try_set(if copied {
                "The command is copied."
            } else {
                "Not copied."
            });
        });
    };
    let listed = move || {
        let runs = runs.state.get().ready()?;
        let rows = runs
            .runs
            .iter()
            .map(|run| {
                let (date, time) = format::date_and_time(run.created);
                view! {
                    <a href=format!("/run/{}", run.id) title=run.first.clone()>
                        <span class=model::tone(run.verdict)>{run.verdict.as_str()}</span>
                        <small>{run.environment.clone()} ", " {date} " " {time}</small>
                    </a>
                }
            })
            .collect_view();
        Some(rows)
    };
    let count = move || {
        let runs = runs.state.get().ready()?;
        (!runs.runs.is_empty())
            .then(|| format!(" · {}", format::counted(runs.runs.len() as u64, "re-run")))
    };
    view! {
        <details class="menu session-menu">
            <summary class="copy">"Run again" {count}</summary>
            <div class="menu__list">
                <button type="button" on:click=copy>"Copy the command" <small>"throughline replay"</small></button>
                {FILES
                    .map(|(format, name, what)| {
                        let here = window().location().origin().unwrap_or_default();
                        let here = crate::url::encode(&here);
                        let href = format!("/api/v1/sessions/{encoded}/export?format={format}&link={here}");
                        view! { <a href=href download="" rel="external">{name} <small>{what}</small></a> }
                    })}
                {listed}
                <p class="menu__said" role="status">{said}</p>
            </div>
        </details>
    }
}
