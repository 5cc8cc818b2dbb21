//! Every route that reads, with requests that would find what is hidden.

mod native;

use serde_json::{Value, json};

use self::native::native;

/// What a route is for this test.
pub(super) enum Reads {
    /// Requests: paths and bodies.
    Entities(Vec<(String, Option<Value>)>),
    /// It tells nothing of entities, whoever asks.
    Nothing,
    /// It writes; see the cases of their own.
    Writes,
}

use Reads::{Entities, Nothing, Writes};

fn get<S: Into<String>>(paths: impl IntoIterator<Item = S>) -> Reads {
    Entities(paths.into_iter().map(|path| (path.into(), None)).collect())
}

fn post(path: &str, bodies: impl IntoIterator<Item = Value>) -> Reads {
    Entities(bodies.into_iter().map(|body| (path.to_owned(), Some(body))).collect())
}

const BLUEPRINTS: [&str; 9] =
    ["domain", "service", "incident", "plan", "note", "component", "group", "_user", "_team"];

const PEOPLE: [&str; 3] = ["elsa@larkfell.example", "zoe@larkfell.example", "otto@larkfell.example"];

fn of_each(path: impl Fn(&str) -> String) -> Vec<String> {
    BLUEPRINTS.iter().map(|blueprint| path(blueprint)).collect()
}

fn rule(property: &str, operator: &str, value: &Value) -> Value {
    json!({"combinator": "and", "rules": [{"property": property, "operator": operator, "value": value}]})
}

/// Queries in Port's language; each would find something hidden, or find something by it.
fn queries() -> Vec<Value> {
    let mut all = vec![json!({"combinator": "and", "rules": []})];
    for (property, value) in [
        ("language", json!("cobol")),
        ("note", json!("unseen")),
        ("odd", json!("unseen")),
        ("$identifier", json!("ghost")),
        ("$title", json!("Ghost")),
        ("$team", json!("beta")),
        ("$blueprint", json!("plan")),
        ("theirs", json!("cobol")),
        ("languages", json!("cobol")),
        ("services", json!(4)),
    ] {
        all.push(rule(property, "=", &value));
        all.push(rule(property, "!=", &value));
    }
    all.push(json!({"combinator": "and", "rules": [{"property": "services", "operator": ">", "value": 2}]}));
    all.push(json!({"combinator": "and", "rules": [{"property": "note", "operator": "isEmpty"}]}));
    all.push(
        json!({"combinator": "and", "rules": [{"scorecard": "ready", "operator": "=", "value": "Gold"}]}),
    );
    for rule in ["r0", "r1", "r2", "r3"] {
        all.push(json!({"combinator": "and", "rules": [
            {"scorecard": "ready", "scorecardRule": rule, "operator": "=", "value": "Passed"}]}));
    }
    for (blueprint, value) in
        [("service", "ghost"), ("service", "never"), ("plan", "secret"), ("domain", "hub")]
    {
        for direction in ["upstream", "downstream"] {
            all.push(json!({"combinator": "and", "rules": [
                {"operator": "relatedTo", "blueprint": blueprint, "value": value, "direction": direction}]}));
        }
        all.push(json!({"combinator": "and", "rules": [
            {"operator": "relatedTo", "blueprint": blueprint, "value": value}]}));
    }
    all
}

fn searches() -> Vec<Value> {
    queries().into_iter().collect()
}

fn aggregates() -> Vec<Value> {
    let all = json!({"combinator": "and", "rules": []});
    let of = |b: &str| rule("$blueprint", "=", &json!(b));
    let mut bodies = vec![
        json!({"func": "count", "query": all}),
        json!({"func": "count", "query": of("plan")}),
        json!({"func": "average", "averageOf": "day", "measureTimeBy": "$createdAt", "query": of("service")}),
        json!({"func": "countValues", "property": "language", "query": of("service")}),
        json!({"func": "countValues", "property": "tier", "query": of("service")}),
        json!({"func": "countValues", "property": "$team", "query": all}),
        json!({"func": "countValues", "relation": "uses", "query": of("service")}),
        json!({"func": "countValues", "relation": "services", "query": of("incident")}),
        json!({"func": "countValues", "property": "odd", "query": all}),
        json!({"property": "services", "func": "sum", "query": of("domain")}),
    ];
    for func in ["sum", "average", "min", "max", "median"] {
        bodies.push(json!({"property": "cost", "func": func, "query": of("service")}));
        bodies.push(json!({"property": "costs", "func": func, "query": of("domain")}));
    }
    bodies
}

fn over_time() -> Vec<Value> {
    let range = json!({"preset": "last2Years", "timeZone": "UTC"});
    let mut bodies = Vec::new();
    for blueprint in ["service", "domain", "plan", "component"] {
        bodies.push(json!({"blueprint": blueprint, "timeRange": range, "timeInterval": "quarter",
            "aggregationType": "countEntities", "func": "count"}));
    }
    bodies.push(json!({"blueprint": "service", "timeRange": range, "timeInterval": "quarter",
        "aggregationType": "countEntities", "func": "count", "breakdownProperty": "language"}));
    bodies.push(json!({"blueprint": "service", "timeRange": range, "timeInterval": "quarter",
        "aggregationType": "aggregatePropertiesValues", "func": "sum", "properties": ["cost"]}));
    bodies
}

fn histories() -> Vec<Value> {
    [("service", "orders"), ("service", "ghost"), ("plan", "secret"), ("service", "nothing")]
        .map(|(blueprint, entity)| {
            let name = if blueprint == "plan" { "text" } else { "note" };
            json!({"blueprintIdentifier": blueprint, "entityIdentifier": entity, "propertyNames": [name],
                "timeInterval": "quarter", "timeRange": {"preset": "last2Years", "timeZone": "UTC"}})
        })
        .to_vec()
}

/// Widgets that would count what is hidden, list it, or draw it over time.
fn widgets() -> Vec<Value> {
    let mut all = Vec::new();
    for blueprint in ["service", "domain", "incident", "plan", "component"] {
        all.push(
            json!({"type": "entities-number-chart", "unit": "none", "blueprint": blueprint, "dataset": []}),
        );
        for property in ["$team", "language", "uses", "theirs", "odd", "domain"] {
            all.push(
                json!({"type": "bar-chart", "blueprint": blueprint, "property": property, "dataset": []}),
            );
        }
        all.push(json!({"type": "table-entities-explorer", "blueprint": blueprint, "dataset": []}));
        all.push(json!({"type": "line-chart", "blueprint": blueprint, "chartType": "countEntities", "func": "count",
            "timeRange": {"preset": "last2Years"}, "timeInterval": "quarter", "breakdownProperty": "$team"}));
        all.push(json!({"type": "entity-info", "blueprint": blueprint, "entity": "ghost"}));
    }
    for (property, func) in [("cost", "sum"), ("costs", "max"), ("services", "average")] {
        all.push(json!({"type": "entities-number-chart", "unit": "none", "calculationBy": "property",
            "chartType": "aggregateByProperty", "property": property, "func": func, "dataset": []}));
    }
    all.push(json!({"type": "line-chart", "blueprint": "service", "entity": "ghost",
        "chartType": "propertiesValueHistory", "properties": ["note"]}));
    all.push(json!({"type": "markdown", "title": "x", "source": "property", "blueprintIdentifier": "plan",
        "propertyIdentifier": "text", "entityIdentifier": "secret"}));
    all.push(json!({"type": "table-entities-explorer", "dataset": []}));
    all.push(json!({"type": "my-entities", "title": "x"}));
    all.push(json!({"type": "table-audit-log", "query": {}}));
    all.push(json!({"type": "users-table"}));
    let about = json!({"blueprint": "service", "identifier": "ghost"});
    let related = json!({"type": "table-entities-explorer-by-direction"});
    let mut bodies = vec![json!({ "widgets": all }), json!({ "page": "$home" })];
    bodies.push(json!({ "widgets": [related], "entity": about }));
    bodies.extend(queries().into_iter().take(24).map(|query| {
        let count = json!({"type": "entities-number-chart", "unit": "none", "dataset": query});
        json!({ "widgets": [count] })
    }));
    bodies
}

fn port(method: &str, path: &str) -> Option<Reads> {
    let entities =
        ["orders", "ghost", "secret", "hub", "i1", "i2", "theirs", "elsa@larkfell.example", "nothing"];
    Some(match (method, path) {
        (
            "get",
            "/blueprints" | "/organization" | "/migrations" | "/integration/metadata" | "/auth/permissions",
        ) => get([path]),
        ("get", "/users" | "/teams" | "/pages" | "/sidebars/catalog") => get([path]),
        ("get", "/pages/{page}" | "/pages/{page}/permissions") => {
            get(["$home", "services", "planEntity", "nothing"].map(|page| path.replace("{page}", page)))
        }
        ("post" | "put" | "patch" | "delete", p) if p.starts_with("/pages") || p.starts_with("/sidebars") => {
            Writes
        }
        ("get", "/users/{user}") => get(PEOPLE.map(|person| format!("/users/{person}"))),
        ("get", "/teams/{team}") => {
            get(["alpha", "beta", "gamma", "delta"].map(|team| format!("/teams/{team}")))
        }
        ("get", "/blueprints/{blueprint}") => get(of_each(|b| format!("/blueprints/{b}"))),
        ("get", "/blueprints/system/{blueprint}/structure") => get(["/blueprints/system/_user/structure"]),
        ("get", "/blueprints/{blueprint}/permissions") => {
            get(of_each(|b| format!("/blueprints/{b}/permissions")))
        }
        ("get", "/blueprints/{blueprint}/entities") => {
            let mut paths = of_each(|b| format!("/blueprints/{b}/entities"));
            paths.extend(of_each(|b| {
                format!("/blueprints/{b}/entities?include=identifier&include=relations.uses")
            }));
            paths.extend(of_each(|b| format!("/blueprints/{b}/entities?exclude_calculated_properties=true")));
            get(paths)
        }
        ("get", "/blueprints/{blueprint}/entities-count") => {
            get(of_each(|b| format!("/blueprints/{b}/entities-count")))
        }
        ("get", "/blueprints/{blueprint}/entities/{entity}") => {
            get(entities.iter().flat_map(|e| of_each(|b| format!("/blueprints/{b}/entities/{e}"))))
        }
        ("post", "/blueprints/{blueprint}/entities/search") => {
            let mut cases = Vec::new();
            for blueprint in ["service", "domain", "incident", "plan", "component"] {
                let path = format!("/blueprints/{blueprint}/entities/search");
                for query in queries() {
                    cases.push((path.clone(), Some(json!({"query": query, "limit": 2}))));
                }
                cases.push((path.clone(), Some(json!({}))));
            }
            Entities(cases)
        }
        ("post", "/blueprints/{blueprint}/entities/search/count") => {
            let mut cases = Vec::new();
            for blueprint in ["service", "domain", "incident", "plan"] {
                let path = format!("/blueprints/{blueprint}/entities/search/count");
                cases.extend(queries().into_iter().map(|q| (path.clone(), Some(json!({ "query": q })))));
            }
            Entities(cases)
        }
        ("post", "/blueprints/{blueprint}/entities/top-search") => post(
            "/blueprints/service/entities/top-search",
            [
                json!({"sort": [{"property": "cost", "order": "desc"}], "limit": 1}),
                json!({"sort": [{"property": "$title"}], "limit": 1}),
                json!({"sort": [{"property": "tier"}, {"property": "language"}]}),
                json!({"sort": [{"property": "cost"}], "groupBy": ["language"]}),
                json!({"sort": [{"property": "theirs"}]}),
            ],
        ),
        ("post", "/blueprints/entities/datasource-entities") => post(
            path,
            [
                json!({"datasource_prefix": "port-ocean/fake/", "datasource_suffix": "/exporter", "limit": 2}),
                json!({"datasource_prefix": "port-ocean/fake/", "datasource_suffix": "/exporter", "limit": 500}),
            ],
        ),
        ("post", "/entities/search") => post(path, searches()),
        ("post", "/entities/aggregate") => post(path, aggregates()),
        ("post", "/entities/aggregate-over-time") => post(path, over_time()),
        ("post", "/entities/properties-history") => post(path, histories()),
        _ => return of_runs(method, path),
    })
}

/// What can be executed, by which it is judged, and what came of it.
fn of_runs(method: &str, path: &str) -> Option<Reads> {
    Some(match (method, path) {
        (
            "get",
            "/actions"
            | "/actions/{action}"
            | "/actions/{action}/permissions"
            | "/blueprints/{blueprint}/actions",
        ) => get([path.replace("{action}", "none").replace("{blueprint}", "service")]),
        ("get", "/scorecards") => get([path]),
        ("get", p) if p.starts_with("/blueprints/{blueprint}/scorecards") => {
            get(["service", "domain"].map(|b| path.replace("{blueprint}", b).replace("{scorecard}", "ready")))
        }
        ("post" | "put" | "patch" | "delete", p) if p.starts_with("/blueprints/{blueprint}/scorecards") => {
            Writes
        }
        ("get", "/actions/runs") => get([path, "/actions/runs?entity=ghost", "/actions/runs?blueprint=plan"]),
        ("get", p) if p.starts_with("/actions/runs/") => get([p.replace("{run}", "none")]),
        ("get", "/workflows" | "/workflows/nodes/runs") => get([path]),
        ("get", "/workflows/runs") => {
            get([path, "/workflows/runs?entity=ghost", "/workflows/runs?blueprint=plan"])
        }
        ("get", p) if p.starts_with("/workflows/") => {
            get([p.replace("{workflow}", "none").replace("{run}", "none").replace("{node_run}", "none")])
        }
        ("post" | "put" | "patch" | "delete", p) if p.starts_with("/workflows") => Writes,
        // What is done with a run that is there is shown by the cases of runs.
        ("post" | "put" | "patch" | "delete", p) if p.starts_with("/actions") => Writes,
        _ => return None,
    })
}

fn backstage(method: &str, path: &str) -> Option<Reads> {
    const REFS: [&str; 6] = [
        "component:default/ghost",
        "component:default/shop",
        "service:default/ghost",
        "group:default/haunted",
        "plan:default/secret",
        "component:default/never",
    ];
    let filters = [
        "kind=component",
        "kind=service",
        "spec.lifecycle=hidden",
        "metadata.tags=unseen",
        "metadata.labels.unseen",
        "relations.dependsOn=component:default/ghost",
        "relations.dependencyOf=component:default/ghost",
        "relations.ownedBy=group:default/haunted",
        "relations.apiProvidedBy=component:default/aaa",
        "metadata.uid=00000000-0000-0000-0000-000000000064",
    ];
    Some(match (method, path) {
        ("get", "/api/catalog/entities") => {
            let mut paths =
                vec![path.to_owned(), format!("{path}?order=asc:metadata.title&limit=3&offset=1")];
            paths.extend(filters.iter().map(|f| format!("{path}?filter={f}")));
            paths.push(format!("{path}?fields=metadata.name,relations"));
            get(paths)
        }
        ("get", "/api/catalog/entities/by-query") => {
            let mut paths = vec![format!("{path}?limit=2"), format!("{path}?fullTextFilterTerm=unseen")];
            for field in ["metadata.title", "metadata.labels.unseen", "spec.type", "metadata.tags"] {
                paths.push(format!("{path}?limit=2&orderField={field},asc"));
                paths.push(format!("{path}?limit=2&orderField={field},desc&fullTextFilterTerm=o"));
            }
            paths.extend(filters.iter().map(|f| format!("{path}?filter={f}")));
            get(paths)
        }
        ("post", "/api/catalog/entities/by-query") => post(
            path,
            [
                json!({"limit": 2}),
                json!({"query": {"spec.lifecycle": "hidden"}}),
                json!({"query": {"$not": {"spec.lifecycle": "hidden"}}, "limit": 3}),
                json!({"fullTextFilter": {"term": "ghost"}}),
            ],
        ),
        ("get", "/api/catalog/.well-known/backstage/permissions/metadata" | "/api/permission/health") => {
            get([path])
        }
        ("post", "/api/permission/authorize") => {
            let about = |name: &str, action: &str, about: Value| {
                let attributes = json!({ "action": action });
                json!({"id": "1", "resourceRef": about, "permission":
                    {"type": "resource", "name": name, "attributes": attributes, "resourceType": "catalog-entity"}})
            };
            let of = |name: &str, action: &str| json!({"items": REFS.iter().map(|r| about(name, action, json!(r))).collect::<Vec<_>>()});
            post(
                path,
                [
                    of("catalog.entity.read", "read"),
                    of("catalog.entity.delete", "delete"),
                    json!({"items": [about("catalog.entity.read", "read", json!(REFS))]}),
                ],
            )
        }
        ("post", "/api/catalog/entities/by-refs") => post(
            path,
            [json!({ "entityRefs": REFS }), json!({ "entityRefs": REFS, "fields": ["metadata.name"] })],
        ),
        ("get", "/api/catalog/entities/by-name/{kind}/{namespace}/{name}") => get(REFS.map(|r| {
            let (kind, name) = r.split_once(':').unwrap_or_default();
            format!("/api/catalog/entities/by-name/{kind}/{name}")
        })),
        ("get", "/api/catalog/entities/by-uid/{uid}") => get([11, 20, 100, 101, 102, 110, 999]
            .map(|n: u128| format!("/api/catalog/entities/by-uid/{}", uuid::Uuid::from_u128(n)))),
        ("get", "/api/catalog/entity-facets") => get([
            "kind",
            "spec.type",
            "spec.lifecycle",
            "metadata.tags",
            "metadata.labels.unseen",
            "relations.ownedBy",
            "relations.dependsOn",
            "relations.dependencyOf",
            "spec.unseen.unseen",
            "metadata.title",
        ]
        .map(|facet| format!("{path}?facet={facet}"))),
        ("post", "/api/catalog/entity-facets") => post(
            path,
            [
                json!({"facets": ["kind", "spec.type", "relations.ownedBy"]}),
                json!({"facets": ["metadata.tags"],
                "query": {"kind": "component"}}),
            ],
        ),
        _ => return plugins(method, path).or_else(|| super::origins::of(method, path)),
    })
}

/// What Backstage's frontend asks besides the catalog.
fn plugins(method: &str, path: &str) -> Option<Reads> {
    // Keys, and what is one person's own: no entity is in it.
    let own = ["/api/auth/", "/api/user-settings/", "/api/signals", "/api/app/", "/api/notifications/"];
    match (method, path) {
        ("get", "/api/auth/v1/userinfo") => Some(get([path])),
        ("get", "/api/search/query") => Some(get([
            "term=",
            "term=ghost",
            "term=secret",
            "term=cobol",
            "term=&pageLimit=0",
            "term=&pageLimit=2&pageCursor=MQ==",
            "filters[kind]=component",
            "filters[owner]=beta",
        ]
        .map(|query| format!("{path}?{query}")))),
        ("get", "/api/scaffolder/v2/templates/{namespace}/{kind}/{name}/parameter-schema") => Some(get([
            "/api/scaffolder/v2/templates/default/template/ghost/parameter-schema",
            "/api/scaffolder/v2/templates/default/component/ghost/parameter-schema",
        ])),
        ("get", "/api/scaffolder/v2/tasks") => {
            Some(get([path, "/api/scaffolder/v2/tasks?order=asc:created_by"]))
        }
        // Of one task, which is its maker's: crates/api-backstage/tests/it/scaffolder.rs.
        ("get", path) if path.starts_with("/api/scaffolder/") => Some(Nothing),
        ("post", path) if path.starts_with("/api/scaffolder/") => Some(Writes),
        ("get", "/api/tech-insights/checks" | "/api/tech-insights/fact-schemas") => Some(get([path])),
        // When they were read is in them: crates/api-native/tests/it/insights.rs.
        ("get", p) if p.starts_with("/api/tech-insights/facts/") => Some(Nothing),
        ("post", "/api/tech-insights/checks/run") => Some(post(
            path,
            [
                json!({"entities": []}),
                json!({"entities": ["component:default/ghost", "service:default/orders"]}),
            ],
        )),
        ("post", p) if p.starts_with("/api/tech-insights/") => Some(post(
            "/api/tech-insights/checks/run/default/service/orders",
            [json!({}), json!({"checks": ["service/ready/r0"]})],
        )),
        ("post", "/api/notifications/notifications" | "/api/notifications/notifications/update") => {
            Some(Writes)
        }
        _ => own.iter().any(|start| path.starts_with(start)).then_some(Nothing),
    }
}

/// Routes that tell nothing of entities, by their beginnings: what administrators alone may read, what is about the
/// caller alone, what clients report.
const NOTHING: [&str; 13] = [
    "port get /migrations/",
    "port get /integration",
    "port get /apps",
    "port get /audit-log",
    "port get /organization/secrets",
    "native get /audit",
    "native get /sessions",
    "native get /tokens",
    "native get /scopes",
    "native get /invitations",
    "native get /service-accounts",
    "native get /secrets",
    "backstage get /.backstage",
];

/// Of POST requests those that read.
const READING: [&str; 17] = [
    "/api/permission/authorize",
    "/api/catalog/.well-known/backstage/permissions/apply-conditions",
    "/api/catalog/analyze-location",
    "/api/catalog/locations/by-query",
    "/api/catalog/refresh",
    "/api/catalog/validate-entity",
    "/blueprints/{blueprint}/entities/search",
    "/blueprints/{blueprint}/entities/search/count",
    "/blueprints/{blueprint}/entities/top-search",
    "/blueprints/entities/datasource-entities",
    "/entities/search",
    "/entities/aggregate",
    "/entities/aggregate-over-time",
    "/entities/properties-history",
    "/api/catalog/entities/by-query",
    "/api/catalog/entities/by-refs",
    "/api/catalog/entity-facets",
];

/// What to ask a route; `None` for one that nobody has thought about.
pub(super) fn of(dialect: &str, method: &str, path: &str) -> Option<Reads> {
    let reads = match dialect {
        "port" => port(method, path),
        "backstage" => backstage(method, path),
        _ => native(method, path),
    };
    let name = format!("{dialect} {method} {path}");
    reads.or_else(|| match method {
        "get" | "head" => NOTHING.iter().any(|known| name.starts_with(known)).then_some(Nothing),
        "post" if READING.contains(&path) => None,
        _ => Some(Writes),
    })
}
