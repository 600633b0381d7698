//! What can be done with a trace beside looking at it: a link, a bug report, files.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::trace_picture;
use crate::components::waterfall::WaterfallState;
use crate::{api, browser};

/// The server's documents of a trace, with what each is for.
const FILES: [(&str, &str, &str); 5] = [
    ("html", "HTML report", "one page, for anybody"),
    ("otlp", "OTLP", "for OpenTelemetry tools"),
    ("jaeger", "Jaeger", "for its UI"),
    ("zipkin", "Zipkin", "for its UI"),
    ("perfetto", "Perfetto", "for ui.perfetto.dev"),
];

/// The menu of a trace.
#[component]
pub fn Share(
    /// The trace's id.
    id: String,
) -> impl IntoView {
    let (said, say) = signal("");
    let address = StoredValue::new(format!("/api/v1/traces/{id}/export?format="));
    let file = format!("trace-{id}.png");
    let here = || window().location().href().unwrap_or_default();
    let copy_link = move |_| {
        spawn_local(async move {
            let copied = browser::copy(here()).await;
            say.try_set(if copied {
                "The link is copied."
            } else {
                "Not copied."
            });
        });
    };
    let copy_report = move |_| {
        let link = crate::url::encode(&here());
        let path = address.with_value(|address| format!("{address}markdown&link={link}"));
        spawn_local(async move {
            let report = api::send("GET", &path, None).await;
            let copied = match report {
                Ok(report) => browser::copy(String::from_utf8_lossy(&report).into_owned()).await,
                Err(_) => false,
            };
            say.try_set(if copied {
                "The report is copied."
            } else {
                "Not copied."
            });
        });
    };
    let state = expect_context::<WaterfallState>();
    let copy_picture = move |_| trace_picture::copy(state, file.clone(), say);
    view! {
        <details class="menu">
            <summary class="copy">"Share"</summary>
            <div class="menu__list">
                <button type="button" on:click=copy_link>"Copy link" <small>"with what is shown"</small></button>
                <button type="button" on:click=copy_report>"Copy as Markdown" <small>"a bug report"</small></button>
                <button type="button" on:click=copy_picture>"Copy as image" <small>"the waterfall as seen"</small></button>
                {FILES
                    .map(|(format, name, what)| {
                        let href = address.with_value(|address| format!("{address}{format}"));
                        view! { <a href=href download="" rel="external">{name} <small>{what}</small></a> }
                    })}
                <p class="menu__said" role="status">{said}</p>
            </div>
        </details>
    }
}
