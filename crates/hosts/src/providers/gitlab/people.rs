//! Users and groups as GitLab lists them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Settings;
use super::projects::is_the_same;
use crate::client::Client;
use crate::code::GitLab;
use crate::error::HostError;
use crate::providers::scope::Answered;

/// A group, or a group in one.
pub(super) struct Group {
    pub(super) id: u64,
    /// Such as `acme/platform`.
    pub(super) path: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) visibility: Option<String>,
    pub(super) parent: Option<u64>,
}

/// A person.
pub(super) struct User {
    pub(super) id: u64,
    pub(super) username: String,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) picture: Option<String>,
    pub(super) page: Option<String>,
    /// Who it is for the group's SAML provider.
    pub(super) saml: Option<String>,
}

/// The group of the settings with all below it, or all of the host.
pub(super) async fn groups(
    gitlab: &GitLab,
    client: &Client,
    settings: &Settings,
) -> Result<Vec<Group>, HostError> {
    let Some(path) = settings.group.as_deref() else {
        let query = [("per_page", "100"), ("all_available", "true")];
        return all(gitlab.pages(client, gitlab.address(["groups"], query)).await?);
    };
    // A group that is not there is an error here, so it can't be taken for one without subgroups.
    let own = gitlab.get(client, &gitlab.address(["groups", path], [("with_projects", "false")])).await?;
    is_the_same(path, [&own["full_path"]].into_iter())?;
    let below = gitlab.address(["groups", path, "descendant_groups"], [("per_page", "100")]);
    let mut items = gitlab.pages(client, below).await?;
    items.push(own);
    all(items)
}

fn all(items: Vec<Value>) -> Result<Vec<Group>, HostError> {
    let wrong = || HostError::Unreachable("GitLab lists a group without an id or a path".to_owned());
    items.iter().map(|item| Group::of(item).ok_or_else(wrong)).collect()
}

/// The users that the settings mean: active ones that are people, each once.
pub(super) async fn users(
    gitlab: &GitLab,
    client: &Client,
    settings: &Settings,
    groups: &[Group],
    answered: &Answered,
) -> Result<Vec<User>, HostError> {
    let items = listed(gitlab, client, settings, groups, answered).await?;
    let wrong = || HostError::Unreachable("GitLab lists a user without an id or a name".to_owned());
    let mut users: BTreeMap<u64, User> = BTreeMap::new();
    for item in items.iter().filter(|item| item["state"] == "active") {
        let user = User::of(item).ok_or_else(wrong)?;
        if !is_bot(&user.username) && settings.wants_user(&user) {
            users.entry(user.id).or_insert(user);
        }
    }
    Ok(users.into_values().collect())
}

/// Users as the list has them that the settings mean: of the host, of one group, or on gitlab.com of the top group.
async fn listed(
    gitlab: &GitLab,
    client: &Client,
    settings: &Settings,
    groups: &[Group],
    answered: &Answered,
) -> Result<Vec<Value>, HostError> {
    match settings.group.as_deref() {
        Some(group) if gitlab.is_public() => {
            let mut paths = vec![group];
            if !settings.restrict_users {
                // Who is only in a group below is not among the members of the one above.
                paths = groups.iter().map(|group| group.path.as_str()).collect();
                paths.push(group.split('/').next().unwrap_or(group));
            }
            let mut members = Vec::new();
            for path in paths {
                let ask = async {
                    let members = members_of(gitlab, client, path, &[("show_seat_info", "true")]).await;
                    members.map(Value::Array)
                };
                if let Value::Array(some) = answered.or_ask(format!("members of {path}"), ask).await? {
                    members.extend(some);
                }
            }
            seated(members, group, settings.without_seat)
        }
        Some(group) if settings.restrict_users => members_of(gitlab, client, group, &[]).await,
        _ => {
            let query = [
                ("per_page", "100"),
                ("active", "true"),
                ("without_project_bots", "true"),
                ("exclude_internal", "true"),
            ];
            gitlab.pages(client, gitlab.address(["users"], query)).await
        }
    }
}

/// Everybody in a group or in one above it.
async fn members_of(
    gitlab: &GitLab,
    client: &Client,
    group: &str,
    more: &[(&str, &str)],
) -> Result<Vec<Value>, HostError> {
    let query = [("per_page", "100")].into_iter().chain(more.iter().copied());
    gitlab.pages(client, gitlab.address(["groups", group, "members", "all"], query)).await
}

/// Those who use a seat. A token that may not see who does is told no seat at all; that is not nobody.
fn seated(members: Vec<Value>, group: &str, without_seat: bool) -> Result<Vec<Value>, HostError> {
    if without_seat {
        return Ok(members);
    }
    if !members.is_empty() && members.iter().all(|member| member.get("is_using_seat").is_none()) {
        return Err(HostError::Denied(format!(
            "GitLab does not tell who uses a seat in {group}: the token needs the role Owner there, or set includeUsersWithoutSeat"
        )));
    }
    Ok(members.into_iter().filter(|member| member["is_using_seat"] == true).collect())
}

/// The users that GitLab makes for access tokens of projects and groups: `project_1_bot_a2b3`.
fn is_bot(username: &str) -> bool {
    let token = username.strip_prefix("project_").or_else(|| username.strip_prefix("group_"));
    token.and_then(|rest| rest.split_once("_bot")).is_some_and(|(id, rest)| {
        id.bytes().all(|byte| byte.is_ascii_digit()) && (rest.is_empty() || rest.starts_with('_'))
    })
}

impl Settings {
    /// By the address where it is known, else by the name.
    fn wants_user(&self, user: &User) -> bool {
        let shown = user.email.as_deref().unwrap_or(&user.username);
        self.user_pattern.as_ref().is_none_or(|pattern| pattern.is_match(shown))
    }
}

impl Group {
    fn of(item: &Value) -> Option<Self> {
        Some(Self {
            id: item["id"].as_u64()?,
            path: text(item, "full_path")?,
            name: text(item, "name")?,
            description: text(item, "description"),
            visibility: text(item, "visibility"),
            parent: item["parent_id"].as_u64(),
        })
    }
}

impl User {
    fn of(item: &Value) -> Option<Self> {
        Some(Self {
            id: item["id"].as_u64()?,
            username: text(item, "username")?,
            name: text(item, "name"),
            email: text(item, "email").or_else(|| text(item, "public_email")),
            picture: text(item, "avatar_url"),
            page: text(item, "web_url"),
            saml: text(&item["group_saml_identity"], "extern_uid"),
        })
    }
}

fn text(item: &Value, key: &str) -> Option<String> {
    item[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::is_bot;

    #[test]
    fn tokens_are_nobody() {
        assert!(is_bot("project_12_bot_0af3") && is_bot("group_7_bot") && is_bot("project_1_bot_x_y"));
        assert!(!is_bot("project_manager") && !is_bot("robot") && !is_bot("group_x_bot_1"));
    }
}
