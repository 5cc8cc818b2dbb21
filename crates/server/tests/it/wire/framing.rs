//! Requests that two programs could read in two ways (attack case 23).

use stagedoor_server::config::WireConfig;

use super::{Served, answers_in, status_of};

async fn served() -> Served {
    Served::new(WireConfig::default()).await
}

#[tokio::test]
async fn a_message_has_one_length() {
    let served = served().await;
    for (what, head) in [
        ("two lengths", "content-length: 5\r\ncontent-length: 6\r\n\r\nhello"),
        ("a list of lengths", "content-length: 5, 6\r\n\r\nhello"),
        ("a negative one", "content-length: -1\r\n\r\n"),
        ("a sign", "content-length: +5\r\n\r\nhello"),
        ("a hexadecimal one", "content-length: 0x5\r\n\r\nhello"),
        ("a huge one", "content-length: 99999999999999999999\r\n\r\n"),
        ("not chunked at last", "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        ("an unknown coding", "transfer-encoding: cow\r\n\r\n0\r\n\r\n"),
        ("a space before the colon", "transfer-encoding : chunked\r\n\r\n0\r\n\r\n"),
        ("a folded header", "x: a\r\n b\r\n\r\n"),
        ("a NUL in a header", "x: a\0b\r\n\r\n"),
        ("a bare CR in a header", "x: a\rb\r\n\r\n"),
        ("no name", ": a\r\n\r\n"),
    ] {
        let text = served.raw(format!("POST /v1/auth/access_token HTTP/1.1\r\nhost: x\r\n{head}")).await;
        assert_eq!((status_of(&text), answers_in(&text)), (400, 1), "{what}: {text}");
    }
    served.answers().await;
}

/// Both a length and chunks: the chunks count, and whatever follows on the connection is not read as a request.
#[tokio::test]
async fn nothing_is_smuggled_behind_a_message_with_two_lengths() {
    let served = served().await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    for order in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
    ] {
        let text = served
            .raw(format!("POST /v1/auth/access_token HTTP/1.1\r\nhost: x\r\n{order}\r\n0\r\n\r\n{smuggled}"))
            .await;
        assert_eq!(answers_in(&text), 1, "{order}: {text}");
        assert!(!text.contains("smuggled"), "{text}");
    }
    for chunks in ["zz\r\nhello\r\n0\r\n\r\n", "5;\nhello\r\n0\r\n\r\n", "5\r\nhelloX0\r\n\r\n", "-1\r\n\r\n"]
    {
        let text = served
            .raw(format!(
                "POST /v1/auth/access_token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{chunks}{smuggled}"
            ))
            .await;
        assert!(answers_in(&text) <= 1 && !text.contains("smuggled"), "{chunks:?}: {text}");
        assert!((400..500).contains(&status_of(&text)), "{chunks:?}: {text}");
    }
    served.answers().await;
}

#[tokio::test]
async fn a_request_is_what_its_first_line_says() {
    let served = served().await;
    // No header makes another method of it.
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let reply = served.ask("GET /v1/blueprints/none", &format!("{name}: DELETE\r\n"), "").await;
        assert_eq!(reply.status(), 404, "{name}: {}", reply.0);
    }
    let reply = served.ask("POST /v1/blueprints?_method=DELETE", "", "{}").await;
    assert_eq!(reply.status(), 422, "{}", reply.0);
    // Nor another path.
    for name in ["x-original-url", "x-rewrite-url", "x-forwarded-prefix", "x-forwarded-path"] {
        let reply = served.ask("GET /", &format!("{name}: /v1/blueprints\r\n"), "").await;
        assert!(!reply.body().contains("blueprints\":"), "{name}");
    }
    // What `Connection` names is dropped by proxies; here it stays what it is.
    let reply = served.ask("GET /v1/blueprints", "connection: authorization, x-a\r\n", "").await;
    assert_eq!(reply.status(), 200, "{}", reply.0);
    for line in ["TRACE /v1/blueprints", "CONNECT x:443", "get /v1/blueprints", "PRI *"] {
        let reply = served.ask(line, "", "").await;
        assert!((400..500).contains(&reply.status()), "{line}: {}", reply.0);
        assert!(!reply.body().contains("authorization"), "{line}");
    }
    let reply = served.ask("GET /v1/blueprints", "upgrade: websocket\r\nconnection: upgrade\r\n", "").await;
    assert_eq!(reply.status(), 200, "an upgrade that is not offered is passed over: {}", reply.0);
    served.answers().await;
}

/// No way of writing a path leads round the demand for a credential.
#[tokio::test]
async fn no_path_leads_round_a_credential() {
    let served = served().await;
    for path in [
        "//v1/blueprints",
        "/v1//blueprints",
        "/./v1/blueprints",
        "/x/../v1/blueprints",
        "/v1/..%2fv1/blueprints",
        "/v1/%2e%2e/v1/blueprints",
        "/v1/%62lueprints",
        "/V1/blueprints",
        "/v1;x=y/blueprints",
        "/v1/blueprints%00",
        "/v1/blueprints%20",
        "/v1/blueprints/.",
        "/v1/auth/access_token/../../blueprints",
        "/v1/auth/access_token%2f..%2f..%2fblueprints",
        "/api/permission/health/../../catalog/entities",
        "/api/permission/health%2f..%2f..%2fcatalog/entities",
        "/.backstage/health/v1/liveness/../../../../v1/blueprints",
        "http://evil.example/v1/blueprints",
        "/assets/..%2f..%2fv1/blueprints",
    ] {
        let reply = served.ask_anonymous(&format!("GET {path}"), "").await;
        // A build without its pages says so in a plain text.
        let page = reply.body().contains("<!doctype html") || reply.0.contains("content-type: text/plain");
        assert!(matches!(reply.status(), 400 | 401 | 404 | 405) || page, "{path}: {}", reply.0);
        assert!(!reply.body().contains("\"blueprints\""), "{path}: {}", reply.0);
    }
    served.answers().await;
}

#[tokio::test]
async fn heads_have_an_end() {
    let served = served().await;
    for (what, request, expected) in [
        ("a long address", format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000)), 414),
        ("a long header", format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(120_000)), 431),
        ("an endless header", format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}", "a".repeat(1_000_000)), 431),
        ("many headers", format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(200)), 431),
    ] {
        let text = served.raw(request).await;
        // A client that goes on sending after the refusal may see the connection reset before it reads it.
        assert!([expected, 0].contains(&status_of(&text)), "{what}: {text}");
    }
    // A token of the longest kind passes.
    let reply = served.ask_anonymous("GET /", &format!("x: {}\r\n", "a".repeat(32 * 1024))).await;
    assert_eq!(reply.status(), 200);
    served.answers().await;
}
