//! `backend.auth.externalAccess`: tokens that the configuration says, and those of issuers whose keys are read from a
//! real server.

mod issuer;

use std::path::PathBuf;

use serde_json::{Value, json};
use stagedoor_server::config::{Config, Environment, load};
use stagedoor_testkit::TestPortal;

use self::issuer::{Issuer, Signed, now};
use super::{TOKENS, ask, reads};

const STATIC: &str = "type: static, options: { token: '${CI_TOKEN}', subject: ci }";
const TOKEN: &str = "a-token-of-the-pipeline";

fn config(entries: &str) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app-config.yaml");
    let text = format!("backend:\n  auth:\n    externalAccess:\n{entries}");
    std::fs::write(&path, text).unwrap();
    let environment: Environment = [("CI_TOKEN".to_owned(), TOKEN.to_owned())].into_iter().collect();
    let loaded = load(&[PathBuf::from(&path)], &environment);
    let shown = |text: String| text.split_once(": ").map_or(text.clone(), |(_, rest)| rest.to_owned());
    loaded.map_err(|errors| errors.errors.iter().map(|error| shown(error.to_string())).collect())
}

async fn portal(entries: &str) -> TestPortal {
    let config = config(entries).unwrap_or_else(|errors| panic!("{errors:?}"));
    TestPortal::builder().config(config).start().await
}

#[tokio::test]
async fn a_static_token_is_a_program_of_that_name() {
    let portal = portal(&format!("      - {{ {STATIC} }}\n")).await;
    assert_eq!(reads(&portal, TOKEN).await, [200; 3]);
    let blueprint = json!({ "identifier": "b", "title": "B" });
    let made = ask(&portal, TOKEN, "POST", "/v1/blueprints", Some(&blueprint)).await;
    assert_eq!((made.status, &made.json()["blueprint"]["createdBy"]), (201, &json!("ci")));
    for wrong in ["a-token-of-the-pipelin", "a-token-of-the-pipelinf", "A-token-of-the-pipeline", "x"] {
        assert_eq!(reads(&portal, wrong).await, [401; 3], "{wrong}");
    }
    // Our own access tokens go on being good.
    assert_eq!(reads(&portal, portal.token()).await, [200; 3]);
}

#[tokio::test]
async fn restrictions_leave_what_they_name() {
    let restricted = |restrictions: &str| {
        format!("      - {STATIC}\n        accessRestrictions:\n{restrictions}")
            .replace("type: static, options:", "type: static\n        options:")
    };
    let entity = json!({ "identifier": "ada@larkfell.example" });
    let write = async |portal: &TestPortal| {
        let path = "/v1/blueprints/_user/entities";
        ask(portal, TOKEN, "POST", path, Some(&entity)).await.status
    };
    let remove = async |portal: &TestPortal| {
        ask(
            portal,
            TOKEN,
            "DELETE",
            "/api/catalog/entities/by-uid/00000000-0000-4000-8000-000000000000",
            None,
        )
        .await
        .status
    };
    for (restrictions, expected) in [
        ("          - plugin: catalog\n", (200, 201)),
        ("          - { plugin: catalog, permission: catalog.entity.read }\n", (200, 403)),
        (
            "          - { plugin: catalog, permission: 'catalog.entity.read, catalog.entity.create' }\n",
            (200, 201),
        ),
        ("          - { plugin: catalog, permissionAttribute: { action: read } }\n", (200, 403)),
        ("          - { plugin: catalog, permissionAttribute: { action: [create] } }\n", (403, 201)),
        ("          - { plugin: scaffolder }\n", (403, 403)),
        ("          []\n", (200, 201)),
    ] {
        let portal = portal(&restricted(restrictions)).await;
        let read = ask(&portal, TOKEN, "GET", "/api/catalog/entities", None).await.status;
        assert_eq!((read, write(&portal).await), expected, "{restrictions}");
        assert_ne!(remove(&portal).await, 401);
        // Beyond the catalog only a token without restrictions goes.
        let beyond = ask(&portal, TOKEN, "POST", "/v1/blueprints", Some(&json!({ "identifier": "b" }))).await;
        assert_eq!(beyond.status, if restrictions.contains("[]") { 201 } else { 403 }, "{restrictions}");
    }
}

#[test]
fn what_cannot_be_done_as_it_is_said_is_refused_at_start() {
    let place = "backend.auth.externalAccess[0]";
    for (entry, error) in [
        ("{ type: oidc, options: {} }", format!("{place}.type: expected static, jwks or legacy")),
        ("{ type: static }", format!("{place}: options is missing")),
        ("{ type: static, options: { subject: ci } }", format!("{place}.options: token is missing")),
        (
            "{ type: static, options: { token: short, subject: ci } }",
            format!("{place}.options.token: must have at least 8 characters"),
        ),
        (
            "{ type: static, options: { token: long enough, subject: ci } }",
            format!("{place}.options.token: must have no spaces"),
        ),
        (
            "{ type: static, options: { token: longenough, subject: c i } }",
            format!("{place}.options.subject: must have no spaces"),
        ),
        (
            "{ type: static, options: { token: longenough, subject: ci, expires: 1 } }",
            format!("unknown key {place}.options.expires: expected token, subject"),
        ),
        (
            "{ type: static, options: { token: longenough, subject: ci }, restrictions: [] }",
            format!("unknown key {place}.restrictions: expected type, options, accessRestrictions"),
        ),
        (
            "{ type: legacy, options: { secret: c2hvcnQ=, subject: ci } }",
            format!("{place}.options.secret: must be base64 of at least 16 bytes"),
        ),
        (
            "{ type: jwks, options: { url: 'file:///etc/passwd', audience: a } }",
            format!("{place}.options.url: expected an address such as https://id.example.com/jwks.json"),
        ),
        (
            "{ type: jwks, options: { url: 'https://id.example/', audience: a, algorithm: HS256 } }",
            format!(
                "{place}.options.algorithm: HS256 proves nothing with a public key: expected some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA"
            ),
        ),
        (
            "{ type: jwks, options: { url: 'https://id.example/', audience: a, algorithm: [RS256, none] } }",
            format!(
                "{place}.options.algorithm: none proves nothing with a public key: expected some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA"
            ),
        ),
        (
            "{ type: jwks, options: { url: 'https://id.example/', claims: { repo: {} } } }",
            format!(
                "{place}.options.claims.repo: expected a text, a number, a boolean or a list of those, found an object"
            ),
        ),
    ] {
        let errors = config(&format!("      - {entry}\n")).err().unwrap_or_else(|| panic!("{entry}"));
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].ends_with(&error), "{entry}: {errors:?}");
    }
    for (restriction, error) in [
        ("{ permission: catalog.entity.read }", "plugin is missing".to_owned()),
        (
            "{ plugin: catalog, permission: catalog.entity.rename }",
            format!(
                "{place}.accessRestrictions[0].permission: catalog.entity.rename is no permission of the catalog here"
            ),
        ),
        (
            "{ plugin: catalog, permissionAttribute: { action: execute } }",
            format!(
                "{place}.accessRestrictions[0].permissionAttribute.action: expected some of create, read, update, delete"
            ),
        ),
        (
            "{ plugin: catalog, permissionAttribute: { scope: x } }",
            format!("unknown key {place}.accessRestrictions[0].permissionAttribute.scope: expected action"),
        ),
        (
            "{ plugin: catalog, kinds: [Component] }",
            format!(
                "unknown key {place}.accessRestrictions[0].kinds: expected plugin, permission, permissionAttribute"
            ),
        ),
        (
            "{ plugin: catalog }, { plugin: catalog }",
            format!("{place}.accessRestrictions[1].plugin: this plugin has a restriction already"),
        ),
    ] {
        let entry = format!("      - {{ {STATIC}, accessRestrictions: [ {restriction} ] }}\n");
        let errors = config(&entry).err().unwrap_or_else(|| panic!("{restriction}"));
        assert!(errors.len() == 1 && errors[0].contains(&error), "{restriction}: {errors:?}");
        assert!(!errors[0].contains(TOKEN));
    }
    let config = config(&format!("      - {{ {STATIC} }}\n")).unwrap();
    assert!(!format!("{config:?}").contains(TOKEN), "a token is not printed");
}

#[tokio::test]
async fn tokens_of_the_old_kind_are_signed_with_a_shared_secret() {
    let secret = b"a shared secret of 32 bytes size";
    let portal = portal("      - { type: legacy, options: { secret: YSBzaGFyZWQgc2VjcmV0IG9mIDMyIGJ5dGVzIHNpemU=, subject: old } }\n").await;
    let claims = |sub: &str, ends: i64| json!({ "sub": sub, "exp": now() + ends });
    let sign = |claims: Value, secret: &[u8]| Signed::by_secret(claims, secret);
    assert_eq!(reads(&portal, &sign(claims("backstage-server", 60), secret)).await, [200; 3]);
    for (what, bad) in [
        ("expired", sign(claims("backstage-server", -60), secret)),
        ("endless", sign(json!({ "sub": "backstage-server" }), secret)),
        ("another secret", sign(claims("backstage-server", 60), b"another secret of many more bytes")),
        ("another subject", sign(claims("ada@larkfell.example", 60), secret)),
        ("for somebody", sign(json!({ "sub": "backstage-server", "exp": now() + 60, "aud": "x" }), secret)),
    ] {
        assert_eq!(reads(&portal, &bad).await, [401; 3], "{what}");
    }
    assert_eq!(reads(&portal, portal.token()).await, [200; 3]);
}

async fn trusting(issuer: &Issuer, options: &str) -> TestPortal {
    let url = &issuer.url;
    portal(&format!("      - type: jwks\n        options: {{ url: '{url}', {options} }}\n")).await
}

const OPTIONS: &str = "issuer: 'https://id.example', audience: [stagedoor, other], subjectPrefix: ci";

#[tokio::test]
async fn tokens_of_an_issuer_are_good_by_its_keys() {
    let issuer = Issuer::start().await;
    let portal = trusting(&issuer, OPTIONS).await;
    for token in [Signed::rsa("rsa-1").token(), Signed::ec("ec-1").token(), Signed::pss("rsa-1").token()] {
        assert_eq!(reads(&portal, &token).await, [200; 3], "{token}");
    }
    let made = ask(
        &portal,
        &Signed::rsa("rsa-1").token(),
        "POST",
        "/v1/blueprints",
        Some(&json!({ "identifier": "b" })),
    )
    .await;
    assert_eq!(made.json()["blueprint"]["createdBy"], "external:ci:robot");
    // Its keys were read once, for all of them.
    assert_eq!(issuer.asked(), ["/keys"]);
    let list = Signed::rsa("rsa-1").claim("aud", json!(["stagedoor", "https://elsewhere.example"]));
    assert_eq!(reads(&portal, &list.token()).await, [200; 3]);
    assert_eq!(reads(&portal, portal.token()).await, [200; 3]);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_token_of_an_issuer_it_is_refused() {
    let issuer = Issuer::start().await;
    let portal = trusting(&issuer, OPTIONS).await;
    let good = Signed::rsa("rsa-1").token();
    assert_eq!(reads(&portal, &good).await, [200; 3]);
    let parts: Vec<&str> = good.split('.').collect();
    let forged = Signed::rsa("rsa-1").claim("sub", json!("admin")).token();
    let body = forged.split('.').nth(1).unwrap();
    let rsa = || Signed::rsa("rsa-1");
    let header = |header: Value| issuer::encoded(&header);
    for (what, bad) in [
        ("no algorithm", format!("{}.{}.", header(json!({ "alg": "none", "kid": "rsa-1" })), parts[1])),
        (
            "no algorithm, in other letters",
            format!("{}.{}.{}", header(json!({ "alg": "nOnE", "kid": "rsa-1" })), parts[1], parts[2]),
        ),
        ("the public key as a shared secret", Signed::by_public_key("rsa-1")),
        ("another body", format!("{}.{body}.{}", parts[0], parts[2])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("a foreign signature", Signed::ec("rsa-1").token()),
        ("another issuer", rsa().claim("iss", json!("https://evil.example")).token()),
        ("a list of issuers", rsa().claim("iss", json!(["https://id.example"])).token()),
        ("no issuer", rsa().claim("iss", Value::Null).token()),
        ("another audience", rsa().claim("aud", json!("elsewhere")).token()),
        ("no audience", rsa().claim("aud", Value::Null).token()),
        ("expired", rsa().claim("exp", json!(now() - 60)).token()),
        ("endless", rsa().claim("exp", Value::Null).token()),
        ("an end that is no time", rsa().claim("exp", json!("tomorrow")).token()),
        ("not yet", rsa().claim("nbf", json!(now() + 600)).token()),
        ("nobody", rsa().claim("sub", Value::Null).token()),
        ("two lines", rsa().claim("sub", json!("robot\nadmin")).token()),
        ("a header that must be understood", rsa().header("crit", json!(["exp"])).token()),
    ] {
        assert_eq!(reads(&portal, &bad).await, [401; 3], "{what}: {bad}");
    }
    // What the header says of keys is not looked at.
    let elsewhere = rsa().header("jku", json!(format!("{}/evil", issuer.url)));
    assert_eq!(reads(&portal, &elsewhere.token()).await, [200; 3]);
    assert!(issuer.asked().iter().all(|path| path == "/keys"), "{:?}", issuer.asked());
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_but_not_without_end() {
    let issuer = Issuer::start().await;
    let portal = trusting(&issuer, OPTIONS).await;
    assert_eq!(reads(&portal, &Signed::rsa("rsa-1").token()).await[0], 200);
    // The issuer has got another key: it is found at once.
    issuer.publish(&["ec-1", "rsa-2"]);
    assert_eq!(reads(&portal, &Signed::rsa("rsa-2").token()).await[0], 200);
    assert_eq!(issuer.asked().len(), 2);
    // The one that it took back is good no more, however often it was good before.
    assert_eq!(reads(&portal, &Signed::rsa("rsa-1").token()).await[0], 401);
    // Names that are made up have the keys read no more; none of them is a path.
    for kid in ["../../evil", "/etc/passwd", "http://evil.example/keys", "rsa-2\0", "", "%2e%2e", "' or 1=1"]
    {
        assert_eq!(reads(&portal, &Signed::rsa(kid).token()).await, [401; 3], "{kid}");
    }
    assert_eq!(issuer.asked(), ["/keys"; 3]);
    assert_eq!(reads(&portal, &Signed::rsa("rsa-2").token()).await[0], 200);
}

#[tokio::test]
async fn algorithms_and_claims_narrow_what_is_accepted() {
    let issuer = Issuer::start().await;
    let options = "issuer: 'https://id.example', algorithm: ES256, claims: { repository: [larkfell/site, larkfell/api], scope: deploy }";
    let portal = trusting(&issuer, options).await;
    let with = |signed: Signed, repository: &str, scope: Value| {
        signed.claim("repository", json!(repository)).claim("scope", scope).token()
    };
    let good = with(Signed::ec("ec-1"), "larkfell/api", json!("read deploy"));
    assert_eq!(reads(&portal, &good).await, [200; 3]);
    for bad in [
        with(Signed::rsa("rsa-1"), "larkfell/api", json!("deploy")),
        with(Signed::ec("ec-1"), "evil/api", json!("deploy")),
        with(Signed::ec("ec-1"), "larkfell/api", json!("deployment")),
        with(Signed::ec("ec-1"), "larkfell/api", json!({ "deploy": true })),
        Signed::ec("ec-1").token(),
    ] {
        assert_eq!(reads(&portal, &bad).await, [401; 3]);
    }
}

#[tokio::test]
async fn an_issuer_that_is_away_lets_nobody_in_and_holds_nobody_up() {
    let issuer = Issuer::start().await;
    issuer.publish(&[]);
    let portal = trusting(&issuer, OPTIONS).await;
    assert_eq!(reads(&portal, &Signed::rsa("rsa-1").token()).await, [401; 3]);
    assert_eq!(reads(&portal, portal.token()).await, [200; 3]);
    // An address inside the network is not read on a configuration's word either, unless it is allowed.
    let inside = portal_at("http://169.254.169.254/keys").await;
    assert_eq!(reads(&inside, &Signed::rsa("rsa-1").token()).await, [401; 3]);
    assert_eq!(ask(&inside, inside.token(), "GET", TOKENS, None).await.status, 200);
}

async fn portal_at(url: &str) -> TestPortal {
    portal(&format!("      - type: jwks\n        options: {{ url: '{url}', {OPTIONS} }}\n")).await
}
