//! `debug:log`: a message, or what lies in the workspace, in the run's log.

use std::fmt::Write as _;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{blocking, done, read, say, workspace};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;
use crate::workspace::{Kind, Workspace};

/// Bytes that are shown of a workspace; logs are kept.
const MOST_SHOWN: usize = 64 << 10;

pub(super) struct DebugLog;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    message: Option<Value>,
    #[serde(default)]
    list_workspace: Value,
}

#[async_trait]
impl Performer for DebugLog {
    fn id(&self) -> &'static str {
        "debug:log"
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        Description {
            text: "Writes a message into the log and/or lists all files in the workspace",
            input: json!({
                "type": "object",
                "properties": {
                    "message": { "title": "Message to output" },
                    "listWorkspace": {
                        "title": "List all files in the workspace; with-contents shows what is in them",
                        "anyOf": [{ "type": "boolean" }, { "type": "string", "enum": ["with-filenames", "with-contents"] }],
                    },
                },
            }),
            output: json!({ "type": "object", "properties": {} }),
            examples: vec![
                (
                    "Write a debug message",
                    "steps:\n  - action: debug:log\n    id: write-debug-line\n    name: Write \"Hello Backstage!\" log line\n    input:\n      message: Hello Backstage!\n",
                ),
                (
                    "List the workspace directory with file contents",
                    "steps:\n  - action: debug:log\n    id: write-workspace-directory\n    name: List the workspace directory\n    input:\n      listWorkspace: with-contents\n",
                ),
            ],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Input { message, list_workspace } = read(self, call)?;
        match message {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => say(services, call, &text),
            Some(other) => say(services, call, &other.to_string()),
        }
        if list_workspace != Value::Null && list_workspace != Value::Bool(false) {
            let workspace = workspace(services)?;
            let with_contents = list_workspace == "with-contents";
            let text = blocking(move || shown(&workspace, with_contents)).await?;
            say(services, call, &text);
        }
        done(Value::Object(serde_json::Map::new()))
    }
}

fn shown(workspace: &Workspace, with_contents: bool) -> Result<String, Failure> {
    let mut text = "Workspace:".to_owned();
    for item in workspace.walk()?.iter().filter(|item| item.kind != Kind::Folder) {
        let _ = write!(text, "\n  - {}", item.path);
        if item.kind == Kind::Link {
            // Where it leads is not read: that may be another place in the next moment.
            text.push_str(" (a link)");
        } else if with_contents {
            let content = workspace.read(&item.path)?;
            match std::str::from_utf8(&content) {
                Ok(content) => drop(write!(text, "\n\n{content}\n")),
                Err(_) => drop(write!(text, " (binary, {} bytes)", content.len())),
            }
        }
        if text.len() > MOST_SHOWN {
            let end = (0..=MOST_SHOWN).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            text.truncate(end);
            text.push_str("\n  ...");
            break;
        }
    }
    Ok(text)
}
