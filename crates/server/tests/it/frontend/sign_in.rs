//! Who comes in, and as whom.

use serde_json::json;
use stagedoor_server::config::GuestAccess;
use stagedoor_testkit::TestPortal;

use super::{
    REFRESH, ask, claims, elsa, guest, open_portal, refreshed, signed_in, token_of, with_guests, with_token,
};
use crate::support::assert_shape;

const USERINFO: &str = "/api/auth/v1/userinfo";

#[tokio::test]
async fn guests_come_in_where_the_configuration_lets_them() {
    for (guests, status, message) in [
        (None, 404, "No auth provider registered for 'guest'"),
        (
            Some(GuestAccess::default()),
            403,
            "The guest provider cannot be used outside of a development environment unless \
             'auth.providers.guest.dangerouslyAllowOutsideDevelopment' is enabled",
        ),
    ] {
        let portal = with_guests(guests).await;
        for method in ["GET", "POST"] {
            let answer = portal.anonymous(method, REFRESH, None).await;
            assert_eq!((answer.status, answer.json()["error"]["message"].as_str()), (status, Some(message)));
            assert_shape(REFRESH, status, &answer);
        }
    }
    let portal = open_portal().await;
    let answer = portal.anonymous("POST", REFRESH, None).await;
    let identity = &answer.json()["backstageIdentity"];
    assert_eq!(answer.json()["profile"], json!({}));
    assert_eq!(
        identity["identity"],
        json!({ "type": "user", "userEntityRef": "user:development/guest", "ownershipEntityRefs": ["user:development/guest"] })
    );
    assert!(matches!(identity["expiresInSeconds"].as_i64(), Some(3_598..=3_600)), "{identity}");
    // Local try-out mode lets everybody in anyway.
    let tried = TestPortal::builder().dev().start().await;
    let request = http::Request::get(REFRESH).header("host", "localhost:7007");
    let answer = tried.send(request.body(axum::body::Body::empty()).unwrap()).await;
    token_of(&answer);
}

#[tokio::test]
async fn a_guest_is_who_the_configuration_says() {
    let guests = GuestAccess {
        user: Some("user:default/otto".into()),
        ownership: Some(vec!["group:default/everyone".into()]),
        anywhere: true,
    };
    let portal = with_guests(Some(guests)).await;
    let answer = portal.anonymous("GET", REFRESH, None).await;
    let identity = answer.json()["backstageIdentity"]["identity"].clone();
    assert_eq!(identity["userEntityRef"], "user:default/otto");
    assert_eq!(identity["ownershipEntityRefs"], json!(["group:default/everyone"]));
}

/// A guest reads what members read, and changes nothing.
#[tokio::test]
async fn a_guest_reads() {
    let portal = open_portal().await;
    let guest = guest(&portal).await;
    let status = async |method: &str, path: &str, body| {
        portal.request_as(&guest, method, path, Some(&body)).await.status
    };
    assert_eq!(status("GET", "/api/catalog/entities", json!({})).await, 200);
    assert_eq!(status("GET", "/api/catalog/entity-facets?facet=kind", json!({})).await, 200);
    assert_eq!(status("POST", "/v1/blueprints", json!({ "identifier": "x", "title": "X" })).await, 403);
    assert_eq!(status("GET", "/v1/organization/secrets", json!({})).await, 403);
    assert_eq!(status("GET", "/api/stagedoor/v1/audit", json!({})).await, 403);
    assert!(
        status(
            "POST",
            "/api/stagedoor/v1/tokens",
            json!({ "name": "x", "scopes": null, "expiresInDays": 1 })
        )
        .await
            >= 400
    );
    let uid = portal.get("/api/catalog/entities/by-name/component/default/tickets").await.json()["metadata"]
        ["uid"]
        .clone();
    let path = format!("/api/catalog/entities/by-uid/{}", uid.as_str().unwrap());
    let deleted = portal.request_as(&guest, "DELETE", &path, None).await;
    assert_eq!(deleted.status, 403, "{}", deleted.text());
    let handed = json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": "x"},
        "spec": {"type": "service", "lifecycle": "production", "owner": "everyone"}});
    assert_eq!(status("POST", "/api/stagedoor/v1/documents", handed).await, 403);
    let info = portal.request_as(&guest, "GET", USERINFO, None).await.json();
    assert_eq!(info["claims"]["sub"], "user:development/guest");
    // A blueprint that members may not see is not there for a guest either.
    let closed = json!({ "entities": { "read": { "roles": ["Admin"], "users": [], "teams": [], "ownedByTeam": false } } });
    let closed = portal.request("PATCH", "/v1/blueprints/component/permissions", Some(&closed)).await;
    assert_eq!(closed.status, 200, "{}", closed.text());
    let hidden = portal
        .request_as(&guest, "GET", "/api/catalog/entities/by-name/component/default/tickets", None)
        .await;
    assert_eq!(hidden.status, 404);
}

#[tokio::test]
async fn whoever_is_signed_in_is_that_user() {
    let portal = open_portal().await;
    let cookie = signed_in(&portal, "elsa@larkfell.example", "Member").await;
    let answer = refreshed(&portal, &cookie).await;
    let token = token_of(&answer);
    let profile = json!({
        "email": "elsa@larkfell.example", "displayName": "Elsa Lark", "picture": "https://larkfell.example/elsa.png"
    });
    assert_eq!(answer.json()["profile"], profile);
    let refs = json!(["user:default/elsa", "group:default/riders"]);
    assert_eq!(answer.json()["backstageIdentity"]["identity"]["ownershipEntityRefs"], refs);
    let elsa = with_token(&portal, &token);
    let info = portal.request_as(&elsa, "GET", USERINFO, None).await.json();
    assert_eq!((&info["claims"]["sub"], &info["claims"]["ent"]), (&json!("user:default/elsa"), &refs));
    assert_eq!(info["claims"]["exp"], claims(&token, 1)["exp"]);
    assert_eq!(
        portal.request_as(&elsa, "GET", "/v1/blueprints", None).await.status,
        200,
        "every dialect knows it"
    );
    let session = portal.request_as(&elsa, "GET", "/api/stagedoor/v1/session", None).await.json();
    assert_eq!(
        (&session["viewer"]["email"], &session["viewer"]["role"]),
        (&json!("elsa@larkfell.example"), &json!("Member"))
    );
    // No form and no image of another page has the header.
    let bare = ask(&portal, "GET", REFRESH, &cookie, None).await;
    assert_eq!(
        (bare.status, bare.json()["error"]["message"].as_str()),
        (401, Some("Invalid X-Requested-With header"))
    );
    // A POST by another site's page is refused before that.
    let mut elsewhere = cookie.clone();
    elsewhere.push(("origin", "https://evil.example".into()));
    let request = elsewhere.iter().fold(http::Request::post(REFRESH), |r, (n, v)| r.header(*n, v));
    assert_eq!(portal.send(request.body(axum::body::Body::empty()).unwrap()).await.status, 403);
}

#[tokio::test]
async fn the_token_ends_with_the_session() {
    let portal = open_portal().await;
    let (elsa, cookie) = elsa(&portal).await;
    let status = async || portal.request_as(&elsa, "GET", "/api/catalog/entities", None).await.status;
    assert_eq!(status().await, 200);
    let out = ask(&portal, "DELETE", "/api/stagedoor/v1/session", &cookie, None).await;
    assert!(out.status < 300, "{}", out.text());
    assert_eq!(status().await, 401, "signed out");
    let cookie = signed_in(&portal, "ida@larkfell.example", "Member").await;
    let ida = with_token(&portal, &token_of(&refreshed(&portal, &cookie).await));
    assert_eq!(portal.request_as(&ida, "GET", "/api/catalog/entities", None).await.status, 200);
    portal.person("ida@larkfell.example", json!({ "status": "Disabled" }), &[]).await;
    assert_eq!(portal.request_as(&ida, "GET", "/api/catalog/entities", None).await.status, 401, "shut out");
    // The token is less than the session: the password stays.
    let cookie = signed_in(&portal, "mia@larkfell.example", "Member").await;
    let mia = with_token(&portal, &token_of(&refreshed(&portal, &cookie).await));
    let body = json!({ "current": "violet lamp over nine", "new": "another lamp over nine" });
    let changed = portal.request_as(&mia, "POST", "/api/stagedoor/v1/password", Some(&body)).await;
    assert_eq!(changed.status, 403, "{}", changed.text());
}

/// Who claims an address that somebody else claims, too, is nobody's user.
#[tokio::test]
async fn an_address_stands_for_one_user_only() {
    let portal = open_portal().await;
    let (elsa, cookie) = elsa(&portal).await;
    let second = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: impostor}\n\
        spec: {memberOf: [], profile: {email: elsa@larkfell.example}}\n";
    assert_eq!(portal.documents(second).await.status, 200);
    let info = portal.request_as(&elsa, "GET", USERINFO, None).await.json();
    assert_eq!(info["claims"]["sub"], "user:stagedoor/elsa-larkfell.example");
    let identity = refreshed(&portal, &cookie).await.json()["backstageIdentity"]["identity"].clone();
    assert_eq!(identity["ownershipEntityRefs"], json!(["user:stagedoor/elsa-larkfell.example"]));
}

#[tokio::test]
async fn other_providers_are_not_there() {
    let portal = open_portal().await;
    for (path, status, message) in [
        ("/api/auth/github/start?env=development", 404, "No auth provider registered for 'github'"),
        ("/api/auth/oidc/refresh", 404, "No auth provider registered for 'oidc'"),
        ("/api/auth/nothing/refresh", 404, "Unknown auth provider 'nothing'"),
        ("/api/auth/guest/logout", 404, "Unknown auth provider 'guest'"),
        ("/api/auth/guest/start", 501, "Not implemented"),
        ("/api/auth/guest/handler/frame", 501, "Not implemented"),
    ] {
        let answer = portal.anonymous("GET", path, None).await;
        assert_eq!(
            (answer.status, answer.json()["error"]["message"].as_str()),
            (status, Some(message)),
            "{path}"
        );
        assert_shape(path, status, &answer);
    }
}

#[tokio::test]
async fn a_plugins_cookie_is_a_limited_token() {
    let portal = open_portal().await;
    let (elsa, _) = elsa(&portal).await;
    for plugin in ["app", "techdocs", "catalog"] {
        let path = format!("/api/{plugin}/.backstage/auth/v1/cookie");
        let answer = portal.request_as(&elsa, "GET", &path, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let set = answer.header("set-cookie").to_owned();
        let (cookie, attributes) = set.split_once("; ").unwrap();
        let limited = cookie.strip_prefix("backstage-auth=").unwrap();
        assert_eq!(
            attributes,
            format!("Path=/api/{plugin}/; Max-Age=3599; HttpOnly; SameSite=Lax")
                .replace("3599", attributes.split(['=', ';']).nth(3).unwrap())
        );
        assert_eq!(claims(limited, 0)["typ"], "vnd.backstage.limited-user");
        let full = claims(&elsa.token, 1);
        assert_eq!(
            claims(limited, 1),
            json!({ "sub": "user:default/elsa", "iat": full["iat"], "exp": full["exp"] })
        );
        assert_eq!(limited.rsplit('.').next(), full["uip"].as_str());
        let end = answer.json()["expiresAt"].as_str().unwrap().to_owned();
        assert!(end.ends_with(".000Z"), "{end}");
        // It is good for nothing else: not as a bearer, not as a cookie.
        assert_eq!(
            portal
                .request_as(&with_token(&portal, limited), "GET", "/api/catalog/entities", None)
                .await
                .status,
            401
        );
        let by_cookie = [("cookie", cookie.to_owned())];
        assert_eq!(ask(&portal, "GET", "/api/catalog/entities", &by_cookie, None).await.status, 401);
        // While it is good it stays.
        let both = [("cookie", cookie.to_owned()), ("authorization", format!("Bearer {}", elsa.token))];
        let again = ask(&portal, "GET", &path, &both, None).await;
        assert_eq!(
            (again.json()["expiresAt"].as_str(), again.headers.get("set-cookie")),
            (Some(end.as_str()), None)
        );
        let gone = portal.request_as(&elsa, "DELETE", &path, None).await;
        assert_eq!(gone.status, 204);
        assert!(gone.header("set-cookie").starts_with("backstage-auth=; "), "{}", gone.header("set-cookie"));
        // Programs have no pages.
        assert_eq!(portal.get(&path).await.status, 403);
        assert_eq!(portal.anonymous("GET", &path, None).await.status, 401);
    }
    assert_eq!(portal.get("/api/techdocs/static/docs").await.status, 404);
}
