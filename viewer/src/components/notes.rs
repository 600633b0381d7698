//! Notes pinned to the spans of a trace: read by everybody who opens it, written in the drawer.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::id::SpanId;
use shared::query::{Note, NoteRequest, NotesResponse};

use crate::{api, browser, format};

/// Where the browser remembers who writes.
pub const AUTHOR: &str = "throughline.author";

/// The notes of a trace, in the context of its page.
#[derive(Debug, Clone, Copy)]
pub struct Notes {
    path: StoredValue<String>,
    list: RwSignal<Vec<Note>>,
    /// The note that was deleted last, until it is brought back or another one is.
    deleted: RwSignal<Option<Note>>,
    failure: RwSignal<Option<String>>,
}

impl Notes {
    /// Asks for the notes of a trace.
    #[must_use]
    pub fn of(trace: &str) -> Self {
        let notes = Self {
            path: StoredValue::new(format!("/api/v1/traces/{trace}/notes")),
            list: RwSignal::default(),
            deleted: RwSignal::default(),
            failure: RwSignal::default(),
        };
        spawn_local(async move {
            let path = notes.path.try_get_value().unwrap_or_default();
            // Without its notes a trace is shown all the same.
            if let Ok(answer) = api::send("GET", &path, None).await
                && let Ok(answer) = api::json::<NotesResponse>(&answer)
            {
                notes.list.try_set(answer.notes);
            }
        });
        notes
    }

    /// How many notes a span has.
    #[must_use]
    pub fn count(self, span: SpanId) -> usize {
        self.list.with(|list| {
            list.iter()
                .filter(|note| note.span_id == Some(span))
                .count()
        })
    }

    /// Shows the note at once, and takes it back if the server does not keep it.
    fn put(self, note: Note) {
        let request = NoteRequest {
            span_id: note.span_id,
            author: note.author.clone(),
            text: note.text.clone(),
        };
        let Ok(body) = serde_json::to_string(&request) else {
            return;
        };
        let (path, id) = (self.path_of(&note), note.id);
        self.failure.set(None);
        self.list.update(|list| list.push(note));
        spawn_local(async move {
            if let Err(error) = api::send("PUT", &path, Some(body)).await {
                self.list
                    .try_update(|list| list.retain(|note| note.id != id));
                self.failure.try_set(Some(error.to_string()));
            }
        });
    }

    /// Hides the note at once, and shows it again if the server keeps it.
    fn delete(self, note: Note) {
        let path = self.path_of(&note);
        self.failure.set(None);
        self.list
            .update(|list| list.retain(|known| known.id != note.id));
        self.deleted.set(Some(note.clone()));
        spawn_local(async move {
            if let Err(error) = api::send("DELETE", &path, None).await {
                self.deleted.try_set(None);
                self.list.try_update(|list| list.push(note));
                self.failure.try_set(Some(error.to_string()));
            }
        });
    }

    fn path_of(self, note: &Note) -> String {
        self.path.with_value(|path| format!("{path}/{}", note.id))
    }
}

/// The mark of a span that has notes.
#[component]
pub fn NoteMark(
    /// The span.
    span: SpanId,
) -> impl IntoView {
    let notes = use_context::<Notes>();
    move || {
        notes
            .is_some_and(|notes| notes.count(span) > 0)
            .then(|| view! { <b class="row__note" role="img" aria-label="has a note" title="Has a note">"✎"</b> })
    }
}

/// The notes of a span and the field for another one.
#[component]
pub fn SpanNotes(
    /// The span.
    span: SpanId,
) -> impl IntoView {
    let notes = use_context::<Notes>()?;
    let own = Memo::new(move |_| {
        notes.list.with(|list| {
            let own = list.iter().filter(|note| note.span_id == Some(span));
            own.cloned().collect::<Vec<Note>>()
        })
    });
    let deleted = move || {
        notes
            .deleted
            .get()
            .filter(|note| note.span_id == Some(span))
    };
    Some(view! {
        <section class="notes" aria-label="Notes">
            {move || {
                own.get()
                    .into_iter()
                    .map(|note| view! { <OneNote note=note notes=notes /> })
                    .collect_view()
            }}
            {move || deleted().map(|note| view! {
                <p class="notes__undo" role="status">
                    "Deleted. "
                    <button type="button" class="link" on:click=move |_| {
                        notes.deleted.set(None);
                        notes.put(note.clone());
                    }>"Undo"</button>
                </p>
            })}
            {move || notes.failure.get().map(|reason| view! { <p class="notes__failed" role="alert">"Not kept: " {reason}</p> })}
            <NewNote span=span notes=notes />
        </section>
    })
}

#[component]
fn OneNote(note: Note, notes: Notes) -> impl IntoView {
    let author = if note.author.is_empty() {
        "Somebody".to_owned()
    } else {
        note.author.clone()
    };
    let (date, time) = format::date_and_time(note.updated);
    view! {
        <blockquote class="note">
            <p class="note__text">{note.text.clone()}</p>
            <footer>
                {author} ", " {date} " " {time} " "
                <button type="button" class="link" on:click=move |_| notes.delete(note.clone())>"Delete"</button>
            </footer>
        </blockquote>
    }
}

#[component]
fn NewNote(span: SpanId, notes: Notes) -> impl IntoView {
    let storage = || window().local_storage().ok().flatten();
    let author = RwSignal::new(
        storage()
            .and_then(|storage| storage.get_item(AUTHOR).ok().flatten())
            .unwrap_or_default(),
    );
    let text = RwSignal::new(String::new());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (author, said) = (
            author.get_untracked(),
            text.get_untracked().trim().to_owned(),
        );
        let Some(id) = SpanId::from_bytes(js_sys::Math::random().to_bits().to_be_bytes()) else {
            return;
        };
        if said.is_empty() {
            return;
        }
        if let Some(storage) = storage() {
            // A browser that stores nothing asks again.
            let _ = storage.set_item(AUTHOR, &author);
        }
        let now = browser::now();
        notes.put(Note {
            id,
            span_id: Some(span),
            author,
            text: said,
            created: now,
            updated: now,
        });
        text.set(String::new());
    };
    view! {
        <form class="notes__new" on:submit=submit>
            <textarea class="input" rows="1" maxlength="5000" aria-label="Note" placeholder="Add a note for everybody …"
                prop:value=text on:input:target=move |event| text.set(event.target().value())></textarea>
            <Show when=move || text.with(|text| !text.is_empty())>
                <input class="input" type="text" maxlength="60" aria-label="Your name" placeholder="Your name"
                    prop:value=author on:input:target=move |event| author.set(event.target().value()) />
                <button class="button button--primary">"Pin"</button>
            </Show>
        </form>
    }
}
