//! People and teams through Port's dialect: what neither a single entity nor a case file can say.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_auth::Viewer;
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::{Person, TestPortal};

use crate::migrations::ended;

async fn ask(portal: &TestPortal, who: &Person, method: &str, path: &str, body: Value) -> (u16, Value) {
    let answer = portal.request_as(who, method, path, Some(&body)).await;
    (answer.status, answer.json())
}

async fn done(portal: &TestPortal, method: &str, path: &str, body: Value) -> Value {
    let answer = portal.request(method, path, Some(&body)).await;
    assert!(matches!(answer.status, 200 | 201), "{method} {path}: {}", answer.text());
    answer.json()
}

async fn permissions(portal: &TestPortal, who: &Person) -> Vec<String> {
    let (status, body) = ask(portal, who, "GET", "/v1/auth/permissions?action_version=v2", json!({})).await;
    assert_eq!(status, 200, "{body}");
    let texts = body["permissions"].as_array().unwrap().iter();
    texts.map(|text| text.as_str().unwrap().to_owned()).collect()
}

const CATALOG: &str = "
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: orders-team, description: Takes orders}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: night, namespace: ops}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: whoever}
spec: {profile: {email: Elsa@Larkfell.example, displayName: Elsa Moor, picture: 'https://larkfell.example/elsa.png'}, memberOf: [orders-team]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: otto}
spec: {profile: {email: nobody@larkfell.example}, memberOf: [ops/night]}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: orders}
spec: {type: service, lifecycle: production, owner: orders-team}
";

#[tokio::test]
async fn a_group_is_a_team_that_only_the_catalog_fills() {
    let portal = TestPortal::new().await;
    assert_eq!(portal.documents(CATALOG).await.status, 200);
    portal.member("elsa@larkfell.example").await;
    portal.member("otto@larkfell.example").await;
    let listed = portal.get("/v1/teams?fields=name,provider,description,users.email,users.firstName").await;
    assert_eq!(
        listed.json()["teams"],
        json!([
            { "name": "orders-team", "provider": "backstage", "description": "Takes orders",
              "users": [{ "email": "elsa@larkfell.example", "firstName": "Elsa" }] },
            // The user of this name has another address, and so is somebody else.
            { "name": "ops/night", "provider": "backstage", "users": [] },
        ]),
    );
    let night = portal.get("/v1/teams/ops%2Fnight?fields=identifier").await.json();
    assert_eq!(night["team"], json!({ "identifier": "ops/night" }));
    let orders = portal.get("/v1/blueprints/component/entities/component:default%2Forders").await.json();
    assert_eq!(orders["entity"]["team"], json!(["orders-team"]));
    let elsa = portal.get("/v1/users/elsa@larkfell.example").await.json()["user"].clone();
    assert_eq!(elsa["teams"], json!(["orders-team"]));
    assert_eq!(
        (&elsa["lastName"], &elsa["picture"]),
        (&json!("Moor"), &json!("https://larkfell.example/elsa.png"))
    );

    for (method, body) in
        [("PUT", json!({ "name": "orders-team" })), ("PATCH", json!({})), ("DELETE", json!({}))]
    {
        let answer = portal.request(method, "/v1/teams/orders-team", Some(&body)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (422, &json!("protected_entity")), "{method}");
    }
    // Whoever is in it may be said to be; nobody else is put into it here.
    let teams = json!({ "teams": ["orders-team"] });
    let elsa = done(&portal, "PATCH", "/v1/users/elsa@larkfell.example", teams.clone()).await;
    assert_eq!(elsa["teams"], json!(["orders-team"]));
    let otto = portal.request("PATCH", "/v1/users/otto@larkfell.example", Some(&teams)).await;
    assert_eq!((otto.status, &otto.json()["error"]), (422, &json!("protected_entity")));

    let made = json!({ "name": "orders-team", "users": ["otto@larkfell.example"] });
    let made = done(&portal, "POST", "/v1/teams", made).await;
    assert_eq!(made["team"]["provider"], json!("port"));
    assert_eq!(made["team"]["users"], json!(["elsa@larkfell.example", "otto@larkfell.example"]));
    let listed = portal.get("/v1/teams?fields=name").await.json();
    assert_eq!(listed["teams"], json!([{ "name": "orders-team" }, { "name": "ops/night" }]));
}

#[tokio::test]
async fn members_read_people_and_change_nobody() {
    let portal = TestPortal::new().await;
    portal.administrator("ada@larkfell.example").await;
    let elsa = portal.moderator("elsa@larkfell.example", &["_user", "_team"]).await;
    done(&portal, "POST", "/v1/teams", json!({ "name": "Rocket" })).await;
    for path in ["/v1/users", "/v1/users/ada@larkfell.example", "/v1/teams", "/v1/teams/Rocket"] {
        assert_eq!(portal.request_as(&elsa, "GET", path, None).await.status, 200, "{path}");
    }
    let own = "/v1/users/elsa@larkfell.example";
    for (method, path, body) in [
        ("PATCH", own, json!({ "roles": ["Admin"] })),
        ("PATCH", own, json!({ "teams": ["Rocket"] })),
        ("DELETE", own, json!({})),
        ("DELETE", "/v1/users/nobody@larkfell.example", json!({})),
        (
            "POST",
            "/v1/users/invite",
            json!({ "invitee": { "email": "eve@larkfell.example", "roles": ["Admin"] } }),
        ),
        (
            "POST",
            "/v1/users/invite",
            json!({ "invitee": { "email": "eve@larkfell.example", "teams": ["Nobody"] } }),
        ),
        ("POST", "/v1/teams", json!({ "name": "Mine" })),
        ("PUT", "/v1/teams/Rocket", json!({ "name": "Rocket", "users": ["elsa@larkfell.example"] })),
        ("PATCH", "/v1/teams/Nobody", json!({})),
        ("DELETE", "/v1/teams/Rocket", json!({})),
    ] {
        let (status, answer) = ask(&portal, &elsa, method, path, body).await;
        assert_eq!((status, &answer["error"]), (403, &json!("forbidden")), "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn an_administrator_may_step_down_and_is_answered() {
    let portal = TestPortal::new().await;
    portal.administrator("ada@larkfell.example").await;
    let elsa = portal.administrator("elsa@larkfell.example").await;
    let own = "/v1/users/elsa@larkfell.example";
    let (status, answer) = ask(&portal, &elsa, "PATCH", own, json!({ "status": "DISABLED" })).await;
    assert_eq!((status, &answer["status"]), (200, &json!("DISABLED")), "{answer}");
    assert_eq!(ask(&portal, &elsa, "GET", own, json!({})).await.0, 403);
    assert!(permissions(&portal, &elsa).await.is_empty());
}

#[tokio::test]
async fn each_caller_reads_what_it_may() {
    let portal = TestPortal::new().await;
    done(&portal, "POST", "/v1/blueprints", json!({ "identifier": "service", "title": "S" })).await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let all = permissions(&portal, &ada).await;
    for text in ["read:entities", "update:entities", "delete:blueprints", "update:users", "read:audit-log"] {
        assert!(all.iter().any(|a| a == text), "{text}: {all:?}");
    }
    assert!(!all.iter().any(|text| text.starts_with("execute:") || text.matches(':').count() > 1), "{all:?}");

    // Its own things, and what nobody is harmed by: locations are registered by everybody, and only what one did
    // oneself is taken back.
    let own = [":account", ":tokens", ":sessions", ":personal-settings", ":locations", ":runs"];
    let harmless = ["update:changes"];
    let elsa = permissions(&portal, &portal.member("elsa@larkfell.example").await).await;
    let is_meant = |text: &String| {
        text.starts_with("read:")
            || own.iter().any(|end| text.ends_with(end))
            || harmless.contains(&text.as_str())
    };
    assert!(elsa.iter().all(is_meant), "{elsa:?}");
    assert!(elsa.contains(&"read:users".to_owned()), "{elsa:?}");
    for text in ["read:secrets", "read:integrations", "create:entities"] {
        assert!(!elsa.iter().any(|own| own == text), "{text}: {elsa:?}");
    }
    let otto = permissions(&portal, &portal.moderator("otto@larkfell.example", &["service"]).await).await;
    let own: Vec<&String> = otto.iter().filter(|text| !elsa.contains(text)).collect();
    assert_eq!(own, ["create:entities:service", "update:entities:service", "delete:entities:service"]);

    let few = portal.limited(&ada, &["read:entities:service", "update:users", "read:secrets:key"]);
    assert_eq!(
        permissions(&portal, &few).await,
        ["update:users", "read:entities:service", "read:secrets:key"]
    );
    let nobody = portal.limited(&portal.member("bert@larkfell.example").await, &["update:users"]);
    assert!(permissions(&portal, &nobody).await.is_empty());
}

/// Of a limited token each use asks for its scope, also where its owner is an administrator.
#[tokio::test]
async fn a_limited_token_changes_people_only_by_its_scopes() {
    let portal = TestPortal::new().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    portal.member("elsa@larkfell.example").await;
    let few = portal.limited(&ada, &["read:users", "update:users:elsa@larkfell.example", "update:teams"]);
    let roles = json!({ "roles": ["Admin"] });
    for (method, path, body, expected) in [
        ("GET", "/v1/users", json!({}), 200),
        ("GET", "/v1/teams", json!({}), 403),
        ("PATCH", "/v1/users/elsa@larkfell.example", json!({ "firstName": "Elsa" }), 200),
        ("PATCH", "/v1/users/ada@larkfell.example", roles.clone(), 403),
        ("DELETE", "/v1/users/elsa@larkfell.example", json!({}), 403),
        ("POST", "/v1/users/invite", json!({ "invitee": { "email": "eve@larkfell.example" } }), 403),
        ("POST", "/v1/teams", json!({ "name": "Mine" }), 403),
    ] {
        let (status, answer) = ask(&portal, &few, method, path, body).await;
        assert_eq!(status, expected, "{method} {path}: {answer}");
    }
}

/// What the read permissions of `_user` hide is in no list of users or members.
#[tokio::test]
async fn hidden_people_are_in_no_list() {
    let portal = TestPortal::new().await;
    let elsa = portal.member_of("elsa@larkfell.example", &["alpha"]).await;
    portal.member_of("bert@larkfell.example", &["beta"]).await;
    for team in ["alpha", "beta"] {
        done(&portal, "POST", "/v1/blueprints/_team/entities", json!({ "identifier": team })).await;
    }
    let restricted = json!({ "entities": { "read": { "ownedByTeam": true } } });
    done(&portal, "PATCH", "/v1/blueprints/_user/permissions", restricted).await;
    let (_, users) = ask(&portal, &elsa, "GET", "/v1/users?fields=email", json!({})).await;
    assert_eq!(users["users"], json!([{ "email": "elsa@larkfell.example" }]));
    let hidden = ask(&portal, &elsa, "GET", "/v1/users/bert@larkfell.example", json!({})).await;
    assert_eq!(hidden.0, 404, "{hidden:?}");
    let (_, beta) = ask(&portal, &elsa, "GET", "/v1/teams/beta?fields=users", json!({})).await;
    assert_eq!(beta["team"], json!({ "users": [] }));
}

/// Whoever may change a file of the catalog would else make itself administrator.
#[tokio::test]
async fn files_make_neither_people_nor_teams() {
    let yaml = "- identifier: elsa@larkfell.example\n  blueprint: _user\n  properties: {status: Active, port_role: Admin}\n\
        - identifier: staff\n  blueprint: _team\n  title: Staff\n";
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let before = TestPortal::builder().store(Arc::clone(&store)).start().await;
    before.member("elsa@larkfell.example").await;
    before.portal.flush().await;
    drop(before);
    // The file is read where the person is there already.
    let portal = TestPortal::builder().store(store).file("people.yaml", yaml).location("people.yaml");
    let portal = portal.start().await;
    let elsa = portal.caller(Viewer::person("elsa@larkfell.example"));
    let user = portal.get("/v1/users/elsa@larkfell.example?fields=type").await.json();
    assert_eq!(user["user"], json!({ "type": "MEMBER" }));
    assert_eq!(portal.request_as(&elsa, "GET", "/v1/integration", None).await.status, 403);
    assert_eq!(portal.get("/v1/teams/staff").await.status, 404);
    let sources = portal.get("/api/stagedoor/v1/sources").await.text();
    assert_eq!(sources.matches("is not read from files").count(), 2, "{sources}");
    let again = portal.portal.write_documents(&elsa.viewer, yaml.into(), false).await.unwrap();
    assert_eq!(again.rejected.len(), 2, "{again:?}");
    assert_eq!(portal.request_as(&elsa, "GET", "/v1/integration", None).await.status, 403);
}

/// A team that goes takes the rights of its members with it, also where another one of its name is made.
#[tokio::test]
async fn rights_by_a_team_end_with_it() {
    let portal = TestPortal::new().await;
    done(&portal, "POST", "/v1/teams", json!({ "name": "alpha" })).await;
    let elsa = portal.member_of("elsa@larkfell.example", &["alpha"]).await;
    done(&portal, "POST", "/v1/blueprints", json!({ "identifier": "service", "title": "S" })).await;
    let register = json!({ "entities": { "register": { "teams": ["alpha"] } } });
    done(&portal, "PATCH", "/v1/blueprints/service/permissions", register).await;
    let create = |n: u8| json!({ "identifier": format!("s{n}") });
    let entities = "/v1/blueprints/service/entities";
    assert_eq!(ask(&portal, &elsa, "POST", entities, create(1)).await.0, 201);
    done(&portal, "DELETE", "/v1/teams/alpha", json!({})).await;
    assert_eq!(ask(&portal, &elsa, "POST", entities, create(2)).await.0, 403);
    done(&portal, "POST", "/v1/teams", json!({ "name": "alpha" })).await;
    assert_eq!(ask(&portal, &elsa, "POST", entities, create(2)).await.0, 403);
    done(&portal, "PATCH", "/v1/teams/alpha", json!({ "users": ["elsa@larkfell.example"] })).await;
    assert_eq!(ask(&portal, &elsa, "POST", entities, create(2)).await.0, 201);
}

/// Port's clients name teams in permissions as people do.
#[tokio::test]
async fn permissions_may_name_a_team_by_its_name() {
    let portal = TestPortal::new().await;
    done(&portal, "POST", "/v1/blueprints", json!({ "identifier": "service", "title": "S" })).await;
    let named = json!({ "entities": { "register": { "teams": ["Night Shift"] } } });
    done(&portal, "PATCH", "/v1/blueprints/service/permissions", named).await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let entities = "/v1/blueprints/service/entities";
    let create = |n: u8| json!({ "identifier": format!("s{n}") });
    assert_eq!(ask(&portal, &elsa, "POST", entities, create(1)).await.0, 403);
    let team = json!({ "name": "Night Shift", "users": ["elsa@larkfell.example"] });
    done(&portal, "POST", "/v1/teams", team).await;
    assert_eq!(ask(&portal, &elsa, "POST", entities, create(1)).await.0, 201);
    done(&portal, "PUT", "/v1/teams/Night%20Shift", json!({ "name": "Day Shift" })).await;
    assert_eq!(ask(&portal, &elsa, "POST", entities, create(2)).await.0, 403);
    // Nobody but an administrator calls a team otherwise, whatever the permissions of teams say.
    let open = json!({ "entities": { "update": { "roles": ["Member"] } } });
    done(&portal, "PATCH", "/v1/blueprints/_team/permissions", open).await;
    let own = "/v1/blueprints/_team/entities/night_shift";
    assert_eq!(ask(&portal, &elsa, "PATCH", own, json!({ "title": "Night Shift" })).await.0, 403);
    assert_eq!(
        ask(&portal, &elsa, "PATCH", own, json!({ "properties": { "description": "x" } })).await.0,
        200
    );
}

/// Nor by what works over all entities of a blueprint in the background.
#[tokio::test]
async fn the_last_administrator_survives_the_deletion_of_everybody() {
    let portal = TestPortal::new().await;
    portal.administrator("ada@larkfell.example").await;
    portal.member("elsa@larkfell.example").await;
    let started = done(&portal, "DELETE", "/v1/blueprints/_user/all-entities", json!({})).await;
    let migration = ended(&portal, started["migrationId"].as_str().unwrap()).await;
    assert_eq!(migration["failureCount"], json!(1), "{migration}");
    let users = portal.get("/v1/users?fields=email,type").await.json();
    assert_eq!(users["users"], json!([{ "email": "ada@larkfell.example", "type": "ADMIN" }]));
}
