//! One-time links: each is good once, for one person, for a while.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use super::browser::Browser;
use super::{ADA, ELSA, PASSWORD, invited, member, set_up, token_of};

fn accept(token: &str) -> Value {
    json!({ "token": token, "email": ADA, "password": PASSWORD })
}

#[tokio::test]
async fn the_first_link_makes_the_first_administrator_once() {
    let portal = TestPortal::new().await;
    let mut ada = Browser::of(&portal);
    assert_eq!(ada.get("/session").await.json()["setup"], true);
    let (link, other) =
        (portal.portal.setup_link().await.unwrap(), portal.portal.setup_link().await.unwrap());
    let (link, other) = (link.unwrap(), other.unwrap());
    let token = link.secret.reveal();
    let check = ada.post("/links/check", json!({ "token": token })).await.json();
    assert_eq!(check["kind"], "setup");
    assert!(check["expiresAt"].as_str().is_some_and(|at| at.ends_with('Z')));
    for (change, status) in [
        (json!({ "email": null }), 422),
        (json!({ "email": "ada" }), 422),
        (json!({ "email": "аda@larkfell.example" }), 422),
        (json!({ "password": "short" }), 422),
        (json!({ "password": "ada@larkfell.example1" }), 422),
        (json!({ "firstName": "Ada\r\nSet-Cookie: a=b" }), 422),
        (json!({ "password": null }), 422),
        (json!({ "role": "Admin" }), 422),
        (json!({ "token": "" }), 404),
        (json!({ "token": format!("{token}x") }), 404),
    ] {
        let mut body = accept(token);
        body.as_object_mut().unwrap().extend(change.as_object().cloned().unwrap());
        let answer = ada.post("/links/accept", body).await;
        assert_eq!(answer.status, status, "{change}: {}", answer.text());
        assert!(answer.headers.get("set-cookie").is_none());
    }
    let answer = ada.post("/links/accept", accept(token)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["viewer"]["role"], "Admin");
    assert!(ada.is_in().await);
    assert_eq!(ada.post("/links/accept", accept(token)).await.status, 404, "once");
    let late = Browser::of(&portal).post("/links/accept", accept(other.secret.reveal())).await;
    assert_eq!(late.status, 404, "the link of another start is void");
    assert!(portal.portal.setup_link().await.unwrap().is_none(), "and none is printed any more");
    assert_eq!(Browser::of(&portal).get("/session").await.json()["setup"], false);
}

#[tokio::test]
async fn of_two_who_come_at_once_one_gets_in() {
    let portal = TestPortal::new().await;
    let link = portal.portal.setup_link().await.unwrap().unwrap();
    let (mut a, mut b) = (Browser::of(&portal), Browser::of(&portal));
    let theirs = json!({ "token": link.secret.reveal(), "email": ELSA, "password": PASSWORD });
    let (mine, theirs) =
        tokio::join!(a.post("/links/accept", accept(link.secret.reveal())), b.post("/links/accept", theirs));
    let mut statuses = [mine.status, theirs.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
    assert_ne!(a.is_in().await, b.is_in().await);
}

#[tokio::test]
async fn an_invitation_lets_one_person_in_with_what_it_says() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    let team = json!({ "identifier": "platform", "title": "Platform" });
    assert_eq!(portal.post("/v1/blueprints/_team/entities", &team).await.status, 201);
    let more = json!({ "teams": ["platform"], "moderated": ["_team"] });
    let first = invited(&mut ada, " Elsa@larkfell.example", more.clone()).await;
    let open = ada.get("/invitations").await.json();
    assert_eq!(
        (&open["invitations"][0]["email"], &open["invitations"][0]["by"]),
        (&json!(ELSA), &json!(ADA))
    );
    let status = async |portal: &TestPortal| {
        portal.get(&format!("/v1/blueprints/_user/entities/{ELSA}")).await.json()["entity"]["properties"]["status"]
            .clone()
    };
    assert_eq!(status(&portal).await, "Invited");
    let token = invited(&mut ada, ELSA, more).await;
    let mut elsa = Browser::of(&portal);
    assert_eq!(
        elsa.post("/links/check", json!({ "token": first })).await.status,
        404,
        "the later one counts"
    );
    let check = elsa.post("/links/check", json!({ "token": token })).await.json();
    assert_eq!((&check["kind"], &check["email"]), (&json!("invitation"), &json!(ELSA)));
    let stolen = json!({ "token": token, "email": "mallory@larkfell.example", "password": PASSWORD });
    assert_eq!(elsa.post("/links/accept", stolen).await.status, 422, "it is hers");
    let body = json!({ "token": token, "firstName": "Elsa", "lastName": "Hart", "password": PASSWORD });
    let viewer = elsa.post("/links/accept", body).await.json()["viewer"].clone();
    assert_eq!(
        viewer,
        json!({
            "name": "Elsa Hart", "email": ELSA, "principal": "person", "firstName": "Elsa", "lastName": "Hart",
            "role": "Member", "moderated": ["_team"], "teams": ["platform"], "via": "session"
        })
    );
    assert_eq!(status(&portal).await, "Active");
    assert_eq!(ada.get("/invitations").await.json(), json!({ "invitations": [] }));
    for (path, body) in [
        ("/invitations", json!({ "email": "x@larkfell.example", "role": "Admin" })),
        (&format!("/people/{ADA}/reset-link"), json!({})),
    ] {
        assert_eq!(elsa.post(path, body).await.status, 403, "{path}");
    }
    assert_eq!(elsa.get("/invitations").await.status, 403);
    let again = ada.post("/invitations", json!({ "email": ELSA, "role": "Admin" })).await;
    assert_eq!(again.status, 409, "who is in is not invited");
}

#[tokio::test]
async fn an_invitation_can_be_taken_back() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    let token = invited(&mut ada, ELSA, json!({})).await;
    let id = ada.get("/invitations").await.json()["invitations"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(ada.delete(&format!("/invitations/{id}")).await.status, 204);
    assert_eq!(ada.delete(&format!("/invitations/{id}")).await.status, 404);
    let mut elsa = Browser::of(&portal);
    let body = json!({ "token": token, "password": PASSWORD });
    assert_eq!(elsa.post("/links/accept", body.clone()).await.status, 404);
    // Nor does one of a person who was shut out, or who is another one by now.
    let token = invited(&mut ada, ELSA, json!({})).await;
    portal.person(ELSA, json!({ "status": "Disabled" }), &[]).await;
    let body = json!({ "token": token, "password": PASSWORD });
    assert_eq!(elsa.post("/links/accept", body.clone()).await.status, 404);
    portal.request("DELETE", &format!("/v1/blueprints/_user/entities/{ELSA}"), None).await;
    portal.person(ELSA, json!({ "status": "Invited" }), &[]).await;
    assert_eq!(elsa.post("/links/accept", body).await.status, 404);
}

#[tokio::test]
async fn a_limited_token_makes_no_way_in() {
    let portal = TestPortal::new().await;
    set_up(&portal).await;
    let ada = portal.administrator(ADA).await;
    let few = portal.limited(&ada, &["create:users", "update:users"]);
    let invitation = json!({ "email": "x@larkfell.example", "role": "Admin" });
    for (path, body) in
        [("/invitations".to_owned(), invitation.clone()), (format!("/people/{ADA}/reset-link"), json!({}))]
    {
        let path = format!("/api/stagedoor/v1{path}");
        assert_eq!(portal.request_as(&few, "POST", &path, Some(&body)).await.status, 403, "{path}");
    }
    let path = "/api/stagedoor/v1/invitations";
    let whole = portal.request_as(&ada, "POST", path, Some(&invitation)).await;
    assert_eq!(whole.status, 201, "{}", whole.text());
}

#[tokio::test]
async fn a_reset_link_gives_another_password_and_ends_sessions() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    let mut elsa = member(&mut ada, ELSA).await;
    let path = format!("/people/{ELSA}/reset-link");
    let token = token_of(&ada.post(&path, json!({})).await.json());
    assert!(elsa.is_in().await, "the old ways hold until it is used");
    let check = elsa.post("/links/check", json!({ "token": token })).await.json();
    assert_eq!((&check["kind"], &check["email"]), (&json!("reset"), &json!(ELSA)));
    let mut phone = Browser::of(&portal);
    let body = json!({ "token": token, "password": "grey boat under bridge" });
    assert_eq!(phone.post("/links/accept", body.clone()).await.status, 200);
    assert!(phone.is_in().await && !elsa.is_in().await);
    assert_eq!(phone.post("/links/accept", body).await.status, 404);
    assert_eq!(elsa.sign_in(ELSA, PASSWORD).await.status, 401);
    assert_eq!(elsa.sign_in(ELSA, "grey boat under bridge").await.status, 200);
    portal.person(ELSA, json!({ "status": "Disabled" }), &[]).await;
    assert_eq!(ada.post(&path, json!({})).await.status, 409);
    assert_eq!(ada.post("/people/nobody@larkfell.example/reset-link", json!({})).await.status, 404);
}

#[tokio::test]
async fn whoever_guesses_links_has_to_wait() {
    let portal = TestPortal::new().await;
    let mut guesser = Browser::of(&portal).at("203.0.113.9");
    let mut last = 0;
    for n in 0..120 {
        let token = stagedoor_auth::secret_text(&[n; 32]);
        last = guesser.post("/links/check", json!({ "token": token })).await.status;
    }
    assert_eq!(last, 429);
    let link = portal.portal.setup_link().await.unwrap().unwrap();
    let good = guesser.post("/links/check", json!({ "token": link.secret.reveal() })).await;
    assert_eq!(good.status, 200, "one that is good needs no attempt");
}

#[tokio::test]
async fn the_command_lets_an_administrator_back_in() {
    let portal = TestPortal::new().await;
    set_up(&portal).await;
    let link = stagedoor_portal::operator_link().unwrap();
    let mut ada = Browser::of(&portal);
    let body = json!({ "token": link.secret.reveal(), "email": ADA, "password": "grey boat under bridge" });
    assert_eq!(ada.post("/links/accept", body.clone()).await.status, 404, "not before it is stored");
    portal.store.put_setting_if_absent(&link.setting, &link.value).unwrap();
    assert_eq!(ada.post("/links/check", json!({ "token": link.secret.reveal() })).await.status, 200);
    assert_eq!(ada.post("/links/accept", body.clone()).await.status, 200);
    assert!(ada.is_in().await);
    assert_eq!(ada.post("/links/accept", body).await.status, 404, "once");
    assert_eq!(Browser::of(&portal).sign_in(ADA, PASSWORD).await.status, 401);
    let mut late = stagedoor_portal::operator_link().unwrap();
    late.value = json!({ "createdAt": 0, "expiresAt": 1 }).to_string();
    portal.store.put_setting_if_absent(&late.setting, &late.value).unwrap();
    assert_eq!(
        ada.post("/links/check", json!({ "token": late.secret.reveal() })).await.status,
        404,
        "too late"
    );
}
