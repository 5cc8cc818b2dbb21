//! Which automations there are, and which of them an event concerns.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use stagedoor_actions::port::PortAction;
use stagedoor_actions::workflow::Workflow;
use stagedoor_jq::Jq;
use stagedoor_model::Timestamp;
use stagedoor_query::Catalog;

use super::events::{Event, What};
use crate::actions::ACTIONS;
use crate::workflows;

/// An automation that is on, or a workflow's trigger that says the same.
#[derive(Debug)]
pub(super) struct Automation {
    pub(super) definition: PortAction,
    /// Events before it was made are none of its.
    since: Timestamp,
    /// The workflow whose trigger it is, and the trigger's identifier.
    pub(super) workflow: Option<(Arc<Workflow>, String)>,
}

/// All that are on.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules(Arc<Vec<Automation>>);

impl Automation {
    pub(super) fn identifier(&self) -> &str {
        self.definition.identifier()
    }

    fn event(&self, key: &str) -> &str {
        self.definition.event().and_then(|event| event.get(key)).and_then(Value::as_str).unwrap_or_default()
    }

    /// Blueprint and property, where a timer sets it going.
    pub(super) fn timer(&self) -> Option<(&str, &str)> {
        let is_timer = self.event("type") == "TIMER_PROPERTY_EXPIRED";
        is_timer.then(|| (self.event("blueprintIdentifier"), self.event("propertyIdentifier")))
    }

    fn is_of_runs(&self) -> bool {
        matches!(self.event("type"), "RUN_CREATED" | "RUN_UPDATED" | "ANY_RUN_CHANGE")
    }

    fn wants(&self, event: &Event) -> bool {
        if event.at() < self.since {
            return false;
        }
        let blueprint = || event.blueprint() == Some(self.event("blueprintIdentifier"));
        let run = || event.of_action() == Some(self.event("actionIdentifier"));
        match (self.event("type"), event.what()) {
            ("ENTITY_CREATED" | "ANY_ENTITY_CHANGE", What::EntityCreated)
            | ("ENTITY_UPDATED" | "ANY_ENTITY_CHANGE", What::EntityUpdated)
            | ("ENTITY_DELETED" | "ANY_ENTITY_CHANGE", What::EntityDeleted) => blueprint(),
            ("RUN_CREATED" | "ANY_RUN_CHANGE", What::RunCreated)
            | ("RUN_UPDATED" | "ANY_RUN_CHANGE", What::RunUpdated) => run(),
            ("TIMER_PROPERTY_EXPIRED", What::TimerExpired) => {
                blueprint() && event.property() == Some(self.event("propertyIdentifier"))
            }
            _ => false,
        }
    }

    /// Whether its condition is true of an event. A program that fails, or takes too long, is not true.
    pub(super) fn holds(&self, jq: &Jq, event: &Value) -> bool {
        let Some(condition) = self.definition.condition() else { return true };
        let programs = condition.get("expressions").and_then(Value::as_array).into_iter().flatten();
        let mut answers = programs.filter_map(Value::as_str).map(|program| {
            let answer = jq.first(program, std::slice::from_ref(event)).pop();
            matches!(answer, Some(Ok(Some(Value::Bool(true)))))
        });
        let none = condition.get("expressions").and_then(Value::as_array).is_none_or(Vec::is_empty);
        match condition.get("combinator").and_then(Value::as_str) {
            _ if none => true,
            Some("or") => answers.any(|answer| answer),
            _ => answers.all(|answer| answer),
        }
    }
}

impl Rules {
    pub(super) fn of(catalog: &Catalog) -> Self {
        let automation = |record: &Arc<stagedoor_model::Record>| {
            let definition = PortAction::stored(record.body.value());
            let on = definition.is_automation() && definition.is_published();
            on.then(|| Automation { definition, since: record.stamps.created_at, workflow: None })
        };
        let mut all: Vec<Automation> = catalog.records(ACTIONS).filter_map(automation).collect();
        let triggers = workflows::of_events(catalog).into_iter();
        all.extend(triggers.map(|(definition, workflow, trigger, since)| Automation {
            definition,
            since,
            workflow: Some((workflow, trigger)),
        }));
        Self(Arc::new(all))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Blueprints whose entities are followed.
    pub(super) fn blueprints(&self) -> Vec<String> {
        let all =
            self.0.iter().filter(|rule| !rule.is_of_runs()).map(|rule| rule.event("blueprintIdentifier"));
        all.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether runs are followed.
    pub(super) fn of_runs(&self) -> bool {
        self.0.iter().any(Automation::is_of_runs)
    }

    /// Properties whose times set something going, each with when the first automation for it was made.
    pub(super) fn timers(&self) -> impl Iterator<Item = (&str, &str, Timestamp)> {
        self.0
            .iter()
            .filter_map(|rule| rule.timer().map(|(blueprint, property)| (blueprint, property, rule.since)))
    }

    /// Those that an event may set going.
    pub(super) fn for_event<'r>(&'r self, event: &'r Event) -> impl Iterator<Item = &'r Automation> {
        self.0.iter().filter(move |rule| rule.wants(event))
    }
}
