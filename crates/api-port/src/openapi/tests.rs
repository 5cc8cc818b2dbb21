//! The document has everything, once.

use utoipa::OpenApi as _;

/// Of two schemas with one name only the first would be in the document.
#[test]
fn no_two_schemas_share_a_name() {
    let mut all = super::Document::openapi().components.unwrap().schemas;
    for part in super::parts() {
        for (name, schema) in part.components.unwrap().schemas {
            let other = all.insert(name.clone(), schema.clone());
            assert!(other.is_none_or(|other| other == schema), "two schemas are called {name}");
        }
    }
}

const ROUTES: &[&str] = &[
    "/actions",
    "/actions/runs",
    "/actions/runs/ack",
    "/actions/runs/claim-pending",
    "/actions/runs/{run}",
    "/actions/runs/{run}/approval",
    "/actions/runs/{run}/approvers",
    "/actions/runs/{run}/logs",
    "/actions/runs/{run}/response",
    "/actions/{action}",
    "/actions/{action}/permissions",
    "/actions/{action}/runs",
    "/apps",
    "/apps/{app}",
    "/apps/{app}/rotate-secret",
    "/audit-log",
    "/auth/access_token",
    "/auth/permissions",
    "/blueprints",
    "/blueprints/entities/datasource-entities",
    "/blueprints/system/{blueprint}/structure",
    "/blueprints/{blueprint}",
    "/blueprints/{blueprint}/all-entities",
    "/blueprints/{blueprint}/bulk/entities/delete",
    "/blueprints/{blueprint}/entities",
    "/blueprints/{blueprint}/entities-count",
    "/blueprints/{blueprint}/entities/bulk",
    "/blueprints/{blueprint}/entities/search",
    "/blueprints/{blueprint}/entities/search/count",
    "/blueprints/{blueprint}/entities/top-search",
    "/blueprints/{blueprint}/entities/{entity}",
    "/blueprints/{blueprint}/mirror/{property}/rename",
    "/blueprints/{blueprint}/permissions",
    "/blueprints/{blueprint}/properties/{property}/rename",
    "/blueprints/{blueprint}/relations/{relation}/rename",
    "/blueprints/{blueprint}/scorecards",
    "/blueprints/{blueprint}/scorecards/{scorecard}",
    "/entities/aggregate",
    "/entities/aggregate-over-time",
    "/entities/properties-history",
    "/entities/search",
    "/ingest/logs/{ingest_id}",
    "/ingest/metrics/{ingest_id}/heartbeat",
    "/ingest/metrics/{ingest_id}/syncMetrics",
    "/ingest/metrics/{ingest_id}/syncMetrics/resync/{event}/kind/{kind}",
    "/integration",
    "/integration/metadata",
    "/integration/provision-enabled",
    "/integration/{integration}",
    "/integration/{integration}/config",
    "/integration/{integration}/cursor",
    "/integration/{integration}/kinds",
    "/integration/{integration}/kinds/{kind}/examples",
    "/integration/{integration}/logs",
    "/integration/{integration}/resync-request",
    "/integration/{integration}/resync-state",
    "/integration/{integration}/syncMetrics",
    "/integration/{integration}/syncsMetadata",
    "/migrations",
    "/migrations/{migration}",
    "/migrations/{migration}/cancel",
    "/organization",
    "/organization/secrets",
    "/organization/secrets/{secret_name}",
    "/pages",
    "/pages/{page}",
    "/pages/{page}/permissions",
    "/pages/{page}/widgets/{widget}",
    "/rotate-credentials/{user}",
    "/scorecards",
    "/sidebars/catalog",
    "/sidebars/catalog/folders",
    "/sidebars/catalog/folders/{folder}",
    "/teams",
    "/teams/{team}",
    "/users",
    "/users/invite",
    "/users/{user}",
    "/workflows",
    "/workflows/nodes/runs",
    "/workflows/nodes/runs/{node_run}",
    "/workflows/nodes/runs/{node_run}/logs",
    "/workflows/nodes/runs/{node_run}/responses",
    "/workflows/runs",
    "/workflows/runs/ack",
    "/workflows/runs/claim-pending",
    "/workflows/runs/{run}",
    "/workflows/runs/{run}/cancel",
    "/workflows/runs/{run}/nodes/{node_run}",
    "/workflows/{workflow}",
    "/workflows/{workflow}/runs",
];

#[test]
fn every_route_is_described() {
    let document = super::openapi();
    let paths: Vec<&String> = document.paths.paths.keys().collect();
    assert_eq!(paths, ROUTES);
    let text = document.to_json().unwrap();
    let schemas = document.components.unwrap().schemas;
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "no schema {name}");
    }
}
