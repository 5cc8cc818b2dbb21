//! What every host of these kinds makes of a failing one: the same for Bitbucket, Azure DevOps and S3.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_hosts::{HostError, Priority, Providers};

use crate::bitbucket_fake::{Answer, Fake, hosts, now};

/// Integrations, a file, a target with wildcards, and a provider with its key.
struct Case {
    integrations: Value,
    file: String,
    pattern: String,
    provider: Value,
}

fn cases(host: &str) -> Vec<Case> {
    let case = |integrations, page: &str, end: &str, provider| Case {
        integrations,
        file: format!("https://{host}/{page}a/info.yaml{end}"),
        pattern: format!("https://{host}/{page}a/**/info.yaml{end}"),
        provider,
    };
    let api = format!("http://{host}");
    vec![
        case(
            json!({ "bitbucketCloud": [{ "host": host, "apiBaseUrl": api, "username": "u", "token": "s3cret" }] }),
            "acme/web/src/main/",
            "",
            json!({ "bitbucketCloud": { "workspace": "acme" } }),
        ),
        case(
            json!({ "bitbucketServer": [{ "host": host, "apiBaseUrl": api, "token": "s3cret" }] }),
            "projects/P/repos/web/browse/",
            "?at=main",
            json!({ "bitbucketServer": { "host": host } }),
        ),
        case(
            json!({ "azure": [{ "host": host, "apiBaseUrl": api, "token": "s3cret" }] }),
            "acme/p/_git/web?path=/",
            "&version=GBmain",
            json!({ "azureDevOps": { "a": { "host": host, "organization": "acme", "project": "p" } } }),
        ),
        case(
            json!({ "awsS3": [{ "endpoint": api, "s3ForcePathStyle": true, "accessKeyId": "A", "secretAccessKey": "s3cret" }] }),
            "bucket/",
            "",
            json!({ "awsS3": { "bucketName": "bucket" } }),
        ),
    ]
}

#[tokio::test]
async fn each_failure_says_what_it_means() {
    let denied = |error: &HostError| matches!(error, HostError::Denied(_));
    let gone = |error: &HostError| matches!(error, HostError::NotFound(_));
    let unreachable = |error: &HostError| matches!(error, HostError::Unreachable(_));
    let until = |after: i64| move |error: &HostError| matches!(error, HostError::Exhausted { until, .. } if (after - 3..=after).contains(&(until - now())));
    type Meaning = Box<dyn Fn(&HostError) -> bool>;
    let answers: Vec<(&str, Answer, Meaning)> = vec![
        ("401", Answer::status(401), Box::new(denied)),
        ("403", Answer::status(403), Box::new(denied)),
        ("404", Answer::status(404), Box::new(gone)),
        ("429", Answer::status(429).with("retry-after", 30), Box::new(until(30))),
        ("429 without a time", Answer::status(429), Box::new(until(60))),
        ("500", Answer::status(500), Box::new(unreachable)),
        ("503", Answer::status(503), Box::new(unreachable)),
        ("cut", Answer::text("{\"values\": [], \"isLastPage\": true}").cut(), Box::new(unreachable)),
    ];
    for (name, answer, meaning) in answers {
        let answer = Arc::new(answer);
        for at in 0..4 {
            let answer = Arc::clone(&answer);
            let fake = Fake::start(move |_| answer.as_ref().clone()).await;
            let Case { integrations, file, pattern, provider } = cases(&fake.host).swap_remove(at);
            let said = |error: HostError| {
                assert!(meaning(&error), "{name}, {file}: {error:?}");
                let text = error.to_string();
                assert!(!text.contains("s3cret") && text.contains(&fake.host), "{text}");
            };
            // One set of hosts each: the second would keep to what the first was told.
            said(hosts(&integrations).read(&file, Priority::Poll).await.unwrap_err());
            said(hosts(&integrations).read(&pattern, Priority::Poll).await.unwrap_err());
            let hosts = hosts(&integrations);
            let (providers, problems) = Providers::new(Some(&provider), &hosts);
            assert_eq!(problems, []);
            said(providers.0[0].discover(&hosts, Priority::Poll).await.unwrap_err());
        }
    }
}

#[tokio::test]
async fn no_json_is_no_empty_list() {
    for at in 0..4 {
        for text in ["", "<html>busy</html>", "{\"values\": [", "[]", "{}"] {
            let fake = Fake::start(move |_| Answer::text(text)).await;
            let Case { integrations, pattern, provider, .. } = cases(&fake.host).swap_remove(at);
            let hosts = hosts(&integrations);
            let error = hosts.read(&pattern, Priority::Poll).await.unwrap_err();
            assert!(matches!(error, HostError::Unreachable(_)), "{text}: {error:?}");
            let (providers, _) = Providers::new(Some(&provider), &hosts);
            let error = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap_err();
            assert!(matches!(error, HostError::Unreachable(_)), "{text}: {error:?}");
        }
    }
}
