//! What is asked about: parameters, some of which may be repeated.

use std::collections::HashSet;

use serde::Deserialize;
use stagedoor_model::EntityRef;
use stagedoor_portal::View;
use stagedoor_query::NodeId;
use stagedoor_query::graph::Around;
use stagedoor_query::reach::Direction;
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;
use crate::queries::{Asking, QueryInput};

/// So many steps at most: of real catalogs, less reaches everything.
const MOST_STEPS: usize = 10;
/// So many nodes at most.
const MOST_NODES: usize = 5_000;
/// So many names of relations, and of blueprints.
const MOST_NAMES: usize = 100;

#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GraphQuery {
    /// Reference of the entity: this, or `blueprint` and `identifier`. It may be one that does not exist, if
    /// relations point at it.
    #[param(rename = "ref")]
    reference: Option<String>,
    blueprint: Option<String>,
    identifier: Option<String>,
    /// In place of an entity: all that a query finds, as text. Of one blueprint where `blueprint` names it.
    query: Option<String>,
    /// Steps, 1..10; 1 when absent.
    depth: Option<usize>,
    /// `out`: to what it depends on; `in`: to what depends on it; `both` when absent.
    #[param(inline)]
    direction: Option<GraphDirection>,
    /// Only relations of this type or key. May be repeated.
    #[param(required = false)]
    relation: Vec<String>,
    /// Only entities of this blueprint; the entity asked for is always there. May be repeated.
    #[param(required = false)]
    only: Vec<String>,
    /// Nodes, 1..5000; 500 when absent.
    limit: Option<usize>,
    /// A node that leads to more new ones than this is not passed through, 1..5000; all are when absent. The start
    /// always is.
    hub: Option<usize>,
    /// Reference of a node that is passed through although it is a hub, or at the end of the depth. May be repeated.
    #[param(required = false)]
    expand: Vec<String>,
    /// Reference of a node that is not passed through. May be repeated.
    #[param(required = false)]
    collapse: Vec<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, ToSchema)]
#[serde(rename_all = "lowercase")]
enum GraphDirection {
    Both,
    Out,
    In,
}

impl GraphQuery {
    /// Reads the parameters of an address.
    pub(super) fn read(pairs: Vec<(String, String)>) -> Result<Self, ApiError> {
        let mut query = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "ref" => once(&name, &mut query.reference, value)?,
                "blueprint" => once(&name, &mut query.blueprint, value)?,
                "identifier" => once(&name, &mut query.identifier, value)?,
                "query" => once(&name, &mut query.query, value)?,
                "depth" => once(&name, &mut query.depth, number(&name, &value, MOST_STEPS)?)?,
                "limit" => once(&name, &mut query.limit, number(&name, &value, MOST_NODES)?)?,
                "direction" => once(&name, &mut query.direction, direction(&value)?)?,
                "relation" => query.relation.push(value),
                "only" => query.only.push(value),
                "hub" => once(&name, &mut query.hub, number(&name, &value, MOST_NODES)?)?,
                "expand" => query.expand.push(value),
                "collapse" => query.collapse.push(value),
                other => return Err(ApiError::invalid(format!("there is no parameter \"{other}\""))),
            }
        }
        let lists = [
            ("relation", &query.relation),
            ("only", &query.only),
            ("expand", &query.expand),
            ("collapse", &query.collapse),
        ];
        for (name, values) in lists {
            if values.len() > MOST_NAMES {
                let count = values.len();
                return Err(ApiError::invalid(format!(
                    "{name} is given {count} times: {MOST_NAMES} at most"
                )));
            }
        }
        Ok(query)
    }

    /// Finds what it names.
    pub(super) fn resolve(self, view: &View) -> Result<Around, ApiError> {
        let starts = self.starts(view)?;
        let (expand, collapse) =
            (nodes(view, "expand", &self.expand)?, nodes(view, "collapse", &self.collapse)?);
        if let Some(name) = self.relation.iter().find(|name| !view.knows_relation(name)) {
            return Err(ApiError::invalid(format!("relation: there is no type or key \"{name}\"")));
        }
        if let Some(name) = self.only.iter().find(|name| view.blueprints().get(name).is_none()) {
            return Err(ApiError::invalid(format!("only: there is no blueprint \"{name}\"")));
        }
        Ok(Around {
            starts,
            depth: self.depth.unwrap_or(1),
            direction: match self.direction {
                None | Some(GraphDirection::Both) => None,
                Some(GraphDirection::Out) => Some(Direction::Upstream),
                Some(GraphDirection::In) => Some(Direction::Downstream),
            },
            relations: self.relation,
            blueprints: self.only,
            limit: self.limit.unwrap_or(500),
            hub: self.hub,
            expand,
            collapse,
        })
    }

    /// Where the walk sets out.
    fn starts(&self, view: &View) -> Result<Vec<NodeId>, ApiError> {
        let Some(text) = &self.query else { return Ok(vec![self.start(view)?]) };
        if self.reference.is_some() || self.identifier.is_some() {
            return Err(ApiError::invalid("give either an entity or query"));
        }
        let only = self.blueprint.as_deref();
        if let Some(name) = only.filter(|name| view.blueprints().get(name).is_none()) {
            return Err(ApiError::not_found(format!("there is no blueprint \"{name}\"")));
        }
        let asking = Asking::new(view);
        let asked = asking.read(&QueryInput::Text(text.clone()), only)?;
        Ok(asking.select(&asked.expr).nodes().iter().collect())
    }

    fn start(&self, view: &View) -> Result<NodeId, ApiError> {
        match (&self.reference, &self.blueprint, &self.identifier) {
            (Some(reference), None, None) => {
                let missing = || ApiError::not_found(format!("there is no \"{reference}\""));
                node(view, "ref", reference)?.ok_or_else(missing)
            }
            (None, Some(blueprint), Some(identifier)) => {
                let missing = || ApiError::not_found(format!("there is no {blueprint} \"{identifier}\""));
                view.pointed_at_key(blueprint, identifier).ok_or_else(missing)
            }
            _ => Err(ApiError::invalid("give either ref, or blueprint and identifier, or query")),
        }
    }
}

/// The nodes of references; one that is no more is left out.
fn nodes(view: &View, name: &str, references: &[String]) -> Result<HashSet<NodeId>, ApiError> {
    references.iter().filter_map(|reference| node(view, name, reference).transpose()).collect()
}

fn node(view: &View, name: &str, reference: &str) -> Result<Option<NodeId>, ApiError> {
    let parsed = EntityRef::parse(reference, None, "default");
    let parsed = parsed.map_err(|error| ApiError::invalid(format!("{name}: {error}")))?;
    Ok(view.pointed_at(&parsed.key()))
}

fn once<T>(name: &str, place: &mut Option<T>, value: T) -> Result<(), ApiError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(ApiError::invalid(format!("{name} is given twice"))),
    }
}

fn number(name: &str, text: &str, most: usize) -> Result<usize, ApiError> {
    let number = text.parse().ok().filter(|n| (1..=most).contains(n));
    number.ok_or_else(|| ApiError::invalid(format!("{name} is \"{text}\": expected 1 to {most}")))
}

fn direction(text: &str) -> Result<GraphDirection, ApiError> {
    match text {
        "both" => Ok(GraphDirection::Both),
        "out" => Ok(GraphDirection::Out),
        "in" => Ok(GraphDirection::In),
        _ => Err(ApiError::invalid(format!("direction is \"{text}\": expected both, out or in"))),
    }
}
