//! Who sent telemetry: the resource, and the instrumentation scope within it.

use crate::attribute::{Attribute, find_str};
use crate::semconv;

/// The entity that produced telemetry: a browser page, a service process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resource {
    /// What describes the entity, `service.name` above all.
    pub attributes: Vec<Attribute>,
    /// How many attributes its sender left out.
    pub dropped_attributes_count: u32,
}

/// The library that recorded telemetry.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scope {
    /// The library's name; empty where unknown.
    pub name: String,
    /// The library's version; empty where unknown.
    pub version: String,
    /// Further attributes of the library.
    pub attributes: Vec<Attribute>,
    /// How many attributes its sender left out.
    pub dropped_attributes_count: u32,
}

impl Resource {
    /// The service's name; `unknown_service` where the sender gave none, as OpenTelemetry's SDKs do.
    #[must_use]
    pub fn service_name(&self) -> &str {
        match find_str(&self.attributes, semconv::SERVICE_NAME) {
            Some(name) if !name.is_empty() => name,
            _ => "unknown_service",
        }
    }

    /// The host whose clock tells the times, as far as the resource says: `host.name`, else `service.instance.id`. Empty
    /// where it says neither, and for a browser, whose pages all go by one clock.
    #[must_use]
    pub fn host(&self) -> &str {
        if self.is_browser() {
            return "";
        }
        let said = |key| find_str(&self.attributes, key).filter(|value| !value.is_empty());
        said(semconv::HOST_NAME)
            .or_else(|| said(semconv::SERVICE_INSTANCE_ID))
            .unwrap_or_default()
    }

    /// Whether the telemetry comes from a user's browser.
    #[must_use]
    pub fn is_browser(&self) -> bool {
        find_str(&self.attributes, semconv::TELEMETRY_SDK_LANGUAGE) == Some("webjs")
            || self
                .attributes
                .iter()
                .any(|attribute| attribute.key.starts_with("browser."))
    }
}
