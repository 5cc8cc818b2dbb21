//! `fetch:plain` and `fetch:plain:file`: files as they are.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::input::{blocking, done, read, say, warn, workspace};
use super::source::{self, Taken, What, token_note};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;
use crate::workspace::{Workspace, WorkspaceError};

pub(super) struct FetchPlain;

pub(super) struct FetchPlainFile;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    url: String,
    target_path: Option<String>,
    token: Option<Value>,
}

fn schema(required: &[&str]) -> Value {
    json!({
        "type": "object",
        "required": required,
        "properties": {
            "url": { "type": "string", "title": "Fetch URL", "description": "Relative path or absolute URL pointing to what to fetch" },
            "targetPath": { "type": "string", "title": "Target Path", "description": "Path within the working directory to download the contents to" },
            "token": { "type": "string", "title": "Token", "description": "Not used: files are read with the credentials of integrations" },
        },
    })
}

#[async_trait]
impl Performer for FetchPlain {
    fn id(&self) -> &'static str {
        "fetch:plain"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        Description {
            text: "Downloads content and places it in the workspace, or optionally in a subdirectory specified by the targetPath input option",
            input: schema(&["url"]),
            output: json!({ "type": "object", "properties": {} }),
            examples: vec![(
                "Downloads content and places it in the workspace",
                "steps:\n  - action: fetch:plain\n    id: fetch-plain\n    name: Fetch plain\n    input:\n      url: https://github.com/backstage/community/tree/main/backstage-community-sessions/assets\n      targetPath: fetched-data\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Input { url, target_path, token } = read(self, call)?;
        say(services, call, "Fetching plain content from remote URL");
        token_note(token.as_ref()).into_iter().for_each(|note| warn(services, call, note));
        let workspace = workspace(services)?;
        let files = source::folder(call, services, &url).await?;
        blocking(move || {
            let target = workspace.folder(target_path.as_deref().unwrap_or("./"))?;
            files.iter().try_for_each(|taken| Ok(put(&target, &taken.path, taken)?))
        })
        .await?;
        done(Value::Object(Map::new()))
    }
}

/// Puts what was taken at a path.
pub(super) fn put(target: &Workspace, path: &str, taken: &Taken) -> Result<(), WorkspaceError> {
    match &taken.what {
        What::File { content, executable } => target.write(path, content, *executable),
        What::Folder => target.folder(path).map(drop),
        What::Link(to) => target.link(path, to),
    }
}

#[async_trait]
impl Performer for FetchPlainFile {
    fn id(&self) -> &'static str {
        "fetch:plain:file"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        Description {
            text: "Downloads single file and places it in the workspace",
            input: schema(&["url", "targetPath"]),
            output: json!({ "type": "object", "properties": {} }),
            examples: vec![(
                "Downloads a file and places it in the workspace",
                "steps:\n  - action: fetch:plain:file\n    id: fetch-plain-file\n    name: Fetch plain file\n    input:\n      url: https://github.com/backstage/community/tree/main/README.md\n      targetPath: target-path\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Input { url, target_path, token } = read(self, call)?;
        say(services, call, "Fetching plain content from remote URL");
        token_note(token.as_ref()).into_iter().for_each(|note| warn(services, call, note));
        let workspace = workspace(services)?;
        let (content, executable) = source::file(call, services, &url).await?;
        let path = target_path.unwrap_or_default();
        blocking(move || Ok(workspace.write(&path, &content, executable)?)).await?;
        done(Value::Object(Map::new()))
    }
}
