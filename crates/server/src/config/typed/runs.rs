//! `stagedoor.runs`: limits of runs, for all of them and for those of single definitions.

use stagedoor_actions::Limits;
use stagedoor_portal::RunLimits;

use super::outside::plain;
use super::{At, Reader};
use crate::config::known;
use crate::config::value::Data;

impl Reader<'_> {
    pub(super) fn runs(&mut self, at: &At<'_>) -> RunLimits {
        let usual = RunLimits::default();
        self.object(at, known::RUNS);
        let steps = self.count(&at.key("stepsAtOnce"), 1).map_or(usual.steps_at_once, |n| n as usize);
        let kept = self.count(&at.key("keep"), 1).map_or(usual.kept, |n| n as usize);
        let all = self.definition_limits(at);
        RunLimits {
            steps_at_once: steps,
            at_once: all.at_once,
            at_once_per_entity: all.at_once_per_entity,
            seconds: all.seconds.unwrap_or(usual.seconds),
            step_seconds: all.step_seconds.unwrap_or(usual.step_seconds),
            attempts: all.attempts.unwrap_or(usual.attempts),
            kept,
            of: self.limits_by_definition(&at.key("of")),
        }
    }

    fn limits_by_definition(&mut self, at: &At<'_>) -> Vec<(String, Limits)> {
        let Some(value) = at.value else { return Vec::new() };
        let Data::Object(members) = &value.data else {
            self.expected(at, "an object of limits by the name of an action, a template or a workflow");
            return Vec::new();
        };
        let names: Vec<String> = members.keys().cloned().collect();
        let one = |name: String| {
            let entry = at.key(&name);
            self.object(&entry, known::RUNS_OF);
            let limits = self.definition_limits(&entry);
            (name, limits)
        };
        names.into_iter().map(one).collect()
    }

    /// What may be said of all runs and of those of one definition.
    fn definition_limits(&mut self, at: &At<'_>) -> Limits {
        Limits {
            seconds: self.whole_seconds(&at.key("timeout")),
            step_seconds: self.whole_seconds(&at.key("stepTimeout")),
            at_once: self.count(&at.key("atOnce"), 1),
            at_once_per_entity: self.count(&at.key("atOncePerEntity"), 1),
            attempts: self.count(&at.key("attempts"), 1),
        }
    }

    /// A duration, `{minutes: 30}`, `30m` or `PT30M`, of a second at least.
    fn whole_seconds(&mut self, at: &At<'_>) -> Option<u64> {
        let value = plain(at.value?);
        let seconds = stagedoor_hosts::duration_of(&value).map(|duration| duration.as_secs());
        let seconds = seconds.filter(|seconds| *seconds > 0);
        if seconds.is_none() {
            self.wrong(at, "expected a duration of a second or more, such as {minutes: 30} or 30m");
        }
        seconds
    }
}
