//! Telling others outside that a run waits for people: Port's `approvalNotification`, the `webhook` notifications of a
//! workflow's node.
//!
//! What has to be told is kept in the run, in the commit that makes it wait, and goes from there in the commit after it
//! has arrived, or has been given up. Between the two, whoever holds the run sends it ([`Portal::announce`]), so a
//! process that dies leaves it to the next one. It arrives at least once; attempts have one idempotency key.

use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::Value;
use stagedoor_actions::workflow::{INPUT, notification};
use stagedoor_actions::{Announcement, Level, Run, RunKind, Status, Step, StepState, signature};
use stagedoor_auth::Hex;
use stagedoor_model::Timestamp;
use stagedoor_outbound::{Delivered, Delivery, OutboundError, Undelivered};
use url::Url;

use super::drive::back_off;
use super::logs::Line;
use super::record;
use crate::error::PortalError;
use crate::{Portal, Shared, clock};

/// Milliseconds for which it is tried to tell somebody.
const PATIENCE: i64 = 24 * 3600 * 1000;
/// Between two attempts to keep that somebody was told, while the database is away.
const PAUSE: Duration = Duration::from_millis(200);

/// Why somebody was not told.
struct Untold {
    why: String,
    /// Another attempt makes sense.
    again: bool,
}

impl Untold {
    fn for_good(why: impl Into<String>) -> Self {
        Self { why: why.into(), again: false }
    }
}

/// What has to be told of a run that waits for its approval.
pub(super) fn of_approval(run: &Run, definition: &Value, at: Timestamp) -> Vec<Announcement> {
    let waits = run.status == Status::WaitingForApproval;
    let wanted = approval_url(run, definition).filter(|_| waits);
    wanted.map(|_| Announcement { step: None, number: 0, since: at }).into_iter().collect()
}

fn approval_url(run: &Run, definition: &Value) -> Option<Url> {
    let wanted = definition.get("approvalNotification").filter(|_| run.of.kind == RunKind::Action)?;
    Url::parse(wanted.get("url")?.as_str()?).ok().filter(|_| !is_mail(wanted))
}

pub(super) fn is_mail(notification: &Value) -> bool {
    notification.get("type").is_some_and(|kind| kind == "email")
}

/// Adds what has to be told of a step that has just begun to wait for people.
pub(super) fn add_of_step(run: &mut Run, step: &str, at: Timestamp) {
    let waits =
        |known: &&Step| known.id == step && known.performer == INPUT && known.state == StepState::Reported;
    let Some(found) = run.steps.iter().find(waits) else { return };
    let all = found.input.get("notifications").and_then(Value::as_array).into_iter().flatten();
    let sent = all.enumerate().filter(|(_, one)| notification(one).is_some());
    let added = sent.map(|(number, _)| Announcement { step: Some(step.to_owned()), number, since: at });
    let added: Vec<Announcement> = added.collect();
    run.announcements.retain(|known| known.step.as_deref() != Some(step));
    run.announcements.extend(added);
}

/// Forgets what nobody has to be told any more: it has been answered.
pub(super) fn forget_answered(run: &mut Run) {
    if run.announcements.is_empty() {
        return;
    }
    let (status, over) = (run.status, run.status.has_ended() || run.cancelling);
    let waiting: Vec<String> = run
        .steps
        .iter()
        .filter(|step| step.state == StepState::Reported)
        .map(|step| step.id.clone())
        .collect();
    run.announcements.retain(|one| match &one.step {
        None => status == Status::WaitingForApproval,
        Some(step) => !over && waiting.contains(step),
    });
}

/// The same for every attempt, in whichever process.
fn key_of(run: &Run, one: &Announcement) -> String {
    let step = one.step.as_deref().unwrap_or_default();
    let digest =
        stagedoor_auth::digest(&format!("{}\ntold\n{step}\n{}\n{}", run.id, one.number, run.retries));
    Hex::of(&digest).as_str().get(..32).unwrap_or_default().to_owned()
}

impl Portal {
    /// Has told what is to be told of a run, if it is this process's and nobody is at it yet.
    pub(super) fn announce(&self, run: &Run) {
        let runs = &self.shared.runs;
        if run.announcements.is_empty() || run.holder.as_deref() != Some(runs.holder()) {
            return;
        }
        let Some(runtime) = runs.runtime() else { return };
        let mut under_way = runs.announcing.lock();
        for one in &run.announcements {
            let key = key_of(run, one);
            if under_way.contains_key(&key) {
                continue;
            }
            let task = tell_outside(Arc::downgrade(&self.shared), run.id.clone(), one.clone(), key.clone());
            under_way.insert(key, runtime.spawn(task).abort_handle());
        }
    }

    /// Has told whatever is left to be told.
    pub(super) fn announce_all(&self) {
        let catalog = self.shared.catalog.load();
        let left = |run: &&Arc<Run>| !run.announcements.is_empty();
        let left: Vec<Arc<Run>> =
            self.shared.runs.book.read(&catalog, |pages| pages.active().filter(left).cloned().collect());
        left.iter().for_each(|run| self.announce(run));
    }

    /// The run, as long as this process has to tell this of it.
    fn still_told(&self, id: &str, one: &Announcement) -> Option<Arc<Run>> {
        let runs = &self.shared.runs;
        let catalog = self.shared.catalog.load_full();
        let run = runs.book.read(&catalog, |pages| pages.get(id).cloned())?;
        let mine = run.holder.as_deref() == Some(runs.holder()) && !runs.is_halted();
        (mine && run.announcements.contains(one)).then_some(run)
    }

    /// Address and request.
    async fn announcement(&self, run: &Arc<Run>, one: &Announcement) -> Result<(Url, Delivery), Untold> {
        let Some(step) = &one.step else {
            let definition = record::definition(&self.shared.catalog.load(), run).unwrap_or_default();
            let url = approval_url(run, &definition);
            let url = url.ok_or_else(|| Untold::for_good("its address is not known any more"))?;
            let wanted = definition.get("approvalNotification");
            let slack =
                wanted.and_then(|wanted| wanted.get("format")).is_some_and(|format| format == "slack");
            let body = self.approval_message(run, slack);
            return Ok((url, Delivery::new("POST").json(body.to_string())));
        };
        let planned = self.planned_again(run, step).await.map_err(Untold::for_good)?;
        self.hide_planned(&run.id, &planned);
        let all = planned.input.get("notifications").and_then(Value::as_array);
        let wanted = all.and_then(|all| all.get(one.number)).and_then(notification);
        let missing = || Untold::for_good("it is not in the definition any more");
        wanted.ok_or_else(missing)?.map_err(Untold::for_good)
    }

    /// One attempt, signed as every call of this portal is. Of the address only the host is told: those of incoming
    /// webhooks are as good as passwords.
    async fn tell_once(&self, run: &Arc<Run>, one: &Announcement, key: &str) -> (String, Result<(), Untold>) {
        let (url, mut delivery) = match self.announcement(run, one).await {
            Ok(found) => found,
            Err(untold) => return ("nobody".to_owned(), Err(untold)),
        };
        let shown = url.origin().ascii_serialization();
        delivery = delivery.with("Idempotency-Key", key);
        if let Some(secret) = &self.shared.runs.config.signing_secret {
            let at = clock::now().0 / 1000;
            let body = String::from_utf8_lossy(&delivery.body).into_owned();
            delivery = delivery
                .with("X-Port-Timestamp", at.to_string())
                .with("X-Port-Signature", signature(secret.expose(), at, &body));
        }
        let Some(egress) = self.egress() else {
            return (shown, Err(Untold::for_good("this portal has no way out")));
        };
        let answer = egress.deliver(&url, delivery).await;
        (shown, judged(&answer))
    }

    /// Keeps that there is nothing left to do about it. False where the run is another process's.
    async fn keep_told(&self, id: &str, one: &Announcement) -> bool {
        loop {
            let told = one.clone();
            let forget = move |run: &mut Run| run.announcements.retain(|known| *known != told);
            match self.change_held(id, forget).await {
                Ok(()) => return true,
                Err(PortalError::Conflict { .. } | PortalError::NotFound(_)) => return false,
                Err(error) => {
                    tracing::warn!(run = id, %error, "it is not kept yet that somebody was told: tried again");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// An attempt and what is kept of it; how long to wait for the next one.
    async fn announce_once(&self, id: &str, one: &Announcement, key: &str, attempt: u32) -> Option<Duration> {
        let run = self.still_told(id, one)?;
        let step = one.step.clone();
        let (shown, told) = self.tell_once(&run, one, key).await;
        let line = match told {
            Ok(()) => Line::said(&format!("{shown} was told that it waits")),
            Err(Untold { why, again }) => {
                let now = clock::now();
                if again && now.0.saturating_sub(one.since.0) < PATIENCE {
                    if attempt == 1 {
                        let text = format!(
                            "{shown} could not be told yet that it waits: {why}: tried again for a day"
                        );
                        self.tell_run(id, Line { level: Level::Warn, step, ..Line::said(&text) });
                    }
                    let next = back_off(attempt, Duration::ZERO, now).0.saturating_sub(now.0);
                    return Some(Duration::from_millis(u64::try_from(next).unwrap_or(0)));
                }
                let text = format!("{shown} could not be told that it waits: {why}");
                Line { level: Level::Warn, ..Line::said(&text) }
            }
        };
        if self.keep_told(id, one).await {
            self.tell_run(id, Line { step, ..line });
        }
        None
    }
}

/// Tells it, again and again if need be. Between two attempts nothing keeps the portal from going.
async fn tell_outside(shared: Weak<Shared>, id: String, one: Announcement, key: String) {
    for attempt in 1_u32.. {
        let Some(shared) = shared.upgrade() else { return };
        let portal = Portal { shared };
        let Some(pause) = portal.announce_once(&id, &one, &key, attempt).await else { break };
        drop(portal);
        tokio::time::sleep(pause).await;
    }
    if let Some(shared) = shared.upgrade() {
        shared.runs.announcing.lock().remove(&key);
    }
}

/// Whether it arrived; else why not, and whether another attempt makes sense.
fn judged(answer: &Result<Delivered, Undelivered>) -> Result<(), Untold> {
    match answer {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) => {
            let again = matches!(answer.status, 408 | 425 | 429 | 500..=599);
            Err(Untold { why: format!("it answered with status {}", answer.status), again })
        }
        // Without the address, which these name.
        Err(undelivered) => Err(match &undelivered.error {
            OutboundError::Unreachable { reason, .. } => {
                Untold { why: format!("it can't be reached: {reason}"), again: true }
            }
            OutboundError::Refused(refusal) => Untold::for_good(refusal.reason.clone()),
            _ => Untold::for_good("its answer makes no sense"),
        }),
    }
}
