//! S3 against a fake that follows docs.aws.amazon.com/AmazonS3/latest/API (GetObject, ListObjectsV2, error responses).
//! It does not check signatures: those are held against Amazon's published examples where they are made.

use serde_json::{Value, json};
use stagedoor_hosts::{HostError, Hosts, Priority, Providers};
use stagedoor_outbound::AllowList;

use crate::bitbucket_fake::{Answer, Asked, Fake, hosts, now};

fn config(host: &str) -> Value {
    json!({ "awsS3": [{
        "endpoint": format!("http://{host}"), "s3ForcePathStyle": true, "accessKeyId": "AKID", "secretAccessKey": "s3cret",
    }] })
}

/// Keys of the bucket with their tags.
const OBJECTS: &[(&str, &str)] = &[
    ("team/", "\"0\""),
    ("team/a b+c/catalog-info.yaml", "\"1\""),
    ("team/d&e/catalog-info.yaml", "\"2\""),
    ("team/readme.md", "\"3\""),
    ("teams.yaml", "\"4\""),
];

/// Two keys to a page.
fn bucket(asked: &Asked) -> Answer {
    let Some(key) = asked.path.strip_prefix("/cat.alog/") else { return Answer::status(404) };
    if key.is_empty() {
        assert_eq!((asked.value("list-type"), asked.value("encoding-type")), ("2", "url"));
        let all: Vec<_> = OBJECTS.iter().filter(|(key, _)| key.starts_with(asked.value("prefix"))).collect();
        let start =
            asked.value("continuation-token").strip_prefix("at/=").map_or(0, |at| at.parse().unwrap());
        let contents: String = all
            .iter()
            .skip(start)
            .take(2)
            .map(|(key, tag)| {
                let key: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
                format!("<Contents><Key>{key}</Key><ETag>{}</ETag></Contents>", tag.replace('"', "&quot;"))
            })
            .collect();
        let more = start + 2 < all.len();
        let next = if more {
            format!("<NextContinuationToken>at/={}</NextContinuationToken>", start + 2)
        } else {
            String::new()
        };
        return Answer::text(format!(
            "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>{next}{contents}</ListBucketResult>"
        ));
    }
    let key = key.replace("%20", " ").replace("%2B", "+").replace("%26", "&");
    match OBJECTS.iter().find(|(known, _)| *known == key) {
        Some((key, tag)) => Answer::text(*key).tagged(asked, tag),
        None => Answer::status(404),
    }
}

#[tokio::test]
async fn reads_an_object() {
    let fake = Fake::start(bucket).await;
    let hosts = hosts(&config(&fake.host));
    let url = format!("http://{}/cat.alog/team/a%20b+c/catalog-info.yaml", fake.host);
    assert_eq!(hosts.read(&url, Priority::Poll).await.unwrap()[0].body, "team/a b+c/catalog-info.yaml");
    assert!(hosts.read(&url, Priority::Poll).await.unwrap()[0].unchanged);
    let asked = fake.asked();
    assert_eq!(asked[0].path, "/cat.alog/team/a%20b%2Bc/catalog-info.yaml");
    assert_eq!(asked[1].header("if-none-match"), "\"1\"");
    let day = &asked[0].header("x-amz-date")[..8];
    let start = format!(
        "AWS4-HMAC-SHA256 Credential=AKID/{day}/us-east-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature="
    );
    let header = asked[0].header("authorization");
    assert!(header.starts_with(&start) && header.len() == start.len() + 64, "{header}");
    for path in ["cat.alog", "cat.alog/", "cat.alog/team/", "cat.alog/a%2F..%2Fb", "c%2Fat/x"] {
        let error = hosts.read(&format!("http://{}/{path}", fake.host), Priority::Poll).await.unwrap_err();
        assert!(matches!(error, HostError::NotFound(_)), "{path}: {error}");
    }
    assert_eq!(fake.paths(), [""; 0]);
}

#[tokio::test]
async fn lists_every_page() {
    let fake = Fake::start(bucket).await;
    let hosts = hosts(&config(&fake.host));
    let target = format!("http://{}/cat.alog/team/**/catalog-info.yaml", fake.host);
    let found = hosts.read(&target, Priority::Poll).await.unwrap();
    let mut bodies: Vec<_> = found.iter().map(|found| found.body.clone()).collect();
    bodies.sort();
    assert_eq!(bodies, ["team/a b+c/catalog-info.yaml", "team/d&e/catalog-info.yaml"]);
    assert_eq!(fake.paths().len(), 4);
    assert!(hosts.read(&target, Priority::Poll).await.unwrap().iter().all(|found| found.unchanged));
    assert_eq!(fake.paths(), ["GET /cat.alog/"; 2], "tags say that nothing changed");
}

#[tokio::test]
async fn half_a_page_is_no_page() {
    for change in [
        |xml: String| xml.replace("</ListBucketResult>", ""),
        |xml: String| xml.replace("IsTruncated", "Is"),
        |xml: String| xml.replace("NextContinuationToken", "Next"),
        |xml: String| xml.replace("ListBucketResult", "Error"),
        |xml: String| xml.replace("at/=2", "at/=0"),
        |_: String| String::new(),
    ] {
        let fake = Fake::start(move |asked| {
            let mut answer = bucket(asked);
            answer.edit(change);
            answer
        })
        .await;
        let hosts = hosts(&config(&fake.host));
        let target = format!("http://{}/cat.alog/**/catalog-info.yaml", fake.host);
        let error = hosts.read(&target, Priority::Poll).await.unwrap_err();
        assert!(matches!(error, HostError::Unreachable(_)), "{error}");
    }
}

#[test]
fn the_configuration_is_checked() {
    let place = |entry: &Value| {
        let (_, problems) = Hosts::new(Some(&json!({ "awsS3": [entry] })), AllowList::default());
        problems.into_iter().map(|p| p.path.join(".")).collect::<Vec<_>>().join(" ")
    };
    let at = "integrations.awsS3.0";
    for (entry, want) in [
        (json!({ "accessKeyId": "x" }), at.to_owned()),
        (json!({ "endpoint": "x" }), format!("{at}.endpoint")),
        (json!({ "endpoint": "https://x.example.com/path" }), format!("{at}.endpoint")),
        (
            json!({ "roleArn": "arn:aws:iam::1:role/x", "externalId": "y" }),
            format!("{at}.roleArn {at}.externalId"),
        ),
        (json!({ "s3ForcePathStyle": "yes" }), format!("{at}.s3ForcePathStyle")),
        (json!({ "host": "amazonaws.com", "accessKeyId": "x", "secretAccessKey": "y" }), String::new()),
    ] {
        assert_eq!(place(&entry), want, "{entry}");
    }
    let (hosts, _) = Hosts::new(Some(&config("127.0.0.1:9")), AllowList::default());
    let entry = json!({ "a": { "prefix": "x" }, "b": { "bucketName": "a/b" } });
    let (_, problems) = Providers::new(Some(&json!({ "awsS3": entry })), &hosts);
    let places: Vec<String> = problems.iter().map(|problem| problem.path[3..].join(".")).collect();
    assert_eq!(places, ["a.bucketName", "b.bucketName"]);
}

#[tokio::test]
async fn every_object_is_a_file() {
    let fake = Fake::start(bucket).await;
    let hosts = hosts(&config(&fake.host));
    let entry =
        json!({ "bucketName": "cat.alog", "prefix": "team", "region": "eu-central-1", "accountId": "1" });
    let (providers, problems) = Providers::new(Some(&json!({ "awsS3": entry })), &hosts);
    assert_eq!((problems, providers.0[0].id()), (vec![], "awsS3-provider:default"));
    let found = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap();
    let spec = &found.found[0].document["spec"];
    assert_eq!(spec["presence"], Value::Null);
    let targets: Vec<&str> =
        found.found.iter().map(|f| f.document["spec"]["target"].as_str().unwrap()).collect();
    let ends =
        ["team/a%20b%2Bc/catalog-info.yaml", "team/d%26e/catalog-info.yaml", "team/readme.md", "teams.yaml"];
    assert_eq!(targets, ends.map(|end| format!("http://{}/cat.alog/{end}", fake.host)));
    assert_eq!(found.missed, None);
    assert!(fake.asked()[0].header("authorization").contains("/eu-central-1/s3/"));
    // Each of them can be read.
    for target in targets {
        hosts.read(target, Priority::Poll).await.unwrap();
    }
}

#[tokio::test]
async fn a_store_that_wants_fewer_requests_is_left_alone() {
    let refusal = |code: &'static str| {
        move |_: &Asked| {
            let mut answer = Answer::status(503);
            answer.edit(|_| {
                format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>x</Message></Error>")
            });
            answer
        }
    };
    let busy = Fake::start(refusal("SlowDown")).await;
    let read = hosts(&config(&busy.host));
    let url = format!("http://{}/cat.alog/a.yaml", busy.host);
    let error = read.read(&url, Priority::Poll).await.unwrap_err();
    assert!(
        matches!(&error, HostError::Exhausted { until, .. } if (1..=3).contains(&(until - now()))),
        "{error:?}"
    );
    assert!(matches!(read.read(&url, Priority::Person).await, Err(HostError::Exhausted { .. })));
    assert_eq!(busy.paths().len(), 1, "nothing is sent meanwhile");
    // Any other trouble of the store is none of ours.
    let down = Fake::start(refusal("ServiceUnavailable")).await;
    let error = hosts(&config(&down.host)).read(&url.replace(&busy.host, &down.host), Priority::Poll).await;
    assert!(matches!(error, Err(HostError::Unreachable(_))), "{error:?}");
}
