//! `fs:rename`: gives files and folders other names.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{blocking, done, read, say, workspace};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;
use crate::workspace::WorkspaceError;

pub(super) struct FsRename;

#[derive(Deserialize)]
struct Input {
    files: Vec<Move>,
}

#[derive(Deserialize)]
struct Move {
    from: String,
    to: String,
    #[serde(default)]
    overwrite: bool,
}

#[async_trait]
impl Performer for FsRename {
    fn id(&self) -> &'static str {
        "fs:rename"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        Description {
            text: "Renames files and directories within the workspace",
            input: json!({
                "type": "object",
                "required": ["files"],
                "properties": { "files": {
                    "type": "array",
                    "title": "Files",
                    "description": "A list of file and directory names that will be renamed",
                    "items": {
                        "type": "object",
                        "required": ["from", "to"],
                        "properties": {
                            "from": { "type": "string", "title": "The source location of the file to be renamed" },
                            "to": { "type": "string", "title": "The destination of the new file" },
                            "overwrite": { "type": "boolean", "title": "Overwrite existing file or directory, default is false" },
                        },
                    },
                } },
            }),
            output: json!({ "type": "object", "properties": {} }),
            examples: vec![(
                "Rename specified files",
                "steps:\n  - action: fs:rename\n    id: renameFiles\n    name: Rename files\n    input:\n      files:\n        - from: file1.txt\n          to: file1Renamed.txt\n        - from: old\n          to: new\n          overwrite: true\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Input { files } = read(self, call)?;
        let workspace = workspace(services)?;
        let moved = blocking(move || {
            let mut moved = Vec::new();
            for Move { from, to, overwrite } in &files {
                workspace.rename(from, to, *overwrite).map_err(|error| match error {
                    WorkspaceError::Taken(_) => Failure::new("dest already exists."),
                    other => other.into(),
                })?;
                moved.push(format!("File {from} renamed to {to} successfully"));
            }
            Ok(moved)
        })
        .await?;
        moved.iter().for_each(|line| say(services, call, line));
        done(Value::Object(serde_json::Map::new()))
    }
}
