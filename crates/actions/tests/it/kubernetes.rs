//! KUBERNETES_JOB over a fake of the Kubernetes API, made from kubernetes.io/docs/reference/kubernetes-api (Job, Pod,
//! Status) and "API concepts".

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_actions::{BackEndSettings, Outcome, Probe};

use crate::fake::{Fake, FakeReply, FakeRequest};
use crate::stage::Stage;

#[derive(Default)]
struct Cluster {
    job: Option<Value>,
    pods: Vec<Value>,
    log: String,
    refuses: Option<u16>,
}

fn status(code: u16, reason: &str, message: &str) -> FakeReply {
    let body =
        json!({ "kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code });
    FakeReply::json(&body).and_status(code)
}

fn answer(cluster: &mut Cluster, request: &FakeRequest) -> FakeReply {
    if request.header("authorization") != Some("Bearer sa-token") {
        return status(401, "Unauthorized", "Unauthorized");
    }
    if let Some(code) = cluster.refuses {
        return status(code, "Refused", "so it is").with("retry-after", 4);
    }
    let jobs = "/apis/batch/v1/namespaces/tools/jobs";
    let path = request.path.as_str();
    match request.method.as_str() {
        "POST" if path == jobs && request.query == "dryRun=All" => {
            FakeReply::json(&request.json()).and_status(201)
        }
        "POST" if path == jobs => {
            if cluster.job.is_some() {
                return status(409, "AlreadyExists", "jobs.batch already exists");
            }
            cluster.job = Some(request.json());
            FakeReply::json(&request.json()).and_status(201)
        }
        "GET" if path.starts_with(jobs) => match &cluster.job {
            Some(job) if path.ends_with(job["metadata"]["name"].as_str().unwrap()) => FakeReply::json(job),
            _ => status(404, "NotFound", "not found"),
        },
        "DELETE" if path.starts_with(jobs) => {
            assert_eq!(request.query, "propagationPolicy=Background");
            cluster.job = None;
            FakeReply::json(&json!({ "kind": "Status", "status": "Success" }))
        }
        "GET" if path == "/api/v1/namespaces/tools/pods" => {
            assert!(request.parameter("labelSelector").unwrap().starts_with("job-name=migrate-"));
            FakeReply::json(&json!({ "items": cluster.pods }))
        }
        "GET" if path == "/api/v1/namespaces/tools/pods/migrate-x/log" => {
            assert_eq!(request.parameter("container").as_deref(), Some("main"));
            FakeReply::ok(cluster.log.clone())
        }
        _ => panic!("{}", request.line()),
    }
}

async fn cluster() -> (Fake, Arc<Mutex<Cluster>>, Stage) {
    let cluster = Arc::<Mutex<Cluster>>::default();
    let shared = Arc::clone(&cluster);
    let fake = Fake::start(move |request| answer(&mut shared.lock(), request)).await;
    let config = json!({ "clusterLocatorMethods": [{ "type": "config", "clusters": [{
        "name": "prod", "url": fake.url(""), "authProvider": "serviceAccount", "serviceAccountToken": "sa-token",
    }] }] });
    let (settings, problems) = BackEndSettings::read(None, Some(&config));
    assert_eq!(problems, Vec::<String>::new());
    (fake, cluster, Stage::with(None, settings))
}

fn input() -> Value {
    json!({ "type": "KUBERNETES_JOB", "cluster": "prod", "namespace": "tools", "manifest": {
        "metadata": { "name": "migrate" },
        "spec": { "template": { "spec": { "restartPolicy": "Never", "containers": [{ "name": "main", "image": "m" }] } } },
    } })
}

fn pod(state: Value) -> Value {
    json!({ "metadata": { "name": "migrate-x" }, "status": { "containerStatuses": [{ "name": "main", "state": state }] } })
}

#[tokio::test]
async fn a_job_is_made_once_and_followed_with_its_log() {
    let (_fake, cluster, stage) = cluster().await;
    assert_eq!(stage.probe(&input()).await, Probe::DidNot);
    let handle = stage.begun(&input()).await;
    let made = cluster.lock().job.clone().unwrap();
    let name = made["metadata"]["name"].as_str().unwrap().to_owned();
    assert!(name.starts_with("migrate-") && name.len() == 18, "{name}");
    assert_eq!((&made["kind"], &made["apiVersion"]), (&json!("Job"), &json!("batch/v1")));
    // The same again meets what is there.
    assert_eq!(stage.begun(&input()).await, handle);
    assert!(matches!(stage.probe(&input()).await, Probe::Happened(_)));

    cluster.lock().pods = vec![pod(json!({ "waiting": { "reason": "ImagePullBackOff" } }))];
    let Outcome::Following { report, handle, .. } = stage.follow(&input(), &handle).await.unwrap() else {
        panic!()
    };
    assert_eq!(report.status_label.as_deref(), Some("ImagePullBackOff"));
    cluster.lock().pods = vec![pod(json!({ "running": {} }))];
    cluster.lock().log =
        "2026-01-01T00:00:01.000000001Z one\n2026-01-01T00:00:01.000000002Z two\u{1b}[0m\n".into();
    let Outcome::Following { handle, .. } = stage.follow(&input(), &handle).await.unwrap() else { panic!() };
    // The cluster gives lines of the same second again.
    cluster.lock().log.push_str("2026-01-01T00:00:01.000000003Z three\n");
    cluster.lock().job.as_mut().unwrap()["status"] =
        json!({ "succeeded": 1, "conditions": [{ "type": "Complete", "status": "True" }] });
    let Outcome::Done { output, .. } = stage.follow(&input(), &handle).await.unwrap() else { panic!() };
    assert_eq!(output, json!({ "job": name, "namespace": "tools", "succeeded": 1 }));
    let log = stage.log();
    assert_eq!(log[log.len() - 3..], ["Info: one", "Info: two[0m", "Info: three"]);
}

#[tokio::test]
async fn a_job_that_fails_or_goes_away_says_so() {
    let (_fake, cluster, stage) = cluster().await;
    let handle = stage.begun(&input()).await;
    cluster.lock().pods = vec![pod(json!({ "terminated": { "exitCode": 137, "reason": "OOMKilled" } }))];
    cluster.lock().job.as_mut().unwrap()["status"] = json!({ "failed": 1, "conditions": [
        { "type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too many retries" },
    ] });
    let failure = stage.follow(&input(), &handle).await.unwrap_err();
    assert_eq!(
        failure.message,
        "the job failed: too many retries (BackoffLimitExceeded); main ended with code 137 (OOMKilled)"
    );
    stage.cancel(&input(), None).await.unwrap();
    assert!(cluster.lock().job.is_none());
    assert_eq!(stage.follow(&input(), &handle).await, Ok(Outcome::Cancelled));
    stage.cancel(&input(), Some(&handle)).await.unwrap();
    // Somebody else's of that name is not ours, neither to follow nor to remove.
    stage.begun(&input()).await;
    cluster.lock().job.as_mut().unwrap()["metadata"]["annotations"] = json!({});
    assert!(stage.perform(&input()).await.unwrap_err().message.contains("already exists"));
    stage.cancel(&input(), None).await.unwrap();
    assert!(cluster.lock().job.is_some());
}

#[tokio::test]
async fn a_cluster_that_refuses_is_believed() {
    for (code, retry) in
        [(401, false), (403, false), (404, false), (422, false), (429, true), (500, true), (503, true)]
    {
        let (_fake, cluster, stage) = cluster().await;
        cluster.lock().refuses = Some(code);
        let failure = stage.perform(&input()).await.unwrap_err();
        assert_eq!((failure.retry.is_some(), failure.unclear), (retry, false), "{code}");
        assert!(failure.message.contains("so it is") && !failure.message.contains("sa-token"));
        assert!(!matches!(stage.probe(&input()).await, Probe::Happened(_)));
    }
    // What was lost on the way is sent again: it is made once.
    let mute = Fake::mute().await;
    let mut lost = input();
    lost["cluster"] = json!({ "url": mute.url(""), "token": "t" });
    let failure = Stage::new().perform(&lost).await.unwrap_err();
    assert!(failure.retry.is_some() && !failure.unclear);
}

#[tokio::test]
async fn a_job_that_makes_no_sense_is_told_by_its_place() {
    let (fake, _, stage) = cluster().await;
    for (pointer, value, said) in [
        ("/cluster", json!("staging"), "there is no staging"),
        ("/cluster", json!({ "url": "http://cluster.example.com", "token": "t" }), "over https alone"),
        ("/cluster", json!({ "url": "https://c", "caFile": "/etc/passwd" }), "names no files"),
        ("/cluster", json!({ "url": "https://c", "caData": "***" }), "caData: PEM in base64"),
        ("/namespace", json!("../kube-system"), "invocationMethod.namespace"),
        ("/manifest", json!("kind: Job"), "invocationMethod.manifest: a Job is expected"),
        ("/manifest/kind", json!("Pod"), "invocationMethod.manifest.kind: Job is expected"),
        ("/manifest/metadata/namespace", json!("kube-system"), "the manifest names another one"),
    ] {
        let mut input = input();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        input.pointer_mut(parent).unwrap()[key] = value;
        let failure = stage.perform(&input).await.unwrap_err();
        assert!(failure.message.contains(said), "{pointer}: {}", failure.message);
    }
    assert!(fake.asked().is_empty());
}
