//! What is at the end of a path of relations, page by page.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Serialize;
use stagedoor_portal::{PortalError, View};
use stagedoor_query::NodeId;
use stagedoor_query::graph::Step;
use utoipa::{IntoParams, ToSchema};

use super::EntityQuery;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::link::Link;

/// Steps of a path.
const MOST_STEPS: usize = 6;
/// Entities on a page.
const MOST: usize = 500;

#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RelatedQuery {
    blueprint: String,
    identifier: String,
    /// A step: `system` to what the relation leads to, `component system` (two words) back to the components whose
    /// relation it is. Repeated, the steps are a path: `system`, then `component system`, are its siblings.
    #[param(required = false)]
    step: Vec<String>,
    /// In place of steps: every relation of this type, in either end's name.
    #[param(rename = "type")]
    relation_type: Option<String>,
    /// Only those with this text in their title or identifier.
    q: Option<String>,
    /// Leave out so many; 0 when absent.
    offset: Option<usize>,
    /// Entities, 1..500; 50 when absent.
    limit: Option<usize>,
}

/// A page of what is at the end of a path.
#[derive(Serialize, ToSchema)]
pub(crate) struct RelatedEntities {
    /// How many entities there are after each step, the last included. What is asked for by `q` counts only in `total`.
    steps: Vec<usize>,
    total: usize,
    /// By title.
    rows: Vec<RelatedRow>,
}

/// One end.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RelatedRow {
    link: Link,
    team: Vec<String>,
    /// Null where there is no such entity.
    updated_at: Option<String>,
}

impl RelatedQuery {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, ApiError> {
        let mut query = Self::default();
        let number = |name: &str, text: &str, most: usize| {
            let number = text.parse().ok().filter(|n: &usize| *n <= most);
            number.ok_or_else(|| ApiError::invalid(format!("{name} is \"{text}\": expected at most {most}")))
        };
        for (name, value) in pairs {
            match name.as_str() {
                "blueprint" => query.blueprint = value,
                "identifier" => query.identifier = value,
                "step" => query.step.push(value),
                "type" => query.relation_type = Some(value),
                "q" => query.q = Some(value),
                "offset" => query.offset = Some(number(&name, &value, 10_000_000)?),
                "limit" => query.limit = Some(number(&name, &value, MOST)?.max(1)),
                other => return Err(ApiError::invalid(format!("there is no parameter \"{other}\""))),
            }
        }
        if query.step.len() > MOST_STEPS {
            return Err(ApiError::invalid(format!("step is given more than {MOST_STEPS} times")));
        }
        if query.step.is_empty() == query.relation_type.is_none() {
            return Err(ApiError::invalid("give either step or type"));
        }
        Ok(query)
    }

    /// What its steps name.
    fn steps(&self, view: &View) -> Result<Vec<Step>, ApiError> {
        self.step.iter().map(|text| step(view, text)).collect()
    }
}

fn step(view: &View, text: &str) -> Result<Step, ApiError> {
    let wrong = |what: String| ApiError::invalid(format!("step: {what}"));
    let Some((blueprint, relation)) = text.split_once(' ') else {
        let is_key = view.blueprints().iter().any(|e| e.face.relations.contains_key(text));
        return match is_key {
            true => Ok(Step { relation: text.to_owned(), back: None }),
            false => Err(wrong(format!("no blueprint has a relation \"{text}\""))),
        };
    };
    let entry = view.blueprints().get(blueprint);
    let entry = entry.ok_or_else(|| wrong(format!("there is no blueprint \"{blueprint}\"")))?;
    if !entry.face.relations.contains_key(relation) {
        return Err(wrong(format!("blueprint \"{blueprint}\" has no relation \"{relation}\"")));
    }
    Ok(Step { relation: relation.to_owned(), back: Some(blueprint.to_owned()) })
}

/// What is at the end of a path of relations, by title, page by page.
#[utoipa::path(
    get, path = "/entity/related", params(RelatedQuery),
    responses(
        (status = 200, body = RelatedEntities), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn related(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<RelatedEntities>, ApiError> {
    let query = RelatedQuery::read(query?.0)?;
    let view = api.portal.view(&viewer)?;
    let entity = EntityQuery { blueprint: query.blueprint.clone(), identifier: query.identifier.clone() };
    let node = entity.find(&view)?;
    let steps = query.steps(&view)?;
    let answer = tokio::task::spawn_blocking(move || page(&view, node, &steps, &query)).await;
    Ok(Json(answer.map_err(|error| PortalError::Internal(error.to_string()))?))
}

fn page(view: &View, node: NodeId, steps: &[Step], query: &RelatedQuery) -> RelatedEntities {
    let mut levels = match &query.relation_type {
        Some(name) => {
            let relations = view.relations(node);
            vec![relations.iter().filter(|r| r.name == name).map(|r| r.other).collect()]
        }
        None => view.follow(node, steps),
    };
    let counts = levels.iter().map(Vec::len).collect();
    let ends = levels.pop().unwrap_or_default();
    let wanted = query.q.as_deref().unwrap_or_default().trim().to_lowercase();
    let named = ends.into_iter().map(|node| {
        let title = view.title(node).unwrap_or_else(|| view.identifier(node));
        (title.to_lowercase(), node)
    });
    let fits = |(title, node): &(String, NodeId)| {
        wanted.is_empty()
            || title.contains(&wanted)
            || view.identifier(*node).to_lowercase().contains(&wanted)
    };
    let mut named: Vec<(String, NodeId)> = named.filter(fits).collect();
    named.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| view.reference(a.1).cmp(view.reference(b.1))));
    let row = |node: NodeId| RelatedRow {
        link: Link::to(view, node),
        team: view.entity(node).map(|_| view.teams(node)).unwrap_or_default(),
        updated_at: view.entity(node).map(|e| e.record.stamps.updated_at.to_string()),
    };
    let (offset, limit) = (query.offset.unwrap_or(0), query.limit.unwrap_or(50));
    RelatedEntities {
        steps: counts,
        total: named.len(),
        rows: named.into_iter().skip(offset).take(limit).map(|(_, node)| row(node)).collect(),
    }
}
