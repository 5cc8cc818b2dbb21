//! What the native API reads.

use serde_json::json;

use super::{BLUEPRINTS, Reads, get, post, queries, widgets};

pub(super) fn native(method: &str, path: &str) -> Option<Reads> {
    if method == "get" { reads(path) } else { asks(method, path) }
}

/// What each of these shows.
fn named(path: &str, more: &str) -> Vec<String> {
    let nodes = [
        "service/orders",
        "service/UPPER",
        "service/Ghost%20Two",
        "service/ghost",
        "service/never",
        "plan/secret",
        "domain/hub",
        "incident/i1",
    ];
    let one = |n: &&str| {
        let (blueprint, identifier) = n.split_once('/').unwrap_or_default();
        format!("{path}?blueprint={blueprint}&identifier={identifier}{more}")
    };
    nodes.iter().map(one).collect()
}

fn of_scorecards(more: &str) -> Vec<String> {
    ["service", "domain"].map(|blueprint| format!("/scorecards/{blueprint}/ready{more}")).into()
}

fn reads(path: &str) -> Option<Reads> {
    Some(match path {
        "/blueprints" | "/sources" | "/changes" | "/removals" => get([path]),
        "/session" => get([path, "/session?model=true"]),
        "/entity/raw" | "/entity/history" | "/entity/dependents" => get(named(path, "")),
        "/entity/related" => {
            let mut paths = named(path, "&step=service%20uses");
            for more in ["&step=uses&step=service%20uses", "&step=uses&q=o", "&type=dependsOn"] {
                paths.extend(named(path, more));
            }
            paths.extend(named(path, "&step=domain&step=service%20domain&step=plan%20of"));
            get(paths)
        }
        "/entity" => {
            let mut paths = named(path, "");
            paths.push(format!("{path}?blueprint=component&identifier=component:default/shop"));
            paths.push(format!("{path}?blueprint=component&identifier=component:default/ghost"));
            get(paths)
        }
        "/graph" => {
            let mut paths = Vec::new();
            for reference in [
                "service:default/orders",
                "service:default/ghost",
                "service:default/never",
                "domain:default/hub",
                "component:default/shop",
                "component:default/ghost",
                "group:default/haunted",
                "group:default/crew",
            ] {
                paths.push(format!("{path}?ref={reference}&depth=4"));
                paths.push(format!("{path}?ref={reference}&depth=2&limit=2"));
            }
            paths.push(format!("{path}?ref=service:default/orders&relation=of"));
            paths.extend(named(path, "&depth=3"));
            for more in [
                "query=",
                "query=&blueprint=service&hub=1",
                "query=%24title%20%3D%20Orders&blueprint=service&depth=2",
            ] {
                paths.push(format!("{path}?{more}"));
            }
            get(paths)
        }
        "/blueprint-templates" => get([path]),
        "/sources/conflict" => {
            get(["service:default/ghost", "component:default/ghost", "component:default/shop"]
                .map(|r| format!("{path}?ref={r}")))
        }
        "/home" => get([path]),
        "/suggest" => get(["ghost", "o", "unseen", "sh", "secret", "ghsot", "sercet", "", "ghost two"]
            .map(|q| format!("{path}?q={q}"))),
        "/views" => get([path, "/views?blueprint=service"]),
        "/views/{id}" => get(["/views/none"]),
        "/runs" => get([path, "/runs?entity=ghost", "/runs?blueprint=service&q=ghost", "/runs?active=true"]),
        "/approvals" => get([path]),
        "/actions" => {
            get([path, "/actions?blueprint=service&entity=ghost", "/actions?blueprint=plan&entity=secret"])
        }
        "/templates/text" => {
            get(["/templates/text?ref=template:default/ghost", "/templates/text?ref=component:default/ghost"])
        }
        "/runs/{id}" | "/runs/{id}/events" => get(["/runs/none"]),
        _ => return of_standards(path),
    })
}

fn of_standards(path: &str) -> Option<Reads> {
    Some(match path {
        "/scorecards" => get([path]),
        "/scorecards/{blueprint}/{scorecard}" => get(of_scorecards("")),
        "/scorecards/{blueprint}/{scorecard}/groups" => {
            let mut paths = of_scorecards("/groups?by=$team");
            for by in ["domain", "uses", "theirs", "language", "tier"] {
                paths.push(format!("/scorecards/service/ready/groups?by={by}"));
            }
            paths.push("/scorecards/service/ready/groups?by=$team&filter=language%20%3D%20cobol".to_owned());
            get(paths)
        }
        "/scorecards/{blueprint}/{scorecard}/entities" => {
            let mut paths = of_scorecards("/entities?limit=1");
            paths.extend(of_scorecards("/entities?rule=r0&status=passed"));
            paths.extend(of_scorecards("/entities?rule=r1&status=failed&by=$team&group=beta"));
            paths.push("/scorecards/service/ready/entities?q=ghost".to_owned());
            get(paths)
        }
        "/entities/{blueprint}/{identifier}/scorecards" => get([
            "service/orders",
            "service/ghost",
            "service/payments",
            "domain/hub",
            "plan/secret",
            "service/never",
        ]
        .map(|of| format!("/entities/{of}/scorecards"))),
        "/scorecards/next" => {
            get([path, "/scorecards/next?team=beta", "/scorecards/next?team=alpha&limit=2"])
        }
        // When something was recorded is in it: crates/api-native/tests/it/history.rs.
        "/scorecards/{blueprint}/{scorecard}/history" | "/scorecards/starters" => Reads::Nothing,
        "/exemptions" => get([path, "/exemptions?blueprint=service&entity=ghost"]),
        "/campaigns" => get([path]),
        "/campaigns/{id}" => get(["/campaigns/none"]),
        "/badges/{blueprint}/{entity}/{file}" => {
            get(["service/orders", "service/ghost", "service/never", "domain/hub"]
                .map(|of| format!("/badges/{of}/ready.svg")))
        }
        _ => return None,
    })
}

fn asks(method: &str, path: &str) -> Option<Reads> {
    Some(match (method, path) {
        ("post", "/blueprints/preview") => post(
            path,
            BLUEPRINTS.map(|blueprint| {
                json!({"identifier": blueprint, "entity": "ghost",
                "blueprint": {"identifier": blueprint, "schema": {"properties": {}, "required": []}}})
            }),
        ),
        ("post", "/jq/try") => post(
            path,
            ["orders", "ghost"].map(|id| json!({"program": ".", "blueprint": "service", "entity": id})),
        ),
        ("post", "/locations/preview") => {
            post(path, [json!({"target": "https://none.larkfell.example/catalog-info.yaml"})])
        }
        ("post", "/widgets/data") => post(path, widgets()),
        ("put", "/home/layout" | "/home/links" | "/home/organization-links") | ("post", "/viewed") => {
            Reads::Writes
        }
        ("post", "/views") | ("put" | "delete", "/views/{id}") => Reads::Writes,
        ("post", "/scorecards/preview") => post(
            path,
            ["orders", "ghost"].map(|entity| {
                let condition = json!({"property": "theirs", "operator": "contains", "value": "cobol"});
                let query = json!({"combinator": "and", "conditions": [condition]});
                json!({"blueprint": "service", "entity": entity, "definition": {"title": "New", "rules": [
                    {"identifier": "a", "level": "Gold", "query": query}]}})
            }),
        ),
        (_, path) if ["/exemptions", "/campaigns", "/scorecards/"].iter().any(|start| path.starts_with(start)) => {
            Reads::Writes
        }
        ("post", path) if path.starts_with("/runs/") => Reads::Writes,
        ("put", "/actions/favourites") => Reads::Writes,
        ("post", "/actions/{action}/form") => {
            post("/actions/none/form", [json!({"entity": "ghost", "blueprint": "service"})])
        }
        ("post", "/actions/preview") => post(
            path,
            ["ghost", "secret", "orders"].map(|entity| {
                let definition = json!({"identifier": "x", "trigger": "DAY-2", "invocationMethod": {"type": "KAFKA"}});
                json!({"definition": definition, "entity": entity})
            }),
        ),
        ("post", "/templates/check" | "/templates/dry-run") => Reads::Nothing,
        ("post", "/tables") => {
            let mut bodies = Vec::new();
            for blueprint in ["service", "domain", "incident", "plan", "component", "note"] {
                bodies.push(json!({"blueprint": blueprint, "facets": ["$team", "$title"], "columns": ["$title"]}));
                bodies.push(json!({"blueprint": blueprint, "limit": 1, "query": "o",
                    "sort": [{"field": "$title", "order": "desc"}]}));
            }
            bodies.push(json!({"columns": ["uses.$title", "uses.language", "domain"],
                "facets": ["language", "uses", "theirs", "domain", "uses.language", "$blueprint"]}));
            bodies.push(json!({"query": "$team = beta", "sort": [{"field": "uses", "order": "asc"},
                {"field": "$identifier", "order": "desc"}]}));
            bodies.extend(["uses", "$team", "theirs", "$blueprint"].map(|f| json!({"group": {"field": f}})));
            bodies.push(json!({"within": [{"field": "uses", "value": "ghost"}]}));
            bodies.extend(queries().into_iter().map(|q| json!({"query": q})));
            post(path, bodies)
        }
        ("post", "/tables/export") => post(path, ["csv", "json"].map(|format| {
            json!({"format": format, "columns": ["$title", "uses", "uses.$title", "theirs", "$team"]})
        })),
        ("post", "/query") => post(path, [
            json!({"text": "language = ", "cursor": 11}),
            json!({"text": "$team = ", "cursor": 8}),
            json!({"text": "uses = ", "cursor": 7, "blueprint": "service"}),
            json!({"text": "uses.$title = ", "cursor": 14}),
            json!({"text": "relatedTo(service = g", "cursor": 21}),
            json!({"text": "theirs = ", "cursor": 9}),
        ]),
        _ => return None,
    })
}
