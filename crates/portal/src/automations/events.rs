//! Events as conditions and templates read them: Port's shape.

use serde_json::{Value, json};
use stagedoor_actions::{Origin, Run};
use stagedoor_model::{Actor, Timestamp};
use stagedoor_scorecards::Status;

use crate::feed::{FeedAction, FeedEvent, FeedKind};
use crate::runs::RUNS;
use crate::score_log::Told;
use crate::{Identity, Portal, score_entities, scorecards};

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    EntityCreated,
    EntityUpdated,
    EntityDeleted,
    RunCreated,
    RunUpdated,
    TimerExpired,
}

/// Something that may set an automation going.
#[derive(Clone, Debug)]
pub(super) struct Event {
    what: What,
    /// Unique: a place in the log, or an entity's timer.
    name: String,
    at: Timestamp,
    actor: Actor,
    blueprint: Option<String>,
    entity: Option<String>,
    property: Option<String>,
    /// The action of a run, as it was when the run began.
    action: Option<String>,
    caused_by: Option<String>,
    before: Value,
    after: Value,
}

impl Event {
    /// What an event of the change feed tells: nothing, or one thing, or of a scorecard and its rules.
    pub(super) fn of(event: FeedEvent) -> Vec<Self> {
        match event.kind {
            FeedKind::Entity => vec![Self::of_entity(event)],
            FeedKind::Record if event.blueprint == RUNS => Self::of_run(&event).into_iter().collect(),
            FeedKind::Record if event.blueprint == scorecards::SCORECARDS => Self::of_scorecard(&event),
            FeedKind::Record | FeedKind::Blueprint => Vec::new(),
        }
    }

    fn of_entity(event: FeedEvent) -> Self {
        let what = match event.action {
            FeedAction::Created => What::EntityCreated,
            FeedAction::Updated => What::EntityUpdated,
            FeedAction::Deleted => What::EntityDeleted,
        };
        // `Viewer::actor` writes it there.
        let from = event.actor.from.as_deref().unwrap_or_default();
        let caused_by = from.split(' ').find_map(|part| part.strip_prefix("run=")).map(str::to_owned);
        Self {
            what,
            name: event.position.to_string(),
            at: event.at,
            actor: event.actor,
            blueprint: Some(event.blueprint),
            entity: event.identifier,
            property: None,
            action: None,
            caused_by,
            before: event.before.unwrap_or_default(),
            after: event.after.unwrap_or_default(),
        }
    }

    /// A change of something that is no entity, told as one of an entity.
    pub(super) fn of_change(
        event: &FeedEvent,
        what: What,
        name: String,
        (blueprint, entity): (&str, &str),
        [before, after]: [Option<Value>; 2],
    ) -> Self {
        Self {
            what,
            name,
            at: event.at,
            actor: event.actor.clone(),
            blueprint: Some(blueprint.to_owned()),
            entity: Some(entity.to_owned()),
            property: None,
            action: None,
            caused_by: None,
            before: before.unwrap_or_default(),
            after: after.unwrap_or_default(),
        }
    }

    /// What a run keeps for itself between two steps is no event.
    fn of_run(event: &FeedEvent) -> Option<Self> {
        let read = |body: &Option<Value>| serde_json::from_value::<Run>(body.clone()?).ok();
        let after = read(&event.after)?;
        let before = read(&event.before);
        let (shown_before, shown_after) = (before.as_ref().map(shown), shown(&after));
        if shown_before.as_ref() == Some(&shown_after) {
            return None;
        }
        let stamped = |run: &Run, mut shown: Value| {
            shown["updatedAt"] = json!(run.updated_at.to_string());
            shown
        };
        let before_body = before.as_ref().zip(shown_before).map(|(run, shown)| stamped(run, shown));
        Some(Self {
            what: if before.is_some() { What::RunUpdated } else { What::RunCreated },
            name: event.position.to_string(),
            at: event.at,
            actor: event.actor.clone(),
            blueprint: after.target.as_ref().map(|target| target.blueprint.clone()),
            entity: after.target.as_ref().and_then(|target| target.entity.clone()),
            property: None,
            action: Some(after.of.identifier.clone()),
            caused_by: Some(after.id.clone()),
            before: before_body.unwrap_or_default(),
            after: stamped(&after, shown_after),
        })
    }

    /// A rule says something else of an entity, or the first thing, or nothing any more. What Port calls the same
    /// result is no event, and neither is a level.
    pub(super) fn of_result(portal: &Portal, told: Told) -> Option<Self> {
        let line = told.line;
        let catalog = portal.shared.catalog.load();
        let record = catalog.record(scorecards::SCORECARDS, &told.scorecard)?;
        let definition = scorecards::StoredScorecard::of(record)?.definition;
        let (_, rule) = definition.rule(line.rule.as_deref()?)?;
        let node = catalog.node_of_uid(line.entity);
        let subject = score_entities::Subject {
            key: &told.scorecard,
            scorecard: &definition,
            rule,
            entity: &line.identifier,
            teams: node.map(|node| catalog.teams(node)).unwrap_or_default(),
        };
        let status = |name: &Option<String>| name.as_deref().and_then(Status::of_name);
        let (from, to) = (status(&line.from), status(&line.to));
        if from.map(Status::result) == to.map(Status::result) {
            return None;
        }
        let shown = |status: Option<Status>, at: Option<Timestamp>| {
            let result = |status| score_entities::of_result(&subject, status, at, &record.stamps);
            status.map(result).unwrap_or_default()
        };
        let what = match (from, to) {
            (None, _) => What::EntityCreated,
            (_, None) => What::EntityDeleted,
            _ => What::EntityUpdated,
        };
        Some(Self {
            what,
            name: told.name,
            at: told.at,
            actor: Actor::new("scorecards", "system"),
            blueprint: Some(score_entities::RULE_RESULT.into()),
            entity: Some(format!("{}/{}/{}", told.scorecard, rule.identifier, line.identifier)),
            property: None,
            action: None,
            caused_by: None,
            before: shown(from, None),
            after: shown(to, Some(told.at)),
        })
    }

    /// A timer of an entity has expired.
    pub(super) fn expired(property: &str, at: Timestamp, entity: Value) -> Self {
        let text = |key: &str| entity.get(key).and_then(Value::as_str).map(str::to_owned);
        let (blueprint, identifier) = (text("blueprint"), text("identifier"));
        Self {
            what: What::TimerExpired,
            name: json!([blueprint, identifier, property, at.0]).to_string(),
            at,
            actor: Actor::new("clock", "system"),
            blueprint,
            entity: identifier,
            property: Some(property.to_owned()),
            action: None,
            caused_by: None,
            before: entity.clone(),
            after: entity,
        }
    }

    pub(super) fn what(&self) -> What {
        self.what
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn at(&self) -> Timestamp {
        self.at
    }

    pub(super) fn blueprint(&self) -> Option<&str> {
        self.blueprint.as_deref()
    }

    pub(super) fn entity(&self) -> Option<&str> {
        self.entity.as_deref()
    }

    pub(super) fn property(&self) -> Option<&str> {
        self.property.as_deref()
    }

    /// Identifier of the action whose run it is about.
    pub(super) fn of_action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    /// The run that did it, or that it is about.
    pub(super) fn caused_by(&self) -> Option<&str> {
        self.caused_by.as_deref()
    }

    /// What an entity was before, and is since.
    pub(super) fn sides(&self) -> (&Value, &Value) {
        (&self.before, &self.after)
    }

    /// Title of the entity.
    pub(super) fn title(&self) -> Option<String> {
        let known = if self.after.is_null() { &self.before } else { &self.after };
        known.get("title").and_then(Value::as_str).map(str::to_owned)
    }

    /// As JSON: `.event` of templates, and what conditions are asked about.
    pub(super) fn body(&self, identity: &Identity) -> Value {
        let (action, resource) = match self.what {
            What::EntityCreated => ("CREATE", "entity"),
            What::EntityUpdated => ("UPDATE", "entity"),
            What::EntityDeleted => ("DELETE", "entity"),
            What::RunCreated => ("CREATE", "run"),
            What::RunUpdated => ("UPDATE", "run"),
            What::TimerExpired => ("TIMER_EXPIRED", "entity"),
        };
        let by_port = self.what == What::TimerExpired;
        let run = matches!(self.what, What::RunCreated | What::RunUpdated);
        let mut context = json!({
            "blueprintIdentifier": self.blueprint,
            "entityIdentifier": self.entity,
            "propertyIdentifier": self.property,
        });
        if run {
            context["runId"] = json!(self.caused_by);
            context["action"] = self.after.get("action").cloned().unwrap_or_default();
        }
        let mut body = json!({
            "action": action,
            "resourceType": resource,
            "status": "SUCCESS",
            "trigger": {
                "by": {
                    "orgId": identity.organization_id, "userId": self.actor.name, "byPort": by_port,
                    "user": { "id": self.actor.name, "email": self.actor.name },
                },
                "origin": self.actor.through.to_uppercase(),
                "at": self.at.to_string(),
            },
            "context": context,
            "diff": { "before": self.before, "after": self.after },
        });
        if run {
            body["id"] = json!(self.caused_by);
        }
        body
    }
}

/// A run in Port's shape, as far as it says how it is doing; without when that was last said.
fn shown(run: &Run) -> Value {
    let origin = match run.starter.origin {
        Origin::Ui => "UI",
        Origin::Api => "API",
        Origin::Automation => "AUTOMATION",
    };
    let report = &run.report;
    json!({
        "id": run.id,
        "status": run.status,
        "statusLabel": report.status_label,
        "action": { "identifier": run.of.identifier, "title": run.of.title, "icon": run.of.icon },
        "blueprint": run.target.as_ref().map(|target| json!({ "identifier": target.blueprint })),
        "entity": run.target.as_ref().and_then(|t| Some(json!({ "identifier": t.entity.as_ref()?, "title": t.title }))),
        "source": origin,
        "link": report.link.clone().unwrap_or_default(),
        "summary": report.summary,
        "externalRunId": report.external_run_id,
        "properties": run.inputs,
        "requiredApproval": run.approval.is_some(),
        "response": report.response,
        "createdAt": run.created_at.to_string(),
        "createdBy": run.starter.email.as_ref().unwrap_or(&run.starter.actor),
        "endedAt": run.ended_at.map(|at| at.to_string()),
    })
}
