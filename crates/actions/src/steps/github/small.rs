//! Steps at GitHub that are a call or two.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_hosts::Act;

use crate::performer::{Failure, Performer};
use crate::steps::publish::RepoUrl;
use crate::steps::small::{Small, nothing, renamed, segment};

/// All of them.
pub(crate) fn all() -> Vec<Arc<dyn Performer>> {
    let all = [DISPATCH, ISSUE, LABEL, WEBHOOK, AUTOLINK, PAGES];
    all.into_iter().map(|small| Arc::new(small) as Arc<dyn Performer>).collect()
}

fn below(url: &RepoUrl, parts: &[&str]) -> Result<Vec<String>, Failure> {
    let start = ["repos", url.owner()?, &url.repo];
    Ok(start.iter().chain(parts).map(|part| (*part).to_owned()).collect())
}

fn text(title: &str) -> Value {
    json!({ "type": "string", "title": title })
}

fn list(title: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "title": title })
}

const DISPATCH: Small = Small {
    id: "github:actions:dispatch",
    kind: "github",
    text: "Dispatches a GitHub Action workflow for a given branch or tag",
    properties: || {
        json!({
            "workflowId": { "type": ["string", "number"], "title": "The GitHub Action Workflow filename or id" },
            "branchOrTagName": text("The git branch or tag name used to dispatch the workflow"),
            "workflowInputs": { "type": "object", "title": "Inputs keys and values to send to GitHub Action configured on the workflow file" },
        })
    },
    required: &["workflowId", "branchOrTagName"],
    calls: |url, input| {
        let workflow = segment(input, "workflowId")?;
        let path = below(url, &["actions", "workflows", &workflow, "dispatches"])?;
        let body = renamed(input, &[("branchOrTagName", "ref"), ("workflowInputs", "inputs")]);
        Ok(vec![Act::post(path, body)])
    },
    output: nothing,
    example: (
        "GitHub Action Workflow Without Inputs.",
        "steps:\n  - action: github:actions:dispatch\n    name: Dispatch Github Action Workflow\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n      workflowId: WORKFLOW_ID\n      branchOrTagName: main\n",
    ),
    repeatable: false,
    already: None,
};

const ISSUE: Small = Small {
    id: "github:issues:create",
    kind: "github",
    text: "Creates an issue on GitHub",
    properties: || {
        json!({
            "title": text("The title of the issue"),
            "body": text("The contents of the issue"),
            "assignees": list("Logins for users to assign to this issue"),
            "milestone": { "type": ["string", "number"], "title": "The number of the milestone to associate this issue with" },
            "labels": list("Labels to associate with this issue"),
        })
    },
    required: &["title"],
    calls: |url, input| {
        let names = ["title", "body", "assignees", "milestone", "labels"].map(|name| (name, name));
        Ok(vec![Act::post(below(url, &["issues"])?, renamed(input, &names))])
    },
    output: |answer| json!({ "issueUrl": answer["html_url"], "issueNumber": answer["number"] }),
    example: (
        "Create a simple issue",
        "steps:\n  - action: github:issues:create\n    name: Create issue\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n      title: Bug report\n      body: Found a bug that needs to be fixed\n",
    ),
    repeatable: false,
    already: None,
};

const LABEL: Small = Small {
    id: "github:issues:label",
    kind: "github",
    text: "Adds labels to a pull request or issue on GitHub",
    properties: || {
        json!({
            "number": { "type": "number", "title": "The pull request or issue number to add labels to" },
            "labels": list("The labels to add to the pull request or issue"),
        })
    },
    required: &["number", "labels"],
    calls: |url, input| {
        let number = segment(input, "number")?;
        let path = below(url, &["issues", &number, "labels"])?;
        Ok(vec![Act::post(path, renamed(input, &[("labels", "labels")]))])
    },
    output: nothing,
    example: (
        "Add labels to pull request or issue",
        "steps:\n  - action: github:issues:label\n    name: Add labels to pull request or issue\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n      number: \"1\"\n      labels:\n        - bug\n",
    ),
    repeatable: true,
    already: None,
};

const WEBHOOK: Small = Small {
    id: "github:webhook",
    kind: "github",
    text: "Creates webhook for a repository on GitHub",
    properties: || {
        json!({
            "webhookUrl": text("The URL to which the payloads will be delivered"),
            "webhookSecret": text("The secret that deliveries are signed with"),
            "events": list("Determines what events the hook is triggered for. Default: push"),
            "active": { "type": "boolean", "title": "Deliver when it is triggered. Default: true" },
            "contentType": { "type": "string", "enum": ["form", "json"], "title": "The media type of the payloads. Default: form" },
            "insecureSsl": { "type": "boolean", "title": "Do not verify the certificate. Default: false" },
        })
    },
    required: &["webhookUrl"],
    calls: |url, input| {
        let mut config = renamed(
            input,
            &[("webhookUrl", "url"), ("webhookSecret", "secret"), ("contentType", "content_type")],
        );
        if config["content_type"].is_null() {
            config["content_type"] = "form".into();
        }
        let insecure = input.get("insecureSsl") == Some(&Value::Bool(true));
        config["insecure_ssl"] = if insecure { "1" } else { "0" }.into();
        let events = input.get("events").cloned().unwrap_or_else(|| json!(["push"]));
        let active = input.get("active").cloned().unwrap_or(Value::Bool(true));
        let body = json!({ "config": config, "events": events, "active": active });
        Ok(vec![Act::post(below(url, &["hooks"])?, body)])
    },
    output: nothing,
    example: (
        "Create a GitHub webhook for a repository",
        "steps:\n  - action: github:webhook\n    name: Create GitHub Webhook\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n      webhookUrl: https://example.com/my-webhook\n",
    ),
    // A second one with the same address is refused.
    repeatable: true,
    already: Some((422, "Hook already exists")),
};

const AUTOLINK: Small = Small {
    id: "github:autolinks:create",
    kind: "github",
    text: "Create an autolink reference for a repository",
    properties: || {
        json!({
            "keyPrefix": text("This prefix appended by certain characters will generate a link any time it is found in an issue, pull request, or commit."),
            "urlTemplate": text("The URL must contain <num> for the reference number."),
            "isAlphanumeric": { "type": "boolean", "title": "Whether this autolink reference matches alphanumeric characters. Default: true" },
        })
    },
    required: &["keyPrefix", "urlTemplate"],
    calls: |url, input| {
        let names = [
            ("keyPrefix", "key_prefix"),
            ("urlTemplate", "url_template"),
            ("isAlphanumeric", "is_alphanumeric"),
        ];
        Ok(vec![Act::post(below(url, &["autolinks"])?, renamed(input, &names))])
    },
    output: nothing,
    example: (
        "GitHub alphanumeric autolink reference",
        "steps:\n  - action: github:autolinks:create\n    name: Create an autolink reference\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n      keyPrefix: TICKET-\n      urlTemplate: https://example.com/TICKET?query=<num>\n",
    ),
    repeatable: false,
    already: None,
};

const PAGES: Small = Small {
    id: "github:pages:enable",
    kind: "github",
    text: "Enables GitHub Pages for a repository.",
    properties: || {
        json!({
            "buildType": { "type": "string", "enum": ["legacy", "workflow"], "title": "The build type. Default: workflow" },
            "sourceBranch": text("The branch of a legacy build. Default: main"),
            "sourcePath": { "type": "string", "enum": ["/", "/docs"], "title": "The folder of a legacy build. Default: /" },
        })
    },
    required: &[],
    calls: |url, input| {
        let or = |key: &str, other: &str| input.get(key).cloned().unwrap_or_else(|| other.into());
        let source = json!({ "branch": or("sourceBranch", "main"), "path": or("sourcePath", "/") });
        let body = json!({ "build_type": or("buildType", "workflow"), "source": source });
        Ok(vec![Act::post(below(url, &["pages"])?, body)])
    },
    output: nothing,
    example: (
        "Enables GitHub Pages for a repository.",
        "steps:\n  - action: github:pages:enable\n    name: Enable GitHub Pages\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n",
    ),
    repeatable: true,
    already: Some((409, "")),
};
