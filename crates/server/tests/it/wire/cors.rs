//! Pages of other origins (attack case 34).

use stagedoor_server::config::{Cors, WireConfig};

use super::{Reply, Served};

fn cors(origins: &[&str], credentials: bool) -> WireConfig {
    let cors = Cors {
        origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
        methods: vec!["GET".into(), "POST".into()],
        allowed_headers: None,
        exposed_headers: vec!["x-trace-id".into()],
        credentials,
        max_age: Some(600),
    };
    WireConfig { cors: Some(cors), ..WireConfig::default() }
}

async fn from(served: &Served, line: &str, origin: &str) -> Reply {
    let headers = format!(
        "origin: {origin}\r\naccess-control-request-method: POST\r\naccess-control-request-headers: authorization\r\n"
    );
    served.ask(line, &headers, "").await
}

#[tokio::test]
async fn only_origins_of_the_configuration_may_read() {
    let served = Served::new(cors(&["https://a.example", "https://*.larkfell.example"], true)).await;
    for origin in ["https://a.example", "https://x.larkfell.example", "HTTPS://A.example"] {
        let reply = from(&served, "GET /v1/blueprints", origin).await;
        assert_eq!((reply.status(), reply.header("access-control-allow-origin")), (200, Some(origin)));
        assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(reply.header("access-control-expose-headers"), Some("x-trace-id"));
        let preflight = from(&served, "OPTIONS /v1/blueprints", origin).await;
        assert_eq!(
            (preflight.status(), preflight.header("access-control-allow-origin")),
            (204, Some(origin))
        );
        assert_eq!(preflight.header("access-control-allow-methods"), Some("GET,POST"));
        assert_eq!(preflight.header("access-control-allow-headers"), Some("authorization"));
        assert_eq!(preflight.header("access-control-max-age"), Some("600"));
        assert!(preflight.0.to_lowercase().contains("vary: origin"), "{}", preflight.0);
    }
    for origin in [
        "https://evil.example",
        "http://a.example",
        "https://a.example.evil",
        "https://a.example:8443",
        "https://xlarkfell.example",
        "https://larkfell.example",
        "null",
        "",
        "https://a.example\r\norigin: https://evil.example",
    ] {
        let reply = from(&served, "GET /v1/blueprints", origin).await;
        assert_eq!((reply.status(), reply.header("access-control-allow-origin")), (200, None), "{origin}");
        assert_eq!(reply.header("access-control-allow-credentials"), None, "{origin}");
        assert!(reply.0.to_lowercase().contains("vary: origin"), "a cache must know: {}", reply.0);
        let preflight = from(&served, "OPTIONS /v1/blueprints", origin).await;
        assert_eq!(preflight.status(), 404, "{origin}: {}", preflight.0);
        assert_eq!(preflight.header("access-control-allow-methods"), None, "{origin}");
    }
    // Also a refusal can be read, or a page could not tell why.
    let refused = served.ask_anonymous("GET /v1/blueprints", "origin: https://a.example\r\n").await;
    assert_eq!(
        (refused.status(), refused.header("access-control-allow-origin")),
        (401, Some("https://a.example"))
    );
}

#[tokio::test]
async fn everybody_means_nobodys_cookies() {
    let served = Served::new(cors(&["*"], false)).await;
    let reply = from(&served, "GET /v1/blueprints", "https://anywhere.example").await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn nothing_is_said_by_default() {
    let served = Served::new(WireConfig::default()).await;
    let preflight = from(&served, "OPTIONS /v1/blueprints", "https://a.example").await;
    assert_eq!((preflight.status(), preflight.header("access-control-allow-origin")), (404, None));
    let reply = from(&served, "GET /v1/blueprints", "https://a.example").await;
    assert_eq!((reply.status(), reply.header("access-control-allow-origin")), (200, None));
}
