//! Telling approvers that a run waits for them: in the portal, in the commit that makes the run wait; and what a webhook
//! is told where the definition names one (Port's `approvalNotification`), which [`super::announce`] sends.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use stagedoor_actions::{Level, Run, Status};
use stagedoor_auth::Viewer;

use super::logs::Line;
use crate::Portal;
use crate::backstage_users::reference_of;
use crate::writer::Draft;

/// Who sends notifications of runs, and their topic: what somebody turns them off by.
const ORIGIN: &str = "stagedoor";
const TOPIC: &str = "approvals";
/// Approvers that are told: where more may answer, each would hear of every run.
const MOST: usize = 200;

impl Draft {
    /// Tells those who may approve a run that it waits for them.
    pub(super) fn notify_approvers(&mut self, run: &Run) {
        let Some(approval) = &run.approval else { return };
        let starter = run.starter.email.as_deref().unwrap_or_default().to_lowercase();
        let asked = approval.approvers.iter().filter(|email| **email != starter || approval.own);
        let users: BTreeSet<String> =
            asked.take(MOST).filter_map(|email| self.reference_of_person(email)).collect();
        let title = format!("{} waits for your approval", named(run));
        let description = format!("{} asked for it.", run.starter.actor);
        self.notify_users(&users, ORIGIN, payload(run, &title, &description));
    }

    /// Tells whoever set a run going what became of its approval.
    pub(super) fn notify_starter(&mut self, run: &Run, by: &str) {
        let word = match run.status {
            Status::InProgress => "approved",
            Status::Declined => "declined",
            _ => return,
        };
        let Some(email) = run.starter.email.as_deref().filter(|email| !email.eq_ignore_ascii_case(by)) else {
            return;
        };
        let users = self.reference_of_person(email).into_iter().collect();
        let payload = payload(run, &format!("{} was {word}", named(run)), &format!("By {by}."));
        self.notify_users(&users, ORIGIN, payload);
    }

    fn reference_of_person(&self, email: &str) -> Option<String> {
        reference_of(&Viewer::person(email), "", &self.catalog)
    }
}

/// What a run is called: its definition, and what it is about.
fn named(run: &Run) -> String {
    let of = run.of.title.as_deref().unwrap_or(&run.of.identifier);
    let target = run.target.as_ref();
    match target.and_then(|target| target.title.as_deref().or(target.entity.as_deref())) {
        Some(about) => format!("{of}: {about}"),
        None => of.to_owned(),
    }
}

/// One per run: a newer one takes the place of that before.
fn payload(run: &Run, title: &str, description: &str) -> Map<String, Value> {
    let cut = |text: &str| text.chars().take(500).collect::<String>();
    let all = [
        ("title", cut(title)),
        ("description", cut(description)),
        ("link", format!("/runs/{}", run.id)),
        ("severity", "normal".to_owned()),
        ("topic", TOPIC.to_owned()),
        ("scope", format!("run:{}", run.id)),
    ];
    all.into_iter().map(|(key, text)| (key.to_owned(), Value::from(text))).collect()
}

impl Portal {
    /// Says that approvers get no mail.
    pub(super) fn tell_unmailed(&self, run: &str) {
        let text =
            "no mail was sent to the approvers, as this portal sends none: it is in their notifications";
        self.tell_run(run, Line { level: Level::Warn, ..Line::said(text) });
    }

    /// What a webhook is told of a run that waits for its approval, without secrets.
    pub(super) fn approval_message(&self, run: &Run, slack: bool) -> Value {
        self.clean(&run.id).value(if slack { self.for_slack(run) } else { self.as_event(run) })
    }

    fn link_to(&self, run: &Run) -> String {
        let base = self.identity().base_url.as_deref().unwrap_or("http://127.0.0.1:7007");
        format!("{base}/runs/{}", run.id)
    }

    /// In the shape of the message that Port's older back ends send of a run.
    fn as_event(&self, run: &Run) -> Value {
        let target = run.target.as_ref();
        json!({
            "action": run.of.identifier,
            "resourceType": "run",
            "status": "WAITING_FOR_APPROVAL",
            "trigger": {
                "by": { "orgId": self.identity().organization_id, "userId": run.starter.actor,
                    "user": { "email": run.starter.email } },
                "origin": run.starter.origin,
                "at": run.created_at.to_string(),
            },
            "context": { "runId": run.id, "blueprint": target.map(|target| &target.blueprint),
                "entity": target.and_then(|target| target.entity.as_ref()) },
            "payload": { "action": { "identifier": run.of.identifier, "title": run.of.title },
                "properties": run.inputs },
            "approvers": run.approval.as_ref().map(|approval| &approval.approvers),
            "link": self.link_to(run),
        })
    }

    /// What an incoming webhook of Slack takes.
    fn for_slack(&self, run: &Run) -> Value {
        let (what, who, link) = (plain(&named(run)), plain(&run.starter.actor), self.link_to(run));
        json!({ "text": format!("*{what}* waits for approval. {who} asked for it: <{link}|look and answer>") })
    }
}

/// A text in which Slack sees no links, mentions or formats (its documentation, "Escaping text").
fn plain(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.chars().map(|c| if c.is_control() || matches!(c, '*' | '`') { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_in_a_name_reaches_a_channel() {
        assert_eq!(plain("<!channel> & *all*\n"), "&lt;!channel&gt; &amp;  all  ");
    }
}
