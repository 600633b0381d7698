//! Notes that people pin to a trace: `/api/v1/traces/{id}/notes`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use shared::query::{
    MAX_AUTHOR_BYTES, MAX_NOTE_BYTES, MAX_NOTES, Note, NoteRequest, NotesResponse,
};

use super::error::ApiError;
use super::{Api, Named, kept_id, trace_id};
use crate::store::system_clock;

/// `GET …/notes`.
pub async fn list(
    State(api): State<Api>,
    Named(id): Named,
) -> Result<Json<NotesResponse>, ApiError> {
    let notes = api.read(move |store| store.notes(id)).await?;
    Ok(Json(NotesResponse { notes }))
}

/// `PUT …/notes/{note}`: writes a note, new or again, and answers with it as it is kept.
pub async fn put(
    State(api): State<Api>,
    Path((trace, note)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Note>, ApiError> {
    let (trace, id) = (trace_id(&trace)?, kept_id(&note, "note")?);
    let request: NoteRequest = serde_json::from_slice(&body)
        .map_err(|error| ApiError::InvalidArgument(format!("the note: {error}")))?;
    let text = request.text.trim();
    if text.is_empty() {
        return Err(ApiError::InvalidArgument(
            "the note says nothing; delete it instead".to_owned(),
        ));
    }
    if text.len() > MAX_NOTE_BYTES || request.author.len() > MAX_AUTHOR_BYTES {
        return Err(ApiError::InvalidArgument(format!(
            "a note has {MAX_NOTE_BYTES} bytes at most, its author's name {MAX_AUTHOR_BYTES}"
        )));
    }
    let now = system_clock()();
    let mut note = Note {
        id,
        span_id: request.span_id,
        author: request.author.trim().to_owned(),
        text: text.to_owned(),
        created: now,
        updated: now,
    };
    let kept = api
        .read(move |store| {
            let notes = store.notes(trace)?;
            match notes.iter().find(|known| known.id == id) {
                Some(known) => note.created = known.created,
                None if notes.len() >= MAX_NOTES => return Ok(None),
                None => {}
            }
            store.put_note(trace, &note)?;
            Ok(Some(note))
        })
        .await?;
    kept.map(Json).ok_or_else(|| {
        ApiError::Refused(format!(
            "this trace has {MAX_NOTES} notes, which is the most"
        ))
    })
}

/// `DELETE …/notes/{note}`.
pub async fn delete(
    State(api): State<Api>,
    Path((trace, note)): Path<(String, String)>,
) -> Result<Json<NotesResponse>, ApiError> {
    let (trace, id) = (trace_id(&trace)?, kept_id(&note, "note")?);
    let left = api
        .read(move |store| {
            let known = store.delete_note(trace, id)?;
            Ok(known.then_some(store.notes(trace)?))
        })
        .await?;
    left.map(|notes| Json(NotesResponse { notes }))
        .ok_or_else(|| ApiError::NotFound("there is no such note".to_owned()))
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use serde_json::{Value, json};

    use crate::running::Running;
    use crate::sample::trace_id;

    #[tokio::test]
    async fn a_note_is_written_changed_listed_and_deleted() {
        let server = Running::usual().await;
        let address = format!("/api/v1/traces/{}/notes", trace_id(1));
        let ask = async |method: Method, path: &str, body: Value| {
            server.ask(method, &format!("{address}{path}"), body).await
        };
        let one = "/00000000000000a1";
        let (status, _) = ask(Method::GET, "", json!(null)).await;
        assert_eq!(status, 200);
        let note = json!({"text": " look <here> ", "author": "Ada", "spanId": "00000000000000b2"});
        let (status, first) = ask(Method::PUT, one, note).await;
        assert_eq!(status, 200, "{first}");
        assert_eq!(first["text"], "look <here>");
        let (_, again) = ask(Method::PUT, one, json!({"text": "look there"})).await;
        assert_eq!(again["created"], first["created"]);
        let (_, list) = ask(Method::GET, "", json!(null)).await;
        assert_eq!(list["notes"], json!([again]));
        for (path, body, reason) in [
            (one, json!({"text": "  "}), "it says nothing"),
            (one, json!({"text": "x".repeat(10_001)}), "it says too much"),
            (one, json!({}), "no text"),
            ("/xyz", json!({"text": "x"}), "no id"),
        ] {
            let (status, _) = ask(Method::PUT, path, body).await;
            assert_eq!(status, 400, "{reason}");
        }
        let (status, left) = ask(Method::DELETE, one, json!(null)).await;
        assert_eq!((status, &left["notes"]), (200, &json!([])));
        let (status, _) = ask(Method::DELETE, one, json!(null)).await;
        assert_eq!(status, 404);
    }
}
