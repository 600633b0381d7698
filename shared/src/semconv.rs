//! Names of OpenTelemetry's semantic conventions that more than one crate uses, and Throughline's own.

/// The logical name of a service.
pub const SERVICE_NAME: &str = "service.name";
/// The name of the host that a service runs on.
pub const HOST_NAME: &str = "host.name";
/// The id of one of a service's instances.
pub const SERVICE_INSTANCE_ID: &str = "service.instance.id";
/// The language of the SDK; `webjs` in a browser.
pub const TELEMETRY_SDK_LANGUAGE: &str = "telemetry.sdk.language";
/// The id of a user's visit.
pub const SESSION_ID: &str = "session.id";
/// The HTTP method of a request.
pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
/// The status code of an HTTP response.
pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
/// The absolute URL of a request.
pub const URL_FULL: &str = "url.full";
/// The class of error that a span ended with.
pub const ERROR_TYPE: &str = "error.type";
/// On an `exception` event, the message.
pub const EXCEPTION_MESSAGE: &str = "exception.message";
/// On an `exception` event, the class.
pub const EXCEPTION_TYPE: &str = "exception.type";

/// On a browser's root span, what the user did: `click`, `submit`, `change`, `keydown`, or `load`.
pub const ACTION: &str = "throughline.action";
/// On a browser's span, how its parent was found: `exact`, `task`, `inferred` or `none`.
pub const CAUSALITY: &str = "throughline.causality";
/// On a span that stands for what is expected, its operation as the trace diff names it.
pub const OPERATION: &str = "throughline.operation";
