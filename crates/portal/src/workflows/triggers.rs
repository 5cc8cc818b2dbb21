//! Triggers that no person begins: events, and times of a clock.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_actions::port::PortAction;
use stagedoor_actions::workflow::Workflow;
use stagedoor_actions::{Origin, Starter};
use stagedoor_model::{Record, Timestamp};
use stagedoor_query::Catalog;

use super::{StoredWorkflow, WORKFLOWS, start::run_of};
use crate::runs::{NewRun, Visibility};
use crate::sources::cron::Cron;

/// Triggers on events that are on: each as an automation says the same, with its workflow and its own name, and since
/// when there has been the workflow.
pub(crate) fn of_events(catalog: &Catalog) -> Vec<(PortAction, Arc<Workflow>, String, Timestamp)> {
    let mut all = Vec::new();
    for record in catalog.records(WORKFLOWS) {
        let StoredWorkflow { definition, stamps } = StoredWorkflow::of(record);
        let workflow = Arc::new(definition);
        let on = workflow.nodes().filter(|node| node.kind() == "EVENT_TRIGGER" && node.is_published());
        all.extend(on.map(|node| {
            let action = workflow.as_action(node);
            (action, Arc::clone(&workflow), node.identifier().to_owned(), stamps.created_at)
        }));
    }
    all
}

/// A run that nobody began by hand; without what it is about.
pub(crate) fn new_run(
    workflow: &Workflow,
    trigger: &str,
    event: Value,
    said: Value,
    id: String,
    actor: &str,
) -> NewRun {
    let began = json!({ "identifier": workflow.identifier(), "trigger": trigger });
    let context = [("event", event), ("trigger", said), ("workflow", began)];
    NewRun {
        id: Some(id),
        of: run_of(workflow),
        definition: Value::Object(workflow.body().clone()),
        starter: Starter {
            actor: actor.to_owned(),
            email: None,
            impersonated_by: None,
            origin: Origin::Automation,
            scopes: None,
        },
        context: context.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        visibility: Visibility { anyone: workflow.shows_runs() },
        ..NewRun::default()
    }
}

/// Triggers on times, with when each comes next.
#[derive(Default)]
pub(crate) struct Schedules {
    all: Vec<Schedule>,
}

struct Schedule {
    workflow: Arc<Workflow>,
    trigger: String,
    cron: Cron,
    /// The first time that has not been acted on.
    next: i64,
}

impl Schedules {
    /// Reads what is wanted. Times up to `checked` have been acted on, and so have those before a workflow was last
    /// changed; of several that were missed, the last one counts.
    pub(crate) fn read(&mut self, catalog: &Catalog, checked: Timestamp) {
        let mut known: HashMap<(String, String, String), i64> = HashMap::new();
        for old in self.all.drain(..) {
            known.insert(
                (old.workflow.identifier().to_owned(), old.trigger, format!("{:?}", old.cron)),
                old.next,
            );
        }
        let records: Vec<&Arc<Record>> = catalog.records(WORKFLOWS).collect();
        for record in records {
            let StoredWorkflow { definition, stamps } = StoredWorkflow::of(record);
            let workflow = Arc::new(definition);
            for node in workflow.nodes().filter(|n| n.kind() == "SCHEDULE_TRIGGER" && n.is_published()) {
                let text = node.config().get("cron").and_then(Value::as_str).unwrap_or_default();
                let Some(cron) = Cron::parse(text) else { continue };
                let trigger = node.identifier().to_owned();
                let name = (workflow.identifier().to_owned(), trigger.clone(), format!("{cron:?}"));
                let from = checked.0.max(stamps.updated_at.0);
                let next = known.get(&name).copied().or_else(|| cron.next(from));
                let Some(next) = next else { continue };
                self.all.push(Schedule { workflow: Arc::clone(&workflow), trigger, cron, next });
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// When the next one comes.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.all.iter().map(|one| Timestamp(one.next)).min()
    }

    /// Those whose time has come, each with the last such time.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<(Arc<Workflow>, String, Timestamp)> {
        let mut due = Vec::new();
        for one in &mut self.all {
            if one.next > now.0 {
                continue;
            }
            let mut at = one.next;
            // What was missed for years is not walked minute by minute.
            if let Some(late) = one.cron.next(now.0 - DAY).filter(|late| *late > at && *late <= now.0) {
                at = late;
            }
            while let Some(later) = one.cron.next(at).filter(|later| *later <= now.0) {
                at = later;
            }
            one.next = one.cron.next(now.0).unwrap_or(i64::MAX);
            due.push((Arc::clone(&one.workflow), one.trigger.clone(), Timestamp(at)));
        }
        due
    }
}

/// One day of milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stagedoor_actions::workflow::Workflow;
    use stagedoor_model::Timestamp;

    use super::{Cron, Schedule, Schedules};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn of_times_that_were_missed_the_last_one_counts_and_once() {
        let workflow = Workflow::stored(json!({"identifier": "w"})).into();
        let cron = Cron::parse("0 3 * * *").unwrap();
        let next = cron.next(at("2026-01-01T00:00:00Z").0).unwrap();
        let mut all = Schedules { all: vec![Schedule { workflow, trigger: "t".into(), cron, next }] };
        assert_eq!(all.next(), Some(at("2026-01-01T03:00:00Z")));
        assert!(all.due(at("2026-01-01T02:59:59Z")).is_empty());
        let due = all.due(at("2026-03-10T12:00:00Z"));
        assert_eq!(due.iter().map(|(_, _, at)| *at).collect::<Vec<_>>(), [at("2026-03-10T03:00:00Z")]);
        assert!(all.due(at("2026-03-10T12:00:00Z")).is_empty());
        assert_eq!(all.next(), Some(at("2026-03-11T03:00:00Z")));
    }
}
