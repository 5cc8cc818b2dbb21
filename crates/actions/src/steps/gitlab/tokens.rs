//! `gitlab:projectAccessToken:create` and `gitlab:projectDeployToken:create` (docs.gitlab.com/api/project_access_tokens and
//! .../deploy_tokens). What GitLab answers is a secret: it says it once, and later steps alone read it.

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;
use stagedoor_model::Timestamp;

use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;
use crate::steps::input::{done, read};
use crate::steps::publish::{Remote, RepoUrl};
use crate::steps::small::{renamed, segment};

/// The longest that GitLab lets an access token live, in milliseconds.
const YEAR: i64 = 365 * 24 * 3600 * 1000;
/// What a token is called where nothing is said.
const NAME: &str = "Scaffolder";
/// Maintainers.
const LEVEL: u64 = 40;

/// The sorts of tokens.
pub(super) enum Token {
    /// A user of the project alone.
    Access,
    /// For fetching what the project has.
    Deploy,
}

fn schema(own: Value) -> Value {
    let text = |title: &str| json!({ "type": "string", "title": title });
    let mut properties = json!({
        "repoUrl": text("Repository Location, such as gitlab.com?repo=project_name&owner=group_name"),
        "token": text("The token to use for authorization to GitLab, in place of the one in integrations"),
        "projectId": { "type": ["number", "string"], "title": "The id or path of the project" },
        "name": text("What the token is called. Default: Scaffolder"),
        "scopes": { "type": "array", "items": { "type": "string" }, "title": "What the token may do. Default: read_repository" },
    });
    if let (Some(properties), Value::Object(own)) = (properties.as_object_mut(), own) {
        properties.extend(own);
    }
    json!({ "type": "object", "required": ["repoUrl", "projectId"], "properties": properties })
}

/// The day on which it ends, where none is named: the last that is allowed.
fn last_day(call: &Call<'_>) -> String {
    let at = Timestamp(call.run.created_at.0.saturating_add(YEAR));
    at.to_string().chars().take("2026-01-31".len()).collect()
}

impl Token {
    fn act(&self, call: &Call<'_>, input: &Map<String, Value>) -> Result<Act, Failure> {
        let id = segment(input, "projectId")?;
        let (kind, names): (_, &[_]) = match self {
            Self::Access => {
                ("access_tokens", &[("accessLevel", "access_level"), ("expiresAt", "expires_at")])
            }
            Self::Deploy => ("deploy_tokens", &[("username", "username")]),
        };
        let mut body = renamed(input, &[&[("name", "name"), ("scopes", "scopes")], names].concat());
        let mut default = |key: &str, value: Value| {
            if body[key].is_null() || body[key] == "" {
                body[key] = value;
            }
        };
        default("name", NAME.into());
        default("scopes", json!(["read_repository"]));
        if let Self::Access = self {
            default("access_level", LEVEL.into());
            default("expires_at", last_day(call).into());
        }
        Ok(Act::post(["projects", &id, kind], body))
    }
}

#[async_trait]
impl Performer for Token {
    fn id(&self) -> &'static str {
        match self {
            Self::Access => "gitlab:projectAccessToken:create",
            Self::Deploy => "gitlab:projectDeployToken:create",
        }
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        let text = |title: &str| json!({ "type": "string", "title": title });
        match self {
            Self::Access => Description {
                text: "Creates a GitLab Project Access Token.",
                input: schema(json!({
                    "accessLevel": { "type": "number", "title": "10 (Guest), 20 (Reporter), 30 (Developer), 40 (Maintainer), 50 (Owner). Default: 40" },
                    "expiresAt": text("The day on which it ends, as YYYY-MM-DD. Default: a year from now"),
                })),
                output: json!({ "type": "object", "properties": {
                    "access_token": text("The token: read by later steps, shown to nobody"),
                } }),
                examples: vec![(
                    "Create a GitLab project access token with minimal options.",
                    "steps:\n  - action: gitlab:projectAccessToken:create\n    id: createAccessToken\n    name: Create Access Token\n    input:\n      repoUrl: gitlab.com?repo=repo&owner=owner\n      projectId: 12\n",
                )],
                dry_run: false,
            },
            Self::Deploy => Description {
                text: "Creates a GitLab Project Deploy Token.",
                input: schema(
                    json!({ "username": text("Who signs in with it. Default: a name of GitLab's") }),
                ),
                output: json!({ "type": "object", "properties": {
                    "deploy_token": text("The token: read by later steps, shown to nobody"),
                    "user": text("Who signs in with it"),
                } }),
                examples: vec![(
                    "Create a GitLab project deploy token with minimal options.",
                    "steps:\n  - action: gitlab:projectDeployToken:create\n    id: createDeployToken\n    name: Create Deploy Token\n    input:\n      repoUrl: gitlab.com?repo=repo&owner=owner\n      projectId: 12\n      name: tokenname\n",
                )],
                dry_run: false,
            },
        }
    }

    fn secret_outputs(&self) -> &'static [&'static str] {
        match self {
            Self::Access => &["access_token"],
            Self::Deploy => &["deploy_token"],
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Map<String, Value> = read(self, call)?;
        let text = |key: &str| input.get(key).and_then(Value::as_str);
        let url = RepoUrl::parse(text("repoUrl").unwrap_or_default())?;
        let act = self.act(call, &input)?;
        let owner = url.owner.as_deref().unwrap_or_default();
        let remote = Remote::of(services, "gitlab", &url.host, owner, text("token")).await?;
        let answer = remote.change(&act).await?;
        let Some(token) = answer["token"].as_str().filter(|token| !token.is_empty()) else {
            return Err(Failure::new("GitLab made a token and did not say which: revoke it there"));
        };
        done(match self {
            Self::Access => json!({ "access_token": token }),
            Self::Deploy => json!({ "deploy_token": token, "user": answer["username"] }),
        })
    }
}
