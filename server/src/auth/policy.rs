//! Which role each path of the API needs, and which requests are noted in the audit log: the one table of both.
//!
//! What is not in it needs `admin`; a test holds it to the router.

use axum::http::Method;
use shared::query::audit::Event;

use super::Role;

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The role; none where any token will do.
    pub role: Option<Role>,
    /// What it is called in the audit log, where it is noted.
    pub noted: Option<Event>,
}

const fn needs(role: Role) -> Rule {
    Rule {
        role: Some(role),
        noted: None,
    }
}

const fn noted(role: Role, event: Event) -> Rule {
    Rule {
        role: Some(role),
        noted: Some(event),
    }
}

const VIEW: Rule = needs(Role::View);
const TRACE: Rule = noted(Role::View, Event::TraceViewed);
const ANYBODY: Rule = Rule {
    role: None,
    noted: None,
};

/// Method, path, rule.
pub const TABLE: &[(&str, &str, Rule)] = &[
    ("GET", "/api/v1/traces/{id}", TRACE),
    ("GET", "/api/v1/traces/{id}/columns", TRACE),
    ("GET", "/api/v1/traces/{id}/spans/{span_id}", TRACE),
    ("GET", "/api/v1/traces/{id}/attribute", TRACE),
    ("GET", "/api/v1/traces/{id}/fields", TRACE),
    ("GET", "/api/v1/traces/{id}/logs", TRACE),
    ("GET", "/api/v1/traces/{id}/graph", TRACE),
    ("GET", "/api/v1/traces/{id}/alike", TRACE),
    ("GET", "/api/v1/traces/{id}/story", TRACE),
    ("GET", "/api/v1/traces/{id}/statistics", TRACE),
    (
        "GET",
        "/api/v1/traces/{id}/export",
        noted(Role::View, Event::TraceExported),
    ),
    ("GET", "/api/v1/traces/{id}/matches", TRACE),
    ("GET", "/api/v1/traces/{id}/notes", TRACE),
    ("PUT", "/api/v1/traces/{id}/notes/{note}", VIEW),
    ("DELETE", "/api/v1/traces/{id}/notes/{note}", VIEW),
    ("GET", "/api/v1/map", VIEW),
    ("GET", "/api/v1/red", VIEW),
    ("GET", "/api/v1/diff", TRACE),
    ("GET", "/api/v1/search", VIEW),
    ("GET", "/api/v1/search/parts", VIEW),
    ("GET", "/api/v1/search/tail", VIEW),
    ("GET", "/api/v1/tags", VIEW),
    ("GET", "/api/v1/tags/{name}/values", VIEW),
    ("GET", "/api/v1/views", VIEW),
    ("PUT", "/api/v1/views/{view}", VIEW),
    ("DELETE", "/api/v1/views/{view}", VIEW),
    ("GET", "/api/v1/services", VIEW),
    ("GET", "/api/v1/status", VIEW),
    ("GET", "/api/v1/ingest/status", VIEW),
    ("POST", "/api/v1/test-span", VIEW),
    ("POST", "/api/v1/sample-data", needs(Role::Admin)),
    ("GET", "/api/v1/sessions", VIEW),
    (
        "GET",
        "/api/v1/sessions/{id}",
        noted(Role::View, Event::SessionViewed),
    ),
    (
        "GET",
        "/api/v1/sessions/{id}/export",
        noted(Role::View, Event::SessionExported),
    ),
    ("GET", "/api/v1/sessions/{id}/replay", needs(Role::Replay)),
    (
        "GET",
        "/api/v1/sessions/{id}/replay/{stream}",
        noted(Role::Replay, Event::RecordingViewed),
    ),
    // The path names the visitor, so the handler says in its own words what was done.
    ("DELETE", "/api/v1/users/{id}", needs(Role::Admin)),
    ("GET", "/api/v1/sessions/{id}/runs", VIEW),
    ("POST", "/api/v1/runs", needs(Role::Replay)),
    (
        "GET",
        "/api/v1/runs/{id}",
        noted(Role::View, Event::RunViewed),
    ),
    (
        "GET",
        "/api/v1/runs/{id}/pictures/{picture}",
        needs(Role::Replay),
    ),
    ("GET", "/api/v1/runs/{id}/expectations", VIEW),
    ("GET", "/api/v1/audit", noted(Role::Admin, Event::AuditRead)),
    ("GET", "/api/v1/caller", ANYBODY),
    ("GET", "/api/v1/openapi.json", ANYBODY),
];

/// What a request to the route needs. HEAD is a GET without its body.
#[must_use]
pub fn rule(method: &Method, route: &str) -> Rule {
    let method = if *method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    };
    TABLE
        .iter()
        .find(|(of, path, _)| *of == method && *path == route)
        .map_or(needs(Role::Admin), |(_, _, rule)| *rule)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::api::native;

    /// The description lists every route, which a test of the API holds it to, with every method.
    #[test]
    fn every_method_of_every_route_has_its_rule_and_every_rule_its_route() {
        let document: Value = serde_json::from_str(native::OPENAPI).expect("JSON");
        let mut described = BTreeSet::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for method in item.as_object().expect("methods").keys() {
                described.insert((method.to_uppercase(), path.clone()));
            }
        }
        let ruled: BTreeSet<(String, String)> = TABLE
            .iter()
            .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
            .collect();
        assert_eq!(ruled.len(), TABLE.len(), "a rule stands twice");
        assert_eq!(ruled, described);
    }

    #[test]
    fn what_is_not_in_the_table_is_for_admins() {
        assert_eq!(rule(&Method::GET, "/api/v1/later"), needs(Role::Admin));
        assert_eq!(rule(&Method::DELETE, "/api/v1/search"), needs(Role::Admin));
        assert_eq!(rule(&Method::HEAD, "/api/v1/search"), VIEW);
    }
}
