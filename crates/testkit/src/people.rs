//! People of a test: `_user` entities with a token at hand.

use std::time::{SystemTime, UNIX_EPOCH};

use http::Request;
use serde_json::{Value, json};
use stagedoor_auth::{Principal, Scopes, Via, Viewer};
use stagedoor_model::Timestamp;

use crate::{Answer, TestPortal, json_request};

/// Somebody who calls in a test.
#[derive(Clone, Debug)]
pub struct Person {
    /// For use cases without a route.
    pub viewer: Viewer,
    /// To be sent as `Authorization: Bearer`.
    pub token: String,
}

impl TestPortal {
    /// An active administrator.
    pub async fn administrator(&self, email: &str) -> Person {
        self.person(email, json!({ "port_role": "Admin" }), &[]).await
    }

    /// An active member without any team.
    pub async fn member(&self, email: &str) -> Person {
        self.person(email, json!({}), &[]).await
    }

    /// An active member of teams.
    pub async fn member_of(&self, email: &str, teams: &[&str]) -> Person {
        self.person(email, json!({}), teams).await
    }

    /// An active member who looks after the entities of blueprints.
    pub async fn moderator(&self, email: &str, blueprints: &[&str]) -> Person {
        self.person(email, json!({ "moderated_blueprints": blueprints }), &[]).await
    }

    /// An active person whose `_user` entity has these properties besides, and is in these teams. The same address
    /// again changes the person.
    pub async fn person(&self, email: &str, properties: Value, teams: &[&str]) -> Person {
        let mut all = json!({ "status": "Active", "port_role": "Member", "port_type": "Standard" });
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), properties) {
            all.extend(more);
        }
        let body = json!({ "identifier": email, "title": email, "team": teams, "properties": all });
        let answer = self.post("/v1/blueprints/_user/entities?upsert=true", &body).await;
        assert!(matches!(answer.status, 200 | 201), "{email}: {}", answer.text());
        self.caller(Viewer::person(email))
    }

    /// Whoever a viewer is, with a token.
    #[must_use]
    pub fn caller(&self, viewer: Viewer) -> Person {
        self.caller_ago(viewer, 0)
    }

    /// The same with a token that was issued so many milliseconds ago.
    #[must_use]
    pub fn caller_ago(&self, viewer: Viewer, ago: i64) -> Person {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX) - ago);
        let issued = self.authority.tokens().issue(&viewer, now);
        let token = issued.map(|issued| issued.token).unwrap_or_default();
        Person { viewer, token }
    }

    /// Takes back every access token of a person.
    pub fn revoke(&self, person: &Person) {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
        self.authority.tokens().revoke_all(person.viewer.name(), now);
    }

    /// The same person with a token that is limited to these scopes.
    ///
    /// # Panics
    /// When one of them is none: the test is wrong.
    #[must_use]
    pub fn limited(&self, person: &Person, scopes: &[&str]) -> Person {
        let parsed = Scopes::parse(scopes);
        assert!(parsed.is_ok(), "{parsed:?}");
        let principal: Principal = person.viewer.principal().clone();
        self.caller(Viewer::new(principal, Via::AccessToken("limited".into()), parsed.ok()))
    }

    /// A request by somebody.
    pub async fn request_as(
        &self,
        person: &Person,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {}", person.token));
        self.send(json_request(request, body)).await
    }
}
