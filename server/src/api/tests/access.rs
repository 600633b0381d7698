//! Tokens, roles and the audit log, over real sockets.

use std::sync::Arc;

use axum::http::Method;
use reqwest::{Client, Response};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use shared::query::audit::{AuditResponse, CallerResponse, Event};

use crate::api::native;
use crate::auth::gate::Gate;
use crate::auth::{Access, Role, policy};
use crate::running::{Running, Setup};
use crate::sample::{NOON, action, run, spans, trace_id};
use crate::store::Batch;

const VIEW: &str = "the-token-of-those-who-view";
const REPLAY: &str = "the-token-of-those-who-replay";
const ADMIN: &str = "the-token-of-administrators";

async fn server() -> Running {
    let tokens = [
        ("vera", "view", VIEW),
        ("rita", "view,replay", REPLAY),
        ("ada", "admin", ADMIN),
    ];
    let specs: Vec<_> = tokens
        .iter()
        .map(|(name, roles, value)| {
            let hash: String = Sha256::digest(value)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("{name} {roles} sha256:{hash}")
                .parse()
                .expect("a token")
        })
        .collect();
    let gate = Gate {
        access: Arc::new(Access::new(&specs).expect("tokens")),
        ..Gate::default()
    };
    let server = Running::start(Setup {
        gate,
        ..Setup::default()
    })
    .await;
    let visit = spans([action(4, "visit", "click \"Book\"", 4)]);
    server.store.append(&[visit]).expect("stored");
    let events = r#"{"session":"visit","stream":"tab","number":0,"events":[{"type":4,"timestamp":1795348800000,"data":{"href":"/"}}]}"#;
    let chunk = Client::new()
        .post(format!("{}/v1/replay", server.ingest))
        .body(events);
    assert_eq!(chunk.send().await.expect("an answer").status(), 204);
    server
}

async fn ask(server: &Running, method: Method, path: &str, token: Option<&str>) -> Response {
    let mut request = Client::new().request(method, format!("{}{path}", server.viewer));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.expect("an answer")
}

async fn get(server: &Running, path: &str, token: &str) -> Response {
    ask(server, Method::GET, path, Some(token)).await
}

async fn audit(server: &Running) -> Vec<(Option<String>, Event, Vec<String>)> {
    let response = get(server, "/api/v1/audit", ADMIN).await;
    let found: AuditResponse = response.json().await.expect("a body");
    let entries = found.entries.into_iter().rev();
    entries
        .map(|entry| (entry.who, entry.event, entry.what))
        .collect()
}

/// An address of a route.
fn address(route: &str) -> String {
    route
        .replace("{id}", "00000000000000000000000000000004")
        .replace("{span_id}", "0000000000000004")
        .replace("{note}", "0000000000000004")
        .replace("{stream}", "tab")
        .replace("{name}", "span.x")
        .replace("{picture}", "0")
}

#[tokio::test]
async fn every_address_asks_for_a_token_and_for_the_role_in_the_table() {
    let server = server().await;
    for (method, route, rule) in policy::TABLE {
        let method: Method = method.parse().expect("a method");
        let path = address(route);
        let at = format!("{method} {route}");
        for (token, challenge) in [
            (None, "Bearer"),
            (
                Some("no-token-of-this-server"),
                "Bearer error=\"invalid_token\"",
            ),
        ] {
            let response = ask(&server, method.clone(), &path, token).await;
            assert_eq!(response.status(), 401, "{at}");
            assert_eq!(response.headers()["www-authenticate"], challenge, "{at}");
            let body: Value = response.json().await.expect("JSON");
            assert_eq!(body["code"], "unauthenticated", "{at}");
        }
        for (token, roles) in [
            (VIEW, &[Role::View][..]),
            (REPLAY, &[Role::View, Role::Replay]),
            (ADMIN, &[Role::Admin]),
        ] {
            let allowed = rule
                .role
                .is_none_or(|role| roles.contains(&role) || roles.contains(&Role::Admin));
            let response = ask(&server, method.clone(), &path, Some(token)).await;
            assert_eq!(
                response.status() != 403,
                allowed,
                "{at} with {roles:?}: {}",
                response.status()
            );
            assert_ne!(response.status(), 401, "{at}");
            if !allowed {
                let body: Value = response.json().await.expect("JSON");
                let role = rule.role.expect("a role").as_str();
                assert!(
                    body["message"]
                        .as_str()
                        .expect("text")
                        .contains(&format!("the role {role}")),
                    "{body}"
                );
            }
        }
    }
    assert!(native::routes().len() <= policy::TABLE.len());
    for path in ["/api", "/api/", "/api/v2/anything"] {
        assert_eq!(
            ask(&server, Method::GET, path, None).await.status(),
            401,
            "{path}"
        );
        assert_eq!(get(&server, path, ADMIN).await.status(), 404, "{path}");
    }
    // The viewer's own files are no secret.
    assert_eq!(ask(&server, Method::GET, "/", None).await.status(), 200);
}

#[tokio::test]
async fn a_session_says_that_it_was_recorded_to_those_who_may_not_see_the_recording() {
    let server = server().await;
    for (token, withheld) in [(VIEW, true), (REPLAY, false), (ADMIN, false)] {
        let session: Value = get(&server, "/api/v1/sessions/visit", token)
            .await
            .json()
            .await
            .expect("JSON");
        assert_eq!(session["summary"]["recorded"], true);
        assert_eq!(session["recordingWithheld"], withheld, "{token}");
    }
    assert_eq!(
        get(&server, "/api/v1/sessions/visit/replay/tab", VIEW)
            .await
            .status(),
        403
    );
    assert_eq!(
        get(&server, "/api/v1/sessions/visit/replay/tab", REPLAY)
            .await
            .status(),
        200
    );
    let caller: CallerResponse = get(&server, "/api/v1/caller", REPLAY)
        .await
        .json()
        .await
        .expect("a body");
    assert_eq!(
        (caller.name.as_deref(), caller.roles),
        (Some("rita"), vec!["view".to_owned(), "replay".to_owned()])
    );
}

#[tokio::test]
async fn each_view_and_each_refusal_is_noted_with_who_and_what() {
    let server = server().await;
    get(&server, "/api/v1/sessions/visit", VIEW).await;
    get(&server, "/api/v1/sessions/nobody", VIEW).await;
    get(
        &server,
        "/api/v1/sessions/visit/export?format=markdown",
        VIEW,
    )
    .await;
    get(&server, "/api/v1/sessions/visit/replay/tab", VIEW).await;
    get(&server, "/api/v1/sessions/visit/replay/tab", REPLAY).await;
    get(&server, "/api/v1/search", "the-token-of-nobody").await;
    get(&server, "/api/v1/search", VIEW).await;
    let noted = audit(&server).await;
    let entry = |who: Option<&str>, event, what: &[&str]| {
        let what = what
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>();
        (who.map(str::to_owned), event, what)
    };
    assert_eq!(
        noted,
        [
            entry(Some("vera"), Event::SessionViewed, &["visit"]),
            entry(Some("vera"), Event::SessionExported, &["visit"]),
            entry(
                Some("vera"),
                Event::Forbidden,
                &["GET /api/v1/sessions/{id}/replay/{stream}"]
            ),
            entry(Some("rita"), Event::RecordingViewed, &["visit", "tab"]),
            entry(None, Event::Unauthenticated, &["GET /api/v1/search"]),
        ]
    );
    assert_eq!(
        audit(&server).await.last().expect("an entry").1,
        Event::AuditRead
    );
}

#[tokio::test]
async fn reading_a_trace_is_one_line_however_many_requests_it_takes() {
    let server = server().await;
    let id = trace_id(4).to_string();
    for path in [
        "",
        "/columns",
        "/logs",
        "/attribute?key=session.id",
        "/graph",
        "/story",
    ] {
        let path = format!("/api/v1/traces/{id}{path}");
        let read = get(&server, &path, VIEW).await;
        assert!(read.status().is_success(), "{path}: {}", read.status());
    }
    get(&server, &format!("/api/v1/traces/{id}"), REPLAY).await;
    let missing = "/api/v1/traces/00000000000000000000000000000005";
    assert_eq!(get(&server, missing, VIEW).await.status(), 404);
    for _ in 0..2 {
        let path = format!("/api/v1/traces/{id}/export?format=otlp");
        assert_eq!(get(&server, &path, VIEW).await.status(), 200);
    }
    let compared = format!("/api/v1/diff?baseline={id}&other={id}");
    assert_eq!(get(&server, &compared, ADMIN).await.status(), 200);
    let noted = audit(&server).await;
    let expected = [
        ("vera", Event::TraceViewed),
        ("rita", Event::TraceViewed),
        ("vera", Event::TraceExported),
        ("vera", Event::TraceExported),
        ("ada", Event::TraceViewed),
    ]
    .map(|(who, event)| (Some(who.to_owned()), event, vec![id.clone()]));
    assert_eq!(noted, expected);
}

#[tokio::test]
async fn without_tokens_everybody_on_the_machine_may_do_everything_and_views_are_noted_all_the_same()
 {
    let server = Running::usual().await;
    server
        .store
        .append(&[spans([action(4, "visit", "click \"Book\"", 4)])])
        .expect("stored");
    assert_eq!(
        ask(&server, Method::GET, "/api/v1/sessions/visit", None)
            .await
            .status(),
        200
    );
    let trace = format!("/api/v1/traces/{}", trace_id(4));
    let read = ask(&server, Method::GET, &trace, None).await;
    assert_eq!(read.status(), 200);
    assert_eq!(
        audit(&server).await,
        [(None, Event::SessionViewed, vec!["visit".to_owned()])],
        "what is about a visitor is noted, a trace where somebody can be named"
    );
    // A name that is not this machine's is refused, as ever.
    let foreign = Client::new()
        .get(format!("{}/api/v1/services", server.viewer))
        .header("host", "evil.example");
    assert_eq!(foreign.send().await.expect("an answer").status(), 403);
}

#[tokio::test]
async fn a_visitor_is_counted_and_deleted_and_the_log_does_not_name_them() {
    let server = server().await;
    let address = "/api/v1/users/visit%40shop.example?attribute=user.email";
    let erase = async |more: &str| {
        let path = format!("{address}{more}");
        let response = ask(&server, Method::DELETE, &path, Some(ADMIN)).await;
        assert_eq!(response.status(), 200);
        response.json::<Value>().await.expect("JSON")
    };
    let counted = erase("&dry-run=true").await;
    assert_eq!(counted["dryRun"], true);
    assert_eq!(
        get(&server, "/api/v1/sessions/visit", VIEW).await.status(),
        200
    );
    let deleted = erase("").await;
    for (count, expected) in [
        ("sessions", 1),
        ("traces", 1),
        ("spans", 1),
        ("recordingChunks", 1),
    ] {
        assert_eq!(counted[count], expected, "{count}");
        assert_eq!(deleted[count], expected, "{count}");
    }
    assert_eq!(
        get(&server, "/api/v1/sessions/visit", VIEW).await.status(),
        404
    );
    let recording = "/api/v1/sessions/visit/replay/tab";
    assert_eq!(get(&server, recording, REPLAY).await.status(), 404);
    for (path, reason) in [
        ("/api/v1/users/x?attribute=session.id", "another attribute"),
        ("/api/v1/users/x?dry-run=perhaps", "no truth"),
        (
            "/api/v1/users/x?dryrun=true",
            "a misspelt name must not delete",
        ),
    ] {
        let response = ask(&server, Method::DELETE, path, Some(ADMIN)).await;
        assert_eq!(response.status(), 400, "{reason}");
    }
    let log: AuditResponse = get(&server, "/api/v1/audit", ADMIN)
        .await
        .json()
        .await
        .expect("a body");
    let noted: Vec<_> = log
        .entries
        .iter()
        .filter(|entry| entry.event == Event::UserErased)
        .collect();
    assert_eq!(noted.len(), 3);
    assert!(
        noted
            .iter()
            .all(|entry| entry.who.as_deref() == Some("ada"))
    );
    assert!(
        noted[0]
            .detail
            .as_deref()
            .is_some_and(|detail| detail.contains("1 sessions, 1 traces"))
    );
    assert!(!format!("{noted:?}").contains("shop.example"));
}

#[tokio::test]
async fn an_offline_page_has_the_picture_of_a_run_for_those_who_may_see_it() {
    let server = server().await;
    let kept = run("r1", "visit", None, NOON);
    let batch = Batch {
        runs: vec![kept],
        ..Batch::default()
    };
    server.store.append(&[batch]).expect("stored");
    for (token, shown) in [(VIEW, false), (REPLAY, true), (ADMIN, true)] {
        let page = get(
            &server,
            "/api/v1/sessions/visit/export?format=bundle",
            token,
        )
        .await;
        let page = page.text().await.expect("text");
        assert!(page.contains("Session visit"), "{page}");
        assert_eq!(page.contains("data:image/png;base64,"), shown, "{token}");
        let report = "/api/v1/sessions/visit/export?format=markdown&link=https://traces.example/";
        let report = get(&server, report, token).await;
        let report = report.text().await.expect("text");
        let picture = "[![The page](https://traces.example/api/v1/runs/r1/pictures/0)](https://traces.example/run/r1)";
        assert_eq!(report.contains(picture), shown, "{token}: {report}");
    }
    // Whoever may see it gets it from there.
    let picture = get(&server, "/api/v1/runs/r1/pictures/0", REPLAY).await;
    assert_eq!(picture.status(), 200);
}
