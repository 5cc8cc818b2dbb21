//! Counts by value: pies and bars.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use stagedoor_portal::{ScoreLevel, ScoreStatus};
use stagedoor_query::{BlueprintEntry, Scalar};

use super::ask::{Ask, Found, json_of, key_of, needed};
use super::{Slice, Slices, WidgetData};

/// What the values of a property look like.
struct Shown<'v> {
    key: &'v str,
    entry: Option<&'v BlueprintEntry>,
    /// Blueprint of the values, where they are entities.
    target: Option<String>,
    /// The levels that the values are.
    levels: Vec<ScoreLevel>,
}

impl Shown<'_> {
    fn definition(&self) -> Option<&Value> {
        self.entry?.blueprint.properties.get(self.key).map(|property| &property.definition)
    }

    fn title(&self) -> String {
        let relation = || self.entry?.blueprint.relations.get(self.key)?.title.clone();
        let property = || Some(self.definition()?.get("title")?.as_str()?.to_owned());
        let derived = || {
            let body = self.entry?.blueprint.body.value();
            let parts = ["mirrorProperties", "calculationProperties", "aggregationProperties"];
            let mut parts = parts.iter().filter_map(|part| body.get(part)?.get(self.key)?.get("title"));
            Some(parts.next()?.as_str()?.to_owned())
        };
        let meta = || self.key.strip_prefix('$').map(str::to_owned);
        property().or_else(relation).or_else(derived).or_else(meta).unwrap_or_else(|| self.key.to_owned())
    }

    /// Of `enumColors`.
    fn color(&self, value: &str) -> Option<String> {
        if let Some(status) = self.status(value) {
            return Some(color_of(status).to_owned());
        }
        if let Some(level) = self.levels.iter().find(|level| level.title == value) {
            return Some(level.color.clone());
        }
        let colors = self.definition()?.get("enumColors")?;
        Some(colors.get(value)?.as_str()?.to_owned())
    }

    /// The status that a value is, of a rule of a scorecard.
    fn status(&self, value: &str) -> Option<ScoreStatus> {
        ScoreStatus::of_name(value).filter(|_| self.key.starts_with("$scorecards."))
    }

    fn title_of(&self, ask: &Ask<'_>, value: &str) -> String {
        if let Some(status) = self.status(value) {
            return status.words().to_owned();
        }
        let node = self.target.as_deref().and_then(|target| ask.view.by_key(target, value));
        node.and_then(|node| ask.view.title(node)).unwrap_or_else(|| value.to_owned())
    }
}

pub(super) fn answer(ask: &Ask<'_>, widget: &Map<String, Value>, most: usize) -> Result<WidgetData, String> {
    let found = ask.dataset(widget)?;
    let key = &*key_of(needed(widget, "property")?)?;
    let entry = found.blueprint.as_deref().and_then(|b| ask.view.blueprints().get(b));
    let relation = entry.and_then(|entry| entry.blueprint.relations.get(key));
    let target = match key {
        "$team" => Some("_team".to_owned()),
        "$blueprint" => None,
        _ => relation.map(|relation| relation.target.clone()),
    };
    let level = key.strip_prefix("$scorecards.").and_then(|key| key.strip_suffix(".level"));
    let levels = level.map(|id| ask.view.scorecard_levels(found.blueprint.as_deref(), id));
    let shown = Shown { key, entry, target, levels: levels.unwrap_or_default() };
    let (mut counts, valued) = counts(ask, key, &found)?;
    counts.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.text.cmp(&b.text)));
    let more = counts.len().saturating_sub(most);
    let others = counts.iter().skip(most).map(|(_, count)| count).sum();
    let slices = counts.iter().take(most).map(|(value, count)| slice(ask, &shown, &found, value, *count));
    let mut slices: Vec<Slice> = slices.collect();
    let missing = found.hits.len().saturating_sub(valued);
    if missing > 0 {
        let rule = json!({ "property": key, "operator": "isEmpty" });
        let query = found.text_with(Some(&rule));
        slices.push(Slice { value: None, title: "no value".into(), count: missing, color: None, query });
    }
    let total = found.hits.len();
    let property = shown.title();
    Ok(WidgetData::Slices(Slices { slices, others, more, total, property, drill: found.drill() }))
}

fn color_of(status: ScoreStatus) -> &'static str {
    match status {
        ScoreStatus::Passed => "green",
        ScoreStatus::Failed => "red",
        ScoreStatus::NotMeasured => "yellow",
        ScoreStatus::Exempt => "blue",
        ScoreStatus::NotApplicable => "lightGray",
    }
}

/// How many entities have each value, and how many have any.
fn counts(ask: &Ask<'_>, key: &str, found: &Found<'_>) -> Result<(Vec<(Scalar, u64)>, u64), String> {
    let mut counts: HashMap<(String, bool), (Scalar, u64)> = HashMap::new();
    let mut valued = std::collections::HashSet::new();
    for column in ask.columns(key, found.blueprint.as_deref())? {
        let values = column.exact().values(&found.hits);
        for (node, value) in values.iter() {
            valued.insert(node);
            let slot = counts.entry((value.text.clone(), value.is_text));
            slot.or_insert_with(|| (value.clone(), 0)).1 += 1;
        }
    }
    Ok((counts.into_values().collect(), valued.len() as u64))
}

fn slice(ask: &Ask<'_>, shown: &Shown<'_>, found: &Found<'_>, value: &Scalar, count: u64) -> Slice {
    let json = json_of(value);
    let equal = json!({ "property": shown.key, "operator": "=", "value": json });
    let among = json!({ "property": shown.key, "operator": "containsAny", "value": [json] });
    // A list is not equal to one of its items.
    let rule = [equal, among].into_iter().find(|rule| ask.count(found, rule) == Some(count));
    Slice {
        title: shown.title_of(ask, &value.text),
        color: shown.color(&value.text),
        query: rule.and_then(|rule| found.text_with(Some(&rule))),
        value: Some(value.text.clone()),
        count,
    }
}
