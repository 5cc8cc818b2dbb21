//! Who may execute which action, whose runs they are, and what hostile definitions and inputs come to.

use serde_json::{Value, json};
use stagedoor_testkit::{Answer, Person, TestPortal};

/// An action that hands its runs to an agent, so that they stay as they are.
fn action(identifier: &str, over: &Value) -> Value {
    let mut body = json!({
        "identifier": identifier,
        "trigger": {"type": "self-service", "operation": "DAY-2", "blueprintIdentifier": "service", "userInputs": {"properties": {"n": {"type": "number"}}}},
        "invocationMethod": {"type": "WEBHOOK", "agent": true, "url": "https://example.com"},
    });
    for (key, value) in over.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

async fn made(portal: &TestPortal, identifier: &str, over: Value) {
    let answer = portal.post("/v1/actions", &action(identifier, &over)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

async fn execute(portal: &TestPortal, who: &Person, action: &str, body: Value) -> Answer {
    portal.request_as(who, "POST", &format!("/v1/actions/{action}/runs"), Some(&body)).await
}

async fn permit(portal: &TestPortal, action: &str, permissions: Value) {
    let path = format!("/v1/actions/{action}/permissions");
    let answer = portal.request("PATCH", &path, Some(&permissions)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// A service of a team, and people in and outside of it.
async fn stage() -> (TestPortal, Person, Person) {
    let portal = TestPortal::new().await;
    portal.post("/v1/blueprints", &json!({"identifier": "service", "title": "Service", "schema": {"properties": {"tier": {"type": "string"}}}})).await;
    portal.post("/v1/teams", &json!({"name": "crew"})).await;
    let cart =
        json!({"identifier": "cart", "title": "Cart", "team": ["crew"], "properties": {"tier": "gold"}});
    assert_eq!(portal.post("/v1/blueprints/service/entities", &cart).await.status, 201);
    let (mia, otto) = (
        portal.member_of("mia@larkfell.example", &["crew"]).await,
        portal.member("otto@larkfell.example").await,
    );
    (portal, mia, otto)
}

#[tokio::test]
async fn permissions_say_who_may_execute() {
    let (portal, mia, otto) = stage().await;
    made(&portal, "open", json!({})).await;
    let cart = json!({"entity": "cart", "properties": {"n": 1}});
    assert_eq!(
        execute(&portal, &otto, "open", cart.clone()).await.status,
        202,
        "every member, unless somebody says otherwise"
    );
    made(&portal, "own", json!({})).await;
    permit(&portal, "own", json!({"execute": {"roles": [], "users": [], "teams": [], "ownedByTeam": true}}))
        .await;
    assert_eq!(execute(&portal, &mia, "own", cart.clone()).await.status, 202);
    let refused = execute(&portal, &otto, "own", cart.clone()).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    made(&portal, "named", json!({})).await;
    permit(&portal, "named", json!({"execute": {"roles": [], "users": ["Otto@larkfell.example"]}})).await;
    assert_eq!(execute(&portal, &mia, "named", cart.clone()).await.status, 403);
    assert_eq!(execute(&portal, &otto, "named", cart.clone()).await.status, 202);
    let permissions = |answer: Answer| answer.json()["permissions"].clone();
    let of = |who: Person| {
        let portal = &portal;
        async move {
            permissions(portal.request_as(&who, "GET", "/v1/auth/permissions?action_version=v2", None).await)
        }
    };
    let (mias, ottos) = (of(mia.clone()).await, of(otto.clone()).await);
    let has = |all: &Value, one: &str| all.as_array().unwrap().iter().any(|text| text == one);
    assert!(has(&mias, "execute:actions:open") && has(&mias, "execute:team_entities:actions:own"), "{mias}");
    assert!(has(&ottos, "execute:actions:named") && !has(&mias, "execute:actions:named"), "{ottos}");
    // A token that may not execute does not, whoever its owner is.
    let limited = portal.limited(&otto, &["read:actions", "read:entities"]);
    assert_eq!(execute(&portal, &limited, "open", cart).await.status, 403);
}

#[tokio::test]
async fn policies_decide_by_what_is_in_the_catalog_and_what_is_filled_in() {
    let (portal, mia, otto) = stage().await;
    made(&portal, "small", json!({})).await;
    let queries = json!({"mine": {"combinator": "and", "rules": [
        {"property": "$blueprint", "operator": "=", "value": "_user"},
        {"property": "$identifier", "operator": "=", "value": "{{ .user.email }}"}]}});
    let condition = ".inputs.n <= 3 and .entity.properties.tier == \"gold\" and (.results.mine.entities[0].team | index(\"crew\") != null)";
    let endless = "[range(1e12)] | length > 0";
    permit(
        &portal,
        "small",
        json!({"execute": {"policy": {"queries": queries, "conditions": [endless, condition]}}}),
    )
    .await;
    let call = |n: u32| json!({"entity": "cart", "properties": {"n": n}});
    let allowed = execute(&portal, &mia, "small", call(3)).await;
    assert_eq!(allowed.status, 202, "{}", allowed.text());
    assert_eq!(execute(&portal, &mia, "small", call(4)).await.status, 403, "too many");
    assert_eq!(execute(&portal, &otto, "small", call(1)).await.status, 403, "not in the team");
    permit(
        &portal,
        "small",
        json!({"execute": {"policy": {"conditions": [endless, endless, endless, endless]}}}),
    )
    .await;
    assert_eq!(execute(&portal, &mia, "small", call(1)).await.status, 403, "what never ends admits nobody");
}

#[tokio::test]
async fn only_machines_execute_in_the_name_of_others_and_with_their_rights() {
    let (portal, mia, otto) = stage().await;
    made(&portal, "own", json!({})).await;
    permit(&portal, "own", json!({"execute": {"roles": [], "ownedByTeam": true}})).await;
    let cart = json!({"entity": "cart", "properties": {}});
    let path = "/v1/actions/own/runs?run_as=mia@larkfell.example";
    let forged = portal.request_as(&otto, "POST", path, Some(&cart)).await;
    assert_eq!(forged.status, 403, "{}", forged.text());
    let administrator = portal.administrator("ada@larkfell.example").await;
    assert_eq!(
        portal.request_as(&administrator, "POST", path, Some(&cart)).await.status,
        403,
        "a person is no machine"
    );
    let run = portal.request("POST", path, Some(&cart)).await;
    assert_eq!(run.status, 202, "{}", run.text());
    let run = run.json()["run"].clone();
    assert_eq!(
        (run["createdBy"].as_str(), run["impersonatedBy"].as_str()),
        (Some("mia@larkfell.example"), Some("test-client"))
    );
    let others =
        portal.request("POST", "/v1/actions/own/runs?run_as=otto@larkfell.example", Some(&cart)).await;
    assert_eq!(others.status, 403, "the machine may, the person may not");
    drop(mia);
}

#[tokio::test]
async fn runs_of_others_are_neither_seen_nor_reported_on_nor_approved() {
    let (portal, mia, otto) = stage().await;
    made(&portal, "quiet", json!({"allowAnyoneToViewRuns": false, "requiredApproval": true})).await;
    permit(&portal, "quiet", json!({"approve": {"users": ["ida@larkfell.example"]}})).await;
    let ida = portal.member("ida@larkfell.example").await;
    let run = execute(&portal, &mia, "quiet", json!({"entity": "cart", "properties": {"n": 7}})).await;
    assert_eq!(run.status, 202, "{}", run.text());
    let id = run.json()["run"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/actions/runs/{id}");
    for (method, path, body) in [
        ("GET", path.clone(), None),
        ("PATCH", path.clone(), Some(json!({"status": "SUCCESS"}))),
        ("PATCH", format!("{path}/approval"), Some(json!({"status": "APPROVE"}))),
        ("GET", format!("{path}/logs"), None),
        ("POST", format!("{path}/logs"), Some(json!({"message": "x", "terminationStatus": "SUCCESS"}))),
        ("PATCH", format!("{path}/response"), Some(json!({"response": 1}))),
        ("GET", format!("{path}/approvers"), None),
    ] {
        let (theirs, none) = (path.clone(), path.replace(&id, "r_0000000000000000"));
        let forged = portal.request_as(&otto, method, &theirs, body.as_ref()).await;
        let absent = portal.request_as(&otto, method, &none, body.as_ref()).await;
        assert_eq!((forged.status, absent.status), (404, 404), "{method} {path}: {}", forged.text());
        assert_eq!(forged.text().replace(&id, "r_0000000000000000"), absent.text(), "{method} {path}");
    }
    let listed = portal
        .request_as(&otto, "GET", "/v1/actions/runs?action=quiet&user_email=mia@larkfell.example", None)
        .await;
    assert_eq!(listed.json()["runs"], json!([]));
    let seen = portal.request_as(&ida, "GET", &path, None).await;
    assert_eq!(seen.status, 200, "an approver sees it");
    // Whoever set it going sees it, and does not approve it.
    let approval = format!("{path}/approval");
    let own = portal.request_as(&mia, "PATCH", &approval, Some(&json!({"status": "APPROVE"}))).await;
    assert_eq!(own.status, 403, "{}", own.text());
    let approved = portal.request_as(&ida, "PATCH", &approval, Some(&json!({"status": "APPROVE"}))).await;
    assert_eq!(approved.status, 201, "{}", approved.text());
    // An approver is not whoever may report.
    let forged = portal.request_as(&ida, "PATCH", &path, Some(&json!({"status": "SUCCESS"}))).await;
    assert_eq!(forged.status, 403, "{}", forged.text());
    for claim in ["/v1/actions/runs/claim-pending", "/v1/actions/runs/ack"] {
        let method = if claim.ends_with("ack") { "PATCH" } else { "POST" };
        let body = json!({"installationId": "_PORT_EXEC_AGENT", "runId": id});
        assert_eq!(portal.request_as(&mia, method, claim, Some(&body)).await.status, 403, "{claim}");
    }
}

#[tokio::test]
async fn hostile_definitions_and_inputs_come_to_nothing() {
    let (portal, mia, _) = stage().await;
    let endless = json!({"jqQuery": "def f: f; f"});
    let inputs = json!({"properties": {
        "a": {"type": "string", "default": endless, "enum": endless, "visible": endless, "pattern": endless},
        "constructor": {"type": "number"}}});
    let trigger = json!({"type": "self-service", "operation": "CREATE", "userInputs": inputs});
    made(&portal, "endless", json!({ "trigger": trigger })).await;
    let run = execute(
        &portal,
        &mia,
        "endless",
        json!({"properties": {"__proto__": {"admin": true}, "constructor": 1}}),
    )
    .await;
    assert_eq!(run.status, 202, "{}", run.text());
    assert_eq!(run.json()["run"]["properties"]["__proto__"], json!({"admin": true}), "a name like any other");
    let wrong = execute(&portal, &mia, "endless", json!({"properties": {"constructor": "x"}})).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    let huge = execute(&portal, &mia, "endless", json!({"properties": {"b": "x".repeat(900_000)}})).await;
    assert!(matches!(huge.status, 202 | 422), "{}", huge.status);
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let deep = execute(&portal, &mia, "endless", json!({"properties": {"c": deep}})).await;
    assert_eq!(deep.status, 202, "{}", deep.text());
}

#[tokio::test]
async fn a_trial_shows_no_secret_and_is_for_who_defines_actions() {
    let (portal, mia, _) = stage().await;
    let secret = json!({"secretName": "CI_TOKEN", "secretValue": "hunter2-hunter2"});
    assert_eq!(portal.post("/v1/organization/secrets", &secret).await.status, 201);
    let definition = action(
        "x",
        &json!({"invocationMethod": {"type": "WEBHOOK", "url": "https://example.com", "headers": {"a": "Bearer {{ .secrets.CI_TOKEN }}"},
            "body": {"b": "{{ .secrets.CI_TOKEN | @base64 }}", "c": "{{ .secrets.CI_TOKEN[0:2] }}", "d": "{{ .secrets | tojson }}", "e": "{{ .inputs.n | nothing }}"}}}),
    );
    let ask = json!({"definition": definition, "values": {"n": 1}, "entity": "cart"});
    let path = "/api/stagedoor/v1/actions/preview";
    let answer = portal.post(path, &ask).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    assert!(!text.contains("hunter2") && !text.contains("aHVudGVy") && !text.contains("\"hu\""), "{text}");
    let answer = answer.json();
    assert_eq!(answer["invocation"]["headers"]["a"], "Bearer [secret CI_TOKEN]");
    assert_eq!(answer["invocation"]["body"]["e"], Value::Null);
    assert_eq!(answer["faults"][0]["path"], "/invocationMethod/body/e", "{}", answer["faults"]);
    assert_eq!(portal.request_as(&mia, "POST", path, Some(&ask)).await.status, 403);
}

#[tokio::test]
async fn forms_and_the_hub_say_what_may_be_done() {
    let (portal, mia, otto) = stage().await;
    let inputs = json!({"properties": {
        "n": {"type": "number", "maximum": 5},
        "why": {"type": "string", "visible": {"jqQuery": ".form.n > 3"}, "default": {"jqQuery": ".entity.title"}}}, "required": ["n"]});
    let trigger = json!({"type": "self-service", "operation": "DAY-2", "blueprintIdentifier": "service", "userInputs": inputs,
        "condition": {"type": "SEARCH", "combinator": "and", "rules": [{"property": "tier", "operator": "=", "value": "gold"}]}});
    made(&portal, "scale", json!({ "trigger": trigger, "requiredApproval": true })).await;
    permit(&portal, "scale", json!({"execute": {"roles": [], "teams": ["crew"]}})).await;
    let form = |who: Person, body: Value| {
        let portal = &portal;
        async move {
            portal.request_as(&who, "POST", "/api/stagedoor/v1/actions/scale/form", Some(&body)).await.json()
        }
    };
    let open = form(mia.clone(), json!({"properties": {"n": 4}, "entity": "cart"})).await;
    assert_eq!(open["why"], Value::Null, "{open}");
    assert_eq!(open["userInputs"]["properties"]["why"]["visible"], true);
    assert_eq!(open["userInputs"]["properties"]["why"]["default"], "Cart");
    assert_eq!((&open["userInputs"]["required"], &open["action"]["approval"]), (&json!(["n"]), &json!(true)));
    let wrong = form(mia.clone(), json!({"properties": {"n": 6}, "entity": "cart"})).await;
    assert_eq!(wrong["errors"], json!({"n": ["\"properties/n\" must be <= 5"]}));
    let closed = form(otto.clone(), json!({"entity": "cart"})).await;
    assert!(closed["why"].as_str().unwrap().contains("team crew"), "{closed}");
    let hub = |who: Person, path: &'static str| {
        let portal = &portal;
        async move { portal.request_as(&who, "GET", path, None).await.json() }
    };
    let offered = hub(mia.clone(), "/api/stagedoor/v1/actions?blueprint=service&entity=cart").await;
    assert_eq!(
        (&offered["actions"][0]["identifier"], &offered["actions"][0]["why"]),
        (&json!("scale"), &Value::Null)
    );
    let silver = json!({"identifier": "shop", "team": ["crew"], "properties": {"tier": "silver"}});
    portal.post("/v1/blueprints/service/entities", &silver).await;
    let not = hub(mia.clone(), "/api/stagedoor/v1/actions?blueprint=service&entity=shop").await;
    assert!(not["actions"][0]["why"].as_str().unwrap().contains("condition"), "{not}");
    let favourites = json!({"favourites": ["action:scale"]});
    let put = portal.request_as(&mia, "PUT", "/api/stagedoor/v1/actions/favourites", Some(&favourites)).await;
    assert_eq!(put.status, 204, "{}", put.text());
    execute(&portal, &mia, "scale", json!({"entity": "cart", "properties": {"n": 1}})).await;
    let all = hub(mia, "/api/stagedoor/v1/actions").await;
    assert_eq!((&all["actions"][0]["favourite"], &all["recent"]), (&json!(true), &json!(["action:scale"])));
    assert_eq!(hub(otto, "/api/stagedoor/v1/actions").await["recent"], json!([]));
}
