//! Who belongs to a group. Only GraphQL tells how (`groupMembers(relations:)`), so it is asked.

use serde_json::{Value, json};

use crate::client::Client;
use crate::code::GitLab;
use crate::error::HostError;
use crate::pages;

const QUERY: &str = "query members($group: ID!, $relations: [GroupMemberRelation!], $after: String) {
  group(fullPath: $group) {
    groupMembers(first: 100, relations: $relations, after: $after) {
      nodes { user { id } }
      pageInfo { endCursor hasNextPage }
    }
  }
}";

/// The ids of a group's members. A group that went away meanwhile has none; one whose members may not be seen is an
/// error, for it would look the same.
pub(super) async fn members(
    gitlab: &GitLab,
    client: &Client,
    group: &str,
    relations: &[String],
) -> Result<Value, HostError> {
    let mut ids = Vec::new();
    let mut after = Value::Null;
    for _ in 0..pages::MOST {
        let variables = json!({ "group": group, "relations": relations, "after": after });
        let data = gitlab.graphql(client, &json!({ "query": QUERY, "variables": variables })).await?;
        let members = &data["group"]["groupMembers"];
        let Some(nodes) = members["nodes"].as_array() else { return unseen(gitlab, client, group).await };
        ids.extend(nodes.iter().filter_map(|node| number(&node["user"]["id"])).map(Value::from));
        let page = &members["pageInfo"];
        let next = page["endCursor"].as_str().filter(|_| page["hasNextPage"] == true);
        match (page["hasNextPage"].as_bool(), next) {
            (Some(false), _) => return Ok(Value::Array(ids)),
            (_, Some(next)) if after != next => after = json!(next),
            _ => break,
        }
    }
    Err(HostError::Unreachable(format!("the members of {group} came in pages without an end")))
}

async fn unseen(gitlab: &GitLab, client: &Client, group: &str) -> Result<Value, HostError> {
    match gitlab.get(client, &gitlab.address(["groups", group], [("with_projects", "false")])).await {
        Err(HostError::NotFound(_)) => Ok(json!([])),
        Err(error) => Err(error),
        Ok(_) => Err(HostError::Denied(format!(
            "the members of {group} may not be read: the token needs the scope read_api"
        ))),
    }
}

/// `gid://gitlab/User/7`
fn number(id: &Value) -> Option<u64> {
    id.as_str()?.rsplit('/').next()?.parse().ok()
}
