//! The gate before the API: whose token, which role, and the note in the audit log.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use shared::id::TraceId;
use shared::query::audit::Event;

use super::Access;
use super::audit::Audit;
use super::policy;
use crate::api::native::ApiError;

/// What the gate knows.
#[derive(Clone, Default)]
pub struct Gate {
    /// The tokens.
    pub access: Arc<Access>,
    /// Where it is noted.
    pub audit: Arc<Audit>,
}

/// Lets a request of the API pass with its [`super::Caller`], or turns it away.
pub async fn gate(
    State(gate): State<Gate>,
    method: Method,
    route: Option<MatchedPath>,
    parameters: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let authorization = request.headers().get(AUTHORIZATION);
    // The address itself may name a visitor.
    let route = route.as_ref().map_or("/api", MatchedPath::as_str);
    let asked = || vec![format!("{method} {route}")];
    let caller = match gate.access.caller(authorization.map(HeaderValue::as_bytes)) {
        Ok(caller) => caller,
        Err(error) => {
            let noted = gate.note(None, Event::Unauthenticated, asked(), None).await;
            return noted.err().unwrap_or_else(|| unauthenticated(&error));
        }
    };
    let rule = policy::rule(&method, route);
    let who = caller.name.clone();
    if let Some(role) = rule.role
        && !caller.may(role)
    {
        let detail = Some(format!("lacks the role {role}"));
        let noted = gate
            .note(who.as_deref(), Event::Forbidden, asked(), detail)
            .await;
        return noted.err().unwrap_or_else(|| {
            ApiError::Forbidden(format!(
                "the token {} lacks the role {role}, which this needs",
                who.as_deref().unwrap_or_default()
            ))
            .into_response()
        });
    }
    request.extensions_mut().insert(caller);
    let response = next.run(request).await;
    if let Some(event) = rule.noted
        && response.status().is_success()
        && is_noted(event, who.as_deref())
    {
        let looked = response.extensions().get::<Looked>();
        let what = looked.map_or_else(
            || vec![named(&parameters)],
            |looked| looked.0.iter().map(|id| vec![id.to_string()]).collect(),
        );
        for what in what {
            if let Err(refusal) = gate.note(who.as_deref(), event, what, None).await {
                return refusal;
            }
        }
    }
    response
}

/// The traces that an answer is about, where its path does not name them.
#[derive(Debug, Clone)]
pub struct Looked(pub Arc<[TraceId]>);

/// Where there are no tokens nobody can be named, and all of a trace's readers are on this machine. What is about a
/// visitor is noted all the same.
fn is_noted(event: Event, who: Option<&str>) -> bool {
    who.is_some() || !matches!(event, Event::TraceViewed | Event::TraceExported)
}

/// What the path names: not which of its spans or pictures, or each step of reading would be another look.
fn named(parameters: &Result<RawPathParams, RawPathParamsRejection>) -> Vec<String> {
    let parameters = parameters.iter().flatten();
    parameters
        .filter(|(name, _)| ["id", "stream"].contains(name))
        .map(|(_, value)| value.to_owned())
        .collect()
}

impl Gate {
    /// Notes something; the answer in its place where that fails.
    async fn note(
        &self,
        who: Option<&str>,
        event: Event,
        what: Vec<String>,
        detail: Option<String>,
    ) -> Result<(), Response> {
        let (audit, who) = (Arc::clone(&self.audit), who.map(str::to_owned));
        let noted =
            tokio::task::spawn_blocking(move || audit.note(who.as_deref(), event, what, detail));
        match noted.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::error!(%error, "the audit log cannot be written, so what must be noted is not answered");
                Err(ApiError::Internal.into_response())
            }
            Err(_) => Err(ApiError::Internal.into_response()),
        }
    }
}

fn unauthenticated(error: &super::Unknown) -> Response {
    let mut response = ApiError::Unauthenticated(error.to_string()).into_response();
    let challenge = match error {
        super::Unknown::Missing => HeaderValue::from_static("Bearer"),
        super::Unknown::Wrong => HeaderValue::from_static("Bearer error=\"invalid_token\""),
    };
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}
