//! `backend.https`, `backend.cors`, `backend.trustProxy`, `stagedoor.rateLimits` and the like.

use std::time::Duration;

use stagedoor_server::TrustedProxies;
use stagedoor_server::config::{Certificate, Pem, Rates, WireConfig};

use super::{case, one};

fn wire(text: &str) -> WireConfig {
    one(text).good(&[]).wire
}

#[test]
fn nothing_said_is_plain_http_for_one_origin() {
    let wire = wire("app: {title: x}\n");
    assert!(wire.tls.is_none() && wire.cors.is_none() && !wire.secure);
    assert_eq!((wire.proxies, wire.rates), (TrustedProxies::default(), Rates::default()));
}

#[test]
fn a_certificate_is_text_or_a_file() {
    let case = case(&[
        (
            "app-config.yaml",
            "backend:\n  https:\n    certificate:\n      cert: {$file: tls/cert.pem}\n      key: tls/key.pem\n",
        ),
        ("tls/cert.pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"),
    ]);
    let wire = case.good(&[]).wire;
    let Some(Certificate { cert: Pem::Text(cert), key: Pem::File(key) }) = &wire.tls else {
        panic!("{:?}", wire.tls)
    };
    assert!(cert.as_str().starts_with("-----BEGIN") && key.ends_with("tls/key.pem") && key.is_absolute());
    assert!(wire.secure, "browsers are told to stay with https");
    assert!(!format!("{:?}", wire.tls).contains("BEGIN"));
    let errors = one("backend:\n  https: true\n").errors(&[]);
    assert_eq!(
        errors,
        [
            "app-config.yaml:2:10: backend.https: no certificate is made here: set certificate.cert and certificate.key"
        ]
    );
    let errors = one("backend: {https: {certificate: {cert: a}}}\n").errors(&[]);
    assert_eq!(errors, ["app-config.yaml:1:32: backend.https.certificate: key is missing"]);
    assert!(wire_is_secure("app: {baseUrl: 'https://portal.example.com'}\n"));
    assert!(!wire_is_secure("app: {baseUrl: 'http://portal.example.com'}\n"));
}

fn wire_is_secure(text: &str) -> bool {
    wire(text).secure
}

#[test]
fn cors_is_read_as_backstage_has_it() {
    let stock = "backend:\n  cors:\n    origin: http://localhost:3000\n    methods: [GET, HEAD, PATCH, POST, PUT, DELETE]\n    credentials: true\n";
    let cors = wire(stock).cors.unwrap();
    assert_eq!(
        (cors.origins.as_slice(), cors.credentials),
        (&["http://localhost:3000".to_owned()][..], true)
    );
    assert_eq!((cors.methods.len(), cors.allowed_headers, cors.max_age), (6, None, None));
    let text = "backend: {cors: {origin: ['https://a.example', 'https://*.b.example'], maxAge: 60, allowedHeaders: x-a}}\n";
    let cors = wire(text).cors.unwrap();
    assert_eq!((cors.origins.len(), cors.max_age, cors.credentials), (2, Some(60), false));
    assert_eq!(cors.allowed_headers, Some(vec!["x-a".to_owned()]));
    for none in ["backend: {cors: false}\n", "backend: {cors: {}}\n", "backend: {cors: {origin: false}}\n"] {
        assert_eq!(wire(none).cors, None, "{none}");
    }
    assert!(wire("backend: {cors: {origin: '*'}}\n").cors.is_some());
}

#[test]
fn a_wildcard_never_goes_with_credentials() {
    for origin in ["*", "https://*", "https://*.com", "https://*example.com"] {
        let errors =
            one(&format!("backend: {{cors: {{origin: '{origin}', credentials: true}}}}\n")).errors(&[]);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(
            errors[0].contains("backend.cors.origin: \"") && errors[0].contains("strangers"),
            "{errors:?}"
        );
    }
}

#[test]
fn proxies_are_trusted_by_name() {
    let parse = |texts: &[&str]| TrustedProxies::parse(texts).unwrap();
    for (text, trusted) in [
        ("backend: {trustProxy: false}\n", parse(&[])),
        ("backend: {trustProxy: '10.0.0.7, fd00::/8'}\n", parse(&["10.0.0.7", "fd00::/8"])),
        ("backend: {trustProxy: loopback}\n", parse(&["127.0.0.0/8", "::1"])),
        ("stagedoor: {trustedProxies: [10.0.0.0/8]}\n", parse(&["10.0.0.0/8"])),
        ("backend: {trustProxy: true}\nstagedoor: {trustedProxies: 10.0.0.7}\n", parse(&["10.0.0.7"])),
    ] {
        assert_eq!(wire(text).proxies, trusted, "{text}");
    }
    let everybody = one("backend: {trustProxy: true}\n");
    let config = everybody.good(&[]);
    assert_eq!(
        everybody.warnings(&config),
        [
            "app-config.yaml:1:23: backend.trustProxy: only proxies at private addresses are trusted; name yours in \
             stagedoor.trustedProxies"
        ]
    );
    let errors = one("stagedoor: {trustedProxies: [proxy.example]}\n").errors(&[]);
    assert!(errors[0].contains("\"proxy.example\" is no address and no range"), "{errors:?}");
    let errors = one("stagedoor: {trustedProxies: ['${PROXY}']}\n").errors(&[("PROXY", "s3cret")]);
    assert!(!errors[0].contains("s3cret"), "{errors:?}");
}

#[test]
fn limits_are_numbers_or_off() {
    assert_eq!(wire("stagedoor: {rateLimits: false}\n").rates, Rates::OFF);
    assert_eq!(wire("stagedoor: {rateLimits: true}\n").rates, Rates::default());
    let rates = wire("stagedoor: {rateLimits: {period: 60, programs: 10, people: false}}\n").rates;
    assert_eq!(
        (rates.period, rates.programs, rates.people, rates.refusals),
        (Duration::from_secs(60), Some(10), None, Rates::default().refusals)
    );
    let off = one("app: {}\n").good(&[("APP_CONFIG_stagedoor_rateLimits", "false")]);
    assert!(off.wire.rates.is_off());
    let limits = wire("stagedoor: {limits: {connections: 5, headerSeconds: 3}}\n").limits;
    assert_eq!((limits.connections, limits.header), (Some(5), Duration::from_secs(3)));
    for (text, words) in [
        (
            "stagedoor: {rateLimits: {programs: 0}}\n",
            "stagedoor.rateLimits.programs: expected a whole number from 1",
        ),
        (
            "stagedoor: {rateLimits: {people: many}}\n",
            "stagedoor.rateLimits.people: expected a whole number from 1",
        ),
        ("stagedoor: {rateLimits: 7}\n", "stagedoor.rateLimits: expected an object, found a number"),
        (
            "stagedoor: {limits: {idleSeconds: -1}}\n",
            "stagedoor.limits.idleSeconds: expected a whole number from 1",
        ),
    ] {
        let errors = one(text).errors(&[]);
        assert!(errors[0].contains(words), "{errors:?}");
    }
}

#[test]
fn frames_are_origins_and_nothing_that_a_header_would_read_otherwise() {
    let wire = wire("stagedoor: {frames: [https://grafana.example.com, 'https://*.example.com:8443']}\n");
    assert_eq!(wire.frames, ["https://grafana.example.com", "https://*.example.com:8443"]);
    for bad in [
        "grafana.example.com",
        "https://a.example/path",
        "*",
        "https://*",
        "https://a.example; script-src *",
        "https://a b",
        "https://a.example:0",
        "data:",
        "javascript://a",
    ] {
        let errors = one(&format!("stagedoor: {{frames: ['{bad}']}}\n")).errors(&[]);
        assert!(
            errors[0].contains("stagedoor.frames") && errors[0].contains("is no origin"),
            "{bad}: {errors:?}"
        );
    }
}
