//! The embedded folders, as far as they are there.

use super::player::Place;
use super::tracer::TracerFiles;
use super::viewer::ViewerFiles;
use super::*;
use crate::running::{INDEX, Running};

#[test]
fn packed_twins_are_not_files_of_their_own() {
    for path in ["throughline.js.br", "throughline.js.gz", "no such file"] {
        assert!(
            Embedded::<TracerFiles>::new().find(path).is_none(),
            "{path}"
        );
    }
    assert!(
        Embedded::<ViewerFiles>::new()
            .find("../tracer/throughline.js")
            .is_none()
    );
    assert!(Embedded::<ViewerFiles>::new().find("").is_none());
}

#[test]
fn a_hash_is_sixteen_digits_of_sha_256() {
    use sha2::{Digest as _, Sha256};

    // Built or not, the rule is the same.
    let assets = Embedded::<TracerFiles>::new();
    if let Some(asset) = assets.find("throughline.js") {
        let digest = Sha256::digest(&asset.plain);
        let expected: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(asset.hash(), expected);
    }
}

async fn ask(server: &Running, path: &str, host: Option<&str>) -> reqwest::Response {
    let mut request = reqwest::Client::new().get(format!("{}{path}", server.player));
    if let Some(host) = host {
        request = request.header("host", host);
    }
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn the_players_page_can_load_and_send_nothing_and_is_the_viewers_alone() {
    let server = Running::usual().await;
    for (path, status) in [("/", 200), ("/api/v1/sessions", 404), ("/v1/replay", 404)] {
        let response = ask(&server, path, None).await;
        assert_eq!(response.status(), status, "{path}");
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().expect("text"))
        };
        let expected = format!(
            "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; \
             img-src data: blob:; font-src data:; frame-src 'none'; object-src 'none'; base-uri 'none'; \
             form-action 'none'; frame-ancestors {}",
            server.viewer
        );
        assert_eq!(
            header("content-security-policy"),
            Some(expected.as_str()),
            "{path}"
        );
        assert_eq!(header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(
            header("cross-origin-resource-policy"),
            Some("same-origin"),
            "{path}"
        );
        assert_eq!(header("set-cookie"), None, "{path}");
        if path == "/" {
            let page = response.text().await.expect("text");
            assert_eq!(page, INDEX.replace("VIEWER", &server.viewer));
        }
    }
}

#[tokio::test]
async fn the_player_answers_to_its_own_name_alone() {
    let server = Running::usual().await;
    let own = server.player.trim_start_matches("http://");
    let port = own.rsplit(':').next().expect("a port");
    for (host, status) in [
        (own.to_owned(), 200),
        (format!("localhost:{port}"), 403),
        ("127.0.0.1".to_owned(), 403),
        (format!("evil.example:{port}"), 403),
    ] {
        let response = ask(&server, "/", Some(&host)).await;
        assert_eq!(response.status(), status, "{host}");
    }
}

#[test]
fn the_player_is_never_on_the_viewers_host() {
    let place = |player: &str, viewer: &str| {
        Place::new(
            player.parse().expect("an origin"),
            viewer.parse().expect("an origin"),
        )
    };
    assert!(place("http://127.0.0.1:4320", "http://localhost:4319").is_ok());
    let refused = place("http://127.0.0.1:4320", "http://127.0.0.1:4319").expect_err("one host");
    assert!(
        refused.contains("--listen-player localhost:4320"),
        "{refused}"
    );
}
