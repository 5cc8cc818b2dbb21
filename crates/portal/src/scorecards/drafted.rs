//! Scorecards of which there is a draft only: listed and opened for whoever may publish them, with what they would say.

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::Record;

use super::write::read;
use super::{DRAFTS, SCORECARDS, ScorecardRow, boards, key};
use crate::{Portal, View};

impl Portal {
    /// Adds whether something is written of a scorecard that is not published.
    pub(super) fn with_draft(&self, viewer: &Viewer, view: &View, row: ScorecardRow) -> ScorecardRow {
        let key = key(&row.blueprint, &row.identifier);
        let draft = view.catalog.record(DRAFTS, &key).is_some() && self.sees_draft(viewer, &row.identifier);
        ScorecardRow { draft, ..row }
    }

    /// The scorecards that were never published.
    pub(super) fn drafted_rows(&self, viewer: &Viewer, view: &View) -> Vec<ScorecardRow> {
        let unpublished = |record: &&std::sync::Arc<Record>| {
            view.catalog.record(SCORECARDS, &record.key).is_none()
                && record.key.rsplit_once('/').is_some_and(|(_, name)| self.sees_draft(viewer, name))
        };
        let drafts = view.catalog.records(DRAFTS).filter(unpublished);
        drafts.filter_map(|record| self.row_of_draft(view, record)).collect()
    }

    /// A scorecard that was never published.
    pub(super) fn drafted_row(
        &self,
        viewer: &Viewer,
        view: &View,
        blueprint: &str,
        identifier: &str,
    ) -> Option<ScorecardRow> {
        let record = view.catalog.record(DRAFTS, &key(blueprint, identifier))?;
        self.sees_draft(viewer, identifier).then(|| self.row_of_draft(view, record))?
    }

    fn sees_draft(&self, viewer: &Viewer, identifier: &str) -> bool {
        self.could(viewer, Action::UpdateScorecard, Resource::Named(identifier)).is_ok()
    }

    /// What is written may be wrong: then it has problems, and nobody is counted.
    fn row_of_draft(&self, view: &View, record: &Record) -> Option<ScorecardRow> {
        let (blueprint, identifier) = record.key.rsplit_once('/')?;
        let entry = view.blueprints().get(blueprint)?;
        let definition = record.body.value();
        let now = view.catalog.now();
        let problems = read(&definition, blueprint, &view.catalog, &self.shared.jq, now).err();
        let board = match &problems {
            None => boards::of(&view.catalog)
                .and_then(|boards| boards.board_of_draft(&view.catalog, blueprint, identifier)),
            Some(_) => None,
        };
        let mut problems = problems.unwrap_or_default();
        if let Some(board) = &board {
            problems.extend(view.stuck(DRAFTS, blueprint, identifier, &board.scorecard));
        }
        let title = definition.get("title").and_then(Value::as_str).filter(|title| !title.trim().is_empty());
        Some(ScorecardRow {
            blueprint: blueprint.to_owned(),
            blueprint_title: entry.blueprint.title.clone().unwrap_or_else(|| blueprint.to_owned()),
            identifier: identifier.to_owned(),
            title: title.unwrap_or(identifier).to_owned(),
            definition,
            board,
            problems,
            draft: true,
            published: false,
        })
    }
}
