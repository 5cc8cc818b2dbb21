//! What became of everything, in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::catalog_api::counted;

/// Things of a list that are named; the number of all is always told.
const NAMED: usize = 20;

/// What became of everything.
#[derive(Default)]
pub(super) struct Summary {
    from: String,
    dry_run: bool,
    /// All that were read.
    pub(super) entities: usize,
    /// Entities that stand for locations.
    pub(super) location_entities: usize,
    /// Not copied: their locations are read here.
    pub(super) read_here: usize,
    /// Copied, and new here.
    pub(super) created: usize,
    /// Copied over what an earlier import or somebody else has handed over.
    pub(super) changed: usize,
    /// The same as here.
    pub(super) unchanged: usize,
    /// A source of this portal says them.
    pub(super) kept: Vec<String>,
    /// What was refused, and why.
    pub(super) refused: Vec<(String, String)>,
    /// Registered just now.
    pub(super) locations_new: usize,
    /// Read here before.
    pub(super) locations_known: usize,
    /// Of another type than `url`.
    pub(super) locations_left_out: Vec<String>,
    /// Registered, and not readable here.
    pub(super) unread: Vec<(String, String)>,
    /// Where copied entities come from.
    pub(super) origins: BTreeMap<String, usize>,
}

impl Summary {
    pub(super) fn new(from: &str, dry_run: bool) -> Self {
        Self { from: from.to_owned(), dry_run, ..Self::default() }
    }

    /// Whether nothing is left to be looked after.
    pub(super) fn is_clean(&self) -> bool {
        self.refused.is_empty() && self.unread.is_empty()
    }

    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let would = if self.dry_run { ", nothing was written; this would be done" } else { "" };
        let entities = counted(self.entities, "entity", "entities");
        let _ = writeln!(out, "Read {entities} of {}{would}:", self.from);
        let mut line = |count: usize, what: &str| {
            if count > 0 {
                let _ = writeln!(out, "{count:8}  {what}");
            }
        };
        line(self.locations_new, "locations registered: this portal reads them itself");
        line(self.locations_known, "locations that are read here already");
        line(self.read_here, "entities not copied, for they come from locations that are read here");
        line(self.created, "entities copied");
        line(self.changed, "entities copied again, for they have changed");
        line(self.unchanged, "entities that are here already as they are there");
        line(self.kept.len(), "entities left as they are here, for a source of this portal says them");
        line(self.location_entities, "Location entities left out: they only lead to others");
        self.origins(&mut out);
        list(
            &mut out,
            "locations that cannot be registered, for only addresses can",
            &self.locations_left_out,
        );
        pairs(&mut out, "locations that could not be read here yet", &self.unread);
        pairs(&mut out, "refused", &self.refused);
        out.truncate(out.trim_end().len());
        out
    }

    /// What would be read from its place rather than copied, if the configuration named it.
    fn origins(&self, out: &mut String) {
        let known = |origin: &&String| ["url:", "file:"].iter().any(|kind| origin.starts_with(kind));
        let lines: Vec<String> = self
            .origins
            .iter()
            .filter(|(origin, _)| known(origin))
            .map(|(origin, count)| format!("{origin} ({})", counted(*count, "entity", "entities")))
            .collect();
        let title = "places of copied entities that nothing here reads: name them in catalog.locations, or their \
             provider in catalog.providers, and they are read from there";
        list(out, title, &lines);
    }
}

fn list(out: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "{:8}  {title}:", lines.len());
    for line in lines.iter().take(NAMED) {
        let _ = writeln!(out, "            {line}");
    }
    if lines.len() > NAMED {
        let _ = writeln!(out, "            and {} more", lines.len() - NAMED);
    }
}

/// Things and their reasons, reason by reason.
fn pairs(out: &mut String, title: &str, pairs: &[(String, String)]) {
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (thing, reason) in pairs {
        let reason = reason.replace(thing.as_str(), "it");
        by_reason.entry(reason).or_default().push(thing.clone());
    }
    for (reason, things) in by_reason {
        list(out, &format!("{title}: {reason}"), &things);
    }
}
