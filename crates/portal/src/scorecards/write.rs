//! Making, changing and removing scorecards.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_jq::Jq;
use stagedoor_model::blueprint::Invalid;
use stagedoor_model::{Change, JsonText, Record, Timestamp};
use stagedoor_query::Catalog;
use stagedoor_scorecards::{Scorecard, check};

use super::{DRAFTS, SCORECARDS, StoredScorecard, find, key, missing, stored};
use crate::Portal;
use crate::blueprints::no_blueprint;
use crate::error::PortalError;
use crate::writer::Draft;

/// Scorecards of a blueprint, at most.
const MOST: usize = 100;

/// Reads a definition and judges it against its blueprint: everything that is wrong, with places.
pub(crate) fn read(
    body: &Value,
    blueprint: &str,
    catalog: &Catalog,
    jq: &Jq,
    now: Timestamp,
) -> Result<Scorecard, Vec<Invalid>> {
    let scorecard = Scorecard::parse(body)?;
    let mut problems = check(&scorecard, blueprint, catalog, now);
    let rules = scorecard.rules.iter().enumerate().map(|(i, rule)| (format!("rules/{i}/query"), &rule.query));
    let queries = scorecard.filter.iter().map(|filter| ("filter".to_owned(), filter)).chain(rules);
    for (place, query) in queries {
        for (i, condition) in query.conditions.iter().enumerate() {
            let Some(program) = condition.get("jq").and_then(Value::as_str) else { continue };
            if let Err(error) = jq.check(program) {
                let place = format!("{place}/conditions/{i}/jq");
                problems.push(Invalid::new(
                    format!("/{place}"),
                    format!("\"{place}\" is no JQ program: {error}"),
                ));
            }
        }
    }
    if problems.is_empty() { Ok(scorecard) } else { Err(problems) }
}

/// All problems as one refusal: the first in the message, all in the details.
pub(crate) fn refusal(problems: Vec<Invalid>) -> PortalError {
    let all: Vec<Value> = problems.iter().map(|p| json!({ "path": p.path, "message": p.message })).collect();
    let first = problems.into_iter().next();
    let (path, message) = first.map(|p| (p.path, p.message)).unwrap_or_default();
    let details = Some(json!({ "path": path, "problems": all }));
    PortalError::Invalid { code: "invalid_request", message, details }
}

impl Portal {
    /// Makes a scorecard from Port's JSON.
    ///
    /// # Errors
    /// `identifier_taken`; `Invalid` naming the place; `NotFound` for its blueprint; `Forbidden`.
    pub async fn create_scorecard(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        body: Value,
    ) -> Result<StoredScorecard, PortalError> {
        self.may(viewer, Action::CreateScorecard, Resource::Any)?;
        self.try_programs(&body).await?;
        let (blueprint, jq) = (blueprint.to_owned(), Arc::clone(&self.shared.jq));
        self.commit(viewer.actor("port"), false, move |draft| {
            let scorecard = draft.understood_scorecard(&blueprint, &body, &jq)?;
            draft.free_scorecard(&blueprint, &scorecard.identifier)?;
            draft.put_scorecard(&blueprint, &scorecard, None)
        })
        .await
    }

    /// Replaces a scorecard as a whole, or lays a body over it where `merge`. Another identifier renames it.
    ///
    /// # Errors
    /// As [`Portal::create_scorecard`]; `NotFound`.
    pub async fn replace_scorecard(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
        body: Value,
        merge: bool,
    ) -> Result<StoredScorecard, PortalError> {
        self.may(viewer, Action::UpdateScorecard, Resource::Named(identifier))?;
        find(&self.shared.catalog.load(), blueprint, identifier)?;
        self.try_programs(&body).await?;
        let (blueprint, from, jq) =
            (blueprint.to_owned(), identifier.to_owned(), Arc::clone(&self.shared.jq));
        self.commit(viewer.actor("port"), false, move |draft| {
            let old = find(&draft.catalog, &blueprint, &from)?;
            let mut new = if merge { Value::Object(old.definition.body().clone()) } else { json!({}) };
            match (new.as_object_mut(), body.as_object()) {
                (Some(new), Some(body)) => new.extend(body.clone()),
                _ => new = body.clone(),
            }
            if let Some(new) = new.as_object_mut() {
                new.entry("identifier").or_insert_with(|| from.as_str().into());
            }
            let scorecard = draft.understood_scorecard(&blueprint, &new, &jq)?;
            if scorecard.identifier != from {
                draft.free_scorecard(&blueprint, &scorecard.identifier)?;
                draft.rename_scorecard(&blueprint, &from, &scorecard.identifier);
            }
            draft.put_scorecard(&blueprint, &scorecard, None)
        })
        .await
    }

    /// Makes these the scorecards of a blueprint, in this order; others go.
    ///
    /// # Errors
    /// As [`Portal::create_scorecard`], the place with the scorecard's place in the list.
    pub async fn replace_scorecards(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        bodies: Vec<Value>,
    ) -> Result<Vec<StoredScorecard>, PortalError> {
        for action in [Action::CreateScorecard, Action::UpdateScorecard, Action::DeleteScorecard] {
            self.may(viewer, action, Resource::Any)?;
        }
        self.try_all_programs(&bodies).await?;
        let (blueprint, jq) = (blueprint.to_owned(), Arc::clone(&self.shared.jq));
        self.commit(viewer.actor("port"), false, move |draft| {
            let mut kept = BTreeSet::new();
            let mut new = Vec::new();
            for (i, body) in bodies.iter().enumerate() {
                let scorecard =
                    draft.understood_scorecard(&blueprint, body, &jq).map_err(|e| in_list(e, i))?;
                if !kept.insert(scorecard.identifier.clone()) {
                    return Err(taken(&scorecard.identifier));
                }
                new.push(scorecard);
            }
            if new.len() > MOST {
                return Err(too_many());
            }
            for old in stored(&draft.catalog, Some(&blueprint)) {
                if !kept.contains(&old.definition.identifier) {
                    draft.drop_scorecard(&blueprint, &old.definition.identifier);
                }
            }
            let put = new.iter().enumerate();
            put.map(|(at, scorecard)| draft.put_scorecard(&blueprint, scorecard, Some(at as u64))).collect()
        })
        .await
    }

    /// Removes a scorecard with what is kept about it.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn delete_scorecard(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
    ) -> Result<(), PortalError> {
        self.may(viewer, Action::DeleteScorecard, Resource::Named(identifier))?;
        let (blueprint, identifier) = (blueprint.to_owned(), identifier.to_owned());
        self.commit(viewer.actor("port"), false, move |draft| {
            if draft.catalog.blueprints().get(&blueprint).is_none() {
                return Err(no_blueprint(&blueprint));
            }
            if draft.catalog.record(SCORECARDS, &key(&blueprint, &identifier)).is_none() {
                return Err(missing(&identifier));
            }
            draft.drop_scorecard(&blueprint, &identifier);
            Ok(())
        })
        .await
    }
}

fn taken(identifier: &str) -> PortalError {
    let message = format!("Scorecard with identifier \"{identifier}\" is already taken");
    PortalError::Conflict { code: "identifier_taken", message }
}

fn too_many() -> PortalError {
    PortalError::invalid(format!("a blueprint has at most {MOST} scorecards"))
}

/// A refusal of one of a list, with its place there.
pub(super) fn in_list(error: PortalError, at: usize) -> PortalError {
    match error {
        PortalError::Invalid { code, message, mut details } => {
            if let Some(path) = details.as_mut().and_then(|details| details.get_mut("path")) {
                *path = format!("/{at}{}", path.as_str().unwrap_or_default()).into();
            }
            PortalError::Invalid {
                code,
                message: format!("in scorecard {at} of the list: {message}"),
                details,
            }
        }
        other => other,
    }
}

impl Draft {
    /// Reads a definition and judges it against its blueprint.
    pub(crate) fn understood_scorecard(
        &self,
        blueprint: &str,
        body: &Value,
        jq: &Jq,
    ) -> Result<Scorecard, PortalError> {
        if self.catalog.blueprints().get(blueprint).is_none() {
            return Err(no_blueprint(blueprint));
        }
        read(body, blueprint, &self.catalog, jq, self.at).map_err(refusal)
    }

    pub(crate) fn free_scorecard(&self, blueprint: &str, identifier: &str) -> Result<(), PortalError> {
        if self.catalog.record(SCORECARDS, &key(blueprint, identifier)).is_some() {
            return Err(taken(identifier));
        }
        if stored(&self.catalog, Some(blueprint)).len() >= MOST {
            return Err(too_many());
        }
        Ok(())
    }

    /// Stores what a scorecard says, unless it says so already. A new one comes last, unless its place is given.
    pub(crate) fn put_scorecard(
        &mut self,
        blueprint: &str,
        scorecard: &Scorecard,
        order: Option<u64>,
    ) -> Result<StoredScorecard, PortalError> {
        let key = key(blueprint, &scorecard.identifier);
        let old = self.catalog.record(SCORECARDS, &key).cloned();
        let own = old.as_ref().and_then(|old| StoredScorecard::of(old)).map(|old| old.order);
        let last = || stored(&self.catalog, Some(blueprint)).last().map_or(0, |last| last.order + 1);
        let mut body = scorecard.body().clone();
        body.insert("order".into(), order.or(own).unwrap_or_else(last).into());
        let body = JsonText::of(&Value::Object(body));
        if old.as_ref().is_none_or(|old| old.body != body) {
            let mut stamps = old.map_or_else(|| self.new_stamps(None), |old| old.stamps.clone());
            (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
            let record = Record { collection: SCORECARDS.into(), key, body, stamps };
            self.put(Change::PutRecord(Arc::new(record)));
        }
        let rules: Vec<&str> = scorecard.rules.iter().map(|rule| rule.identifier.as_str()).collect();
        self.end_exemptions(blueprint, &scorecard.identifier, &rules);
        find(&self.catalog, blueprint, &scorecard.identifier)
    }

    /// Removes a scorecard and what is kept about it.
    pub(crate) fn drop_scorecard(&mut self, blueprint: &str, identifier: &str) {
        let key = key(blueprint, identifier);
        self.end_exemptions(blueprint, identifier, &[]);
        for collection in [SCORECARDS, DRAFTS] {
            if self.catalog.record(collection, &key).is_some() {
                self.put(Change::DeleteRecord(collection.into(), key.clone()));
            }
        }
    }
}
