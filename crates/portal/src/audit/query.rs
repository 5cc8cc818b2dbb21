//! What is asked of the audit log, and where its pages go on.

use std::fmt;
use std::str::FromStr;

use stagedoor_model::Timestamp;

use super::entry::{AuditAction, AuditEntry};
use super::event::KINDS as EVENT_KINDS;
use crate::error::PortalError;

/// Which lines are wanted. What is `None` or empty leaves nothing out.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Text within names, addresses or messages, in any case.
    pub text: Option<String>,
    /// Whose doing: the exact name.
    pub actor: Option<String>,
    /// What was done.
    pub actions: Vec<AuditAction>,
    /// To which kinds of thing.
    pub kinds: Vec<String>,
    /// Of this blueprint.
    pub blueprint: Option<String>,
    /// With this identifier.
    pub identifier: Option<String>,
    /// Whether it was done.
    pub success: Option<bool>,
    /// Not before this time.
    pub from: Option<Timestamp>,
    /// Not after this time.
    pub to: Option<Timestamp>,
    /// By a program whose name has one of these in it, in any case; `UI` is any session.
    pub origins: Vec<String>,
    /// What one integration did, and what was done to it: by `installationId`.
    pub installation: Option<String>,
    /// What this run did, and what was done with it: its id.
    pub run: Option<String>,
    /// Of entities: any that ever had the identifier, not only the one that has it now.
    pub any_uid: bool,
    /// Only what has the id of one line.
    pub id: Option<String>,
    /// Go on here.
    pub after: Option<AuditPlace>,
    /// Leave out what things were and are.
    pub without_values: bool,
}

/// A place in the audit log. It holds for ever: lines are only added, before it in the order of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditPlace {
    /// Go on before this change,
    pub(super) change: i64,
    /// this refusal,
    pub(super) refusal: i64,
    /// and this event.
    pub(super) event: i64,
}

impl fmt::Display for AuditPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.change, self.refusal, self.event)
    }
}

impl FromStr for AuditPlace {
    type Err = PortalError;

    fn from_str(text: &str) -> Result<Self, PortalError> {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let numbers: Vec<i64> = match text.split('-').all(digits) {
            true => text.split('-').filter_map(|part| part.parse().ok()).collect(),
            false => Vec::new(),
        };
        let [change, refusal, event] = numbers[..] else {
            let shown: String = text.chars().take(40).collect();
            return Err(PortalError::invalid(format!("{shown:?} is no place in the audit log")));
        };
        Ok(Self { change, refusal, event })
    }
}

/// A page of the audit log.
#[derive(Debug)]
pub struct AuditPage {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// Where to go on; `None`: this is the end.
    pub next: Option<AuditPlace>,
    /// How far back this page has looked, where there is more: it may have found nothing.
    pub searched_back_to: Option<Timestamp>,
}

impl AuditQuery {
    /// Whether a line is wanted. Its values are not asked about.
    pub(super) fn wants(&self, entry: &AuditEntry) -> bool {
        let is = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        self.in_time(entry.at)
            && self.success.is_none_or(|wanted| wanted == entry.success)
            && (self.actions.is_empty() || self.actions.contains(&entry.action))
            && (self.kinds.is_empty() || self.kinds.contains(&entry.kind))
            && is(&self.actor, &entry.actor)
            && is(&self.blueprint, &entry.blueprint)
            && is(&self.identifier, &entry.identifier)
            && self.id.as_ref().is_none_or(|id| *id == entry.id)
            && self.installation.as_ref().is_none_or(|id| is_of_installation(entry, id))
            && self.run.as_deref().is_none_or(|id| entry.details.get("runId").is_some_and(|run| run == id))
            && (self.origins.is_empty() || self.origins.iter().any(|origin| comes_from(entry, origin)))
            && self.text.as_ref().is_none_or(|text| has(entry, text))
    }

    pub(super) fn in_time(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at <= to)
    }

    /// Whether any change could be wanted.
    pub(super) fn wants_changes(&self) -> bool {
        let done = [AuditAction::Create, AuditAction::Update, AuditAction::Delete];
        self.success != Some(false)
            && (self.actions.is_empty() || self.actions.iter().any(|action| done.contains(action)))
            && self.id.as_ref().is_none_or(|id| id.starts_with('c'))
    }

    /// Whether any refusal could be: they name entities by their blueprint only.
    pub(super) fn wants_refusals(&self) -> bool {
        self.success != Some(true)
            && !(self.blueprint.is_some() && self.identifier.is_some())
            && self.id.as_ref().is_none_or(|id| id.starts_with('r'))
    }

    /// Whether any event could be.
    pub(super) fn wants_events(&self) -> bool {
        let told = |kind: &String| EVENT_KINDS.contains(&kind.as_str());
        (self.kinds.is_empty() || self.kinds.iter().any(told))
            && self.success != Some(false)
            && self.blueprint.is_none()
            && self.id.as_ref().is_none_or(|id| id.starts_with('e'))
    }
}

/// Ocean's `User-Agent` is `port-ocean/<type>/<version>/<installation>/...`.
fn is_of_installation(entry: &AuditEntry, installation: &str) -> bool {
    let own = entry.kind == "integration" && entry.identifier.as_deref() == Some(installation);
    let named = |agent: &str| agent.split(['/', ' ', '(', ')']).any(|part| part == installation);
    own || entry.agent.as_deref().is_some_and(named)
}

fn comes_from(entry: &AuditEntry, origin: &str) -> bool {
    if origin.eq_ignore_ascii_case("ui") {
        return entry.via.as_deref() == Some("session");
    }
    if origin.eq_ignore_ascii_case("api") {
        return entry.agent.is_none() && entry.via.as_deref().is_some_and(|via| via != "session");
    }
    let origin = origin.to_lowercase();
    [&entry.agent, &entry.through].into_iter().flatten().any(|text| text.to_lowercase().contains(&origin))
}

/// Whether a text in lower case stands in anything that has a name.
fn has(entry: &AuditEntry, text: &str) -> bool {
    let texts = [
        &entry.identifier,
        &entry.blueprint,
        &entry.actor,
        &entry.name,
        &entry.message,
        &entry.address,
        &entry.agent,
    ];
    let within = |found: &str| found.to_lowercase().contains(text);
    within(&entry.kind) || texts.into_iter().flatten().any(|found| within(found))
}

#[cfg(test)]
mod tests {
    use super::AuditPlace;

    #[test]
    fn places_are_read_as_they_are_written_and_nothing_else_is() {
        let place = AuditPlace { change: 12, refusal: 0, event: i64::MAX };
        assert_eq!(place.to_string().parse::<AuditPlace>().unwrap(), place);
        for text in ["", "1-2", "1-2-3-4", "1-2-x", "1--2", "+1-2-3", "1-2-99999999999999999999"] {
            assert!(text.parse::<AuditPlace>().is_err(), "{text}");
        }
    }
}
