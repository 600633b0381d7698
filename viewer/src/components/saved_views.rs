//! Searches that are kept by name: on the server, for the whole team; in this browser where the server does not keep
//! them, and those of before it did, until they are shared.

use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;
use shared::id::SpanId;
use shared::query::{View, ViewRequest, ViewsResponse};

use super::notes::AUTHOR;
use crate::api::{self, ApiError};
use crate::browser;
use crate::model::saved::{self, SavedView};
use crate::pages::later;

const KEY: &str = "throughline.views";
const PATH: &str = "/api/v1/views";

/// What was dropped last.
#[derive(Clone)]
enum Dropped {
    Team(View),
    Own(Vec<SavedView>),
}

/// The views that are known.
#[derive(Clone, Copy)]
struct Views {
    team: RwSignal<Vec<View>>,
    /// Those in this browser.
    own: RwSignal<Vec<SavedView>>,
    dropped: RwSignal<Option<Dropped>>,
    /// What did not work.
    failure: RwSignal<String>,
}

impl Views {
    fn keep_own(self, next: Vec<SavedView>) {
        browser::keep(KEY, &saved::write_views(&next));
        self.own.set(next);
    }

    /// Asks for the team's views.
    fn read(self) {
        spawn_local(async move {
            match api::read::<ViewsResponse>(PATH).await {
                Ok(answer) => {
                    self.team.try_set(answer.views);
                }
                Err(error) => self.failed("The team's views cannot be read", &error),
            }
        });
    }

    fn failed(self, what: &str, error: &ApiError) {
        self.failure.try_set(format!("{what}: {error}."));
    }

    /// Keeps a view for the team, or in this browser where the server does not take it.
    async fn share(self, view: View) -> Result<(), ApiError> {
        let kept = send(&view).await?;
        self.team
            .try_update(|team| *team = saved::team_with(team, kept));
        Ok(())
    }

    fn save(self, name: String, address: String) {
        self.dropped.set(None);
        self.failure.set(String::new());
        let known = self.team.with_untracked(|team| {
            let known = team.iter().find(|view| view.name == name);
            known.map(|view| view.id)
        });
        let Some(view) = new_view(known, name, address) else {
            return;
        };
        spawn_local(async move {
            let (name, address) = (view.name.clone(), view.address.clone());
            if let Err(error) = self.share(view).await {
                let own = self.own.try_get_untracked().unwrap_or_default();
                self.keep_own(saved::with(&own, SavedView { name, address }));
                self.failed(
                    "It is kept in this browser only, since the server did not take it",
                    &error,
                );
            }
        });
    }

    /// Brings what is in this browser to the server; what it does not take stays.
    fn share_own(self) {
        self.failure.set(String::new());
        spawn_local(async move {
            for view in self.own.try_get_untracked().unwrap_or_default() {
                let Some(new) = new_view(None, view.name.clone(), view.address) else {
                    continue;
                };
                if let Err(error) = self.share(new).await {
                    return self.failed("The rest stays in this browser", &error);
                }
                let own = self.own.try_get_untracked().unwrap_or_default();
                self.keep_own(saved::without(&own, &view.name));
            }
        });
    }

    fn rename(self, view: View, name: String) {
        self.failure.set(String::new());
        spawn_local(async move {
            if let Err(error) = self.share(View { name, ..view }).await {
                self.failed("It keeps its name", &error);
            }
        });
    }

    /// Hides the view at once, and shows it again if the server keeps it.
    fn drop_team(self, view: View) {
        self.failure.set(String::new());
        self.team
            .update(|team| team.retain(|known| known.id != view.id));
        self.dropped.set(Some(Dropped::Team(view.clone())));
        spawn_local(async move {
            let path = format!("{PATH}/{}", view.id);
            if let Err(error) = api::send("DELETE", &path, None).await {
                self.dropped.try_set(None);
                self.team
                    .try_update(|team| *team = saved::team_with(team, view));
                self.failed("It was not dropped", &error);
            }
        });
    }

    fn undo(self, dropped: Dropped) {
        self.dropped.set(None);
        match dropped {
            Dropped::Own(before) => self.keep_own(before),
            Dropped::Team(view) => spawn_local(async move {
                if let Err(error) = self.share(view.clone()).await {
                    self.dropped.try_set(Some(Dropped::Team(view)));
                    self.failed("It was not brought back", &error);
                }
            }),
        }
    }
}

/// A view that is new, or takes the place of a known one.
fn new_view(known: Option<SpanId>, name: String, address: String) -> Option<View> {
    let made = || SpanId::from_bytes(js_sys::Math::random().to_bits().to_be_bytes());
    let now = browser::now();
    Some(View {
        id: known.or_else(made)?,
        name,
        address,
        author: browser::kept(AUTHOR).unwrap_or_default(),
        created: now,
        updated: now,
    })
}

async fn send(view: &View) -> Result<View, ApiError> {
    let request = ViewRequest {
        name: view.name.clone(),
        address: view.address.clone(),
        author: view.author.clone(),
    };
    let body =
        serde_json::to_string(&request).map_err(|error| ApiError::Unreadable(error.to_string()))?;
    let path = format!("{PATH}/{}", view.id);
    api::json(&api::send("PUT", &path, Some(body)).await?)
}

/// What the list is about.
#[derive(Clone, Copy)]
pub struct Shown {
    /// The address of the view that is shown.
    pub address: Signal<String>,
    /// Goes to an address.
    pub on_open: Callback<String>,
}

/// A button with the list, which is loaded when it is opened.
#[component]
pub fn SavedViews(
    /// The address of the view that is shown.
    #[prop(into)]
    address: Signal<String>,
    /// Goes to an address.
    on_open: Callback<String>,
) -> impl IntoView {
    let opened = RwSignal::new(false);
    let list = move || {
        opened.get().then(|| {
            let part = SendWrapper::new(async move {
                let made = later::saved(Shown { address, on_open }).await;
                made.unwrap_or_else(|_| {
                    view! { <p class="saved__note saved__note--failed" role="alert">"The list did not load; reload the page."</p> }.into_any()
                })
            });
            Suspend::new(part)
        })
    };
    view! {
        <details class="saved" on:toggle=move |_| opened.set(true)>
            <summary class="button saved__button">"Saved"</summary>
            <div class="saved__list">{list}</div>
        </details>
    }
}

/// The list: keep this view, go to one, rename it, drop it and take that back.
#[component]
pub fn SavedList(
    /// What it is about.
    shown: Shown,
) -> impl IntoView {
    let Shown { address, on_open } = shown;
    let views = Views {
        team: RwSignal::default(),
        own: RwSignal::new(saved::read_views(&browser::kept(KEY).unwrap_or_default())),
        dropped: RwSignal::new(None),
        failure: RwSignal::default(),
    };
    views.read();
    let name = RwSignal::new(String::new());
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let given = name.get_untracked().trim().to_owned();
        if !given.is_empty() {
            views.save(given, address.get_untracked());
            name.set(String::new());
        }
    };
    let row = move |name: String,
                    to: String,
                    title: String,
                    rename: Callback<String>,
                    drop: Callback<()>| {
        let (shown, renaming, here) = (name.clone(), name.clone(), to.clone());
        view! {
            <li class="saved__view">
                <a
                    href=to.clone()
                    title=title
                    aria-current=move || address.with(|address| *address == here).then_some("true")
                    on:click=move |event| {
                        event.prevent_default();
                        on_open.run(to.clone());
                    }
                >
                    {shown}
                </a>
                <button type="button" class="link" aria-label=format!("Rename {name}") on:click=move |_| {
                    let next = window().prompt_with_message_and_default("Name of the view", &renaming).ok().flatten();
                    if let Some(next) = next.filter(|next| !next.trim().is_empty()) {
                        rename.run(next.trim().to_owned());
                    }
                }>
                    "Rename"
                </button>
                <button type="button" class="link" aria-label=format!("Drop {name}") on:click=move |_| drop.run(())>
                    "Drop"
                </button>
            </li>
        }
    };
    let team_row = move |view: View| {
        let title = if view.author.is_empty() {
            String::new()
        } else {
            format!("Kept by {}", view.author)
        };
        let (renamed, dropped) = (view.clone(), view.clone());
        let rename = Callback::new(move |name| views.rename(renamed.clone(), name));
        let drop = Callback::new(move |()| views.drop_team(dropped.clone()));
        row(view.name, view.address, title, rename, drop)
    };
    let own_row = move |view: SavedView| {
        let (renamed, dropped) = (view.name.clone(), view.name.clone());
        let rename = Callback::new(move |name: String| {
            views.keep_own(saved::renamed(&views.own.get_untracked(), &renamed, &name));
        });
        let drop = Callback::new(move |()| {
            let before = views.own.get_untracked();
            views.keep_own(saved::without(&before, &dropped));
            views.dropped.set(Some(Dropped::Own(before)));
        });
        row(view.name, view.address, String::new(), rename, drop)
    };
    view! {
                <form class="saved__new" on:submit=save>
                    <input
                        class="input"
                        aria-label="Name for this view"
                        placeholder="Name for this view"
                        maxlength="60"
                        prop:value=move || name.get()
                        on:input:target=move |event| name.set(event.target().value())
                    />
                    <button type="submit" class="button">"Save"</button>
                </form>
                <ul>{move || views.team.get().into_iter().map(team_row).collect_view()}</ul>
                <Show when=move || views.own.with(|own| !own.is_empty())>
                    <p class="saved__note">
                        "Only in this browser: "
                        <button type="button" class="link" on:click=move |_| views.share_own()>"Share with the team"</button>
                    </p>
                    <ul>{move || views.own.get().into_iter().map(own_row).collect_view()}</ul>
                </Show>
                {move || views.dropped.get().map(|dropped| view! {
                    <p class="saved__note" role="status">
                        "Dropped. "
                        <button type="button" class="link" on:click=move |_| views.undo(dropped.clone())>"Undo"</button>
                    </p>
                })}
                {move || views.failure.with(|failure| (!failure.is_empty()).then(|| view! { <p class="saved__note saved__note--failed" role="alert">{failure.clone()}</p> }))}
                <p class="saved__note">"Kept on the server for everybody who may see it, with query, filters and time."</p>
    }
}
