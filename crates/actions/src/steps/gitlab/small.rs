//! Steps at GitLab that are one call.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_hosts::Act;

use crate::performer::Performer;
use crate::steps::small::{Small, nothing, renamed, segment};

/// All of them.
pub(super) fn all() -> Vec<Arc<dyn Performer>> {
    [EDIT, ISSUE, PIPELINE, USER, VARIABLE]
        .into_iter()
        .map(|small| Arc::new(small) as Arc<dyn Performer>)
        .collect()
}

fn text(title: &str) -> Value {
    json!({ "type": "string", "title": title })
}

fn project() -> Value {
    json!({ "type": ["number", "string"], "title": "The id or path of the project" })
}

const ISSUE: Small = Small {
    id: "gitlab:issues:create",
    kind: "gitlab",
    text: "Creates a GitLab issue.",
    properties: || {
        json!({
            "projectId": project(),
            "title": text("Title of the issue"),
            "description": text("Issue description"),
            "assignees": { "type": "array", "items": { "type": "number" }, "title": "Ids of users" },
            "confidential": { "type": "boolean", "title": "Issue Confidentiality" },
            "labels": text("Labels, with commas between them"),
            "dueDate": text("Due date, as YYYY-MM-DD"),
            "issueType": { "type": "string", "enum": ["issue", "incident", "test_case", "task"], "title": "Type of the issue" },
            "milestoneId": { "type": "number", "title": "Id of a milestone" },
            "weight": { "type": "number", "title": "The issue weight" },
        })
    },
    required: &["projectId", "title"],
    calls: |_, input| {
        let names = [
            ("title", "title"),
            ("description", "description"),
            ("assignees", "assignee_ids"),
            ("confidential", "confidential"),
            ("labels", "labels"),
            ("dueDate", "due_date"),
            ("issueType", "issue_type"),
            ("milestoneId", "milestone_id"),
            ("weight", "weight"),
        ];
        let id = segment(input, "projectId")?;
        Ok(vec![Act::post(["projects", &id, "issues"], renamed(input, &names))])
    },
    output: |answer| json!({ "issueUrl": answer["web_url"], "issueId": answer["id"], "issueIid": answer["iid"] }),
    example: (
        "Create a GitLab issue with minimal options",
        "steps:\n  - action: gitlab:issues:create\n    id: gitlabIssue\n    name: Issues\n    input:\n      repoUrl: gitlab.com?repo=repo&owner=owner\n      projectId: 12\n      title: Test Issue\n",
    ),
    repeatable: false,
    already: None,
};

const PIPELINE: Small = Small {
    id: "gitlab:pipeline:trigger",
    kind: "gitlab",
    text: "Triggers a GitLab Pipeline.",
    properties: || {
        json!({
            "projectId": project(),
            "tokenDescription": text("Not used: no trigger token is made"),
            "branch": text("Branch or tag that the pipeline runs for"),
            "variables": { "type": "object", "title": "Variables of the pipeline" },
        })
    },
    required: &["projectId", "branch"],
    calls: |_, input| {
        let mut body = renamed(input, &[("branch", "ref")]);
        if let Some(variables) = input.get("variables").and_then(Value::as_object) {
            let pairs = variables.iter().map(|(key, value)| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                json!({ "key": key, "value": value })
            });
            body["variables"] = pairs.collect();
        }
        let id = segment(input, "projectId")?;
        Ok(vec![Act::post(["projects", &id, "pipeline"], body)])
    },
    output: |answer| json!({ "pipelineUrl": answer["web_url"] }),
    example: (
        "Trigger a GitLab Project Pipeline",
        "steps:\n  - action: gitlab:pipeline:trigger\n    id: triggerPipeline\n    name: Trigger Project Pipeline\n    input:\n      repoUrl: gitlab.com?repo=repo&owner=owner\n      projectId: 12\n      branch: main\n",
    ),
    repeatable: false,
    already: None,
};

const VARIABLE: Small = Small {
    id: "gitlab:projectVariable:create",
    kind: "gitlab",
    text: "Creates Gitlab project variables.",
    properties: || {
        let flag = |title: &str| json!({ "type": "boolean", "title": title });
        json!({
            "projectId": project(),
            "key": text("The key of a variable; only A-Z, a-z, 0-9, and _ are allowed"),
            "value": text("The value of a variable"),
            "variableType": text("env_var or file. Default: env_var"),
            "variableProtected": flag("Whether the variable is protected"),
            "masked": flag("Whether the variable is masked"),
            "raw": flag("Whether the variable is not expandable"),
            "environmentScope": text("The environment scope of the variable. Default: *"),
        })
    },
    required: &["projectId", "key", "value"],
    calls: |_, input| {
        let names = [
            ("key", "key"),
            ("value", "value"),
            ("variableType", "variable_type"),
            ("variableProtected", "protected"),
            ("masked", "masked"),
            ("raw", "raw"),
            ("environmentScope", "environment_scope"),
        ];
        let id = segment(input, "projectId")?;
        Ok(vec![Act::post(["projects", &id, "variables"], renamed(input, &names))])
    },
    output: nothing,
    example: (
        "Creating a GitLab project variable of type env_var",
        "steps:\n  - action: gitlab:projectVariable:create\n    id: createVariable\n    name: Create Variable\n    input:\n      repoUrl: gitlab.com?repo=repo&owner=owner\n      projectId: 12\n      key: MY_VARIABLE\n      value: my-value\n",
    ),
    repeatable: false,
    already: None,
};

const EDIT: Small = Small {
    id: "gitlab:issue:edit",
    kind: "gitlab",
    text: "Edit a Gitlab issue.",
    properties: || {
        let flag = |title: &str| json!({ "type": "boolean", "title": title });
        json!({
            "projectId": project(),
            "issueIid": { "type": "number", "title": "The internal id of the issue in its project" },
            "addLabels": text("Labels to be added, with commas between them"),
            "removeLabels": text("Labels to be removed"),
            "labels": text("All labels from now on"),
            "assignees": { "type": "array", "items": { "type": "number" }, "title": "Ids of users" },
            "confidential": flag("Issue Confidentiality"),
            "description": text("Issue description"),
            "discussionLocked": flag("Only members of the project may comment"),
            "dueDate": text("Due date, as YYYY-MM-DD"),
            "epicId": { "type": "number", "title": "Id of an epic", "minimum": 0 },
            "issueType": { "type": "string", "enum": ["issue", "incident", "test_case", "task"], "title": "Type of the issue" },
            "milestoneId": { "type": "number", "title": "Id of a milestone" },
            "stateEvent": { "type": "string", "enum": ["close", "reopen"], "title": "Close or reopen it" },
            "title": text("Title of the issue"),
            "updatedAt": text("When it was changed, in ISO 8601"),
            "weight": { "type": "number", "title": "The issue weight", "minimum": 0, "maximum": 10 },
        })
    },
    required: &["projectId", "issueIid"],
    calls: |_, input| {
        let names = [
            ("addLabels", "add_labels"),
            ("removeLabels", "remove_labels"),
            ("labels", "labels"),
            ("assignees", "assignee_ids"),
            ("confidential", "confidential"),
            ("description", "description"),
            ("discussionLocked", "discussion_locked"),
            ("dueDate", "due_date"),
            ("epicId", "epic_id"),
            ("issueType", "issue_type"),
            ("milestoneId", "milestone_id"),
            ("stateEvent", "state_event"),
            ("title", "title"),
            ("updatedAt", "updated_at"),
            ("weight", "weight"),
        ];
        let (id, issue) = (segment(input, "projectId")?, segment(input, "issueIid")?);
        let act = Act::post(["projects", &id, "issues", &issue], renamed(input, &names));
        Ok(vec![Act { method: "PUT", ..act }])
    },
    output: |answer| {
        json!({
            "issueUrl": answer["web_url"], "projectId": answer["project_id"], "issueId": answer["id"],
            "issueIid": answer["iid"], "state": answer["state"], "title": answer["title"],
            "updatedAt": answer["updated_at"],
        })
    },
    example: (
        "Close an issue",
        "steps:\n  - action: gitlab:issue:edit\n    id: gitlabIssue\n    name: Close\n    input:\n      repoUrl: gitlab.com?repo=repo&owner=owner\n      projectId: 12\n      issueIid: 1\n      stateEvent: close\n",
    ),
    repeatable: true,
    already: None,
};

const USER: Small = Small {
    id: "gitlab:user:info",
    kind: "gitlab",
    text: "Retrieves information about a GitLab user or the current authenticated user",
    properties: || json!({ "userId": { "type": "number", "title": "Id of the user; without one it is whoever the token is" } }),
    required: &[],
    calls: |_, input| {
        Ok(vec![match input.get("userId") {
            Some(id) if !id.is_null() => Act::get(["users", &segment(input, "userId")?]),
            _ => Act::get(["user"]),
        }])
    },
    output: |answer| {
        let Some(answer) = answer.as_object() else { return json!({}) };
        let names = [
            ("id", "id"),
            ("username", "username"),
            ("name", "name"),
            ("state", "state"),
            ("web_url", "webUrl"),
            ("email", "email"),
            ("created_at", "createdAt"),
            ("public_email", "publicEmail"),
        ];
        renamed(answer, &names)
    },
    example: (
        "Who the token is",
        "steps:\n  - action: gitlab:user:info\n    id: user\n    name: Look who it is\n    input:\n      repoUrl: gitlab.com?repo=repo&owner=owner\n",
    ),
    repeatable: true,
    already: None,
};
