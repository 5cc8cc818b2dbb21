//! KAFKA against a real Apache Kafka: one broker without ZooKeeper, of Maven's packages, started by the JDK. It checks
//! every batch before it keeps it; what it kept is read from its log.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stagedoor_actions::{BackEndSettings, Outcome, signature};

use crate::stage::{SECRET, Stage};

struct Broker {
    port: u16,
    sasl_port: u16,
    server: Child,
    folder: tempfile::TempDir,
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Where `scripts/ensure-kafka` puts it. `None`, with the reason printed, where it was not fetched; in continuous
/// integration that is a failure.
fn programs() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/kafka");
    if folder.join("fetched.xml").is_file() {
        return Some(folder);
    }
    let reason = "Apache Kafka is not there: scripts/ensure-kafka fetches it";
    assert!(std::env::var_os("CI").is_none(), "{reason}");
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
    None
}

fn java(programs: &Path, main: &str) -> Command {
    let mut command = Command::new("java");
    let path = format!("{}/*", programs.display());
    command.args(["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", &path, main]);
    command.stdin(Stdio::null());
    command
}

impl Broker {
    fn start(programs: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("stagedoor-kafka-").tempdir().unwrap();
        let free = || TcpListener::bind("127.0.0.1:0").unwrap();
        let ports = [free(), free(), free()];
        let [port, sasl_port, controller] = ports.each_ref().map(|one| one.local_addr().unwrap().port());
        drop(ports);
        let file = folder.path().join("server.properties");
        fs::write(&file, properties(folder.path(), port, sasl_port, controller)).unwrap();
        let mut format = java(programs, "kafka.tools.StorageTool");
        let format =
            format.args(["format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c"]).arg(&file).output().unwrap();
        assert!(format.status.success(), "{}", String::from_utf8_lossy(&format.stderr));
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut server = java(programs, "kafka.Kafka");
        let server = server.arg(&file).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let broker = Self { port, sasl_port, server, folder };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", sasl_port)).is_err() {
            let log = || fs::read_to_string(broker.folder.path().join("log")).unwrap_or_default();
            assert!(started.elapsed() < Duration::from_secs(120), "Kafka does not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        broker
    }

    /// What the partitions of a topic hold.
    fn kept(&self, topic: &str) -> String {
        let mut text = String::new();
        for entry in fs::read_dir(self.folder.path().join("data")).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with(topic) {
                let log = entry.path().join("00000000000000000000.log");
                text.push_str(&String::from_utf8_lossy(&fs::read(log).unwrap()));
            }
        }
        text
    }
}

fn properties(folder: &Path, port: u16, sasl: u16, controller: u16) -> String {
    let data = folder.join("data");
    format!(
        "process.roles=broker,controller\nnode.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\ncontroller.listener.names=CONTROLLER\n\
         listeners=PLAINTEXT://127.0.0.1:{port},SASL://127.0.0.1:{sasl},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL://127.0.0.1:{sasl}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         inter.broker.listener.name=PLAINTEXT\nsasl.enabled.mechanisms=PLAIN\n\
         listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
         required user_ada=\"hunter2hunter2\";\n\
         log.dirs={}\nnum.partitions=3\noffsets.topic.replication.factor=1\n\
         auto.create.topics.enable=true\nmessage.max.bytes=20000\n",
        data.display()
    )
}

fn stage(port: u16, more: &Value) -> Stage {
    let mut kafka = json!({ "brokers": format!("127.0.0.1:{port}") });
    kafka.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Stage::with(None, BackEndSettings::read(Some(&json!({ "kafka": kafka })), None).0)
}

/// As the engine does: what may go away is tried again.
async fn publish(stage: &Stage, input: &Value) -> Result<Outcome, String> {
    for _ in 0..60 {
        match stage.perform(input).await {
            Err(failure) if failure.retry.is_some() => tokio::time::sleep(Duration::from_millis(250)).await,
            other => return other.map_err(|failure| failure.message),
        }
    }
    Err("it is never taken".to_owned())
}

#[tokio::test]
async fn a_real_broker_takes_and_keeps_what_is_published() {
    let Some(programs) = programs() else { return };
    let broker = tokio::task::spawn_blocking(move || Broker::start(&programs)).await.unwrap();
    let input = json!({ "type": "KAFKA", "payload": { "replicas": 5, "name": "größer" } });
    // The topic is made by the first message, which takes a moment.
    let stage = stage(broker.port, &json!({}));
    let Ok(Outcome::Reported { report }) = publish(&stage, &input).await else { panic!("not published") };
    assert!(report.external_run_id.unwrap().starts_with("org_acme.runs/"));
    let kept = broker.kept("org_acme.runs");
    let start = kept.find("{\"replicas\"").unwrap();
    let message =
        serde_json::Deserializer::from_str(&kept[start..]).into_iter::<Value>().next().unwrap().unwrap();
    let at = message["headers"]["X-Port-Timestamp"].as_str().unwrap().parse().unwrap();
    let signed = r#"{"replicas":5,"name":"größer","headers":{}}"#;
    assert_eq!(message["headers"]["X-Port-Signature"], signature(SECRET, at, signed));

    let sasl =
        |password: &str| json!({ "sasl": { "username": "ada", "password": password }, "topic": "other" });
    publish(&self::stage(broker.sasl_port, &sasl("hunter2hunter2")), &input).await.unwrap();
    assert!(broker.kept("other").contains("größer"));
    let refused = publish(&self::stage(broker.sasl_port, &sasl("wrong")), &input).await.unwrap_err();
    assert!(refused.contains("refuses the user name or password"), "{refused}");

    let large = json!({ "type": "KAFKA", "payload": { "text": "x".repeat(50_000) } });
    let refused = publish(&stage, &large).await.unwrap_err();
    assert!(refused.contains("larger than"), "{refused}");
}
