//! Automations, and workflows with such triggers: events of the catalog, of runs and of clocks set runs going.
//!
//! One task follows the change log ([`follow`]), on the replica that leads. Its place is kept beside the catalog, so that
//! events while no process ran are acted on by the next one; the id of a run is made of its event, so that an event
//! which is looked at twice sets one run going. While there are no automations nothing is read.

mod events;
mod rules;
mod scored;
mod timers;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_actions::{Origin, Run, RunKind, RunOf, Starter, Target};
use stagedoor_auth::{Viewer, digest};
use stagedoor_model::{Record, Timestamp};

use crate::error::PortalError;
use crate::feed::{Feed, Position};
use crate::runs::{NewRun, RUNS, Visibility};
use crate::score_log::Told;
use crate::workflows::{self, Schedules, WORKFLOWS};
use crate::{Portal, Shared, clock, score_entities, writer};

use self::events::Event;
use self::rules::{Automation, Rules};
use self::timers::Timers;

/// Setting with the last commit whose events have been acted on.
const CURSOR: &str = "automations.cursor";
/// Setting with the time up to which timers have been acted on.
const CHECKED: &str = "automations.timers";
/// Setting with the time up to which schedules have been acted on.
const SCHEDULED: &str = "automations.schedules";
/// Events that are looked at together.
const PAGE: usize = 100;
/// Commits without an event after which the place is kept all the same.
const STRIDE: u64 = 1_000;
/// A turn that failed is tried again after this time; one that does not lead looks whether it does.
const PAUSE: Duration = Duration::from_secs(1);
/// The name under which automations act.
const ACTOR: &str = "automation";

/// Follows the log from a revision on, as long as there is a portal.
pub(crate) async fn follow(shared: Weak<Shared>, from: u64) {
    let Some(mut head) = shared.upgrade().map(|shared| shared.head.follow()) else { return };
    let mut watch = Watch { seen: Some(from), ..Watch::default() };
    loop {
        let Some(shared) = shared.upgrade() else { return };
        let portal = Portal { shared };
        if head.borrow_and_update().ended || portal.shared.runs.is_halted() {
            return;
        }
        let pause = if portal.leads() {
            match watch.turn(&portal).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "events could not be acted on: tried again");
                    watch = Watch { seen: watch.seen, ..Watch::default() };
                    Some(PAUSE)
                }
            }
        } else {
            let seen = Some(portal.shared.catalog.load().revision);
            watch = Watch { seen, ..Watch::default() };
            Some(PAUSE)
        };
        drop(portal);
        let long = Duration::from_secs(3600);
        if let Ok(Err(_)) = tokio::time::timeout(pause.unwrap_or(long), head.changed()).await {
            return;
        }
    }
}

/// Acts on results of scorecards that have become others. Whether anybody wanted to know.
pub(crate) async fn on_results(portal: &Portal, told: Vec<Told>) -> Result<bool, PortalError> {
    let rules = Rules::of(&portal.shared.catalog.load());
    if !rules.blueprints().iter().any(|blueprint| blueprint == score_entities::RULE_RESULT) {
        return Ok(false);
    }
    let watch = Watch { rules, ..Watch::default() };
    let own = portal.clone();
    let read = move || told.into_iter().filter_map(|told| Event::of_result(&own, told)).collect();
    let events: Vec<Event> = aside(read).await?;
    for new in watch.matching(portal, events).await? {
        start(portal, new).await?;
    }
    Ok(true)
}

/// The definitions as the catalog holds them; none where no action has ever been made. Those of workflows come second.
type Definitions = [Option<Arc<BTreeMap<String, Arc<Record>>>>; 2];

fn same(old: &Definitions, new: &Definitions) -> bool {
    old.iter().zip(new).all(|pair| match pair {
        (Some(old), Some(new)) => Arc::ptr_eq(old, new),
        (None, None) => true,
        _ => false,
    })
}

/// What the task knows between two turns.
#[derive(Default)]
struct Watch {
    /// The definitions that the rules were read from, once they have been read.
    definitions: Option<Definitions>,
    rules: Rules,
    /// A revision at which there was nothing to set going yet. The first automation may be read together with what
    /// happened right after it was made.
    seen: Option<u64>,
    /// Up to where it has read. No feed is held between two turns: it would hold the portal.
    place: Option<Position>,
    /// The place that is kept beside the catalog.
    kept: Option<u64>,
    timers: Timers,
    schedules: Schedules,
}

impl Watch {
    /// Acts on all that has happened. Returns after which time to look again, whatever happens.
    async fn turn(&mut self, portal: &Portal) -> Result<Option<Duration>, PortalError> {
        self.read_rules(portal).await?;
        let schedule = self.on_schedule(portal).await?;
        if self.rules.is_empty() {
            return Ok(schedule);
        }
        let mut feed = self.open(portal).await?;
        loop {
            let page = feed.page(PAGE).await?;
            let (place, more) = (page.next.revision, page.more);
            self.place = Some(page.next);
            let events: Vec<Event> = page.events.into_iter().flat_map(Event::of).collect();
            let any = !events.is_empty();
            self.timers.learn(&events);
            for new in self.matching(portal, events).await? {
                start(portal, new).await?;
            }
            // A place within a commit is none to go on from after a restart: its first events come again.
            let place = if page.next.index.is_some() { place.saturating_sub(1) } else { place };
            if any || self.kept.is_none_or(|kept| place >= kept + STRIDE) {
                self.keep(portal, place).await?;
            }
            if !more {
                break;
            }
        }
        let timer = self.fire(portal).await?;
        Ok(schedule.into_iter().chain(timer).min())
    }

    /// Reads the definitions again where one has changed.
    async fn read_rules(&mut self, portal: &Portal) -> Result<(), PortalError> {
        let catalog = portal.shared.catalog.load_full();
        let now = [crate::actions::ACTIONS, WORKFLOWS].map(|name| catalog.collection(name).cloned());
        if self.definitions.as_ref().is_some_and(|old| same(old, &now)) {
            if self.rules.is_empty() {
                self.seen = Some(catalog.revision);
            }
            return Ok(());
        }
        self.read_schedules(portal, &catalog).await?;
        let had = !self.rules.is_empty();
        self.rules = Rules::of(&catalog);
        self.definitions = Some(now);
        if self.rules.is_empty() {
            self.seen = Some(catalog.revision);
            self.place = None;
            self.timers = Timers::default();
            if had || setting(portal, CURSOR).await?.is_some() {
                // What happens while there are none is nobody's business later.
                put_setting(portal, CURSOR, None).await?;
                put_setting(portal, CHECKED, None).await?;
            }
            self.kept = None;
            return Ok(());
        }
        if self.place.is_none() {
            let kept = setting(portal, CURSOR).await?.and_then(|text| text.parse().ok());
            let place = kept.or(self.seen).unwrap_or(catalog.revision);
            if kept.is_none() {
                self.keep(portal, place).await?;
            }
            self.kept = Some(place);
            self.place = Some(Position::after(place));
        }
        let checked = setting(portal, CHECKED).await?.and_then(|text| text.parse().ok()).map(Timestamp);
        let now = clock::now();
        if checked.is_none() {
            put_setting(portal, CHECKED, Some(now.0.to_string())).await?;
        }
        let (portal, rules) = (portal.clone(), self.rules.clone());
        let mut timers = std::mem::take(&mut self.timers);
        self.timers = aside(move || {
            timers.watch(&portal, &rules, checked.unwrap_or(now));
            timers
        })
        .await?;
        Ok(())
    }

    async fn read_schedules(
        &mut self,
        portal: &Portal,
        catalog: &stagedoor_query::Catalog,
    ) -> Result<(), PortalError> {
        let checked = setting(portal, SCHEDULED).await?.and_then(|text| text.parse().ok()).map(Timestamp);
        self.schedules.read(catalog, checked.unwrap_or_else(clock::now));
        if checked.is_none() && !self.schedules.is_empty() {
            put_setting(portal, SCHEDULED, Some(clock::now().0.to_string())).await?;
        }
        Ok(())
    }

    /// Runs workflows whose time has come. Returns when the next one does.
    async fn on_schedule(&mut self, portal: &Portal) -> Result<Option<Duration>, PortalError> {
        let now = clock::now();
        let due = self.schedules.due(now);
        for (workflow, trigger, at) in &due {
            let event = json!({ "at": at.to_string() });
            let said = json!({ "type": "schedule", "origin": "AUTOMATION", "at": at.to_string() });
            let name = format!("{}/{trigger}", workflow.identifier());
            let id = id_of("wfr_", &name, &at.to_string());
            start(portal, workflows::new_run(workflow, trigger, event, said, id, ACTOR)).await?;
        }
        if !due.is_empty() {
            put_setting(portal, SCHEDULED, Some(now.0.to_string())).await?;
        }
        Ok(self.schedules.next().map(until))
    }

    /// Follows the log from where it was left.
    async fn open(&self, portal: &Portal) -> Result<Feed, PortalError> {
        let newest = portal.shared.catalog.load().revision;
        let from = self.place.unwrap_or(Position::after(newest));
        let follow = |from| portal.feed_of_events(from, self.rules.blueprints(), self.rules.of_runs());
        match follow(from).await {
            Err(PortalError::Invalid { code: "revision_gone", message, .. }) => {
                tracing::warn!(message, "events are lost to automations");
                follow(Position::after(newest)).await
            }
            opened => opened,
        }
    }

    async fn keep(&mut self, portal: &Portal, place: u64) -> Result<(), PortalError> {
        if self.kept != Some(place) {
            put_setting(portal, CURSOR, Some(place.to_string())).await?;
            self.kept = Some(place);
        }
        Ok(())
    }

    /// The runs that events set going.
    async fn matching(&self, portal: &Portal, events: Vec<Event>) -> Result<Vec<NewRun>, PortalError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let (portal, rules) = (portal.clone(), self.rules.clone());
        aside(move || {
            let mut runs = Vec::new();
            for event in &events {
                let body = event.body(portal.identity());
                let wanted = rules.for_event(event).filter(|rule| rule.holds(&portal.shared.jq, &body));
                runs.extend(wanted.map(|rule| new_run(&portal, rule, event, &body)));
            }
            runs
        })
        .await
    }

    /// Acts on timers whose time has come. Returns when the next one is due.
    async fn fire(&mut self, portal: &Portal) -> Result<Option<Duration>, PortalError> {
        let now = clock::now();
        let due = self.timers.due(now);
        if !due.is_empty() {
            let (portal_of, rules) = (portal.clone(), self.rules.clone());
            let events = aside(move || timers::events(&portal_of, &rules, due)).await?;
            for new in self.matching(portal, events).await? {
                start(portal, new).await?;
            }
            put_setting(portal, CHECKED, Some(now.0.to_string())).await?;
            self.timers.passed(now);
        }
        Ok(self.timers.next().map(until))
    }
}

fn until(at: Timestamp) -> Duration {
    let left = at.0.saturating_sub(clock::now().0).clamp(1, 3_600_000);
    Duration::from_millis(u64::try_from(left).unwrap_or(1))
}

/// A run that an event sets going, with all that its templates may read.
fn new_run(portal: &Portal, rule: &Automation, event: &Event, body: &Value) -> NewRun {
    let cause = event.caused_by().and_then(|id| {
        let catalog = portal.shared.catalog.load();
        let record = catalog.record(RUNS, id)?;
        serde_json::from_str::<Run>(record.body.as_str()).ok()
    });
    let action =
        json!({ "identifier": rule.identifier(), "blueprint": event.blueprint(), "encryptedProperties": [] });
    let mut trigger = body.get("trigger").cloned().unwrap_or_default();
    trigger["type"] = json!("automation");
    let about = About { target: target_of(event), cause };
    if let Some((workflow, node)) = &rule.workflow {
        let name = format!("{}/{node}", workflow.identifier());
        let id = id_of("wfr_", &name, event.name());
        return about.of(workflows::new_run(workflow, node, body.clone(), trigger, id, ACTOR));
    }
    let context = [
        ("inputs", Value::Null),
        ("event", body.clone()),
        ("trigger", trigger),
        ("entity", Value::Null),
        ("action", action),
    ];
    about.of(NewRun {
        id: Some(id_of("r_", rule.identifier(), event.name())),
        of: RunOf {
            kind: RunKind::Automation,
            identifier: rule.identifier().to_owned(),
            title: rule.definition.text("title").map(str::to_owned),
            icon: rule.definition.text("icon").map(str::to_owned),
        },
        definition: Value::Object(rule.definition.body().clone()),
        starter: Starter {
            actor: ACTOR.into(),
            email: None,
            impersonated_by: None,
            origin: Origin::Automation,
            scopes: None,
        },
        context: context.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        visibility: Visibility { anyone: rule.definition.shows_runs() },
        ..NewRun::default()
    })
}

/// What a run is about, and which run its event came of.
struct About {
    target: Option<Target>,
    cause: Option<Run>,
}

impl About {
    fn of(self, run: NewRun) -> NewRun {
        NewRun {
            target: self.target,
            depth: self.cause.as_ref().map_or(0, |run| run.depth + 1),
            caused_by: self.cause.map(|run| run.id),
            ..run
        }
    }
}

fn target_of(event: &Event) -> Option<Target> {
    event.blueprint().map(|blueprint| Target {
        blueprint: blueprint.to_owned(),
        entity: event.entity().map(str::to_owned),
        title: event.title(),
    })
}

/// The same for the same event, whoever looks at it.
fn id_of(prefix: &str, of: &str, event: &str) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let bytes = digest(&format!("{of}\n{event}"));
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().map_or('0', char::from);
    std::iter::once(prefix.to_owned()).chain(bytes.iter().take(16).map(|b| letter(b).to_string())).collect()
}

async fn start(portal: &Portal, new: NewRun) -> Result<(), PortalError> {
    let (automation, cause) = (new.of.identifier.clone(), new.caused_by.clone());
    match portal.start_run(new).await {
        Ok(_) => Ok(()),
        // It was looked at before.
        Err(PortalError::Conflict { .. }) => Ok(()),
        Err(error @ PortalError::Unavailable(_)) => Err(error),
        Err(error) => {
            tracing::warn!(%error, automation, ?cause, "an automation was not run");
            Ok(())
        }
    }
}

async fn setting(portal: &Portal, name: &'static str) -> Result<Option<String>, PortalError> {
    let store = Arc::clone(&portal.shared.store);
    aside(move || store.setting(name)).await?.map_err(writer::internal)
}

async fn put_setting(portal: &Portal, name: &'static str, value: Option<String>) -> Result<(), PortalError> {
    let store = Arc::clone(&portal.shared.store);
    aside(move || store.put_setting(name, value.as_deref())).await?.map_err(writer::internal)
}

/// Runs what may block.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PortalError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| PortalError::Internal(error.to_string()))
}

/// Whoever acts where nobody is asked.
fn viewer() -> Viewer {
    Viewer::system(ACTOR)
}
