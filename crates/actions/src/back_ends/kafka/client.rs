//! One message, from finding the partition's leader to its acknowledgement by all replicas in sync.

use std::sync::Arc;
use std::time::Duration;

use stagedoor_outbound::{AllowList, Egress, OutboundError, Stream, TlsOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use super::wire::{In, Out, Record, batch, crc32c};
use crate::back_ends::answer::PAUSE;
use crate::back_ends::settings::KafkaSettings;
use crate::performer::Failure;
use crate::services::Services;

const CONNECT: Duration = Duration::from_secs(5);
/// The largest answer that is read.
const LARGEST: usize = 4 * 1024 * 1024;
const PRODUCE: (i16, i16) = (0, 7);
const METADATA: (i16, i16) = (3, 4);
const HANDSHAKE: (i16, i16) = (17, 1);
const AUTHENTICATE: (i16, i16) = (36, 0);

/// The way to a Kafka.
pub(super) struct Client<'a> {
    settings: &'a KafkaSettings,
    egress: Arc<Egress>,
}

/// One connection, authenticated.
struct Connection {
    stream: Stream,
    correlation: i32,
    late: Instant,
}

/// Where a message goes.
struct Leader {
    partition: i32,
    host: String,
    port: u16,
}

impl<'a> Client<'a> {
    pub(super) fn new(settings: &'a KafkaSettings, services: &Services) -> Self {
        // The configuration names them, so they may be in a private network. Brokers that they name in turn may not,
        // unless they are allowed.
        let named: Vec<&str> = settings.brokers.iter().map(|(host, _)| host.as_str()).collect();
        let named = AllowList::new(named).unwrap_or_default();
        Self { settings, egress: Arc::new(services.egress.reaching(named)) }
    }

    /// Publishes a record: its partition and offset.
    pub(super) async fn publish(
        &mut self,
        topic: &str,
        record: &Record<'_>,
        within: Duration,
    ) -> Result<(i32, i64), Failure> {
        let late = Instant::now() + within;
        let leader = self.leader(topic, record.key, late).await?;
        let mut connection = self.connect(&leader.host, leader.port, late).await?;
        let mut body = Out::default();
        // No transaction; every replica in sync; how long the broker may wait for them.
        body.i16(-1).i16(-1).i32(10_000);
        body.i32(1).text(topic).i32(1).i32(leader.partition).bytes(&batch(record));
        connection.send(PRODUCE, &body.0).await.map_err(|text| {
            // Part of it may have left; a broker takes only whole requests, but the last part may have gone, too.
            Failure::unclear(format!("{text} while the message was sent"))
        })?;
        let answer = connection.receive().await;
        let answer = answer.map_err(|text| Failure::unclear(format!("{text} after the message was sent")))?;
        let mut answer = In(&answer);
        let told = answer.array(|topic| {
            topic.text()?;
            topic.array(|part| {
                let (_, error, offset) = (part.i32()?, part.i16()?, part.i64()?);
                part.i64()?;
                part.i64()?;
                Some((error, offset))
            })
        });
        let first = told.and_then(|topics| topics.into_iter().flatten().next());
        match first {
            Some((0, offset)) => Ok((leader.partition, offset)),
            Some((error, _)) => Err(meaning(error, topic)),
            None => Err(Failure::unclear("Kafka's answer to the message makes no sense")),
        }
    }

    /// The leader of the partition of a key. Any broker knows.
    async fn leader(&self, topic: &str, key: &str, late: Instant) -> Result<Leader, Failure> {
        let mut last = Failure::new("stagedoor.kafka.brokers names none");
        for (host, port) in &self.settings.brokers {
            match self.ask_leader(host, *port, topic, key, late).await {
                Err(failure) if failure.retry.is_some() => last = failure,
                answer => return answer,
            }
        }
        Err(last)
    }

    async fn ask_leader(
        &self,
        host: &str,
        port: u16,
        topic: &str,
        key: &str,
        late: Instant,
    ) -> Result<Leader, Failure> {
        let mut connection = self.connect(host, port, late).await?;
        let mut body = Out::default();
        body.i32(1).text(topic).i8(1);
        let answer = connection.ask(METADATA, &body.0).await.map_err(|text| Failure::again(text, PAUSE))?;
        read_leader(&answer, topic, key)
            .unwrap_or_else(|| Err(Failure::again("Kafka's answer about its topics makes no sense", PAUSE)))
    }

    async fn connect(&self, host: &str, port: u16, late: Instant) -> Result<Connection, Failure> {
        let unreachable = |error: OutboundError| match &error {
            OutboundError::Refused(_) => Failure::new(error.to_string()),
            _ => Failure::again(error.to_string(), PAUSE),
        };
        let mut stream = self.egress.connect(host, port, CONNECT).await.map_err(unreachable)?;
        if self.settings.tls {
            let options =
                TlsOptions { authorities: self.settings.authorities.clone(), ..TlsOptions::default() };
            stream = stream.secure(&options, CONNECT).await.map_err(unreachable)?;
        }
        let mut connection = Connection { stream, correlation: 0, late };
        if let Some((user, password)) = &self.settings.sasl {
            connection.authenticate(user, password.expose()).await?;
        }
        Ok(connection)
    }
}

impl Connection {
    async fn authenticate(&mut self, user: &str, password: &str) -> Result<(), Failure> {
        let mut body = Out::default();
        body.text("PLAIN");
        let lost = |text: String| Failure::again(text, PAUSE);
        let answer = self.ask(HANDSHAKE, &body.0).await.map_err(lost)?;
        if In(&answer).i16() != Some(0) {
            return Err(Failure::new("Kafka does not take SASL's PLAIN on this listener"));
        }
        let mut body = Out::default();
        body.bytes(format!("\0{user}\0{password}").as_bytes());
        let answer = self.ask(AUTHENTICATE, &body.0).await.map_err(lost)?;
        match In(&answer).i16() {
            Some(0) => Ok(()),
            _ => Err(Failure::new("Kafka refuses the user name or password of stagedoor.kafka.sasl")),
        }
    }

    async fn ask(&mut self, what: (i16, i16), body: &[u8]) -> Result<Vec<u8>, String> {
        self.send(what, body).await?;
        self.receive().await
    }

    async fn send(&mut self, (api, version): (i16, i16), body: &[u8]) -> Result<(), String> {
        self.correlation += 1;
        let mut request = Out::default();
        request.i16(api).i16(version).i32(self.correlation).text("stagedoor").raw(body);
        let mut framed = Out::default();
        framed.bytes(&request.0);
        let sent = async {
            self.stream.write_all(&framed.0).await?;
            self.stream.flush().await
        };
        match timeout_at(self.late, sent).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("Kafka broke the connection ({error})")),
            Err(_) => Err("Kafka took too long".to_owned()),
        }
    }

    async fn receive(&mut self) -> Result<Vec<u8>, String> {
        let read = async {
            let length = self.stream.read_i32().await.map_err(|error| error.to_string())?;
            let length = usize::try_from(length).ok().filter(|length| (4..=LARGEST).contains(length));
            let mut answer = vec![0; length.ok_or("its answer is too large")?];
            self.stream.read_exact(&mut answer).await.map_err(|error| error.to_string())?;
            Ok::<_, String>(answer)
        };
        let answer = match timeout_at(self.late, read).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(format!("Kafka broke the connection ({error})")),
            Err(_) => return Err("Kafka took too long".to_owned()),
        };
        match In(&answer).i32() == Some(self.correlation) {
            true => Ok(answer[4..].to_vec()),
            false => Err("Kafka answers something else".to_owned()),
        }
    }
}

/// None where the answer makes no sense.
fn read_leader(answer: &[u8], topic: &str, key: &str) -> Option<Result<Leader, Failure>> {
    let mut answer = In(answer);
    answer.i32()?;
    let brokers = answer.array(|broker| {
        let known = (broker.i32()?, broker.text()?, broker.i32()?);
        broker.text()?;
        Some(known)
    })?;
    answer.text()?;
    answer.i32()?;
    let mut topics = answer.array(|found| {
        let (error, name) = (found.i16()?, found.text()?);
        found.i8()?;
        let parts = found.array(|part| {
            let known = (part.i16()?, part.i32()?, part.i32()?);
            part.array(In::i32)?;
            part.array(In::i32)?;
            Some(known)
        })?;
        Some((error, name, parts))
    })?;
    topics.retain(|(_, name, _)| name == topic);
    let (error, _, mut parts) = topics.pop()?;
    if error != 0 {
        return Some(Err(meaning(error, topic)));
    }
    parts.sort_by_key(|(_, index, _)| *index);
    let count = u32::try_from(parts.len()).ok().filter(|count| *count > 0)?;
    let (_, partition, leader) = *parts.get(usize::try_from(crc32c(key.as_bytes()) % count).ok()?)?;
    let Some((_, host, port)) = brokers.into_iter().find(|(node, _, _)| *node == leader) else {
        return Some(Err(Failure::again(format!("{topic} has no leader for now"), PAUSE)));
    };
    Some(Ok(Leader { partition, host, port: u16::try_from(port).ok()? }))
}

/// What a code means (kafka.apache.org/protocol, "Error Codes").
fn meaning(error: i16, topic: &str) -> Failure {
    match error {
        // Not there, which making it by itself will change; no leader; too few replicas: nothing was written.
        3 | 5 | 6 | 9 | 19 => {
            Failure::again(format!("Kafka does not take messages for {topic} now (error {error})"), PAUSE)
        }
        // It took too long for replicas, or there were too few after it was written.
        7 | 20 => Failure::unclear(format!("Kafka cannot say whether it keeps the message (error {error})")),
        10 => Failure::new(format!("the message is larger than {topic} takes")),
        17 => Failure::new(format!("{topic} is no name of a topic")),
        29 => Failure::new(format!("Kafka does not let us write to {topic}")),
        other => Failure::new(format!("Kafka refuses the message for {topic} (error {other})")),
    }
}
