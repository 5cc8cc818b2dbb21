//! Scorecards to begin with: `kinds/scorecards/*.json`, one file each, for the kinds that are shipped.

use std::sync::LazyLock;

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::Actor;

use crate::error::PortalError;
use crate::scorecards::{SCORECARDS, StoredScorecard, key};
use crate::writer::Draft;
use crate::{Portal, View};

const FILES: [&str; 6] = [
    include_str!("../../../../kinds/scorecards/production-readiness.json"),
    include_str!("../../../../kinds/scorecards/ownership.json"),
    include_str!("../../../../kinds/scorecards/security.json"),
    include_str!("../../../../kinds/scorecards/documentation.json"),
    include_str!("../../../../kinds/scorecards/delivery.json"),
    include_str!("../../../../kinds/scorecards/deployments.json"),
];

/// A file: `{"summary", "blueprint", "scorecard"}`.
struct File {
    summary: String,
    blueprint: String,
    scorecard: Value,
}

static STARTERS: LazyLock<Vec<File>> = LazyLock::new(|| FILES.iter().filter_map(|text| read(text)).collect());

fn read(text: &str) -> Option<File> {
    let mut file: Value = serde_json::from_str(text).ok()?;
    let text = |key: &str| file.get(key).and_then(Value::as_str).map(str::to_owned);
    let (summary, blueprint) = (text("summary")?, text("blueprint")?);
    Some(File { summary, blueprint, scorecard: file.get_mut("scorecard")?.take() })
}

impl File {
    fn text(&self, key: &str) -> &str {
        self.scorecard.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

/// A scorecard that can be installed.
#[derive(Clone, Debug)]
pub struct Starter {
    /// Of the scorecard that it becomes.
    pub identifier: String,
    /// Its title.
    pub title: String,
    /// What it asks.
    pub description: String,
    /// Blueprint of the entities that it is about.
    pub blueprint: String,
    /// How many rules it has.
    pub rules: usize,
    /// There is a scorecard of this identifier.
    pub installed: bool,
    /// Why it does not fit this catalog; `None` where it does.
    pub why_not: Option<String>,
}

impl Portal {
    /// Scorecards to begin with.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn starters(&self, viewer: &Viewer) -> Result<Vec<Starter>, PortalError> {
        let view = self.view(viewer)?;
        let starter = |file: &File| Starter {
            identifier: file.text("identifier").to_owned(),
            title: file.text("title").to_owned(),
            description: file.summary.clone(),
            blueprint: file.blueprint.clone(),
            rules: file.scorecard.get("rules").and_then(Value::as_array).map_or(0, Vec::len),
            installed: view
                .catalog
                .record(SCORECARDS, &key(&file.blueprint, file.text("identifier")))
                .is_some(),
            why_not: self.misfit(&view, file),
        };
        Ok(STARTERS.iter().map(starter).collect())
    }

    fn misfit(&self, view: &View, file: &File) -> Option<String> {
        let trial = Draft::trial(view.catalog.as_ref().clone(), Actor::new("", ""));
        trial
            .understood_scorecard(&file.blueprint, &file.scorecard, &self.shared.jq)
            .err()
            .map(|e| e.to_string())
    }

    /// Makes a scorecard of a starter.
    ///
    /// # Errors
    /// `NotFound` for the starter, or the blueprint that it is about; `identifier_taken`; `Invalid` where it does not
    /// fit; `Forbidden`.
    pub async fn install_starter(
        &self,
        viewer: &Viewer,
        identifier: &str,
    ) -> Result<StoredScorecard, PortalError> {
        self.may(viewer, Action::CreateScorecard, Resource::Any)?;
        let file = STARTERS.iter().find(|file| file.text("identifier") == identifier);
        let Some(file) = file else {
            let shown: String = identifier.chars().take(100).collect();
            return Err(PortalError::NotFound(format!("there is no scorecard \"{shown}\" to begin with")));
        };
        self.create_scorecard(viewer, &file.blueprint, file.scorecard.clone()).await
    }
}

#[cfg(test)]
mod tests {
    use stagedoor_scorecards::Scorecard;

    use super::*;

    #[test]
    fn every_file_is_a_scorecard_whose_rules_say_how_to_pass_them() {
        assert_eq!(STARTERS.len(), FILES.len());
        for file in STARTERS.iter() {
            let scorecard = Scorecard::parse(&file.scorecard);
            assert!(scorecard.is_ok(), "{scorecard:?}");
            let scorecard = scorecard.unwrap();
            assert!(scorecard.rules.iter().all(|rule| rule.fix.is_some() && rule.description.is_some()));
            assert_eq!(scorecard.identifier, file.text("identifier"));
        }
    }
}
