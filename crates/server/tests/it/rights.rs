//! What members, moderators and limited tokens may do, through the public interface.

mod traces;

use serde_json::{Value, json};
use stagedoor_auth::Viewer;
use stagedoor_testkit::{Person, TestPortal};

const ENTITIES: &str = "/v1/blueprints/service/entities";

/// Two teams, a blueprint `service` and the entity `orders` of the first team.
async fn portal() -> TestPortal {
    over(TestPortal::new().await).await
}

async fn over(portal: TestPortal) -> TestPortal {
    for team in ["alpha", "beta"] {
        let body = json!({ "identifier": team, "title": team });
        assert_eq!(portal.post("/v1/blueprints/_team/entities", &body).await.status, 201);
    }
    let blueprint = json!({
        "identifier": "service", "title": "Service",
        "schema": { "properties": { "tier": { "type": "string" }, "language": { "type": "string" } } },
        "relations": { "uses": { "target": "service", "many": true } },
    });
    assert_eq!(portal.post("/v1/blueprints", &blueprint).await.status, 201);
    let orders = json!({ "identifier": "orders", "team": "alpha", "properties": { "tier": "1" } });
    assert_eq!(portal.post(ENTITIES, &orders).await.status, 201);
    portal
}

async fn permit(portal: &TestPortal, entities: Value) {
    let body = json!({ "entities": entities });
    let answer = portal.request("PATCH", "/v1/blueprints/service/permissions", Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn ask(portal: &TestPortal, who: &Person, method: &str, path: &str, body: Value) -> (u16, Value) {
    let answer = portal.request_as(who, method, path, Some(&body)).await;
    (answer.status, answer.json())
}

async fn status(portal: &TestPortal, who: &Person, method: &str, path: &str, body: Value) -> u16 {
    ask(portal, who, method, path, body).await.0
}

#[tokio::test]
async fn members_read_and_do_not_build() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    for path in [
        "/v1/blueprints",
        "/v1/blueprints/service",
        "/v1/blueprints/service/permissions",
        ENTITIES,
        "/v1/migrations",
        "/v1/organization",
        "/v1/integration/metadata",
        "/api/catalog/entities",
        "/api/stagedoor/v1/session",
        "/api/stagedoor/v1/sources",
    ] {
        assert_eq!(portal.request_as(&elsa, "GET", path, None).await.status, 200, "{path}");
    }
    let blueprint = json!({ "identifier": "b", "title": "B" });
    for (method, path, body) in [
        ("POST", "/v1/blueprints", blueprint.clone()),
        ("PUT", "/v1/blueprints/service", blueprint.clone()),
        ("PATCH", "/v1/blueprints/service", json!({ "title": "Mine" })),
        ("DELETE", "/v1/blueprints/service", json!({})),
        ("PATCH", "/v1/blueprints/service/permissions", json!({ "entities": {} })),
        ("PATCH", "/v1/blueprints/service/properties/tier/rename", json!({ "newPropertyName": "t" })),
        ("DELETE", "/v1/blueprints/service/all-entities", json!({})),
        ("POST", "/v1/migrations", json!({ "sourceBlueprint": "service", "mapping": { "entity": {} } })),
        ("POST", ENTITIES, json!({ "identifier": "x" })),
        ("POST", "/v1/blueprints/service/entities/bulk", json!({ "entities": [{ "identifier": "x" }] })),
        ("PATCH", "/v1/blueprints/service/entities/orders", json!({ "title": "Mine" })),
        ("DELETE", "/v1/blueprints/service/entities/orders", json!({})),
        ("POST", "/v1/blueprints/service/bulk/entities/delete", json!({ "entities": ["orders"] })),
        ("POST", "/v1/integration", json!({ "installationId": "x" })),
        ("PATCH", "/v1/organization", json!({ "name": "Mine" })),
        ("GET", "/v1/integration", json!({})),
    ] {
        let (status, body) = ask(&portal, &elsa, method, path, body).await;
        assert_eq!((status, &body["error"]), (403, &json!("forbidden")), "{method} {path}: {body}");
        assert!(body["message"].as_str().is_some_and(|m| m.contains("may")), "{method} {path}: {body}");
    }
    let answer = portal.request_as(&elsa, "GET", "/api/stagedoor/v1/changes", None).await;
    assert_eq!(answer.status, 200);
    let session = portal.request_as(&elsa, "GET", "/api/stagedoor/v1/session", None).await.json();
    assert_eq!(session["viewer"]["role"], "Member");
    assert_eq!(session["may"]["ReadEntities"], true);
    assert_eq!(session["may"]["ReadFeed"], true);
    assert_eq!(session["may"]["ReadAuditLog"], "only administrators may read the audit log");
}

#[tokio::test]
async fn an_account_that_is_not_active_may_nothing_at_once() {
    let portal = portal().await;
    portal.administrator("ada@larkfell.example").await;
    let stranger = portal.caller(Viewer::person("stranger@larkfell.example"));
    assert_eq!(status(&portal, &stranger, "GET", ENTITIES, json!({})).await, 403);
    let elsa = portal.member("elsa@larkfell.example").await;
    let create = json!({ "identifier": "b", "title": "B" });
    assert_eq!(status(&portal, &elsa, "GET", ENTITIES, json!({})).await, 200);
    for (properties, read, build) in [
        (json!({ "status": "Staged" }), 403, 403),
        (json!({ "port_role": "Admin" }), 200, 201),
        (json!({ "port_role": "Admin", "status": "Disabled" }), 403, 403),
        (json!({ "port_role": "Member" }), 200, 403),
        (json!({ "status": null }), 403, 403),
    ] {
        portal.person("elsa@larkfell.example", properties.clone(), &[]).await;
        assert_eq!(status(&portal, &elsa, "GET", ENTITIES, json!({})).await, read, "{properties}");
        let built = status(&portal, &elsa, "POST", "/v1/blueprints", create.clone()).await;
        assert_eq!(built, build, "{properties}");
    }
    portal.request("DELETE", "/v1/blueprints/_user/entities/elsa@larkfell.example", None).await;
    assert_eq!(status(&portal, &elsa, "GET", ENTITIES, json!({})).await, 403);
}

#[tokio::test]
async fn permissions_let_members_write() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    permit(&portal, json!({ "register": { "roles": ["Member"] } })).await;
    assert_eq!(status(&portal, &elsa, "POST", ENTITIES, json!({ "identifier": "new" })).await, 201);
    let one = "/v1/blueprints/service/entities/new";
    assert_eq!(status(&portal, &elsa, "PATCH", one, json!({ "title": "x" })).await, 403);
    assert_eq!(status(&portal, &elsa, "DELETE", one, json!({})).await, 403);
    // Making what a relation lacks is a registration as well.
    let uses = json!({ "identifier": "user", "relations": { "uses": ["bare"] } });
    let create = format!("{ENTITIES}?create_missing_related_entities=true");
    assert_eq!(status(&portal, &elsa, "POST", &create, uses.clone()).await, 201);
    permit(&portal, json!({ "register": null, "unregister": { "users": ["elsa@larkfell.example"] } })).await;
    assert_eq!(status(&portal, &elsa, "POST", ENTITIES, json!({ "identifier": "more" })).await, 403);
    assert_eq!(status(&portal, &elsa, "DELETE", one, json!({})).await, 200);
}

#[tokio::test]
async fn parts_of_an_entity_have_rights_of_their_own() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    permit(
        &portal,
        json!({
            "updateProperties": { "tier": { "roles": ["Member"] } },
            "updateRelations": { "uses": { "roles": ["Member"] } },
        }),
    )
    .await;
    let orders = "/v1/blueprints/service/entities/orders";
    for (body, expected) in [
        (json!({ "properties": { "tier": "2" } }), 200),
        (json!({ "relations": { "uses": ["orders"] } }), 200),
        (json!({ "properties": { "tier": "3", "language": "Rust" } }), 403),
        (json!({ "title": "Orders" }), 403),
        (json!({ "icon": "Star" }), 403),
        (json!({ "team": "beta" }), 403),
        (json!({ "identifier": "renamed" }), 403),
        (json!({ "properties": { "undeclared": 1 } }), 403),
        // What is there already is no change.
        (json!({ "team": "alpha", "properties": { "tier": "2" } }), 200),
    ] {
        let (status, answer) = ask(&portal, &elsa, "PATCH", orders, body.clone()).await;
        assert_eq!(status, expected, "{body}: {answer}");
    }
    // A replacement clears what it does not say.
    assert_eq!(status(&portal, &elsa, "PUT", orders, json!({ "properties": { "tier": "2" } })).await, 403);
    let (_, answer) =
        ask(&portal, &elsa, "PATCH", orders, json!({ "properties": { "language": "Go" } })).await;
    assert!(answer["message"].as_str().unwrap().contains("property \"language\""), "{answer}");
    assert_eq!(portal.get(orders).await.json()["entity"]["properties"], json!({ "tier": "2" }));
}

/// What was permitted over a property ends with the property, the right to read that comes with it included.
#[tokio::test]
async fn rights_over_a_property_end_with_it() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    permit(&portal, json!({ "read": {}, "updateProperties": { "tier": { "roles": ["Member"] } } })).await;
    let orders = "/v1/blueprints/service/entities/orders";
    assert_eq!(status(&portal, &elsa, "PATCH", orders, json!({ "properties": { "tier": "2" } })).await, 200);
    let gone = json!({ "schema": { "properties": { "tier": null } } });
    assert_eq!(portal.request("PATCH", "/v1/blueprints/service", Some(&gone)).await.status, 200);
    let changed = json!({ "properties": { "tier": "3" } });
    assert_eq!(status(&portal, &elsa, "PATCH", orders, changed).await, 403);
}

/// Ownership counts before and after: nobody takes an entity from others, or gives itself away from under its hands.
#[tokio::test]
async fn owners_change_what_is_theirs_and_stays_theirs() {
    let portal = portal().await;
    let alma = portal.member_of("alma@larkfell.example", &["alpha"]).await;
    let bert = portal.member_of("bert@larkfell.example", &["beta"]).await;
    let owned = json!({ "ownedByTeam": true });
    permit(&portal, json!({ "register": owned, "update": owned, "unregister": owned })).await;
    let orders = "/v1/blueprints/service/entities/orders";
    assert_eq!(status(&portal, &alma, "PATCH", orders, json!({ "title": "Orders" })).await, 200);
    assert_eq!(status(&portal, &bert, "PATCH", orders, json!({ "title": "Mine" })).await, 403);
    assert_eq!(status(&portal, &bert, "PATCH", orders, json!({ "team": "beta" })).await, 403);
    assert_eq!(status(&portal, &alma, "PATCH", orders, json!({ "team": "beta" })).await, 403);
    assert_eq!(status(&portal, &alma, "PATCH", orders, json!({ "team": ["alpha", "beta"] })).await, 200);
    assert_eq!(status(&portal, &bert, "PATCH", orders, json!({ "title": "Ours" })).await, 200);
    let new = |team: &str| json!({ "identifier": format!("of-{team}"), "team": team });
    assert_eq!(status(&portal, &alma, "POST", ENTITIES, new("alpha")).await, 201);
    assert_eq!(status(&portal, &alma, "POST", ENTITIES, new("beta")).await, 403);
    assert_eq!(
        status(&portal, &bert, "DELETE", "/v1/blueprints/service/entities/of-alpha", json!({})).await,
        403
    );
    assert_eq!(status(&portal, &bert, "DELETE", orders, json!({})).await, 200);
}

#[tokio::test]
async fn items_of_a_bulk_are_refused_one_by_one() {
    let portal = portal().await;
    let alma = portal.member_of("alma@larkfell.example", &["alpha"]).await;
    let owned = json!({ "ownedByTeam": true });
    permit(&portal, json!({ "register": owned, "unregister": owned })).await;
    let both = json!({ "entities": [
        { "identifier": "a", "team": "alpha" }, { "identifier": "b", "team": "beta" },
    ] });
    let (status, answer) = ask(&portal, &alma, "POST", "/v1/blueprints/service/entities/bulk", both).await;
    assert_eq!(status, 207, "{answer}");
    let error = &answer["errors"][0];
    assert_eq!((&error["identifier"], &error["statusCode"]), (&json!("b"), &json!(403)), "{answer}");
    assert_eq!(portal.get("/v1/blueprints/service/entities/b").await.status, 404);
    let beta = json!({ "identifier": "b", "team": "beta" });
    assert_eq!(portal.post(ENTITIES, &beta).await.status, 201);
    let delete = json!({ "entities": ["a", "b"] });
    let (_, answer) =
        ask(&portal, &alma, "POST", "/v1/blueprints/service/bulk/entities/delete", delete).await;
    assert_eq!(answer["deletedEntities"], json!(["a"]), "{answer}");
}

#[tokio::test]
async fn moderators_look_after_the_entities_of_their_blueprint() {
    let portal = portal().await;
    let otto = portal.moderator("otto@larkfell.example", &["service"]).await;
    assert_eq!(status(&portal, &otto, "POST", ENTITIES, json!({ "identifier": "new" })).await, 201);
    let one = "/v1/blueprints/service/entities/new";
    assert_eq!(status(&portal, &otto, "PATCH", one, json!({ "title": "x", "team": "beta" })).await, 200);
    assert_eq!(status(&portal, &otto, "DELETE", one, json!({})).await, 200);
    assert_eq!(status(&portal, &otto, "PATCH", "/v1/blueprints/service", json!({ "title": "x" })).await, 403);
    let team = json!({ "identifier": "gamma" });
    assert_eq!(status(&portal, &otto, "POST", "/v1/blueprints/_team/entities", team).await, 403);
}

#[tokio::test]
async fn nobody_makes_himself_administrator() {
    let portal = portal().await;
    let elsa = portal.moderator("elsa@larkfell.example", &["_user", "_team"]).await;
    let body =
        json!({ "entities": { "update": { "roles": ["Member"] }, "register": { "roles": ["Member"] } } });
    let permissions = "/v1/blueprints/_user/permissions";
    assert_eq!(portal.request("PATCH", permissions, Some(&body)).await.status, 200);
    let own = "/v1/blueprints/_user/entities/elsa@larkfell.example";
    for body in [
        json!({ "properties": { "port_role": "Admin" } }),
        json!({ "properties": { "moderated_blueprints": ["service"] } }),
        json!({ "team": ["alpha"] }),
        json!({ "identifier": "ada@larkfell.example" }),
    ] {
        assert_eq!(status(&portal, &elsa, "PATCH", own, body.clone()).await, 403, "{body}");
    }
    assert_eq!(status(&portal, &elsa, "PATCH", own, json!({ "title": "Elsa" })).await, 200);
    let other = json!({ "identifier": "eve@larkfell.example", "properties": { "status": "Active" } });
    assert_eq!(status(&portal, &elsa, "POST", "/v1/blueprints/_user/entities", other).await, 403);
    let yaml = json!([]);
    assert_eq!(status(&portal, &elsa, "DELETE", own, yaml).await, 403);
}

#[tokio::test]
async fn what_may_not_be_seen_is_not_there() {
    let portal = portal().await;
    let bert = portal.member_of("bert@larkfell.example", &["beta"]).await;
    let owned = json!({ "ownedByTeam": true });
    permit(&portal, json!({ "read": owned, "update": owned, "unregister": owned })).await;
    let orders = "/v1/blueprints/service/entities/orders";
    let absent = "/v1/blueprints/service/entities/absent";
    for method in ["PATCH", "PUT", "DELETE"] {
        let hidden = ask(&portal, &bert, method, orders, json!({ "title": "x" })).await;
        let missing = ask(&portal, &bert, method, absent, json!({ "title": "x" })).await;
        assert_eq!(hidden.0, 404, "{method}: {hidden:?}");
        let expected = missing.1.to_string().replace("absent", "orders");
        assert_eq!(hidden.1.to_string(), expected, "{method}");
    }
}

/// A relation to what may not be seen is one to what is not there.
#[tokio::test]
async fn hidden_targets_and_dependents_are_not_named() {
    let portal = portal().await;
    let host = json!({ "identifier": "host", "title": "Host",
        "relations": { "runs": { "target": "service", "required": true } } });
    assert_eq!(portal.post("/v1/blueprints", &host).await.status, 201);
    let runs = json!({ "identifier": "h1", "relations": { "runs": "orders" } });
    assert_eq!(portal.post("/v1/blueprints/host/entities", &runs).await.status, 201);
    let elsa = portal.moderator("elsa@larkfell.example", &["host"]).await;
    let otto = portal.moderator("otto@larkfell.example", &["service"]).await;
    permit(&portal, json!({ "read": {} })).await;
    let to = |target: &str| json!({ "identifier": "h2", "relations": { "runs": target } });
    let hidden = ask(&portal, &elsa, "POST", "/v1/blueprints/host/entities", to("orders")).await;
    let absent = ask(&portal, &elsa, "POST", "/v1/blueprints/host/entities", to("absent")).await;
    assert_eq!(
        (hidden.0, hidden.1.to_string()),
        (absent.0, absent.1.to_string().replace("absent", "orders"))
    );
    let body = json!({ "entities": { "read": {} } });
    let answer = portal.request("PATCH", "/v1/blueprints/host/permissions", Some(&body)).await;
    assert_eq!(answer.status, 200);
    for (query, expected) in [("", 422), ("?delete_dependents=true", 403)] {
        let path = format!("/v1/blueprints/service/entities/orders{query}");
        let (status, answer) = ask(&portal, &otto, "DELETE", &path, json!({})).await;
        assert_eq!(status, expected, "{answer}");
        assert!(!answer.to_string().contains("h1"), "{answer}");
    }
}

#[tokio::test]
async fn a_policy_lets_people_at_entities_that_satisfy_it() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let alma = portal.member_of("alma@larkfell.example", &["alpha"]).await;
    let rule = json!({ "property": "$team", "operator": "containsAny",
        "value": { "context": "userTeams", "property": "$identifier" } });
    let policy = json!({ "combinator": "and", "rules": [rule] });
    permit(&portal, json!({ "read": { "policy": policy }, "update": { "policy": policy } })).await;
    let orders = "/v1/blueprints/service/entities/orders";
    assert_eq!(status(&portal, &alma, "PATCH", orders, json!({ "title": "Orders" })).await, 200);
    assert_eq!(status(&portal, &elsa, "PATCH", orders, json!({ "title": "Mine" })).await, 404);
}

#[tokio::test]
async fn documents_are_judged_one_by_one() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    permit(&portal, json!({ "register": { "roles": ["Member"] } })).await;
    let yaml = "blueprint: service\nidentifier: mine\n---\nblueprint: service\nidentifier: orders\ntitle: Mine\n---\n\
        identifier: own\ntitle: Own\nschema: {properties: {}}\n---\n\
        apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: c}\n\
        spec: {type: service, lifecycle: production, owner: x}\n";
    let report = portal.portal.write_documents(&elsa.viewer, yaml.into(), false).await.unwrap();
    assert_eq!(report.created.iter().map(|c| c.identifier.as_str()).collect::<Vec<_>>(), ["mine"]);
    let refused: Vec<usize> = report.rejected.iter().map(|r| r.index).collect();
    assert_eq!(refused, [1, 2, 3], "{report:?}");
    assert!(report.rejected.iter().all(|r| r.message.contains("may")), "{report:?}");
}

/// The groups of a Backstage user with the same address are teams of the person.
#[tokio::test]
async fn groups_of_the_same_address_are_teams() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let owned = json!({ "ownedByTeam": true });
    permit(&portal, json!({ "update": owned })).await;
    let orders = "/v1/blueprints/service/entities/orders";
    assert_eq!(status(&portal, &elsa, "PATCH", orders, json!({ "title": "Mine" })).await, 403);
    portal
        .documents(
            "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: elsa}\n\
             spec: {profile: {email: Elsa@larkfell.example}, memberOf: [alpha]}\n",
        )
        .await;
    assert_eq!(status(&portal, &elsa, "PATCH", orders, json!({ "title": "Ours" })).await, 200);
    let teams = || portal.portal.rights(&elsa.viewer).teams().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(teams(), ["alpha"]);
    // Something else is written, and then a group says who is in it.
    assert_eq!(portal.post(ENTITIES, &json!({ "identifier": "other" })).await.status, 201);
    assert_eq!(teams(), ["alpha"]);
    portal
        .documents(
            "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: gamma}\n\
             spec: {type: team, children: [], members: [elsa]}\n",
        )
        .await;
    assert_eq!(teams(), ["alpha", "gamma"]);
    portal.person("elsa@larkfell.example", json!({}), &["beta"]).await;
    assert_eq!(teams(), ["alpha", "beta", "gamma"]);
}

#[tokio::test]
async fn a_limited_token_does_no_more_than_it_says() {
    let portal = portal().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let reads = portal.limited(&ada, &["read:entities"]);
    assert_eq!(status(&portal, &reads, "GET", ENTITIES, json!({})).await, 200);
    assert_eq!(status(&portal, &reads, "GET", "/v1/blueprints", json!({})).await, 403);
    let (refused, answer) = ask(&portal, &reads, "POST", ENTITIES, json!({ "identifier": "x" })).await;
    assert_eq!(refused, 403);
    assert!(answer["message"].as_str().unwrap().contains("create:entities"), "{answer}");
    let makes = portal.limited(&ada, &["create:entities:service", "update:blueprints:service"]);
    assert_eq!(status(&portal, &makes, "POST", ENTITIES, json!({ "identifier": "x" })).await, 201);
    assert_eq!(status(&portal, &makes, "GET", ENTITIES, json!({})).await, 403);
    assert_eq!(
        status(&portal, &makes, "PATCH", "/v1/blueprints/service", json!({ "title": "S" })).await,
        200
    );
    assert_eq!(status(&portal, &makes, "POST", "/v1/blueprints", json!({ "identifier": "b" })).await, 403);
}
