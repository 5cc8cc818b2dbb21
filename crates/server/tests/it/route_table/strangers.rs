//! Every id of every route, belonging to somebody else or hidden (attack case 31).
//!
//! A parameter of a route is filled with something that the caller may not see, and then with something that is not
//! there: the answers must be the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use super::assert_none;
use super::callers::{ask, made_token, signed_in};
use super::file::{Expected, Row, Table};
use crate::support::Ask;

/// Parameters that name a part of a thing, or what everybody may see, or what cannot exist yet. Whatever is no
/// person's own is judged by the walk.
const OPEN: [&str; 27] = [
    "property",
    "relation",
    "mirror",
    "kind",
    "event",
    "team",
    "user",
    "email",
    "migration",
    "integration",
    "ingest_id",
    "action",
    "scorecard",
    "file",
    "page",
    "widget",
    "folder",
    "webhook",
    "app",
    "secret_name",
    "topic",
    "step",
    "node",
    "provider",
    "resource",
    // Everybody has his own under the same name: crates/server/tests/it/frontend/settings.rs.
    "bucket",
    "key",
];

/// What belongs to others, by the parameter that names it.
struct Strangers(BTreeMap<(&'static str, &'static str), String>);

impl Strangers {
    async fn new(portal: &TestPortal) -> Self {
        let vault = json!({ "identifier": "vault", "title": "Vault", "schema": { "properties": {} } });
        portal.blueprint(vault).await;
        portal.merge("vault", json!({ "identifier": "crown", "title": "The crown" })).await;
        let nobody = json!({ "roles": ["Admin"], "users": [], "teams": [], "ownedByTeam": false });
        let closed = json!({ "entities": { "read": nobody } });
        let answer = portal.request("PATCH", "/v1/blueprints/vault/permissions", Some(&closed)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = signed_in(portal, "elsa@larkfell.example", "Member").await;
        let elsa = portal.member("elsa@larkfell.example").await;
        let sessions = ask(portal, "GET", "/api/stagedoor/v1/sessions", &cookie, None).await.json();
        let invitation = json!({ "email": "late@larkfell.example", "role": "Member" });
        let invitation = portal.post("/api/stagedoor/v1/invitations", &invitation).await.json();
        let robot = json!({ "name": "robot", "role": "Member" });
        let robot = portal.post("/api/stagedoor/v1/service-accounts", &robot).await.json();
        let to = json!({ "type": "entity", "entityRef": "user:stagedoor/elsa-larkfell.example" });
        let notified = json!({ "recipients": to, "payload": { "title": "For Elsa" } });
        let notified = portal.post("/api/notifications/notifications", &notified).await.json();
        let view = json!({ "title": "Hers", "query": "" });
        let view = ask(portal, "POST", "/api/stagedoor/v1/views", &cookie, Some(&view)).await.json();
        let location = hidden_location(portal, &closed).await;
        let flow = hidden_workflow(portal).await;
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no id: {value}")).to_owned();
        Self(BTreeMap::from([
            (("/entities/", "entity"), "crown".to_owned()),
            (("/entities/", "identifier"), "crown".to_owned()),
            (("/entities/", "*identifier"), "crown".to_owned()),
            (("/by-uid/", "uid"), portal.uid("vault:default/crown").await),
            (("/by-name/", "name"), "crown".to_owned()),
            (("/by-entity/", "name"), "crown".to_owned()),
            (("/locations/", "id"), text(&location["id"])),
            (("/sources/", "id"), "hidden".to_owned()),
            (("/badges/", "entity"), "crown".to_owned()),
            (("/exemptions/", "id"), hidden_exemption(portal).await),
            (("/views/", "id"), text(&view["id"])),
            (("/runs/", "id"), waiting_run(portal).await),
            (("/actions/runs/", "run"), waiting_run(portal).await),
            (("/workflows/runs/", "run"), flow.0),
            (("/nodes/", "node_run"), flow.1),
            (("/workflows/", "workflow"), "lift".to_owned()),
            (("/templates/", "name"), hidden_template(portal, &closed).await),
            (("/tasks/", "id"), waiting_task(portal).await),
            (("/unprocessed/", "id"), portal.uid("vault:default/crown").await),
            (("/notifications/", "id"), text(&notified[0]["id"])),
            (("/tokens/", "id"), text(&made_token(portal, &elsa).await["id"])),
            (("/sessions/", "id"), text(&sessions["sessions"][0]["id"])),
            (("/invitations/", "id"), text(&invitation["id"])),
            (("/service-accounts/", "identifier"), text(&robot["identifier"])),
        ]))
    }

    /// The path about somebody else's thing, and about one that is not there; nothing where the route names none.
    fn paths(&self, row: &Row) -> Option<(String, String)> {
        let path = &row.route.path;
        // Everybody may look at campaigns and starters, and checks of what is not there have no results.
        if ["/campaigns/", "/tech-insights/", "/starters/"].iter().any(|open| path.contains(open)) {
            return None;
        }
        let names: Vec<&str> =
            path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}')).collect();
        let one = |name: &&str| !["blueprint", "namespace"].contains(name) && !OPEN.contains(name);
        let name = names.iter().copied().rfind(|name| one(name))?;
        let own = self.0.iter().find(|((part, own), _)| *own == name && path.contains(part));
        let (_, theirs) = own.unwrap_or_else(|| panic!("{}: whose is {{{name}}}?", row.route));
        // As long, so that a length tells nothing, and of the same form.
        let absent: String = theirs
            .chars()
            .map(|c| {
                if c.is_ascii_digit() {
                    '0'
                } else if c.is_ascii_alphabetic() {
                    'a'
                } else {
                    c
                }
            })
            .collect();
        let fill = |value: &str| {
            let kind = if path.contains("/templates/") { "template" } else { "vault" };
            let path = path.replace("{blueprint}", "vault").replace("{kind}", kind);
            let path = path.replace("{step}", "s0").replace("{node}", "n0").replace("{file}", "kept.svg");
            path.replace("{namespace}", "default").replace(&format!("{{{name}}}"), value)
        };
        Some((fill(theirs), fill(&absent)))
    }
}

/// A run that only administrators see, and that stays as it is.
async fn waiting_run(portal: &TestPortal) -> String {
    waiting(portal, stagedoor_portal::RunOf::default()).await
}

/// The same of a template.
async fn waiting_task(portal: &TestPortal) -> String {
    use stagedoor_portal::{RunKind, RunOf};
    waiting(portal, RunOf { kind: RunKind::Template, ..RunOf::default() }).await
}

async fn waiting(portal: &TestPortal, of: stagedoor_portal::RunOf) -> String {
    use stagedoor_portal::{Approval, NewRun, RunOrigin, starter};
    let starter = starter(&portal.viewer(), RunOrigin::Api);
    let approval = Some(Approval::default());
    let new = NewRun { of, starter, approval, definition: json!({}), ..NewRun::default() };
    portal.portal.start_run(new).await.unwrap_or_else(|error| panic!("{error}")).id.clone()
}

/// A workflow that only administrators see, with a run of it and that of a node, which waits for an agent.
async fn hidden_workflow(portal: &TestPortal) -> (String, String) {
    let workflow = json!({
        "identifier": "lift", "allowAnyoneToViewRuns": false, "nodes": [
            { "identifier": "form", "config": { "type": "SELF_SERVE_TRIGGER" } },
            { "identifier": "call", "config": { "type": "WEBHOOK", "agent": true, "url": "https://larkfell.example" } }],
        "connections": [{ "sourceIdentifier": "form", "targetIdentifier": "call" }],
    });
    let made = portal.post("/v1/workflows", &workflow).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let mut changes = portal.portal.run_changes();
    let run = portal.post("/v1/workflows/lift/runs", &json!({})).await.json();
    let id = run["workflowRun"]["identifier"].as_str().unwrap().to_owned();
    for _ in 0..20 {
        let run = portal.get(&format!("/v1/workflows/runs/{id}")).await.json();
        let nodes = run["workflowRun"]["nodeRuns"].as_array().unwrap().clone();
        if let Some(node) = nodes.iter().find(|node| node["pendingExecution"] == true) {
            return (id, node["identifier"].as_str().unwrap().to_owned());
        }
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), changes.recv()).await;
    }
    panic!("the node is handed over to nobody");
}

/// An exemption of an entity that only administrators see.
async fn hidden_exemption(portal: &TestPortal) -> String {
    let query =
        json!({ "combinator": "and", "conditions": [{ "property": "$title", "operator": "isEmpty" }] });
    let rule = json!({ "identifier": "r", "title": "R", "level": "Gold", "query": query });
    let scorecard = json!({ "identifier": "kept", "title": "Kept", "rules": [rule] });
    let made = portal.post("/v1/blueprints/vault/scorecards", &scorecard).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let until = stagedoor_model::Timestamp(portal.portal.now().0 + 24 * 3600 * 1000).to_string();
    let asked = json!({ "blueprint": "vault", "entity": "crown", "scorecard": "kept", "rule": "r", "reason": "Old", "until": until });
    let made = portal.post("/api/stagedoor/v1/exemptions", &asked).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().unwrap_or_default().to_owned()
}

/// A template that only administrators see.
async fn hidden_template(portal: &TestPortal, closed: &Value) -> String {
    portal
        .accept(
            "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: forge}\n\
             spec: {type: service, parameters: [], steps: [{id: say, action: 'debug:log'}]}\n",
        )
        .await;
    let answer = portal.request("PATCH", "/v1/blueprints/template/permissions", Some(closed)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    "forge".to_owned()
}

/// A registered location; who may not see entities of its kind does not see it either.
async fn hidden_location(portal: &TestPortal, closed: &Value) -> Value {
    portal
        .accept(
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: way}\nspec: {targets: []}\n",
        )
        .await;
    let answer = portal.request("PATCH", "/v1/blueprints/location/permissions", Some(closed)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = json!({ "type": "url", "target": "http://127.0.0.1:9/hidden.yaml" });
    portal.post("/api/catalog/locations", &body).await.json()["location"].clone()
}

/// An answer without the name of what was asked for: the part in which its path differs from the other's.
fn told(answer: &stagedoor_testkit::Answer, path: &str, other: &str) -> (u16, String) {
    let name = path.split('/').zip(other.split('/')).find(|(a, b)| a != b).map_or("", |(name, _)| name);
    (answer.status, answer.text().replace(path, "...").replace(name, "..."))
}

async fn differences(portal: &TestPortal, rows: &[(&Row, String, String)], caller: &Person) -> Vec<String> {
    let mut breaches = Vec::new();
    for (row, theirs, absent) in rows {
        let before = portal.revision();
        let mut answers = Vec::new();
        for (path, other) in [(theirs, absent), (absent, theirs)] {
            let (method, path, body) = row.asked.about(path);
            let (_, other, _) = row.asked.about(other);
            let answer = portal.request_as(caller, &method, &path, body.as_ref()).await;
            answers.push(told(&answer, &path, &other));
        }
        if answers[0] != answers[1] {
            breaches.push(format!("{} of others: {:?}, absent: {:?}", row.route, answers[0], answers[1]));
        }
        let let_in = answers[0].0 < 300 && !(row.route.method == "DELETE" && answers[0].0 == 204);
        if let_in || portal.revision() != before {
            breaches.push(format!(
                "{}: {:?}, and revision {before} became {}",
                row.route,
                answers[0],
                portal.revision()
            ));
        }
    }
    breaches
}

#[tokio::test]
async fn what_is_somebody_elses_is_as_if_it_were_not_there() {
    let table = Table::read();
    let portal = TestPortal::new().await;
    table.set_up(&portal).await;
    let strangers = Strangers::new(&portal).await;
    let paths = |row| strangers.paths(row).map(|(theirs, absent)| (row, theirs, absent));
    let rows: Vec<(&Row, String, String)> = table.rows.iter().filter_map(paths).collect();
    assert!(rows.len() > 15, "{}", rows.len());
    let mia = portal.member("mia@larkfell.example").await;
    let few = portal.limited(&portal.administrator("ada@larkfell.example").await, &["read:entities:service"]);
    for caller in [&mia, &few] {
        assert_none("IDs of others", &differences(&portal, &rows, caller).await);
    }
    // The administrator finds all of it where it was: nothing was hidden by not being there.
    let ends = |row: &Row| !row.route.path.ends_with("/events") && !row.route.path.ends_with("/eventstream");
    for (row, theirs, _) in rows.iter().filter(|(row, ..)| row.route.method == "GET" && ends(row)) {
        let answer = portal.get(theirs).await;
        // No location states it.
        let is_there = theirs.contains("crown") && !theirs.contains("/by-entity/");
        assert!(answer.status == 200 || !is_there, "{}: {}", row.route, answer.text());
    }
    for (row, ..) in &rows {
        assert_ne!(table.expected(row, "anonymous"), Expected::Ok, "{}", row.route);
    }
}

/// Lists that can be narrowed to a person show no member what is another's.
#[tokio::test]
async fn lists_of_others_are_refused() {
    let portal = TestPortal::new().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    made_token(&portal, &elsa).await;
    let mia = portal.member("mia@larkfell.example").await;
    for list in ["tokens", "sessions"] {
        let path = format!("/api/stagedoor/v1/{list}?user=elsa@larkfell.example");
        for user in [path.clone(), path.replace("elsa", "ELSA"), path.replace("elsa", "nobody")] {
            let answer = portal.request_as(&mia, "GET", &user, None).await;
            assert_eq!(answer.status, 403, "{user}: {}", answer.text());
            let ended = portal.request_as(&mia, "DELETE", &user, None).await;
            assert!(matches!(ended.status, 403 | 405), "{user}: {}", ended.text());
        }
        let own = portal.request_as(&mia, "GET", &format!("/api/stagedoor/v1/{list}"), None).await;
        assert_eq!((own.status, own.json()[list].as_array().map(Vec::len)), (200, Some(0)));
    }
}
