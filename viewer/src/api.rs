//! What the pages ask the server, with every failure as a value.
//!
//! A request belongs to the page that made it: a newer one aborts it, and so does leaving the page.

use std::sync::Arc;

use gloo_net::http::{Request, RequestBuilder, Response};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use shared::columns::AttributeColumn;
use shared::log::LogEntry;
use shared::otlp::json::{decode_logs, decode_spans};
use shared::query::ErrorResponse;
use shared::span::SpanRecord;
use shared::trace::{Trace, assemble};
use web_sys::AbortController;

use crate::identity::identity;
use crate::local;
use crate::url::QueryString;

/// The answer to a search, as far as lists show it.
pub type SearchResponse = shared::query::SearchResponse<serde::de::IgnoredAny>;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The server did not answer at all.
    #[error("the server does not answer")]
    Unreachable,
    /// The server refused the request.
    #[error("{message}")]
    Refused {
        /// HTTP's status code.
        status: u16,
        /// What is wrong and what to do next.
        message: String,
        /// Where in the query the error lies, in bytes.
        position: Option<usize>,
    },
    /// The answer is not what the viewer understands.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
}

/// The state of a request's answer.
#[derive(Debug)]
pub enum Remote<T> {
    /// There is none yet.
    Loading,
    /// The latest one.
    Ready(Arc<T>),
    /// There is none, and why.
    Failed(ApiError),
}

impl<T> Clone for Remote<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Loading => Self::Loading,
            Self::Ready(value) => Self::Ready(Arc::clone(value)),
            Self::Failed(error) => Self::Failed(error.clone()),
        }
    }
}

impl<T> Remote<T> {
    /// The answer, where there is one.
    #[must_use]
    pub fn ready(&self) -> Option<Arc<T>> {
        match self {
            Self::Ready(value) => Some(Arc::clone(value)),
            _ => None,
        }
    }
}

/// A request that is made again whenever its key changes or a refresh is asked for.
#[derive(Debug)]
pub struct Fetched<T: 'static> {
    /// The answer. A refresh keeps the previous one until the next has arrived.
    pub state: ReadSignal<Remote<T>>,
    /// Why the latest refresh failed, while the previous answer is still shown.
    pub stale: ReadSignal<Option<ApiError>>,
    /// How many answers have come.
    pub answers: ReadSignal<u32>,
    amend: WriteSignal<Remote<T>>,
    refresh: RwSignal<u32>,
}

impl<T> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fetched<T> {}

impl<T> Fetched<T> {
    /// Makes the request again.
    pub fn refresh(self) {
        self.refresh.try_update(|count| *count += 1);
    }
}

impl<T: Send + Sync + 'static> Fetched<T> {
    /// Changes the answer that is there by what was heard of it otherwise.
    pub fn amend(self, change: impl FnOnce(&T) -> T) {
        if let Some(Remote::Ready(answer)) = self.state.try_get_untracked() {
            self.amend.try_set(Remote::Ready(Arc::new(change(&answer))));
        }
    }

    /// An answer that is known without a request, as examples are.
    #[must_use]
    pub fn known(answer: Remote<T>) -> Self {
        let (state, amend) = RwSignal::new(answer).split();
        Self {
            state,
            stale: RwSignal::new(None).read_only(),
            answers: RwSignal::new(1).read_only(),
            amend,
            refresh: RwSignal::new(0),
        }
    }
}

/// Makes a request for `key`, now and whenever it changes. `path` is computed anew for each request.
pub fn use_fetch<K, T>(
    key: Memo<K>,
    path: impl Fn(&K) -> String + 'static,
    decode: fn(&[u8]) -> Result<T, ApiError>,
) -> Fetched<T>
where
    K: Clone + PartialEq + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    use_part(key, path, move |body, _| decode(body))
}

/// The same for a part of something: `decode` is told how much there is, where the server says so.
pub fn use_part<K, T>(
    key: Memo<K>,
    path: impl Fn(&K) -> String + 'static,
    decode: impl Fn(&[u8], Option<usize>) -> Result<T, ApiError> + Copy + 'static,
) -> Fetched<T>
where
    K: Clone + PartialEq + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    let state = RwSignal::new(Remote::Loading);
    let stale = RwSignal::new(None);
    let answers = RwSignal::new(0);
    let refresh = RwSignal::new(0);
    let open: StoredValue<Option<AbortController>, LocalStorage> = StoredValue::new_local(None);
    let abort = move || {
        open.try_update_value(|open| {
            if let Some(controller) = open.take() {
                controller.abort();
            }
        });
    };
    Effect::new(move |previous: Option<K>| {
        refresh.track();
        let key = key.get();
        if previous.is_some_and(|previous| previous != key) {
            state.set(Remote::Loading);
            stale.set(None);
        }
        abort();
        let controller = AbortController::new().ok();
        let signal = controller.as_ref().map(AbortController::signal);
        open.set_value(controller);
        let path = path(&key);
        let done = move |answer: Result<Answer, ApiError>| match answer
            .and_then(|answer| decode(&answer.body, answer.total))
        {
            Ok(value) => {
                stale.try_set(None);
                state.try_set(Remote::Ready(Arc::new(value)));
                answers.try_update(|answers| *answers += 1);
            }
            Err(error)
                if state
                    .try_get_untracked()
                    .is_some_and(|state| matches!(state, Remote::Ready(_))) =>
            {
                stale.try_set(Some(error));
            }
            Err(error) => {
                state.try_set(Remote::Failed(error));
            }
        };
        hand_over(path, signal, Box::new(done));
        key
    });
    on_cleanup(abort);
    Fetched {
        state: state.read_only(),
        stale: stale.read_only(),
        answers: answers.read_only(),
        amend: state.write_only(),
        refresh,
    }
}

/// Reads a JSON body of the native API.
///
/// # Errors
/// [`ApiError::Unreadable`].
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::Unreadable(error.to_string()))
}

/// Reads spans: of one id there are several where two senders took the same.
///
/// # Errors
/// [`ApiError::Unreadable`].
pub fn spans(body: &[u8]) -> Result<Vec<SpanRecord>, ApiError> {
    let decoded = decode_spans(body).map_err(|error| ApiError::Unreadable(error.to_string()))?;
    Ok(decoded.records)
}

/// Reads the spans of a trace, parents before their children.
///
/// # Errors
/// [`ApiError::Unreadable`].
pub fn plain_trace(body: &[u8]) -> Result<Trace, ApiError> {
    let decoded = decode_spans(body).map_err(|error| ApiError::Unreadable(error.to_string()))?;
    Ok(assemble(decoded.records))
}

/// Reads the logs of a trace, by time.
///
/// # Errors
/// [`ApiError::Unreadable`].
pub fn logs(body: &[u8]) -> Result<Vec<LogEntry>, ApiError> {
    let mut entries = decode_logs(body)
        .map_err(|error| ApiError::Unreadable(error.to_string()))?
        .records;
    entries.sort_by_key(|entry| entry.record.moment());
    Ok(entries)
}

/// Reads one attribute of all spans of a trace. An empty name has no values.
///
/// # Errors
/// [`ApiError`].
pub async fn attribute(trace: &str, name: &str) -> Result<AttributeColumn, ApiError> {
    if name.is_empty() {
        return Ok(AttributeColumn::default());
    }
    let mut path = QueryString::new(&format!("/api/v1/traces/{trace}/attribute"));
    path.push("key", name);
    let body = get(&path.finish(), None).await?;
    AttributeColumn::decode(&body).map_err(|error| ApiError::Unreadable(error.to_string()))
}

/// Reads an answer once.
///
/// # Errors
/// [`ApiError`].
pub async fn read<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    json(&get(path, None).await?)
}

/// Makes one request with an effect, or one whose answer is used once.
///
/// # Errors
/// [`ApiError`] where the server does not answer or refuses.
pub async fn send(method: &str, path: &str, body: Option<String>) -> Result<Vec<u8>, ApiError> {
    if let Some(answer) = local::answer(path) {
        return answer;
    }
    let method = method.parse().map_err(|_| ApiError::Unreachable)?;
    let request = authorized(RequestBuilder::new(path).method(method));
    let request = match body {
        Some(body) => request
            .header("content-type", "application/json")
            .body(body),
        None => request.build(),
    };
    let request = request.map_err(|_| ApiError::Unreachable)?;
    let response = request.send().await.map_err(|_| ApiError::Unreachable)?;
    let body = response.binary().await.map_err(|_| ApiError::Unreachable)?;
    if response.ok() {
        Ok(body)
    } else {
        Err(refusal(response.status(), &body))
    }
}

/// An answer, and how much there is where it may be a part.
struct Answer {
    body: Vec<u8>,
    total: Option<usize>,
}

/// Makes a request and hands over its answer, unless it is aborted. The same code for every kind of answer.
fn hand_over(
    path: String,
    signal: Option<web_sys::AbortSignal>,
    done: Box<dyn FnOnce(Result<Answer, ApiError>)>,
) {
    spawn_local(async move {
        let answer = counted(&path, signal.as_ref()).await;
        if !signal.is_some_and(|signal| signal.aborted()) {
            done(answer);
        }
    });
}

/// Reads an answer as it is.
///
/// # Errors
/// [`ApiError`].
pub async fn bytes(path: &str, signal: Option<&web_sys::AbortSignal>) -> Result<Vec<u8>, ApiError> {
    get(path, signal).await
}

async fn get(path: &str, signal: Option<&web_sys::AbortSignal>) -> Result<Vec<u8>, ApiError> {
    Ok(counted(path, signal).await?.body)
}

async fn counted(path: &str, signal: Option<&web_sys::AbortSignal>) -> Result<Answer, ApiError> {
    let response = ask(path, signal).await?;
    let total = response.headers().get("x-total-count");
    let body = response.binary().await;
    Ok(Answer {
        body: body.map_err(|_| ApiError::Unreachable)?,
        total: total.and_then(|total| total.parse().ok()),
    })
}

/// The answer to a request that was not refused.
///
/// # Errors
/// [`ApiError`].
pub async fn ask(path: &str, signal: Option<&web_sys::AbortSignal>) -> Result<Response, ApiError> {
    ask_with(path, None, signal).await
}

/// The same, with a header of the request.
///
/// # Errors
/// [`ApiError`].
pub async fn ask_with(
    path: &str,
    header: Option<(&str, &str)>,
    signal: Option<&web_sys::AbortSignal>,
) -> Result<Response, ApiError> {
    if let Some(answer) = local::answer(path) {
        let mut body = answer?;
        let made = web_sys::Response::new_with_opt_u8_array(Some(&mut body));
        return made.map(Response::from).map_err(|_| ApiError::Unreachable);
    }
    let mut request = authorized(Request::get(path)).header("accept", "application/json");
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let response = request
        .abort_signal(signal)
        .send()
        .await
        .map_err(|_| ApiError::Unreachable)?;
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    let body = response.binary().await.map_err(|_| ApiError::Unreachable)?;
    // A proxy in front of a server that is down answers for it.
    if matches!(status, 502..=504) && serde_json::from_slice::<ErrorResponse>(&body).is_err() {
        return Err(ApiError::Unreachable);
    }
    Err(refusal(status, &body))
}

/// A request that says who asks.
fn authorized(request: RequestBuilder) -> RequestBuilder {
    match identity().token() {
        Some(token) => request.header("authorization", &format!("Bearer {token}")),
        None => request,
    }
}

/// Whether the server knows a token.
///
/// # Errors
/// [`ApiError`] where it does not, or does not answer.
pub async fn try_token(token: &str) -> Result<(), ApiError> {
    let response = Request::get("/api/v1/caller")
        .header("authorization", &format!("Bearer {token}"))
        .send()
        .await
        .map_err(|_| ApiError::Unreachable)?;
    let body = response.binary().await.map_err(|_| ApiError::Unreachable)?;
    if response.ok() {
        return Ok(());
    }
    Err(words(response.status(), &body))
}

/// Reads a picture, as an address that holds it.
///
/// # Errors
/// [`ApiError::Unreadable`] where it is none that is shown.
pub fn picture(body: &[u8]) -> Result<String, ApiError> {
    let kind = if body.starts_with(b"\x89PNG") {
        "png"
    } else if body.starts_with(b"\xff\xd8\xff") {
        "jpeg"
    } else {
        return Err(ApiError::Unreadable("it is no picture".to_owned()));
    };
    let bytes: String = body.iter().map(|byte| char::from(*byte)).collect();
    let packed = window()
        .btoa(&bytes)
        .map_err(|_| ApiError::Unreadable("the browser cannot read it".to_owned()))?;
    Ok(format!("data:image/{kind};base64,{packed}"))
}

/// A file of the API with the name that the server gives it.
///
/// # Errors
/// [`ApiError`].
pub async fn file(path: &str) -> Result<(String, Vec<u8>), ApiError> {
    let response = ask(path, None).await?;
    let name = response
        .headers()
        .get("content-disposition")
        .and_then(|value| {
            Some(
                value
                    .split_once("filename=")?
                    .1
                    .trim_matches('"')
                    .to_owned(),
            )
        })
        .unwrap_or_else(|| "throughline".to_owned());
    let body = response.binary().await.map_err(|_| ApiError::Unreachable)?;
    Ok((name, body))
}

/// What a refusal says. Whoever has no token, or a wrong one, is asked to sign in.
fn refusal(status: u16, body: &[u8]) -> ApiError {
    let error = words(status, body);
    if status == 401 {
        identity().refuse();
    }
    error
}

fn words(status: u16, body: &[u8]) -> ApiError {
    match serde_json::from_slice::<ErrorResponse>(body) {
        Ok(error) => ApiError::Refused {
            status,
            message: error.message,
            position: error.position,
        },
        Err(_) => ApiError::Refused {
            status,
            message: format!("the server answered {status}"),
            position: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_words_and_its_place() {
        let body = br#"{"code":"invalid_query","message":"expected a value","position":7}"#;
        assert_eq!(
            words(400, body),
            ApiError::Refused {
                status: 400,
                message: "expected a value".to_owned(),
                position: Some(7)
            }
        );
        assert_eq!(
            words(500, b"<html>"),
            ApiError::Refused {
                status: 500,
                message: "the server answered 500".to_owned(),
                position: None
            }
        );
    }

    #[test]
    fn a_page_instead_of_data_is_unreadable() {
        assert!(matches!(
            spans(b"<!doctype html>"),
            Err(ApiError::Unreadable(_))
        ));
    }
}
