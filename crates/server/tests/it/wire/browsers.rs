//! What every answer tells browsers (attack case 34: scripts, frames, sniffing).

use stagedoor_server::config::WireConfig;

use super::Served;

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let served = Served::new(WireConfig::default()).await;
    for line in [
        "GET /",
        "GET /v1/blueprints",
        "GET /v1/nothing",
        "GET /api/catalog/entities",
        "GET /api/catalog/nothing",
        "GET /api/stagedoor/v1/session",
        "GET /api/permission/health",
        "GET /metrics",
        "GET /assets/none.js",
        "POST /",
    ] {
        for reply in [served.ask(line, "", "").await, served.ask_anonymous(line, "").await] {
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{line}: {}", reply.0);
            assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{line}");
            assert_eq!(reply.header("referrer-policy"), Some("same-origin"), "{line}");
            assert_eq!(reply.header("cross-origin-resource-policy"), Some("same-origin"), "{line}");
            let policy = reply.header("content-security-policy").unwrap_or_default();
            assert!(
                policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                "{line}"
            );
            assert!(!policy.contains("unsafe-eval") && !policy.contains("script-src 'unsafe"), "{line}");
            assert_eq!(reply.header("strict-transport-security"), None, "not without TLS: {line}");
            assert_eq!(reply.header("access-control-allow-origin"), None, "{line}");
            assert_eq!(reply.header("server"), None, "{line}");
            if line.contains("/v1") || line.contains("/api/") {
                assert_eq!(reply.header("cache-control"), Some("no-store"), "{line}: {}", reply.0);
            }
        }
    }
}

#[tokio::test]
async fn https_is_demanded_where_it_is_used() {
    let wire = WireConfig { secure: true, ..WireConfig::default() };
    let served = Served::new(wire).await;
    for line in ["GET /", "GET /v1/blueprints"] {
        let reply = served.ask(line, "", "").await;
        assert_eq!(reply.header("strict-transport-security"), Some("max-age=31536000"), "{line}");
    }
}

/// Local try-out mode refuses what other sites ask for, and what it says then cannot be framed.
#[tokio::test]
async fn a_refusal_of_local_try_out_mode_carries_them_too() {
    let portal = stagedoor_testkit::TestPortal::builder().dev().start().await;
    let request = http::Request::get("/").header("host", "localhost").header("sec-fetch-site", "cross-site");
    let answer = portal.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((answer.status, answer.header("x-frame-options")), (403, "DENY"));
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
}
