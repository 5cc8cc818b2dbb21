use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn the_standard_variables_are_understood() {
    assert!(trace_config(&environment(&[])).unwrap().is_none());
    let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
    let config = trace_config(&environment(&[base])).unwrap().unwrap();
    assert_eq!(config.endpoint.as_str(), "http://collector:4318/v1/traces");
    assert!((config.ratio - 1.0).abs() < f64::EPSILON);
    let config = trace_config(&environment(&[
        base,
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c/x"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20a%3D, x=1+2"),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
    ]));
    let config = config.unwrap().unwrap();
    assert_eq!(config.endpoint.as_str(), "https://c/x");
    let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
    assert_eq!(config.headers.0, [pair("authorization", "Basic a="), pair("x", "1+2")]);
    assert!(!format!("{config:?}").contains("Basic"), "a credential is never printed");
    assert!(trace_config(&environment(&[base, ("OTEL_SDK_DISABLED", "true")])).unwrap().is_none());
    for wrong in [
        [("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x"), ("A", "")],
        [("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"), ("A", "")],
        [base, ("OTEL_TRACES_SAMPLER", "sometimes")],
        [base, ("OTEL_EXPORTER_OTLP_HEADERS", "secret")],
    ] {
        let error = trace_config(&environment(&wrong)).unwrap_err().to_string();
        assert!(error.starts_with("OTEL_") && !error.contains("secret"), "{error}");
    }
}

#[test]
fn a_callers_trace_goes_on() {
    let parent = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", text.parse().unwrap());
        parent_of(&headers)
    };
    let found = parent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
    assert_eq!((found.trace, found.sampled), (0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, true));
    assert!(!parent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").unwrap().sampled);
    for wrong in [
        "",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0-01",
    ] {
        assert_eq!(parent(wrong), None, "{wrong}");
    }
}
