//! People and groups of a Microsoft Entra tenant, over a fake of Microsoft Graph.
//!
//! The fake follows learn.microsoft.com/graph/api (users, groups, members, organization, photos), /graph/paging,
//! /graph/throttling and /graph/aad-advanced-queries, and learn.microsoft.com/entra's client credentials flow.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use stagedoor_hosts::{Discovery, HostError, Hosts, Priority, Providers};
use stagedoor_outbound::AllowList;

use crate::answering::{Answer, Answering, Asked};

const SECRET: &str = "client-secret+/=";

fn people() -> Vec<Value> {
    let one = |id: &str, name: Value, mail: Value| json!({"id": id, "displayName": name, "mail": mail});
    vec![
        one("u1", json!("Ann Lee"), json!("Ann.Lee@larkfell.example")),
        one("u2", json!("Bo Park"), json!("bo@larkfell.example")),
        one("u3", json!("Meeting room"), json!(null)),
        one("u4", json!("Cy Roe"), json!("cy@larkfell.example")),
    ]
}

fn groups() -> Vec<Value> {
    vec![
        json!({"id": "g1", "displayName": "Platform Crew (EU)", "mailNickname": "platform", "securityEnabled": true}),
        json!({"id": "g2", "displayName": "Shop", "mailNickname": "shop-team", "mail": "shop@larkfell.example",
            "description": "Sells", "securityEnabled": false}),
    ]
}

fn members(group: &str) -> Vec<Value> {
    let user = |id: &str| json!({"@odata.type": "#microsoft.graph.user", "id": id});
    match group {
        "g1" => vec![user("u1"), json!({"@odata.type": "#microsoft.graph.group", "id": "g2"})],
        "g2" => vec![
            user("u2"),
            json!({"@odata.type": "#microsoft.graph.group", "id": "g3", "displayName": "Sub", "securityEnabled": true}),
            json!({"@odata.type": "#microsoft.graph.device", "id": "d1"}),
        ],
        "g3" => vec![user("u4"), json!({"@odata.type": "#microsoft.graph.group", "id": "g2"})],
        _ => Vec::new(),
    }
}

/// Two items a page; the next page is named by a link.
fn page(asked: &Asked, items: &[Value]) -> Answer {
    let start: usize = asked.query("$skiptoken").parse().unwrap_or(0);
    let mut body = json!({"value": items.iter().skip(start).take(2).collect::<Vec<_>>()});
    if start + 2 < items.len() {
        let host = asked.header("host");
        body["@odata.nextLink"] = json!(format!("http://{host}{}?$skiptoken={}", asked.path, start + 2));
    }
    Answer::json(&body)
}

async fn graph() -> Answering {
    Answering::start(|asked| {
        if asked.path == "/login/larkfell.example/oauth2/v2.0/token" {
            let form = String::from_utf8_lossy(&asked.body).into_owned();
            let pairs: BTreeMap<String, String> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            let good = asked.method == "POST"
                && pairs["grant_type"] == "client_credentials"
                && pairs["client_id"] == "client"
                && pairs["client_secret"] == SECRET
                && pairs["scope"].ends_with("/.default");
            return if good {
                Answer::json(&json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "t1"}))
            } else {
                Answer::status(401)
            };
        }
        if asked.header("authorization") != "Bearer t1" {
            return Answer::status(401);
        }
        let path = asked.path.trim_start_matches("/v1.0/").to_owned();
        match path.split('/').collect::<Vec<_>>()[..] {
            ["organization", "larkfell.example"] => Answer::json(&json!({"id": "t0", "displayName": "Larkfell Inc."})),
            ["users"] => page(asked, &people()),
            ["groups"] if !asked.query("$search").is_empty() => page(asked, &groups()[1..]),
            ["groups"] => page(asked, &groups()),
            ["groups", id, "members"] => page(asked, &members(id)),
            ["groups", id, "members", "microsoft.graph.user"] => {
                let ids: Vec<Value> = members(id).iter().map(|member| member["id"].clone()).collect();
                let all: Vec<Value> = people().into_iter().filter(|user| ids.contains(&user["id"])).collect();
                page(asked, &all)
            }
            ["users", "u1", "photos"] => Answer::json(&json!({"value": [
                {"id": "48x48", "height": 48}, {"id": "96x96", "height": 96}, {"id": "648x648", "height": 648},
            ]})),
            ["users", "u1", "photos", "96x96", "$value"] => Answer::text("photo").with("content-type", "image/jpeg"),
            _ => Answer::not_found(),
        }
    })
    .await
}

fn provider(fake: &Answering, over: &Value) -> (Hosts, Providers) {
    let base = format!("http://{}", fake.host);
    let mut settings = json!({
        "target": format!("{base}/v1.0/"),
        "authority": format!("{base}/login"),
        "tenantId": "larkfell.example",
        "clientId": "client",
        "clientSecret": SECRET,
        "user": {"loadPhotos": false},
        "schedule": {"frequency": "PT1H", "timeout": "PT5M"},
    });
    for (key, value) in over.as_object().into_iter().flatten() {
        settings[key] = value.clone();
    }
    let (hosts, _) = Hosts::new(None, AllowList::default());
    let all = json!({"microsoftGraphOrg": {"main": settings}});
    let (providers, problems) = Providers::new(Some(&all), &hosts);
    assert_eq!(problems, []);
    (hosts, providers)
}

fn by_name(discovery: &Discovery) -> BTreeMap<String, Value> {
    let name =
        |d: &Value| format!("{}:{}", d["kind"].as_str().unwrap(), d["metadata"]["name"].as_str().unwrap());
    discovery.found.iter().map(|found| (name(&found.document), found.document.clone())).collect()
}

async fn read(fake: &Answering, over: &Value) -> Result<BTreeMap<String, Value>, HostError> {
    let (hosts, providers) = provider(fake, over);
    providers.0[0].discover(&hosts, Priority::Poll).await.map(|discovery| by_name(&discovery))
}

#[tokio::test]
async fn people_and_groups_are_named_as_in_backstage() {
    let fake = graph().await;
    let (hosts, providers) = provider(&fake, &json!({}));
    let provider = &providers.0[0];
    assert_eq!(
        (provider.id(), provider.kind()),
        ("MicrosoftGraphOrgEntityProvider:main", "microsoftGraphOrg")
    );
    assert_eq!(provider.target(), "people and groups of tenant larkfell.example");
    let all = by_name(&provider.discover(&hosts, Priority::Poll).await.unwrap());
    let expected = [
        "Group:larkfell_inc.",
        "Group:platform_crew_eu",
        "Group:shop-team",
        "User:ann.lee_larkfell.example",
        "User:bo_larkfell.example",
        "User:cy_larkfell.example",
    ];
    assert_eq!(all.keys().collect::<Vec<_>>(), expected, "a room has no e-mail and is nobody");
    assert_eq!(
        all["User:ann.lee_larkfell.example"],
        json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "User",
            "metadata": {"name": "ann.lee_larkfell.example", "annotations": {
                "microsoft.com/email": "Ann.Lee@larkfell.example",
                "graph.microsoft.com/user-id": "u1",
                "backstage.io/managed-by-location": "msgraph:main/u1",
                "backstage.io/managed-by-origin-location": "msgraph:main/u1",
            }},
            "spec": {
                "profile": {"displayName": "Ann Lee", "email": "Ann.Lee@larkfell.example"},
                "memberOf": ["group:default/larkfell_inc.", "group:default/platform_crew_eu"],
            },
        })
    );
    assert_eq!(
        all["Group:shop-team"],
        json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Group",
            "metadata": {"name": "shop-team", "description": "Sells", "annotations": {
                "graph.microsoft.com/group-id": "g2",
                "backstage.io/managed-by-location": "msgraph:main/g2",
                "backstage.io/managed-by-origin-location": "msgraph:main/g2",
            }},
            "spec": {"type": "team", "profile": {"displayName": "Shop", "email": "shop@larkfell.example"},
                "children": [], "parent": "group:default/platform_crew_eu"},
        })
    );
    let root = &all["Group:larkfell_inc."];
    assert_eq!(root["metadata"]["annotations"]["graph.microsoft.com/tenant-id"], "t0");
    assert_eq!(
        root["spec"],
        json!({
            "type": "root", "profile": {"displayName": "Larkfell Inc."}, "children": ["group:default/platform_crew_eu"],
        })
    );
    let bo =
        json!(["group:default/larkfell_inc.", "group:default/platform_crew_eu", "group:default/shop-team"]);
    assert_eq!(all["User:bo_larkfell.example"]["spec"]["memberOf"], bo);
    assert_eq!(all["User:cy_larkfell.example"]["spec"]["memberOf"], json!([]));
    let asked = fake.asked();
    let basic = asked.iter().all(|asked| asked.header("consistencylevel").is_empty());
    assert!(basic && asked.iter().filter(|asked| asked.path.ends_with("/token")).count() == 1);
    let users: Vec<&Asked> = asked.iter().filter(|asked| asked.path == "/v1.0/users").collect();
    assert_eq!((users[0].query("$select"), users[0].query("$top")), ("id,displayName,mail", "999"));
    // The token is good for the next reading, too.
    provider.discover(&hosts, Priority::Poll).await.unwrap();
    assert!(fake.asked().iter().all(|asked| !asked.path.ends_with("/token")));
}

#[tokio::test]
async fn groups_within_groups_come_with_their_people() {
    let fake = graph().await;
    let all = read(&fake, &json!({"group": {"includeSubGroups": true}})).await.unwrap();
    assert!(all.contains_key("Group:sub"));
    // It is in the shop, and the shop in it: no tree, and no end without care.
    assert_eq!(all["Group:sub"]["spec"]["parent"], "group:default/shop-team");
    let cy = &all["User:cy_larkfell.example"]["spec"]["memberOf"];
    assert!(cy.as_array().unwrap().contains(&json!("group:default/sub")), "{cy}");
    assert!(cy.as_array().unwrap().contains(&json!("group:default/shop-team")), "{cy}");
}

#[tokio::test]
async fn what_is_asked_for_is_asked_for() {
    let fake = graph().await;
    let over = json!({
        "user": {"filter": "accountEnabled eq true and userType eq 'member'", "select": ["jobTitle", "id"], "expand": "manager"},
        "group": {"search": "\"displayName:Sh\"", "filter": "securityEnabled eq false"},
    });
    let all = read(&fake, &over).await.unwrap();
    assert!(all.contains_key("Group:shop-team") && !all.contains_key("Group:platform_crew_eu"));
    let asked = fake.asked();
    let of = |path: &str| asked.iter().find(|asked| asked.path == path).unwrap();
    let users = of("/v1.0/users");
    assert_eq!(users.query("$filter"), "accountEnabled eq true and userType eq 'member'");
    assert_eq!(users.query("$select"), "jobTitle,id,displayName,mail");
    assert_eq!((users.query("$expand"), users.header("consistencylevel")), ("manager", ""));
    let groups = of("/v1.0/groups");
    assert_eq!(groups.query("$search"), "\"displayName:Sh\"");
    assert_eq!((groups.query("$count"), groups.header("consistencylevel")), ("true", "eventual"));
    assert!(of("/v1.0/users/u1/photos").method == "GET", "photos are loaded unless switched off");
    let photo = &all["User:ann.lee_larkfell.example"]["spec"]["profile"]["picture"];
    assert_eq!(photo, "data:image/jpeg;base64,cGhvdG8=");

    let over = json!({"queryMode": "advanced", "userGroupMember": {"filter": "displayName eq 'x'"}, "user": {"loadPhotos": false}});
    let all = read(&fake, &over).await.unwrap();
    let people: Vec<&String> = all.keys().filter(|name| name.starts_with("User:")).collect();
    assert_eq!(
        people,
        ["User:ann.lee_larkfell.example", "User:bo_larkfell.example"],
        "the members of those groups"
    );
    let asked = fake.asked();
    let groups: Vec<&Asked> = asked.iter().filter(|asked| asked.path == "/v1.0/groups").collect();
    assert!(groups.iter().all(|asked| asked.header("consistencylevel") == "eventual"));
    assert!(groups.iter().any(|asked| asked.query("$filter") == "displayName eq 'x'"));
    assert!(asked.iter().all(|asked| asked.path != "/v1.0/users"));
}

#[tokio::test]
async fn a_pause_in_the_middle_is_waited_for() {
    let throttled = std::sync::Arc::new(AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&throttled);
    let inner = graph().await;
    let fake = Answering::start(move |asked| {
        if asked.path.ends_with("/token") {
            return Answer::json(&json!({"expires_in": 3599, "access_token": "t1"}));
        }
        if asked.path.ends_with("/members") && count.fetch_add(1, Ordering::Relaxed) < 2 {
            return Answer::status(429).with("retry-after", "0");
        }
        match asked.path.as_str() {
            "/v1.0/organization/larkfell.example" => Answer::json(&json!({"id": "t0", "displayName": "L"})),
            "/v1.0/users" => Answer::json(&json!({"value": people()})),
            "/v1.0/groups" => Answer::json(&json!({"value": groups()})),
            _ => Answer::json(&json!({"value": []})),
        }
    })
    .await;
    drop(inner);
    assert_eq!(read(&fake, &json!({})).await.unwrap().len(), 6);
    assert_eq!(throttled.load(Ordering::Relaxed), 4, "two of them twice");
    // A long one is for the next time.
    fake.fault("/users", Answer::status(429).with("retry-after", "3600"));
    let error = read(&fake, &json!({})).await.unwrap_err();
    assert!(matches!(error, HostError::Exhausted { .. }), "{error:?}");
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let fake = graph().await;
    let whole = Answer::json(&json!({"value": people()}));
    for (part, answer) in [
        ("/users", whole.clone().cut()),
        ("/users", whole.clone().halved()),
        ("/users", Answer::json(&json!({"items": []}))),
        ("/users", Answer::json(&json!([]))),
        ("/users", Answer::status(500)),
        ("/groups", Answer::status(503)),
        ("/members", Answer::status(500)),
        ("/organization", Answer::status(500)),
        ("/token", Answer::status(400)),
        ("/token", Answer::json(&json!({"token_type": "Bearer"}))),
        ("/users", Answer::json(&json!({"value": [], "@odata.nextLink": 7}))),
    ] {
        fake.fault(part, answer);
        let error = read(&fake, &json!({})).await.unwrap_err();
        assert!(matches!(error, HostError::Unreachable(_)), "{part}: {error:?}");
        assert!(!error.to_string().contains(SECRET) && !error.to_string().contains("Bearer"), "{error}");
        fake.heal();
    }
    fake.fault("/token", Answer::status(401));
    let error = read(&fake, &json!({})).await.unwrap_err();
    assert!(matches!(&error, HostError::Denied(text) if text.contains("clientSecret")), "{error:?}");
    fake.heal();
    fake.fault("/groups", Answer::status(403));
    let error = read(&fake, &json!({})).await.unwrap_err();
    assert!(matches!(&error, HostError::Denied(text) if text.contains("GroupMember.Read.All")), "{error:?}");
}

/// Attack cases 13 and 19: the next page is somewhere else.
#[tokio::test]
async fn the_token_goes_nowhere_else() {
    let fake = graph().await;
    let thief = Answering::start(|_| Answer::json(&json!({"value": []}))).await;
    for link in [format!("http://{}/v1.0/users", thief.host), "https://graph.larkfell.example/users".into()] {
        fake.fault("/users", Answer::json(&json!({"value": people(), "@odata.nextLink": link})));
        let error = read(&fake, &json!({})).await.unwrap_err();
        assert!(error.to_string().contains("another host"), "{error}");
        fake.heal();
    }
    let away = format!("http://{}/x", thief.host);
    fake.fault("/groups", Answer::status(302).with("location", away));
    let _ = read(&fake, &json!({})).await;
    assert!(thief.asked().iter().all(|asked| asked.header("authorization").is_empty()));
    fake.heal();
    // A path of the configuration is a path.
    let error =
        read(&fake, &json!({"user": {"path": format!("http://{}/users", thief.host)}})).await.unwrap_err();
    assert!(error.to_string().contains("no address of Microsoft Graph"), "{error}");
    let own = json!({"@odata.nextLink": format!("http://{}/v1.0/users?$top=999&$select=id%2CdisplayName%2Cmail", fake.host), "value": []});
    fake.fault("/users", Answer::json(&own));
    let error = read(&fake, &json!({})).await.unwrap_err();
    assert!(error.to_string().contains("leads to itself"), "{error}");
}

#[tokio::test]
async fn photos_that_may_not_be_read_are_done_without() {
    let fake = graph().await;
    fake.fault("/photos", Answer::status(403));
    let all = read(&fake, &json!({"user": {}})).await.unwrap();
    assert!(all["User:ann.lee_larkfell.example"]["spec"]["profile"]["picture"].is_null());
    fake.heal();
    fake.fault("/photos", Answer::status(500));
    assert!(
        read(&fake, &json!({"user": {}})).await.is_err(),
        "a photo that is there now and then is no news"
    );
}

#[test]
fn wrong_settings_are_named_by_their_places() {
    let (hosts, _) = Hosts::new(None, AllowList::default());
    let problems = |settings: Value| {
        let (providers, problems) = Providers::new(Some(&json!({"microsoftGraphOrg": settings})), &hosts);
        assert_eq!(providers.0.len(), 0);
        problems.iter().map(|p| format!("{}: {}", p.path.join("."), p.message)).collect::<Vec<_>>()
    };
    let found = problems(
        json!({"clientId": "c", "target": "graph", "queryMode": "fast", "user": {"loadPhotos": "x"}}),
    );
    for place in [
        "tenantId: this is required",
        "clientSecret: this is required",
        "target: an address",
        "queryMode: basic",
        "user.loadPhotos: true or false",
    ] {
        let wanted = format!("catalog.providers.microsoftGraphOrg.{place}");
        assert!(found.iter().any(|text| text.starts_with(&wanted)), "{place} in {found:?}");
    }
    let tenant = json!({"a": {"tenantId": "../x", "clientId": "c", "clientSecret": "s"}});
    assert_eq!(
        problems(tenant),
        ["catalog.providers.microsoftGraphOrg.a.tenantId: an id or a domain is expected"]
    );
    assert_eq!(problems(json!([])), ["catalog.providers.microsoftGraphOrg: an object is expected"]);
}
