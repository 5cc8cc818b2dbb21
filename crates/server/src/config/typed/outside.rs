//! `integrations`, `catalog.providers`, `events`: what stands outside. Their readers are elsewhere; here they are asked
//! whether anything is wrong, so that every problem has its place in the files.

use std::time::Duration;

use serde_json::Value;
use stagedoor_hosts::{ConfigProblem, Hosts, Providers, Webhooks};
use stagedoor_outbound::AllowList;

use super::{At, Reader};
use crate::config::known;
use crate::config::types::{Outside, Polling, Raw};
use crate::config::value::{Data, Located};

impl Reader<'_> {
    pub(super) fn outside(&mut self, root: &At<'_>, catalog: &At<'_>) -> Outside {
        let [integrations, events, ldap] = ["integrations", "events", "ldap"].map(|key| root.key(key));
        let providers = catalog.key("providers");
        self.object(&integrations, known::INTEGRATIONS);
        self.object(&providers, known::PROVIDERS);
        let raw = |at: &At<'_>| at.value.map(|value| Raw(plain(value)));
        let outside = Outside {
            integrations: raw(&integrations),
            providers: raw(&providers),
            events: raw(&events),
            ldap: raw(&ldap),
            readonly: self.flag(&catalog.key("readonly")).unwrap_or_default(),
            refreshes_registered: self
                .choice(&catalog.key("defaultLocationConflictStrategy"), &["reject", "refresh"])
                == Some("refresh"),
            keeps_abandoned: self.choice(&catalog.key("orphanProviderStrategy"), &["delete", "keep"])
                == Some("keep"),
            polling: self.polling(&catalog.key("processingInterval")),
        };
        for problem in problems_of(&outside) {
            self.tell(root, &problem);
        }
        outside
    }

    /// One of some words.
    fn choice(&mut self, at: &At<'_>, words: &[&'static str]) -> Option<&'static str> {
        let text = self.text(at)?;
        let found = words.iter().find(|word| **word == text.as_str()).copied();
        if found.is_none() {
            self.wrong(at, &format!("expected {}", words.join(" or ")));
        }
        found
    }

    /// `false`, or a duration: `{minutes: 30}`, `30m`, `PT30M`.
    fn polling(&mut self, at: &At<'_>) -> Polling {
        let Some(value) = at.value.map(plain) else { return Polling::Usual };
        if value == Value::Bool(false) {
            return Polling::Never;
        }
        match stagedoor_hosts::duration_of(&value) {
            // Backstage spreads its readings over this long and half as long again.
            Some(every) => Polling::Every(every.max(Duration::from_secs(1))),
            None => {
                self.wrong(at, "expected false, or a duration such as {minutes: 30} or 30m");
                Polling::Usual
            }
        }
    }

    /// A problem that others have found, at its place.
    fn tell(&mut self, root: &At<'_>, problem: &ConfigProblem) {
        let mut at = root.clone();
        let mut place = root.value;
        let mut shown = String::new();
        for step in &problem.path {
            let (next, name) = match (at.value.map(|value| &value.data), step.parse::<usize>()) {
                (Some(Data::List(_)), Ok(number)) => (at.items().nth(number), format!("[{step}]")),
                _ => (Some(at.key(step)), if shown.is_empty() { step.clone() } else { format!(".{step}") }),
            };
            shown.push_str(&name);
            let none = At { value: None, path: String::new() };
            at = next.unwrap_or(none);
            place = at.value.or(place);
        }
        if let Some(place) = place {
            self.problems.error(&place.place, format!("{shown}: {}", problem.message));
        }
    }
}

/// What the readers of these parts find wrong with them.
fn problems_of(outside: &Outside) -> Vec<ConfigProblem> {
    let value = |raw: &Option<Raw>| raw.as_ref().map(|raw| raw.0.clone());
    let (integrations, events) = (value(&outside.integrations), value(&outside.events));
    // What they would log they log when they are used.
    let quiet = tracing::subscriber::NoSubscriber::default();
    tracing::subscriber::with_default(quiet, || {
        let (hosts, mut problems) = Hosts::new(integrations.as_ref(), AllowList::default());
        problems.extend(Webhooks::new(events.as_ref(), integrations.as_ref()).1);
        let (mut providers, more) = Providers::new(value(&outside.providers).as_ref(), &hosts);
        problems.extend(more);
        problems.extend(providers.add_older_directories(value(&outside.ldap).as_ref(), &hosts));
        problems
    })
}

/// The value without its places.
pub(super) fn plain(value: &Located) -> Value {
    match &value.data {
        Data::Scalar(scalar) => scalar.clone(),
        Data::List(items) => Value::Array(items.iter().map(plain).collect()),
        Data::Object(object) => {
            let member =
                |(key, member): (&String, &crate::config::value::Member)| (key.clone(), plain(&member.value));
            Value::Object(object.iter().map(member).collect())
        }
    }
}
