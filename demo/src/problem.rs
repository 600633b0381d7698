//! Errors as the shop's services send them: problem documents (RFC 9457) whose text the page shows as it is.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// The media type of a problem document, RFC 9457 §3.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem document. It travels back through every service unchanged but for its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem it is, as a URI reference; `about:blank` says no more than the status.
    #[serde(rename = "type", default = "about_blank")]
    pub kind: Box<str>,
    /// The kind in words.
    pub title: Box<str>,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time and what the customer can do.
    pub detail: String,
    /// The service that failed.
    pub service: String,
    /// What is wrong with each field of the form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// One field of the form that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name in the form.
    pub field: String,
    /// What to do about it.
    pub detail: String,
}

fn about_blank() -> Box<str> {
    "about:blank".into()
}

impl Problem {
    /// A problem of `kind` (a slug below `/problems/`) that `service` reports.
    pub fn new(
        service: &str,
        status: StatusCode,
        kind: &str,
        title: &str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("/problems/{kind}").into(),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            service: service.to_owned(),
            errors: Vec::new(),
        }
    }

    /// A failure inside `service` that the customer can do nothing about.
    pub fn internal(service: &str, detail: impl Into<String>) -> Self {
        Self::new(
            service,
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side",
            detail,
        )
    }

    /// The next service of the chain could not be reached.
    pub fn unreachable(service: &str, peer: &str) -> Self {
        Self::new(
            service,
            StatusCode::SERVICE_UNAVAILABLE,
            "unreachable",
            "We cannot take bookings right now",
            format!("Our {peer} service does not answer. Please try again in a moment."),
        )
    }

    /// The same problem as a caller reports it: what was the fault of the service behind is 502 here.
    pub fn relayed(mut self) -> Self {
        if self.status >= 500 && self.status != StatusCode::SERVICE_UNAVAILABLE.as_u16() {
            self.status = StatusCode::BAD_GATEWAY.as_u16();
        }
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }
}
