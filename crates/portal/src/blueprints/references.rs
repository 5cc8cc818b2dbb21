//! What a blueprint says of others must be so: targets exist, and paths follow relations.

use std::collections::HashMap;

use stagedoor_model::Blueprint;
use stagedoor_model::blueprint::Invalid;
use stagedoor_model::derived::{Derived, Ownership};

use super::no_blueprint;
use crate::error::PortalError;
use crate::writer::Draft;

/// How many relations a path may have.
const STEPS: usize = 50;

/// Blueprints that are as good as there, because the same change writes them.
pub(super) type Known<'a> = HashMap<&'a str, &'a Blueprint>;

impl Draft {
    /// Targets of relations and aggregations must exist; mirrors and inherited ownership must follow relations.
    /// The last part of a mirror's path may be anything: it may come later.
    pub(super) fn check_references(
        &self,
        blueprint: &Blueprint,
        batch: &Known<'_>,
    ) -> Result<(), PortalError> {
        let find = |identifier: &str| {
            if identifier == blueprint.identifier {
                return Some(blueprint);
            }
            let stored = || Some(self.catalog.blueprints().get(identifier)?.blueprint.as_ref());
            batch.get(identifier).copied().or_else(stored)
        };
        let place = |part: &str, key: &str| format!("{part}/{key}");
        for (key, relation) in &blueprint.relations {
            let place = place("relations", key);
            find(&relation.target).ok_or_else(|| no_target(&place, &relation.target))?;
        }
        let derived = Derived::parse(&blueprint.body.value())?;
        for (key, mirror) in &derived.mirrors {
            follow(blueprint, &mirror.relations, &find, &place("mirrorProperties", key), false)?;
        }
        for (key, aggregation) in &derived.aggregations {
            let place = place("aggregationProperties", key);
            find(&aggregation.target).ok_or_else(|| no_target(&place, &aggregation.target))?;
            for (i, path) in aggregation.paths.iter().enumerate() {
                let from = path.from.as_deref().unwrap_or(&blueprint.identifier);
                let from = find(from).ok_or_else(|| no_target(&place, from))?;
                follow(from, &path.relations, &find, &format!("{place}/pathFilter/{i}"), false)?;
            }
        }
        if let Ownership::Inherited(path) = &derived.ownership {
            let end = follow(blueprint, path, &find, "ownership", true)?;
            let inherits = end.filter(|end| end.identifier != blueprint.identifier && inherits(end));
            if let Some(end) = inherits {
                let text = format!(
                    "\"ownership/path\" must end at a blueprint with \"Direct\" ownership, and \"{}\" inherits its own",
                    end.identifier
                );
                return Err(Invalid::new("/ownership/path", text).into());
            }
        }
        Ok(())
    }
}

fn inherits(blueprint: &Blueprint) -> bool {
    matches!(Derived::read(&blueprint.body.value()).0.ownership, Ownership::Inherited(_))
}

fn no_target(place: &str, target: &str) -> PortalError {
    match no_blueprint(target) {
        PortalError::NotFound(text) => PortalError::NotFound(format!("\"{place}/target\": {text}")),
        other => other,
    }
}

/// The blueprint at the end of a path of relations. None where a blueprint on the way is not known.
fn follow<'a>(
    from: &'a Blueprint,
    path: &[String],
    find: &dyn Fn(&str) -> Option<&'a Blueprint>,
    place: &str,
    single: bool,
) -> Result<Option<&'a Blueprint>, PortalError> {
    let wrong = |what: &str| {
        let text = format!("\"{place}/path\" {what}");
        Err(Invalid::new(format!("/{place}/path"), text).into())
    };
    if path.len() > STEPS {
        return wrong(&format!("must NOT have more than {STEPS} relations"));
    }
    let mut here = from;
    for step in path {
        let Some(relation) = here.relations.get(step) else {
            return wrong(&format!(
                "must follow relations: blueprint \"{}\" has no relation \"{step}\"",
                here.identifier
            ));
        };
        if single && relation.many {
            return wrong(&format!("must follow single relations, and \"{step}\" has many targets"));
        }
        match find(&relation.target) {
            Some(next) => here = next,
            None => return Ok(None),
        }
    }
    Ok(Some(here))
}
