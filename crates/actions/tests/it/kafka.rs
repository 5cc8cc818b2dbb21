//! KAFKA over a fake broker that speaks the protocol's bytes, failures included. The real broker is in
//! `tests/clients/kafka`.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_actions::{BackEndSettings, Outcome, Probe, signature};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::stage::{SECRET, Stage};

/// How the broker answers.
#[derive(Clone, Copy, Default)]
struct Broker {
    topic: i16,
    produce: i16,
    /// It breaks the connection instead of acknowledging.
    breaks: bool,
    /// It says that its answer is enormous.
    lies: bool,
    sasl: Option<i16>,
}

fn text(text: &str) -> Vec<u8> {
    [&i16::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat()
}

impl Broker {
    async fn start(self) -> (u16, Arc<Mutex<Vec<Vec<u8>>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let shared = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(self.serve(stream, port, Arc::clone(&shared)));
            }
        });
        (port, taken)
    }

    async fn serve(self, mut stream: TcpStream, port: u16, taken: Arc<Mutex<Vec<Vec<u8>>>>) {
        while let Ok(length) = stream.read_i32().await {
            let mut request = vec![0; usize::try_from(length).unwrap()];
            stream.read_exact(&mut request).await.unwrap();
            let key = i16::from_be_bytes(request[..2].try_into().unwrap());
            let mut answer = request[4..8].to_vec();
            match key {
                3 => answer.extend(self.metadata(port)),
                17 => answer.extend([&0_i16.to_be_bytes()[..], &0_i32.to_be_bytes()].concat()),
                36 => {
                    assert!(request.ends_with(b"\0ada\0hunter2hunter2"));
                    answer.extend(self.sasl.unwrap().to_be_bytes());
                }
                0 => {
                    taken.lock().push(request.clone());
                    if self.breaks {
                        return;
                    }
                    answer.extend(1_i32.to_be_bytes());
                    answer.extend(text("org_acme.runs"));
                    answer.extend([0, 0, 0, 1, 0, 0, 0, 0]);
                    answer.extend(self.produce.to_be_bytes());
                    answer.extend(42_i64.to_be_bytes());
                    answer.extend([0xff; 16]);
                    answer.extend([0; 4]);
                }
                other => panic!("{other}"),
            }
            let length = if self.lies { i32::MAX } else { i32::try_from(answer.len()).unwrap() };
            stream.write_i32(length).await.unwrap();
            let _ = stream.write_all(&answer).await;
        }
    }

    fn metadata(self, port: u16) -> Vec<u8> {
        let mut out = vec![0; 4];
        out.extend([0, 0, 0, 1, 0, 0, 0, 7]);
        out.extend(text("127.0.0.1"));
        out.extend(i32::from(port).to_be_bytes());
        out.extend([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 7]);
        out.extend(1_i32.to_be_bytes());
        out.extend(self.topic.to_be_bytes());
        out.extend(text("org_acme.runs"));
        out.push(0);
        out.extend([
            0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 7,
        ]);
        out
    }
}

fn stage(port: u16, more: Value) -> Stage {
    let mut kafka = json!({ "brokers": [format!("127.0.0.1:{port}")] });
    kafka.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (settings, problems) = BackEndSettings::read(Some(&json!({ "kafka": kafka })), None);
    assert_eq!(problems, Vec::<String>::new());
    Stage::with(None, settings)
}

fn input() -> Value {
    json!({ "type": "KAFKA", "payload": { "replicas": 5, "runId": "r_0123456789abcdef" } })
}

#[tokio::test]
async fn a_message_is_published_with_its_signature() {
    let (port, taken) = Broker { sasl: Some(0), ..Broker::default() }.start().await;
    let stage = stage(
        port,
        json!({ "sasl": { "mechanism": "plain", "username": "ada", "password": "hunter2hunter2" } }),
    );
    let outcome = stage.perform(&input()).await.unwrap();
    let Outcome::Reported { report } = outcome else { panic!("{outcome:?}") };
    assert_eq!(report.external_run_id.as_deref(), Some("org_acme.runs/0/42"));
    let sent = taken.lock().pop().unwrap();
    let shown = String::from_utf8_lossy(&sent);
    let start = shown.find("{\"replicas\"").unwrap();
    let end = shown[start..].find("}}").unwrap() + start + 2;
    let message: Value = serde_json::from_str(&shown[start..end]).unwrap();
    let at = message["headers"]["X-Port-Timestamp"].as_str().unwrap();
    let signed = r#"{"replicas":5,"runId":"r_0123456789abcdef","headers":{}}"#;
    assert_eq!(message["headers"]["X-Port-Signature"], signature(SECRET, at.parse().unwrap(), signed));
    assert!(shown.contains("stagedoor-run-key"));
    assert_eq!(stage.probe(&input()).await, Probe::Unknown);
}

#[tokio::test]
async fn without_a_payload_it_is_the_older_message() {
    let (port, taken) = Broker::default().start().await;
    let stage = stage(port, json!({}));
    stage.perform(&json!({ "type": "KAFKA" })).await.unwrap();
    let sent = taken.lock().pop().unwrap();
    let shown = String::from_utf8_lossy(&sent);
    assert!(shown.contains("\"status\":\"TRIGGERED\"") && shown.contains("\"runId\":\"r_0123456789abcdef\""));
}

#[tokio::test]
async fn a_broker_that_does_not_take_it_is_believed() {
    let plain = Broker::default();
    for (broker, retry, unclear, said) in [
        (Broker { topic: 3, ..plain }, true, false, "error 3"),
        (Broker { topic: 29, ..plain }, false, false, "does not let us write"),
        (Broker { produce: 6, ..plain }, true, false, "error 6"),
        (Broker { produce: 7, ..plain }, false, true, "cannot say"),
        (Broker { produce: 10, ..plain }, false, false, "larger than"),
        (Broker { breaks: true, ..plain }, false, true, "after the message was sent"),
        (Broker { lies: true, ..plain }, true, false, "too large"),
    ] {
        let (port, _) = broker.start().await;
        let failure = stage(port, json!({})).perform(&input()).await.unwrap_err();
        assert_eq!((failure.retry.is_some(), failure.unclear), (retry, unclear), "{}", failure.message);
        assert!(failure.message.contains(said), "{}", failure.message);
    }
    let (port, taken) = Broker { sasl: Some(58), ..plain }.start().await;
    let wrong = stage(port, json!({ "sasl": { "username": "ada", "password": "hunter2hunter2" } }));
    let failure = wrong.perform(&input()).await.unwrap_err();
    assert!(failure.message.contains("refuses the user name") && !failure.message.contains("hunter2"));
    assert!(taken.lock().is_empty());
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert!(stage(free, json!({})).perform(&input()).await.unwrap_err().retry.is_some());
    assert!(Stage::new().perform(&input()).await.unwrap_err().message.contains("stagedoor.kafka.brokers"));
}

#[test]
fn a_configuration_that_makes_no_sense_is_told_by_its_place() {
    for (value, said) in [
        (json!({ "kafka": {} }), "stagedoor.kafka.brokers"),
        (json!({ "kafka": { "brokers": ["no-port"] } }), "stagedoor.kafka.brokers"),
        (
            json!({ "kafka": { "brokers": ["b:1"], "sasl": { "mechanism": "scram-sha-256" } } }),
            "sasl.mechanism",
        ),
        (json!({ "terraform": { "local": "perhaps" } }), "stagedoor.terraform.local"),
        (json!({ "terraform": { "folders": "x" } }), "stagedoor.terraform.folders"),
    ] {
        let (_, problems) = BackEndSettings::read(Some(&value), None);
        assert!(problems.len() == 1 && problems[0].contains(said), "{problems:?}");
    }
    let clusters = json!({ "clusterLocatorMethods": [{ "clusters": [{ "name": "x" }] }] });
    let (_, problems) = BackEndSettings::read(None, Some(&clusters));
    assert_eq!(problems, ["kubernetes.clusterLocatorMethods[0].clusters[0].url: this is required"]);
}
