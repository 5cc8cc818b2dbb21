//! What others say of who calls (attack cases 23 and 24).

use std::sync::Arc;

use stagedoor_server::TrustedProxies;
use stagedoor_server::config::{Config, WireConfig};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::TestPortal;

use super::Served;

/// The address that the log has of a blueprint made by a request with these headers.
async fn logged(trusted: &[&str], headers: &str) -> String {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let proxies = TrustedProxies::parse(trusted).unwrap();
    let wire = WireConfig { proxies, ..WireConfig::default() };
    let config = Config { wire: wire.clone(), ..Config::default() };
    let portal = TestPortal::builder().store(Arc::clone(&store)).config(config).start().await;
    let served = Served::of(portal, wire, None).await;
    let reply = served.ask("POST /v1/blueprints", headers, r#"{"identifier":"b","title":"B"}"#).await;
    assert_eq!(reply.status(), 201, "{}", reply.0);
    let last = store.commits_since(store.head().unwrap() - 1, 1).unwrap();
    let from = last[0].change_set.actor.from.clone().unwrap_or_default();
    from.strip_prefix("access_token ").unwrap_or_default().to_owned()
}

#[tokio::test]
async fn forwarded_addresses_are_believed_of_trusted_proxies_only() {
    let forged = "x-forwarded-for: 203.0.113.9\r\n";
    assert_eq!(logged(&[], forged).await, "127.0.0.1");
    assert_eq!(logged(&["10.0.0.0/8"], forged).await, "127.0.0.1");
    assert_eq!(logged(&["127.0.0.0/8"], forged).await, "203.0.113.9");
    let twice = "x-forwarded-for: 198.51.100.1, 203.0.113.9\r\n";
    assert_eq!(logged(&["127.0.0.0/8"], twice).await, "203.0.113.9", "what the client wrote is not believed");
    // Other headers of this kind are nobody's.
    let others = "forwarded: for=203.0.113.9\r\nx-real-ip: 203.0.113.9\r\ntrue-client-ip: 203.0.113.9\r\n";
    assert_eq!(logged(&["127.0.0.0/8"], others).await, "127.0.0.1");
}

#[tokio::test]
async fn no_header_says_who_calls() {
    for trusted in [&[][..], &["127.0.0.0/8"]] {
        let proxies = TrustedProxies::parse(trusted).unwrap();
        let served = Served::new(WireConfig { proxies, ..WireConfig::default() }).await;
        served.portal.administrator("ada@larkfell.example").await;
        for name in [
            "x-forwarded-user",
            "x-forwarded-email",
            "x-auth-request-email",
            "x-auth-request-user",
            "x-goog-authenticated-user-email",
            "x-goog-iap-jwt-assertion",
            "x-amzn-oidc-data",
            "x-amzn-oidc-identity",
            "x-ms-client-principal-name",
            "cf-access-authenticated-user-email",
            "remote-user",
            "x-remote-user",
            "x-webauth-user",
            "x-user",
            "from",
        ] {
            for path in ["/v1/blueprints", "/api/catalog/entities", "/api/stagedoor/v1/entity", "/metrics"] {
                let reply = served
                    .ask_anonymous(&format!("GET {path}"), &format!("{name}: ada@larkfell.example\r\n"))
                    .await;
                assert_eq!(reply.status(), 401, "{name} {path}: {}", reply.0);
            }
        }
    }
}
