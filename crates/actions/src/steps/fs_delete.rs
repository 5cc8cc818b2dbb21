//! `fs:delete`: removes files and folders that patterns name.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{blocking, done, read, say, workspace};
use super::patterns::Patterns;
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;

pub(super) struct FsDelete;

#[derive(Deserialize)]
struct Input {
    files: Vec<String>,
}

#[async_trait]
impl Performer for FsDelete {
    fn id(&self) -> &'static str {
        "fs:delete"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        Description {
            text: "Deletes files and directories from the workspace",
            input: json!({
                "type": "object",
                "required": ["files"],
                "properties": { "files": {
                    "type": "array",
                    "items": { "type": "string" },
                    "title": "Files",
                    "description": "Files and folders that will be deleted, by path or by pattern such as **/*.md",
                } },
            }),
            output: json!({ "type": "object", "properties": {} }),
            examples: vec![(
                "Delete specified files",
                "steps:\n  - action: fs:delete\n    id: deleteFiles\n    name: Delete files\n    input:\n      files:\n        - file1.txt\n        - \"**/*.bak\"\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Input { files } = read(self, call)?;
        let workspace = workspace(services)?;
        let gone = blocking(move || {
            let mut gone = Vec::new();
            for file in &files {
                // A name before it is a pattern: `[id].tsx` is a file, too. And one that leads out is refused here.
                if workspace.has(file)? {
                    workspace.remove(file)?;
                    gone.push(file.clone());
                    continue;
                }
                let pattern = Patterns::new(std::slice::from_ref(file))?;
                let found = workspace.walk()?;
                for item in found.iter().filter(|item| pattern.matches(&item.path)) {
                    workspace.remove(&item.path)?;
                    gone.push(item.path.clone());
                }
            }
            Ok(gone)
        })
        .await?;
        gone.iter().for_each(|file| say(services, call, &format!("File {file} deleted successfully")));
        done(Value::Object(serde_json::Map::new()))
    }
}
