//! What a change of a scorecard is as changes of entities of `_scorecard` and `_rule`.

use std::collections::BTreeMap;

use serde_json::Value;
use stagedoor_model::{JsonText, Record, Stamps};

use super::events::{Event, What};
use crate::feed::FeedEvent;
use crate::score_entities::{RULE, SCORECARD, of_rule, of_scorecard};
use crate::scorecards::{SCORECARDS, StoredScorecard};

impl Event {
    /// A scorecard came, went or changed, and with it perhaps its rules.
    pub(super) fn of_scorecard(event: &FeedEvent) -> Vec<Self> {
        let key = event.identifier.as_deref().unwrap_or_default();
        let read = |side: &Option<Value>| stored(key, side.as_ref()?);
        let (before, after) = (read(&event.before), read(&event.after));
        let whole = |side: &Option<StoredScorecard>| side.as_ref().map(of_scorecard);
        let mut events: Vec<Self> =
            Self::of_computed(event, SCORECARD, key, [whole(&before), whole(&after)]).into_iter().collect();
        let mut rules: BTreeMap<String, [Option<Value>; 2]> = BTreeMap::new();
        for (side, stored) in [before, after].iter().enumerate() {
            let Some(stored) = stored else { continue };
            for (at, rule) in stored.definition.rules.iter().enumerate() {
                rules.entry(rule.identifier.clone()).or_default()[side] = Some(of_rule(stored, (at, rule)));
            }
        }
        for (rule, sides) in rules {
            events.extend(Self::of_computed(event, RULE, &format!("{key}/{rule}"), sides));
        }
        events
    }

    fn of_computed(
        event: &FeedEvent,
        blueprint: &str,
        entity: &str,
        [before, after]: [Option<Value>; 2],
    ) -> Option<Self> {
        let what = match (&before, &after) {
            (None, None) => return None,
            (None, _) => What::EntityCreated,
            (_, None) => What::EntityDeleted,
            (Some(before), Some(after)) if says(before) == says(after) => return None,
            _ => What::EntityUpdated,
        };
        // Unique: one change of a scorecard is an event of each of its rules.
        let name = format!("{}/{blueprint}/{entity}", event.position);
        Some(Self::of_change(event, what, name, (blueprint, entity), [before, after]))
    }
}

/// A scorecard as the feed tells it.
fn stored(key: &str, side: &Value) -> Option<StoredScorecard> {
    let stamps: Stamps = serde_json::from_value(side.get("stamps")?.clone()).ok()?;
    let body = JsonText::of(side.get("body")?);
    StoredScorecard::of(&Record { collection: SCORECARDS.into(), key: key.to_owned(), body, stamps })
}

/// What an entity says, without who wrote it when.
fn says(entity: &Value) -> [Option<&Value>; 3] {
    ["title", "properties", "relations"].map(|part| entity.get(part))
}
