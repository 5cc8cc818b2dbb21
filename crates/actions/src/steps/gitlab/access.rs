//! `gitlab:group:access`: users and groups are let into a group, or taken out of it (docs.gitlab.com/api/members and
//! /api/groups).

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;
use crate::steps::input::{done, read};
use crate::steps::publish::{Remote, host_of, meant};
use crate::steps::small::segment;

/// Words for levels.
const LEVELS: [(&str, u64); 8] = [
    ("no_access", 0),
    ("minimal_access", 5),
    ("guest", 10),
    ("planner", 15),
    ("reporter", 20),
    ("developer", 30),
    ("maintainer", 40),
    ("owner", 50),
];

pub(super) struct GroupAccess;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repo_url: String,
    token: Option<String>,
    path: Value,
    #[serde(default)]
    user_ids: Vec<u64>,
    #[serde(default)]
    group_ids: Vec<u64>,
    #[serde(default)]
    action: Deed,
    access_level: Option<Value>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Deed {
    #[default]
    Add,
    Remove,
}

impl Input {
    fn level(&self) -> Result<u64, Failure> {
        let word = match &self.access_level {
            None => return Ok(30),
            Some(Value::String(word)) => word.to_lowercase(),
            Some(level) => {
                return level.as_u64().ok_or_else(|| Failure::new(format!("{level} is no access level")));
            }
        };
        let known = LEVELS.iter().find(|(known, _)| *known == word).map(|(_, level)| *level);
        let all = || LEVELS.map(|(word, _)| word).join(", ");
        known.ok_or_else(|| {
            Failure::new(format!("Invalid access level: \"{word}\". Valid values are: {} or a number", all()))
        })
    }

    fn output(&self, level: u64) -> Value {
        let mut output = json!({ "path": self.path });
        for (key, ids) in [("userIds", &self.user_ids), ("groupIds", &self.group_ids)] {
            if !ids.is_empty() {
                output[key] = json!(ids);
            }
        }
        if self.action == Deed::Add {
            output["accessLevel"] = level.into();
        }
        output
    }
}

#[async_trait]
impl Performer for GroupAccess {
    fn id(&self) -> &'static str {
        "gitlab:group:access"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        let text = |title: &str| json!({ "type": "string", "title": title });
        let ids = |title: &str| json!({ "type": "array", "items": { "type": "integer", "minimum": 0 }, "title": title });
        Description {
            text: "Adds or removes users and groups from a GitLab group",
            input: json!({
                "type": "object",
                "required": ["repoUrl", "path"],
                "properties": {
                    "repoUrl": text("The host, such as gitlab.com"),
                    "token": text("The token to use, in place of the one in integrations"),
                    "path": { "type": ["number", "string"], "title": "The id or path of the group" },
                    "userIds": ids("Ids of users"),
                    "groupIds": ids("Ids of groups that it is shared with"),
                    "action": { "type": "string", "enum": ["add", "remove"], "default": "add" },
                    "accessLevel": { "type": ["number", "string"], "title": "A number, or a word such as developer", "default": 30 },
                },
            }),
            output: json!({ "type": "object", "properties": {
                "userIds": ids("Ids of users"), "groupIds": ids("Ids of groups"),
                "path": { "title": "The id or path of the group" }, "accessLevel": { "type": "number" },
            } }),
            examples: vec![(
                "Let users into a group",
                "steps:\n  - action: gitlab:group:access\n    id: access\n    name: Let users in\n    input:\n      repoUrl: gitlab.com\n      path: acme/web\n      userIds: [456]\n      accessLevel: developer\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        if input.user_ids.is_empty() && input.group_ids.is_empty() {
            return Err(Failure::new("At least one of userIds or groupIds must be provided and non-empty"));
        }
        let level = input.level()?;
        if call.dry_run {
            return done(input.output(level));
        }
        let of = |value: &Value| {
            let map: Map<String, Value> = [("path".to_owned(), value.clone())].into_iter().collect();
            segment(&map, "path")
        };
        let group = of(&input.path)?;
        let host = host_of(&input.repo_url)?;
        let remote = Remote::of(services, "gitlab", &host, "", input.token.as_deref()).await?;
        for id in &input.user_ids {
            user(&remote, &group, *id, input.action, level).await?;
        }
        for id in &input.group_ids {
            share(&remote, &group, *id, input.action, level).await?;
        }
        done(input.output(level))
    }

    /// Who is in already is given the level; who is out already stays out.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}

/// Lets a user in, or gives it another level where it is in; takes it out.
async fn user(remote: &Remote<'_>, group: &str, id: u64, deed: Deed, level: u64) -> Result<(), Failure> {
    let there = Act::get(["groups", group, "members", &id.to_string()]);
    if deed == Deed::Remove {
        return gone(remote, Act { method: "DELETE", ..there }).await;
    }
    let add = Act::post(["groups", group, "members"], json!({ "user_id": id, "access_level": level }));
    let answer = remote.send(&add).await?;
    if answer.status == 409 {
        let body = Some(json!({ "access_level": level }));
        return remote.change(&Act { method: "PUT", body, ..there }).await.map(drop);
    }
    meant(&add, answer).map(drop)
}

/// Shares a group with another one, anew where that is so already; ends that.
async fn share(remote: &Remote<'_>, group: &str, id: u64, deed: Deed, level: u64) -> Result<(), Failure> {
    let unshare = Act { method: "DELETE", ..Act::get(["groups", group, "share", &id.to_string()]) };
    if deed == Deed::Remove {
        return gone(remote, unshare).await;
    }
    let share = Act::post(["groups", group, "share"], json!({ "group_id": id, "group_access": level }));
    let answer = remote.send(&share).await?;
    if answer.status == 409 {
        gone(remote, unshare).await?;
        return remote.change(&share).await.map(drop);
    }
    meant(&share, answer).map(drop)
}

/// Takes something away that may be gone.
async fn gone(remote: &Remote<'_>, act: Act) -> Result<(), Failure> {
    let answer = remote.send(&act).await?;
    if answer.status == 404 { Ok(()) } else { meant(&act, answer).map(drop) }
}
