//! A trace in a list: what the user did, what it caused, how it failed, and its shape in miniature.

use leptos::prelude::*;
use shared::query::TraceSummary;
use shared::time::UnixNanos;

use super::mark::ServiceDot;
use crate::format;
use crate::palette;

/// The height of the miniature, in pixels.
const MINI_HEIGHT: f64 = 32.0;
/// So many services have a dot; the rest are a number.
const DOTS: usize = 8;

/// A row of the list. The whole row is a link to the trace.
#[component]
pub fn TraceRow(
    /// The trace.
    trace: TraceSummary,
    /// The longest duration of the list, in nanoseconds.
    longest: Memo<i64>,
    /// The present.
    now: ReadSignal<UnixNanos>,
) -> impl IntoView {
    let duration = trace.duration.0;
    let start = trace.start;
    let (date, time) = format::date_and_time(start);
    let hues = palette::hues(trace.services.iter().map(|service| service.browser));
    let failed = trace.error_count > 0;
    let detail = match &trace.error {
        Some(error) => Some(format::quoted(error)),
        None if failed => Some(format::counted(u64::from(trace.error_count), "error")),
        None => None,
    };
    let dots = trace
        .services
        .iter()
        .zip(&hues)
        .take(DOTS)
        .map(|(service, hue)| view! { <ServiceDot hue=*hue browser=service.browser name=service.name.clone() /> })
        .collect_view();
    let more_services = trace.services.len().saturating_sub(DOTS);
    let names: Vec<&str> = trace
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    let (path, names) = (names.join(" → "), names.join(", "));
    view! {
        <a class="trace-row" class:trace-row--failed=failed href=format!("/trace/{}", trace.trace_id)>
            <div class="trace-row__what">
                <div class="trace-row__name">
                    <span class="trace-row__root">{format::quoted(&trace.root_name)}</span>
                    {trace.caused.as_ref().map(|caused| view! { <span class="trace-row__caused"><i aria-hidden="true">"→ "</i>{format::quoted(caused)}</span> })}
                </div>
                <div class="trace-row__detail">
                    {match detail {
                        Some(detail) => view! {
                            <span class="trace-row__error">
                                <b aria-label="Error">"✕"</b>
                                " "
                                {detail}
                            </span>
                        }
                        .into_any(),
                        None => view! { <span>{path}</span> }.into_any(),
                    }}
                    {(!trace.noted.is_empty()).then(|| view! { <code class="trace-row__found">{trace.noted.iter().map(|text| format::found(text)).collect::<Vec<_>>().join(" · ")}</code> })}
                </div>
            </div>
            <Miniature trace=trace.clone() hues=hues />
            <div class="trace-row__duration">
                <b>{format::duration(duration)}</b>
                <i
                    class="trace-row__length"
                    aria-hidden="true"
                    style=("--share", move || format!("{:.4}", (duration as f64 / longest.get().max(1) as f64).clamp(0.01, 1.0)))
                ></i>
            </div>
            <div class="trace-row__services" title=names>
                <span class="trace-row__dots">
                    {dots}
                    {(more_services > 0).then(|| view! { <small>"+" {more_services}</small> })}
                </span>
                <small>{format::counted(u64::from(trace.span_count), "span")}</small>
            </div>
            <div class="trace-row__when" title=format!("{date}, {time}")>
                <span>{move || format::relative(now.get(), start)}</span>
                <small>{move || exact(now.get(), start)}</small>
            </div>
        </a>
    }
}

/// The exact time for the list; with the day where it is not today's.
fn exact(now: UnixNanos, start: UnixNanos) -> String {
    let today = format::day(now) == format::day(start);
    if today {
        format!("{} {}", format::clock(start), format::zone(start))
    } else {
        format!(
            "{}, {} {}",
            format::day(start),
            &format::clock(start)[..5],
            format::zone(start)
        )
    }
}

/// The trace in 160 pixels: one bar for each service, from its first start to its last end.
#[component]
fn Miniature(trace: TraceSummary, hues: Vec<u16>) -> impl IntoView {
    let total = trace.duration.0.max(1) as f64;
    let count = trace.services.len().max(1) as f64;
    let pitch = ((MINI_HEIGHT - 4.0) / count).min(5.0);
    let height = (pitch - 1.0).clamp(1.0, 4.0);
    let top = (MINI_HEIGHT - pitch * count + 1.0) / 2.0;
    let bars = trace
        .services
        .iter()
        .zip(hues)
        .enumerate()
        .map(|(index, (service, hue))| {
            let left = (service.start.0 as f64 / total).clamp(0.0, 1.0);
            let width = (service.duration.0 as f64 / total).clamp(0.0, 1.0 - left);
            view! {
                <i
                    class="miniature__bar"
                    class:miniature__bar--failed=service.error_count != 0
                    style=("--h", hue.to_string())
                    style=("--left", format!("{:.3}%", left * 100.0))
                    style=("--width", format!("{:.3}%", width * 100.0))
                    style=("--top", format!("{:.2}px", top + index as f64 * pitch))
                    style=("--height", format!("{height:.2}px"))
                ></i>
            }
        })
        .collect_view();
    view! { <div class="miniature" aria-hidden="true">{bars}</div> }
}
