//! The native API, `/api/stagedoor/v1`: only what neither dialect has. The web UI is its first client.
//!
//! One file per noun: wire types, a handler that calls the portal, the conversion between them.

mod actions;
mod audit;
mod badges;
mod blueprints;
mod campaigns;
mod changes;
mod computed;
mod documents;
mod entity;
mod error;
mod everywhere;
mod exemptions;
mod graph;
mod history;
mod home;
mod invitations;
mod jq;
mod link;
mod links;
mod may;
mod password;
mod queries;
mod runs;
mod scorecards;
mod service_accounts;
mod session;
mod sessions;
mod sources;
mod standards;
mod suggest;
mod tables;
mod templates;
mod tokens;
mod undo;
mod views;
mod visitor;
mod widgets;

use axum::Router;
use stagedoor_portal::Portal;
use utoipa::OpenApi;

pub use error::refusal;
pub use session::PortalInfo;

/// What handlers share.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) portal: Portal,
    pub(crate) info: PortalInfo,
}

/// The routes, relative to `/api/stagedoor/v1`.
pub fn router(portal: Portal, info: PortalInfo) -> Router {
    let routes = Router::new()
        .merge(session::routes())
        .merge(links::routes())
        .merge(sessions::routes())
        .merge(password::routes())
        .merge(invitations::routes())
        .merge(tokens::routes())
        .merge(service_accounts::routes())
        .merge(blueprints::routes())
        .merge(jq::routes())
        .merge(queries::routes())
        .merge(tables::routes())
        .merge(views::routes())
        .merge(entity::routes())
        .merge(history::routes())
        .merge(graph::routes())
        .merge(suggest::routes())
        .merge(home::routes())
        .merge(sources::routes())
        .merge(documents::routes())
        .merge(audit::routes())
        .merge(changes::routes())
        .merge(widgets::routes())
        .merge(templates::routes())
        .merge(actions::routes())
        .merge(runs::routes())
        .merge(scorecards::routes())
        .merge(exemptions::routes())
        .merge(standards::routes())
        .merge(campaigns::routes())
        .merge(badges::routes())
        .merge(undo::routes());
    routes
        .fallback(error::no_route)
        .method_not_allowed_fallback(error::no_method)
        .with_state(Api { portal, info })
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Stagedoor native API", description = "What neither dialect has: session, tables, sources, documents, the change feed.", version = "1"),
    servers((url = "/api/stagedoor/v1")),
    paths(
        session::session, session::sign_in, session::sign_out, links::check, links::accept, sessions::sessions,
        sessions::end, sessions::end_all, password::change, invitations::invitations, invitations::invite,
        invitations::revoke, invitations::reset_link,
        blueprints::blueprints, blueprints::preview::preview,
        blueprints::templates::templates, jq::run, queries::query, tables::tables, tables::export::export, views::views, views::create, views::view, views::update, views::remove, entity::entity, entity::raw, entity::related, entity::dependents,
        history::history, graph::graph, suggest::suggest,
        home::home, home::put_layout, home::put_links, home::put_organization_links, home::viewed,
        sources::sources, sources::confirm, sources::read, sources::conflict::conflict,
        sources::outlook::preview, documents::documents,
        tokens::tokens, tokens::create, tokens::revoke, tokens::scopes, service_accounts::list,
        service_accounts::create, service_accounts::rotate, service_accounts::remove,
        widgets::data, actions::hub, actions::favourites, actions::form, actions::preview, templates::check, templates::dry_run, templates::text, runs::runs, runs::run, runs::approvals, runs::events::events, runs::doing::cancel, runs::doing::rerun, runs::doing::retry,
        scorecards::scorecards, scorecards::scorecard, scorecards::groups::groups, scorecards::groups::entities, scorecards::entity::entity, scorecards::preview::preview,
        exemptions::exemptions, exemptions::ask, exemptions::answer, exemptions::end,
        standards::history::history, standards::drafts::put, standards::drafts::discard, standards::drafts::publish,
        standards::next::next, standards::starters::starters, standards::starters::install,
        campaigns::campaigns, campaigns::create, campaigns::campaign, campaigns::update, campaigns::remove,
        campaigns::remind, badges::badge,
        runs::doing::approve, runs::doing::settle, runs::inputs::answer, runs::inputs::input_form, changes::changes, audit::audit, undo::removals, undo::undo
    )
)]
struct Document;

/// The OpenAPI description of these routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    everywhere::complete(&mut document);
    document
}
