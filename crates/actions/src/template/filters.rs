//! The filters that templates have besides those of the expressions themselves, for people and editors. What they do is
//! the expressions' own.

use serde_json::{Value, json};

/// The filters with what they are for, as `GET /v2/templating-extensions` of Backstage tells it.
#[must_use]
pub fn described() -> Value {
    let repo_url = "github.com?repo=backstage&owner=backstage";
    json!({
        "parseRepoUrl": {
            "description": "The parts of a repository's address",
            "schema": {
                "input": { "type": "string", "description": "As a RepoUrlPicker gives it" },
                "output": { "type": "object", "required": ["host"], "properties": {
                    "host": { "type": "string" }, "owner": { "type": "string" }, "repo": { "type": "string" },
                    "organization": { "type": "string" }, "workspace": { "type": "string" }, "project": { "type": "string" },
                } },
            },
            "examples": [{ "description": "Log the parts", "example": "message: ${{ parameters.repoUrl | parseRepoUrl }}", "notes": repo_url }],
        },
        "parseEntityRef": {
            "description": "Kind, namespace and name of an entity reference",
            "schema": {
                "input": { "type": "string" },
                "arguments": [{ "type": "object", "properties": { "defaultKind": { "type": "string" }, "defaultNamespace": { "type": "string" } } }],
                "output": { "type": "object", "properties": { "kind": { "type": "string" }, "namespace": { "type": "string" }, "name": { "type": "string" } } },
            },
            "examples": [{ "description": "With a kind that goes without saying", "example": "group: ${{ parameters.owner | parseEntityRef({ defaultKind: 'group' }) }}" }],
        },
        "pick": {
            "description": "The value at a path",
            "schema": {
                "input": { "type": "object" },
                "arguments": [{ "type": "string", "title": "Path" }],
                "output": {},
            },
            "examples": [{ "description": "The name of an owner", "example": "name: ${{ parameters.owner | parseEntityRef | pick('name') }}" }],
        },
        "projectSlug": {
            "description": "Owner and name of a repository",
            "schema": { "input": { "type": "string", "description": "As a RepoUrlPicker gives it" }, "output": { "type": "string" } },
            "examples": [{ "description": "Log the slug", "example": "message: ${{ parameters.repoUrl | projectSlug }}", "notes": repo_url }],
        },
    })
}
