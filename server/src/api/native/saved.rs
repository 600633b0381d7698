//! Searches that a team keeps by name: `/api/v1/views`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use shared::query::{
    MAX_AUTHOR_BYTES, MAX_VIEW_ADDRESS_BYTES, MAX_VIEW_NAME_BYTES, MAX_VIEWS, View, ViewRequest,
    ViewsResponse,
};

use super::error::ApiError;
use super::{Api, kept_id};
use crate::store::system_clock;

/// `GET /api/v1/views`.
pub async fn list(State(api): State<Api>) -> Result<Json<ViewsResponse>, ApiError> {
    let views = api.read(|store| store.views()).await?;
    Ok(Json(ViewsResponse { views }))
}

/// `PUT /api/v1/views/{view}`: keeps a view, new or again, and answers with it as it is kept.
pub async fn put(
    State(api): State<Api>,
    Path(view): Path<String>,
    body: Bytes,
) -> Result<Json<View>, ApiError> {
    let id = kept_id(&view, "view")?;
    let request: ViewRequest = serde_json::from_slice(&body)
        .map_err(|error| ApiError::InvalidArgument(format!("the view: {error}")))?;
    let name = request.name.trim();
    if name.is_empty() || name.len() > MAX_VIEW_NAME_BYTES || name.contains(char::is_control) {
        return Err(ApiError::InvalidArgument(format!(
            "a view has a name of one line, of {MAX_VIEW_NAME_BYTES} bytes at most"
        )));
    }
    if !is_search(&request.address) || request.address.len() > MAX_VIEW_ADDRESS_BYTES {
        return Err(ApiError::InvalidArgument(format!(
            "`address` must be `/search` with its parameters, of {MAX_VIEW_ADDRESS_BYTES} bytes at most"
        )));
    }
    if request.author.len() > MAX_AUTHOR_BYTES {
        return Err(ApiError::InvalidArgument(format!(
            "an author's name has {MAX_AUTHOR_BYTES} bytes at most"
        )));
    }
    let now = system_clock()();
    let mut view = View {
        id,
        name: name.to_owned(),
        address: request.address,
        author: request.author.trim().to_owned(),
        created: now,
        updated: now,
    };
    let kept = api
        .read(move |store| {
            let views = store.views()?;
            match views.iter().find(|known| known.id == id) {
                Some(known) => view.created = known.created,
                None if views.len() >= MAX_VIEWS => return Ok(None),
                None => {}
            }
            store.put_view(&view)?;
            Ok(Some(view))
        })
        .await?;
    kept.map(Json).ok_or_else(|| {
        ApiError::Refused(format!(
            "there are {MAX_VIEWS} saved views, which is the most; delete one first"
        ))
    })
}

/// `DELETE /api/v1/views/{view}`.
pub async fn delete(
    State(api): State<Api>,
    Path(view): Path<String>,
) -> Result<Json<ViewsResponse>, ApiError> {
    let id = kept_id(&view, "view")?;
    let left = api
        .read(move |store| {
            let known = store.delete_view(id)?;
            Ok(known.then_some(store.views()?))
        })
        .await?;
    left.map(|views| Json(ViewsResponse { views }))
        .ok_or_else(|| ApiError::NotFound("there is no such view".to_owned()))
}

/// Whether an address is the search page's and nothing else's: it becomes a link.
fn is_search(address: &str) -> bool {
    let rest = address.strip_prefix("/search");
    rest.is_some_and(|rest| {
        (rest.is_empty() || rest.starts_with('?'))
            && !rest.contains(|character: char| character.is_control() || character == ' ')
    })
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use serde_json::{Value, json};

    use crate::running::Running;

    #[tokio::test]
    async fn a_view_is_kept_renamed_listed_and_deleted() {
        let server = Running::usual().await;
        let address = "/api/v1/views";
        let ask = async |method: Method, path: &str, body: Value| {
            server.ask(method, &format!("{address}{path}"), body).await
        };
        let one = "/00000000000000a1";
        let (status, list) = ask(Method::GET, "", json!(null)).await;
        assert_eq!((status, &list), (200, &json!({"views": []})));
        let slow =
            json!({"name": " slow <b> ", "address": "/search?q=%7B%7D&range=1h", "author": "Ada"});
        let (status, first) = ask(Method::PUT, one, slow).await;
        assert_eq!(status, 200, "{first}");
        assert_eq!(first["name"], "slow <b>");
        let fast = json!({"name": "fast", "address": "/search"});
        let (_, again) = ask(Method::PUT, one, fast.clone()).await;
        assert_eq!(again["created"], first["created"]);
        ask(
            Method::PUT,
            "/00000000000000a2",
            json!({"name": "all", "address": "/search"}),
        )
        .await;
        let (_, list) = ask(Method::GET, "", json!(null)).await;
        let names: Vec<&Value> = list["views"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|view| &view["name"])
            .collect();
        assert_eq!(names, ["all", "fast"], "by name");
        for (path, body, reason) in [
            (one, json!({"name": " ", "address": "/search"}), "no name"),
            (
                one,
                json!({"name": "x".repeat(201), "address": "/search"}),
                "too long a name",
            ),
            (
                one,
                json!({"name": "x", "address": "javascript:alert(1)"}),
                "a script",
            ),
            (
                one,
                json!({"name": "x", "address": "/searching"}),
                "another page",
            ),
            (
                one,
                json!({"name": "x", "address": "//evil.example/search"}),
                "another site",
            ),
            (one, json!({"name": "x"}), "no address"),
            ("/xyz", fast, "no id"),
        ] {
            let (status, _) = ask(Method::PUT, path, body).await;
            assert_eq!(status, 400, "{reason}");
        }
        let (status, left) = ask(Method::DELETE, one, json!(null)).await;
        assert_eq!(
            (status, left["views"].as_array().map(Vec::len)),
            (200, Some(1))
        );
        let (status, _) = ask(Method::DELETE, one, json!(null)).await;
        assert_eq!(status, 404);
    }
}
