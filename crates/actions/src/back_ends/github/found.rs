//! Which of the runs that GitHub lists came of a dispatch.

use serde_json::Value;
use stagedoor_model::Timestamp;

/// What a list says.
pub(super) enum Listed {
    /// This one.
    This(Value),
    /// It may be any of several.
    Several,
    /// Nothing yet.
    None,
}

/// The run of a dispatch: the one with our run's id in its name, else the only one that came after `after`.
pub(super) fn newest(list: &Value, ours: &str, after: Option<u64>) -> Listed {
    let runs = list["workflow_runs"].as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(named) = runs.iter().find(|run| is_named(run, ours)) {
        return Listed::This(named.clone());
    }
    let newer = |run: &&Value| run["id"].as_u64().is_some_and(|id| after.is_none_or(|after| id > after));
    let mut newer = runs.iter().filter(newer);
    match (newer.next(), newer.next()) {
        (Some(one), None) => Listed::This(one.clone()),
        (Some(_), Some(_)) => Listed::Several,
        (None, _) => Listed::None,
    }
}

/// Whether our run's id stands in its name, where a workflow's `run-name` may put it.
pub(super) fn is_named(run: &Value, ours: &str) -> bool {
    ["display_title", "name"].iter().any(|key| run[*key].as_str().is_some_and(|text| text.contains(ours)))
}

/// The greatest id of a list; ids grow.
pub(super) fn last(list: &Value) -> Option<u64> {
    let runs = list["workflow_runs"].as_array()?;
    Some(runs.iter().filter_map(|run| run["id"].as_u64()).max().unwrap_or_default())
}

/// A moment as GitHub's searches take it, a little earlier: clocks differ.
pub(super) fn since(seconds: i64) -> String {
    Timestamp((seconds - 30) * 1000).to_string().replace(".000", "")
}
