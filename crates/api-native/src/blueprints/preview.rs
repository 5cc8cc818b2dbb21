//! What a change of a blueprint would do, before it is made.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagedoor_portal::{BlueprintFault, Break, Loss, Member, Preview, PreviewOf};
use utoipa::ToSchema;

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, ToSchema)]
pub(crate) struct PreviewRequest {
    /// The blueprint that is to change; absent for a new one.
    identifier: Option<String>,
    /// As it is to be, in Port's form; absent or null: it is to be deleted.
    #[schema(value_type = Option<std::collections::HashMap<String, Value>>)]
    blueprint: Option<Value>,
    /// Identifier of an entity of it, to be answered as it would be.
    entity: Option<String>,
    /// Without `entity`: any entity of it, the first that there is.
    #[serde(default)]
    sample: bool,
}

/// What would be wrong, and what would happen. Counts are of entities that the caller sees.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlueprintPreview {
    /// What is wrong with it. With one of level `error` it cannot be saved, and no effect is told.
    problems: Vec<BlueprintProblem>,
    /// Where it differs from what is stored.
    changes: Vec<ChangedPlace>,
    /// Entities of the blueprint.
    entities: u64,
    /// There may be entities that the caller does not see, or the time was over before all were looked at.
    partial: bool,
    invalid: InvalidEntities,
    /// Values that would no longer be shown.
    losses: Vec<LostValues>,
    /// What would no longer work elsewhere.
    breaks: Vec<BrokenThing>,
    /// The entity that was asked for, in Port's form, as it would be.
    #[schema(value_type = Option<std::collections::HashMap<String, Value>>)]
    entity: Option<Value>,
    /// Why derived values of that entity are missing, by property.
    entity_problems: BTreeMap<String, String>,
}

#[derive(Serialize, ToSchema)]
struct BlueprintProblem {
    /// `error` or `warning`.
    level: &'static str,
    code: &'static str,
    /// JSON pointer of the place; empty where the whole is meant.
    pointer: String,
    message: String,
}

#[derive(Serialize, ToSchema)]
struct ChangedPlace {
    /// `added`, `removed` or `changed`.
    change: &'static str,
    /// JSON pointer of a property, a relation, a top-level key.
    pointer: String,
}

/// Entities that are valid and would no longer be: their next write would be refused.
#[derive(Serialize, ToSchema)]
struct InvalidEntities {
    count: u64,
    reasons: Vec<InvalidReason>,
    examples: Vec<PreviewEntity>,
}

#[derive(Serialize, ToSchema)]
struct InvalidReason {
    message: String,
    count: u64,
}

#[derive(Serialize, ToSchema)]
struct PreviewEntity {
    identifier: String,
    title: Option<String>,
    /// What would be wrong with it.
    message: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct LostValues {
    /// JSON pointer of the property or relation.
    pointer: String,
    message: String,
    /// Of how many entities.
    count: u64,
    examples: Vec<PreviewEntity>,
}

#[derive(Serialize, ToSchema)]
struct BrokenThing {
    /// `relation`, `mirror`, `calculation`, `aggregation`, `ownership`, `page` or `view`.
    kind: &'static str,
    /// Blueprint, page or view that it belongs to.
    of: String,
    title: Option<String>,
    /// Property or relation there.
    key: Option<String>,
    message: String,
    /// Whether it surely breaks; otherwise it only names what goes.
    certain: bool,
}

/// Says what would be wrong, and what would happen, if a blueprint were made, replaced or deleted. Nothing is written.
#[utoipa::path(
    post, path = "/blueprints/preview", operation_id = "preview_blueprint", request_body = PreviewRequest,
    responses(
        (status = 200, body = BlueprintPreview), (status = 400, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn preview(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<PreviewRequest>, JsonRejection>,
) -> Result<Json<BlueprintPreview>, ApiError> {
    let Json(PreviewRequest { identifier, blueprint, entity, sample }) = body?;
    let of = PreviewOf { identifier, blueprint, entity, sample };
    Ok(Json(answer(api.portal.preview_blueprint(&viewer, of).await?)))
}

fn answer(preview: Preview) -> BlueprintPreview {
    let reason = |r: stagedoor_portal::Reason| InvalidReason { message: r.message, count: r.count };
    BlueprintPreview {
        problems: preview.faults.into_iter().map(problem).collect(),
        changes: preview
            .changes
            .into_iter()
            .map(|place| ChangedPlace { change: place.what, pointer: place.pointer })
            .collect(),
        entities: preview.entities,
        partial: preview.partial,
        invalid: InvalidEntities {
            count: preview.invalid,
            reasons: preview.reasons.into_iter().map(reason).collect(),
            examples: preview.examples.into_iter().map(member).collect(),
        },
        losses: preview.losses.into_iter().map(loss).collect(),
        breaks: preview.breaks.into_iter().map(broken).collect(),
        entity: preview.entity,
        entity_problems: preview.entity_problems,
    }
}

fn problem(fault: BlueprintFault) -> BlueprintProblem {
    BlueprintProblem {
        level: if fault.warning { "warning" } else { "error" },
        code: fault.code,
        pointer: fault.pointer,
        message: fault.message,
    }
}

fn member(member: Member) -> PreviewEntity {
    PreviewEntity { identifier: member.identifier, title: member.title, message: member.message }
}

fn loss(loss: Loss) -> LostValues {
    let examples = loss.examples.into_iter().map(member).collect();
    LostValues { pointer: loss.pointer, message: loss.message, count: loss.count, examples }
}

fn broken(one: Break) -> BrokenThing {
    let Break { kind, of, title, key, message, certain } = one;
    BrokenThing { kind, of, title, key, message, certain }
}
