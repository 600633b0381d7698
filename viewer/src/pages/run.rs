//! What a re-run of a session came to: what `throughline replay` printed, with the page after each step.

use std::sync::Arc;

use leptos::prelude::*;
use shared::query::run::{FindingKind, Outcome, RunReport, StepOutcome, Verdict};

use crate::api::{self, ApiError, Fetched, Remote, use_fetch};
use crate::components::copy_button::CopyButton;
use crate::components::picture::Picture;
use crate::components::state::{Failure, Message};
use crate::format;
use crate::model::run as model;

/// The page at `/run/:id`.
#[component]
pub fn RunPage(
    /// The re-run's id.
    id: String,
) -> impl IntoView {
    let id = Memo::new(move |_| id.clone());
    let found: Fetched<RunReport> = use_fetch(
        id,
        |id: &String| format!("/api/v1/runs/{}", crate::url::encode(id)),
        api::json::<RunReport>,
    );
    Effect::new(|_| document().set_title("Re-run · Throughline"));
    move || {
        match found.state.get() {
        Remote::Loading => view! {
            <div class="page">
                <p class="visually-hidden" role="status">"Loading the re-run"</p>
                <div class="skeleton skeleton--block" aria-hidden="true"></div>
            </div>
        }
        .into_any(),
        Remote::Ready(report) => view! { <Report report=report /> }.into_any(),
        Remote::Failed(ApiError::Refused { status: 404, .. }) => view! {
            <h1 class="visually-hidden">"Re-run"</h1>
            <Message title="There is no such re-run">
                <p>"It may have been too old to keep."</p>
                <p><a class="button button--primary" href="/sessions">"Go to the sessions"</a></p>
            </Message>
        }
        .into_any(),
        Remote::Failed(error) => {
            view! { <Failure error=error what="the re-run" retry=Callback::new(move |()| found.refresh()) /> }.into_any()
        }
    }
    }
}

#[component]
fn Report(report: Arc<RunReport>) -> impl IntoView {
    let all_pictures = RwSignal::new(false);
    let runs = (0..report.outcome.runs.len())
        .map(|run| view! { <Steps report=Arc::clone(&report) run=run all_pictures=all_pictures /> })
        .collect_view();
    let not_compared = report
        .outcome
        .not_compared
        .iter()
        .map(|line| view! { <li>{line.clone()}</li> })
        .collect_view();
    let has_not_compared = !report.outcome.not_compared.is_empty();
    view! {
        <div class="page run">
            <Head report=Arc::clone(&report) all_pictures=all_pictures />
            {runs}
            {has_not_compared.then(|| view! {
                <section>
                    <h2>"Not compared"</h2>
                    <ul class="run__left-out">{not_compared}</ul>
                </section>
            })}
        </div>
    }
}

#[component]
fn Head(report: Arc<RunReport>, all_pictures: RwSignal<bool>) -> impl IntoView {
    let outcome = &report.outcome;
    let (date, time) = format::date_and_time(report.created);
    let session = format!("/session/{}", crate::url::encode(&outcome.session));
    let command = model::command(&outcome.session, &outcome.server, &outcome.environment);
    let expectations = (outcome.verdict != Verdict::Diverged)
        .then(|| format!("/api/v1/runs/{}/expectations", report.id));
    view! {
        <header class="run__head">
            <h1><span class=model::tone(outcome.verdict)>{outcome.verdict.as_str()}</span>{count_of(outcome)}</h1>
            <p class="facts">
                <span>"session " <a href=session><code>{format::short_id(&outcome.session)}</code></a></span>
                <span>"at " <b>{outcome.environment.clone()}</b></span>
                <span>{date} ", " <b>{time}</b></span>
                {report.by.clone().map(|by| view! { <span>"by " <b>{by}</b></span> })}
            </p>
            <p class="run__judged">"Judged by " {outcome.judged_by.clone()} "."</p>
            <p class="run__tools">
                {expectations.map(|href| view! {
                    <a class="button" href=href download="" rel="external" title="A file for --expect, to be checked in">
                        "Save as expectations"
                    </a>
                })}
                <CopyButton text=Callback::new(move |()| command.clone()) label="Copy the command" what="that does it again" />
                {(!report.pictures.is_empty()).then(|| view! {
                    <button
                        type="button"
                        class="copy"
                        aria-pressed=move || all_pictures.get().to_string()
                        on:click=move |_| all_pictures.update(|all| *all = !*all)
                    >
                        "Pictures of every step"
                    </button>
                })}
            </p>
        </header>
    }
}

/// How many of several runs came to the verdict.
fn count_of(outcome: &Outcome) -> String {
    let same = outcome
        .runs
        .iter()
        .filter(|run| run.verdict == outcome.verdict);
    match outcome.runs.len() {
        0 | 1 => String::new(),
        runs => format!(" {} of {runs} runs", same.count()),
    }
}

#[component]
fn Steps(report: Arc<RunReport>, run: usize, all_pictures: RwSignal<bool>) -> impl IntoView {
    let of_run = &report.outcome.runs[run];
    let several = report.outcome.runs.len() > 1;
    let steps = of_run
        .steps
        .iter()
        .map(|step| view! { <Step report=Arc::clone(&report) run=run step=step.clone() all_pictures=all_pictures /> })
        .collect_view();
    let title = format!("Run {}", of_run.id);
    let heading =
        several.then(|| view! { <h2>{title.clone()} ": " {of_run.verdict.as_str()}</h2> });
    view! {
        <section aria-label=title>
            {heading}
            <ol class="run__steps">{steps}</ol>
        </section>
    }
}

#[component]
fn Step(
    report: Arc<RunReport>,
    run: usize,
    step: StepOutcome,
    all_pictures: RwSignal<bool>,
) -> impl IntoView {
    let differs = model::differs(&step);
    let (own, good) = model::pictures_of(&report, run, &step);
    let recorded = step.recorded.map(|trace| {
        let session = crate::url::encode(&report.outcome.session);
        view! { <a href=format!("/session/{session}?span={trace}")>"as recorded"</a> }
    });
    let compare = step
        .address()
        .map(|href| view! { <a href=href>"compare the traces"</a> });
    let trace = step
        .trace
        .map(|trace| view! { <a href=format!("/trace/{trace}")>"trace"</a> });
    let (values, findings): (Vec<_>, Vec<_>) = step
        .findings
        .iter()
        .partition(|finding| finding.kind == FindingKind::Parameters);
    let findings = findings
        .into_iter()
        .map(|finding| {
            view! {
                <li class:run__finding--wrong=finding.kind.is_regression()>
                    <b>{finding.kind.as_str()}</b> " " {format::quoted(&finding.text)}
                </li>
            }
        })
        .collect_view();
    let values = (!values.is_empty()).then(|| {
        let count = format::counted(values.len() as u64, "other value");
        let values = values
            .into_iter()
            .map(|finding| view! { <li>{format::quoted(&finding.text)}</li> })
            .collect_view();
        view! {
            <details class="run__values">
                <summary>{count}</summary>
                <ul>{values}</ul>
            </details>
        }
    });
    let name = step.name.clone();
    view! {
        <li class="run__step" class:run__step--differs=differs>
            <span class="run__mark" aria-hidden="true">{step.mark()}</span>
            <div class="run__what">
                <p><span class="run__number">{step.number}</span> " " <b>{format::quoted(&step.name)}</b></p>
                {step.diverged.clone().map(|why| view! { <p class="run__diverged">{why}</p> })}
                <ul class="run__findings">{findings}</ul>
                {values}
                <Show when=move || differs || all_pictures.get()>
                    <div class="run__pictures">
                        {own.clone().map(|path| view! { <Picture path=path what=format!("The page after {name}, in this run") title="this run" /> })}
                        {good.clone().map(|path| view! { <Picture path=path what=format!("The page after {name}, in the last good run") title="the last good run" /> })}
                    </div>
                </Show>
            </div>
            <p class="run__links">{recorded} {trace} {compare}</p>
        </li>
    }
}
