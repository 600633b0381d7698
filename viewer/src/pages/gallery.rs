//! The component gallery, for whoever works on the viewer: every component in its states, on data of its own.
//!
//! The data are in the folder beside this file. In them stand texts as long and as hostile as a sender may write; a
//! component that cuts, overlaps or runs them is seen here first. Those of a trace are seen on its own page, on an example, and
//! the links to their states are here. The page is in no menu: `/gallery`.

use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use serde::de::DeserializeOwned;
use shared::attribute::Attribute;
use shared::graph::MapResponse;
use shared::query::ServicesResponse;
use shared::query::session::{ReplayResponse, SessionResponse};

use crate::api::{ApiError, Fetched, Remote, SearchResponse};
use crate::browser;
use crate::components::arrivals::{Arrivals, Attempts};
use crate::components::compare_bar::{Choice, CompareBar};
use crate::components::copy_button::CopyButton;
use crate::components::drawn::Drawn;
use crate::components::filters::Filters;
use crate::components::live::LiveMark;
use crate::components::live_tail::LiveSaid;
use crate::components::mark::{Logo, ServiceDot};
use crate::components::nothing::Nothing;
use crate::components::picture::Picture;
use crate::components::playhead::Playhead;
use crate::components::query_bar::QueryBar;
use crate::components::saved_views::SavedViews;
use crate::components::scatter::ScatterPlot;
use crate::components::screen::Stage;
use crate::components::session_menu::SessionMenu;
use crate::components::state::{Failure, Message, StaleNotice};
use crate::components::trace_row::TraceRow;
use crate::components::value::Attributes;
use crate::local;
use crate::model::colour::{Entry, legend};
use crate::model::file::{File, answer};
use crate::model::filter::Filter;
use crate::model::map_picture::picture;
use crate::model::map_tables::tables;
use crate::model::service_map::Direction;
use crate::model::tail::{Following, Seen};
use crate::palette::{NEUTRAL, service_hue};
use crate::traceql::Mistake;

/// The sections, each with the modules of `components` that it shows.
const SECTIONS: [(&str, &[&str]); 8] = [
    (
        "Around every page",
        &["top_bar", "theme", "help", "menu", "file_drop"],
    ),
    ("Words and marks", &["mark", "copy_button"]),
    ("States", &["state", "nothing", "picture", "arrivals"]),
    ("Queries", &["query_bar", "completion", "saved_views"]),
    (
        "Lists",
        &[
            "compare_bar",
            "filters",
            "live_tail",
            "scatter",
            "trace_row",
        ],
    ),
    ("Values and maps", &["value", "drawn"]),
    ("Sessions", &["live", "playhead", "screen", "session_menu"]),
    (
        "A trace",
        &[
            "attribute_over_trace",
            "drawer",
            "find_bar",
            "flame",
            "notes",
            "screen_link",
            "share",
            "trace_picture",
            "trace_tools",
            "clock",
            "clock_panel",
            "waterfall",
        ],
    ),
];

/// The page at `/gallery`.
#[component]
pub fn GalleryPage() -> impl IntoView {
    Effect::new(|_| document().set_title("Components · Throughline"));
    let parts = [
        frame().into_any(),
        marks().into_any(),
        states().into_any(),
        queries().into_any(),
        lists().into_any(),
        values().into_any(),
        sessions().into_any(),
        trace().into_any(),
    ];
    let sections = SECTIONS.iter().zip(parts).map(|((title, modules), part)| {
        view! {
            <section class="gallery__section">
                <h2>{*title} " " <code>{modules.join(", ")}</code></h2>
                {part}
            </section>
        }
    });
    view! {
        <div class="page gallery">
            <h1 class="page__title">"Components"</h1>
            <p class="page__lead">"Every component in its states, for whoever works on the viewer."</p>
            {sections.collect_view()}
        </div>
    }
}

/// A state of a component.
#[component]
fn Case(
    /// Which one.
    name: &'static str,
    /// The component.
    children: Children,
) -> impl IntoView {
    view! {
        <figure class="gallery__case">
            <figcaption>{name}</figcaption>
            {children()}
        </figure>
    }
}

fn frame() -> impl IntoView {
    view! {
        <p>
            "The bar above, in which this page is not named; the theme behind its half moon; the sheet of keys behind "
            <kbd>"?"</kbd> "; and what a file shows that is dragged over the window."
        </p>
    }
}

fn marks() -> impl IntoView {
    let entries = [("checkout", 1), ("a service with a name of some length", 5)];
    let entries = entries.map(|(label, place)| Entry {
        label: label.to_owned(),
        hue: service_hue(place),
        count: 12 * place as u32,
    });
    let others = Entry {
        label: "5 other values".to_owned(),
        hue: NEUTRAL,
        count: 5,
    };
    let all = [entries.as_slice(), &[others]].concat();
    view! {
        <Case name="logo and services by hue">
            <p class="gallery__row">
                <Logo />
                {(0..12_usize).map(|place| view! { <ServiceDot hue=service_hue(place) browser={place == 0} name=format!("hue {place}") /> }).collect_view()}
                <ServiceDot hue=NEUTRAL browser=false name="no hue" />
            </p>
        </Case>
        <Case name="legend">
            <Drawn contents=legend(&all) class="gallery__row" on_pick=ignore() />
        </Case>
        <Case name="buttons">
            <p class="gallery__row">
                <button type="button" class="button button--primary">"Primary"</button>
                <button type="button" class="button">"Button"</button>
                <button type="button" class="button" disabled=true>"Disabled"</button>
                <button type="button" class="button button--quiet">"Quiet"</button>
                <button type="button" class="pill" aria-pressed="true">"Pressed"</button>
                <button type="button" class="pill" aria-pressed="false">"Pill"</button>
                <button type="button" class="link">"Link"</button>
            </p>
        </Case>
        <Case name="copies">
            <p class="gallery__row">
                <CopyButton text=|()| "text".to_owned() what="an example" />
                <CopyButton text=|()| "text".to_owned() label="Copy as JSON" what="an example" />
                <CopyButton text=|()| "text".to_owned() what="a quiet example" quiet=true />
            </p>
        </Case>
        <Case name="marks">
            <p class="gallery__row">
                <span class="badge">"3 errors"</span>
                <span class="mark">"recorded"</span>
                <span class="mark mark--good">"good"</span>
                <span class="mark mark--warn">"LCP 4.2 s"</span>
                <span class="mark mark--error">"1 error"</span>
                <kbd>"Ctrl wheel"</kbd>
                <code>"code"</code>
            </p>
        </Case>
        <Case name="waiting">
            <div class="skeleton skeleton--line"></div>
            <div class="skeleton skeleton--block"></div>
        </Case>
    }
}

fn states() -> impl IntoView {
    let refused = |status| ApiError::Refused {
        status,
        message: format!("why, in words that may hold {HOSTILE}"),
        position: None,
    };
    let (stale, _) = signal(Some(ApiError::Unreachable));
    let nothing = Memo::new(|_| Filter::default());
    view! {
        <Case name="nothing there">
            <Message title="What is missing"><p>"Why, and the one thing to do."</p></Message>
        </Case>
        <Case name="nothing at all">
            <Nothing filter=nothing found=Fetched::known(Remote::Loading) on_change=Callback::new(|_| ()) />
        </Case>
        <Case name="no server"><Failure error=ApiError::Unreachable what="the traces" retry=|()| () /></Case>
        <Case name="refused"><Failure error=refused(403) what="the traces" retry=|()| () /></Case>
        <Case name="failed"><Failure error=refused(500) what="the traces" retry=|()| () /></Case>
        <Case name="not understood">
            <Failure error=ApiError::Unreadable(LONG.repeat(3)) what="the traces" retry=|()| () />
        </Case>
        <Case name="out of date"><StaleNotice error=stale /></Case>
        <Case name="a picture that does not come">
            <Picture path="/api/v1/runs/absent/pictures/0".to_owned() what="nothing".to_owned() title="this run" />
        </Case>
        <Case name="what arrives"><Attempts /><Arrivals /></Case>
    }
}

fn queries() -> impl IntoView {
    let problem = Mistake {
        message: "a comparison should follow".to_owned(),
        position: Some(14),
    };
    let asked = |query: &str| Signal::stored(query.to_owned());
    view! {
        <Case name="empty"><QueryBar value=asked("") on_submit=ignore() /></Case>
        <Case name="asked">
            <QueryBar value=asked("{ resource.service.name =~ \"pay.*\" && duration >= 2s } | count() > 3") on_submit=ignore() />
        </Case>
        <Case name="mistaken">
            <QueryBar value=asked("{ span.status error }") on_submit=ignore() problem=Signal::stored(Some(problem)) />
        </Case>
        <Case name="longer than its field"><QueryBar value=asked(&LONG.repeat(3)) on_submit=ignore() /></Case>
        <Case name="in a bar"><QueryBar value=asked("") on_submit=ignore() compact=true /></Case>
        <Case name="views that are kept"><SavedViews address=asked("/search") on_open=ignore() /></Case>
    }
}

fn lists() -> impl IntoView {
    let found: Arc<SearchResponse> = Arc::new(example(include_str!("gallery/search.json")));
    let rows = found.traces.clone();
    let longest = Memo::new({
        let rows = rows.clone();
        move |_| rows.iter().map(|trace| trace.duration.0).max().unwrap_or(0)
    });
    let (now, _) = signal(browser::now());
    let services: Arc<ServicesResponse> = Arc::new(example(include_str!("gallery/services.json")));
    let answer = Signal::stored(Some(Arc::clone(&found)));
    let none = Signal::stored(None);
    let filter = Memo::new(|_| Filter::default());
    let change = Callback::new(|_| ());
    let brush = Callback::new(|_| ());
    view! {
        <Case name="rows: failed, sound, of one span, hostile">
            <ol class="trace-list">
                {rows.into_iter().map(|trace| view! { <li><TraceRow trace=trace longest=longest now=now /></li> }).collect_view()}
            </ol>
        </Case>
        {[Following::Opening, Following::Open, Following::Asking, Following::Refused]
            .map(|following| {
                let seen = Seen { following, ..Seen::default() };
                view! { <Case name="a list that is followed"><LiveSaid seen=Signal::stored(seen) /></Case> }
            })
            .collect_view()}
        <Case name="none of them chosen">
            <CompareBar choice=Choice { picked: RwSignal::default(), answer } />
        </Case>
        <Case name="durations over time"><div class="gallery__plot"><ScatterPlot answer=answer on_brush=brush /></div></Case>
        <Case name="durations of nothing yet"><div class="gallery__plot"><ScatterPlot answer=none on_brush=brush /></div></Case>
        <Case name="filters">
            <div class="gallery__aside"><Filters filter=filter services=Fetched::known(Remote::Ready(services)) answer=answer on_change=change /></div>
        </Case>
        <Case name="filters before anything is known">
            <div class="gallery__aside"><Filters filter=filter services=Fetched::known(Remote::Loading) answer=none on_change=change /></div>
        </Case>
    }
}

fn values() -> impl IntoView {
    let attributes = vec![
        Attribute::new("http.request.method", "POST"),
        Attribute::new("url.full", "https://shop.example/api/orders?step=2"),
        Attribute::new("retries", 2_i64),
        Attribute::new("ratio", 0.25),
        Attribute::new("ok", true),
        Attribute::new("empty", ""),
        Attribute::new(HOSTILE, HOSTILE),
        Attribute::new(LONG.replace(' ', ".").as_str(), LONG.repeat(6)),
    ];
    let map: MapResponse = example(include_str!("gallery/map.json"));
    let drawn = vec![picture(&map, Direction::Right, None, None)];
    let words = tables(&map, None, None);
    let nothing = MapResponse {
        nodes: Vec::new(),
        edges: Vec::new(),
        ..map
    };
    let empty = vec![picture(&nothing, Direction::Right, None, None)];
    view! {
        <Case name="attributes"><Attributes attributes=attributes dropped=3 /></Case>
        <Case name="no attributes"><Attributes attributes=Vec::new() /></Case>
        <Case name="a map"><Drawn contents=drawn class="gallery__scroll" on_pick=ignore() /></Case>
        <Case name="a map of nothing"><Drawn contents=empty class="gallery__scroll" on_pick=ignore() /></Case>
        <Case name="a map in words"><Drawn contents=words class="gallery__scroll" on_pick=ignore() /></Case>
    }
}

fn sessions() -> impl IntoView {
    let session: Arc<SessionResponse> = Arc::new(example(include_str!("gallery/session.json")));
    let id = session.summary.session_id.clone();
    let playhead = Playhead::from_address(&session);
    playhead.live.set(Some(4_000));
    let gone = ReplayResponse {
        streams: Vec::new(),
        player: None,
    };
    view! {
        <Case name="under way"><LiveMark playhead=playhead /></Case>
        <Case name="its menu"><SessionMenu id=id /></Case>
        <Case name="a screen that is loading"><Stage playhead=playhead found=Fetched::known(Remote::Loading) /></Case>
        <Case name="a screen that is past its retention">
            <Stage playhead=playhead found=Fetched::known(Remote::Ready(Arc::new(gone))) />
        </Case>
        <Case name="a screen that does not come">
            <Stage playhead=playhead found=Fetched::known(Remote::Failed(ApiError::Unreachable)) />
        </Case>
    }
}

/// The states of what a trace's page is made of: a part, and what each state is called with its address. They are shown on that page, since its
/// parts are loaded with it.
const OF_TRACE: [(&str, &[(&str, &str)]); 5] = [
    (
        "the waterfall, and what is around it",
        &[
            ("a fold, tries, an error, a gap, an orphan", ""),
            ("a stretch of time", "?zoom=100000000-400000000"),
            ("low rows, without the line", "?density=18&line=off"),
            ("hues of an attribute", "?colour=http.request.method"),
            ("a value that is followed", "?follow=service.version"),
            (
                "a subtree, of long spans only",
                "?focus=0000000000000014&least=50000000",
            ),
        ],
    ),
    (
        "the flame graph",
        &[
            ("by wall clock", "?flame=wall"),
            (
                "by wall clock, zoomed",
                "?flame=wall&zoom=100000000-400000000",
            ),
            ("alike calls as one", "?flame=aggregate"),
        ],
    ),
    (
        "the drawer",
        &[
            ("an error", "?span=000000000000003d"),
            ("its events", "?span=000000000000003d&tab=events"),
            ("texts of all kinds", "?span=0000000000000034"),
            ("no attributes", "?span=0000000000000004"),
            ("no logs", "?span=0000000000000004&tab=logs"),
            ("a link to nowhere", "?span=0000000000000046&tab=links"),
        ],
    ),
    (
        "the find bar",
        &[
            ("hits", "?find=POST"),
            ("hits, and nothing else", "?find=POST&rest=hide"),
            ("no hit", "?find=absent"),
            ("a mistake", "?find=%7B%20name%20%3D%20%7D"),
        ],
    ),
    (
        "notes",
        &[
            ("two", "?span=0000000000000032"),
            ("none yet", "?span=000000000000000a"),
        ],
    ),
];

/// The id of the example whose spans do not come.
const FAILING: &str = "9a11e470000000000000000000000bad";

/// A trace that its own page shows, on no server, with texts of all kinds; and the same whose spans do not come.
fn trace() -> impl IntoView {
    let Ok(file) = File::read(include_bytes!("gallery/trace.json")) else {
        return ().into_any();
    };
    let Some((id, trace)) = file.traces.into_iter().next() else {
        return ().into_any();
    };
    let id = id.to_hex();
    let answers = move |asked: &str| match asked {
        "/notes" => Some(include_bytes!("gallery/notes.json").to_vec()),
        _ => answer(&trace, asked),
    };
    // Spans are asked for by the id that is in them.
    let other = include_str!("gallery/trace.json").replace(&id, FAILING);
    local::open(id.clone(), Rc::from("gallery.json"), Rc::new(answers));
    if let Some((_, trace)) = File::read(other.as_bytes())
        .ok()
        .and_then(|file| file.traces.into_iter().next())
    {
        let answers =
            move |asked: &str| answer(&trace, asked).filter(|_| asked.starts_with("/columns"));
        local::open(
            FAILING.to_owned(),
            Rc::from("damaged.json"),
            Rc::new(answers),
        );
    }
    let link = |name: &'static str, address: String| view! { <li><a href=address>{name}</a></li> };
    let cases = OF_TRACE.map(|(part, states)| {
        let links = states
            .iter()
            .map(|(name, query)| link(name, format!("/trace/{id}{query}")))
            .collect_view();
        let failed = (part == "the drawer").then(|| {
            let address = format!("/trace/{FAILING}?span=000000000000003d");
            link("a span that does not come", address)
        });
        view! {
            <Case name=part><ul class="gallery__states">{links}{failed}</ul></Case>
        }
    });
    view! {
        <p><a class="button" href=format!("/trace/{id}")>"Open the example"</a></p>
        {cases.collect_view()}
    }
    .into_any()
}

const HOSTILE: &str = "<script>globalThis.ran = true</script>";
const LONG: &str = "a text that goes on and on, as texts do that a program puts together from everything it knows ";

fn ignore() -> Callback<String> {
    Callback::new(|_| ())
}

/// An example, which is in the form that the server answers in.
fn example<T: DeserializeOwned>(json: &str) -> T {
    // The examples are part of the program, and the tests read them.
    serde_json::from_str(json).expect("an example is as the API answers")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use shared::query::NotesResponse;

    use super::*;

    #[test]
    fn every_component_is_shown() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/components");
        let there: BTreeSet<String> = fs::read_dir(folder)
            .expect("the components")
            .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned))
            .filter(|name| name != "mod")
            .collect();
        let shown: Vec<&str> = SECTIONS
            .iter()
            .flat_map(|(_, modules)| modules.iter().copied())
            .collect();
        let once: BTreeSet<String> = shown.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(once, there, "the sections and viewer/src/components");
        assert_eq!(shown.len(), once.len(), "a component is in two sections");
    }

    #[test]
    fn every_example_is_as_the_api_answers() {
        let found: SearchResponse = example(include_str!("gallery/search.json"));
        assert!(found.traces.iter().any(|trace| trace.error_count > 0));
        let services: ServicesResponse = example(include_str!("gallery/services.json"));
        assert!(!services.services.is_empty());
        let map: MapResponse = example(include_str!("gallery/map.json"));
        assert!(map.edges.iter().any(|edge| edge.now.errors > 0));
        let session: SessionResponse = example(include_str!("gallery/session.json"));
        assert!(!session.actions.is_empty());
        let file = File::read(include_bytes!("gallery/trace.json")).expect("OTLP");
        assert_eq!((file.traces.len(), file.left_out), (1, None));
        let notes: NotesResponse = example(include_str!("gallery/notes.json"));
        let spans: BTreeSet<_> = notes.notes.iter().filter_map(|note| note.span_id).collect();
        assert!(
            spans
                .iter()
                .all(|span| OF_TRACE[4].1[0].1.ends_with(&span.to_hex()))
        );
    }
}
