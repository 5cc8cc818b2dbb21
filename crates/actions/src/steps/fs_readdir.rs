//! `fs:readdir`: what lies in folders of the workspace.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{blocking, done, read, workspace};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;
use crate::workspace::{Item, Kind};

pub(super) struct FsReaddir;

#[derive(Deserialize)]
struct Input {
    paths: Vec<String>,
    #[serde(default)]
    recursive: bool,
}

#[async_trait]
impl Performer for FsReaddir {
    fn id(&self) -> &'static str {
        "fs:readdir"
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        let entry = json!({ "type": "array", "items": {
            "type": "object",
            "properties": {
                "name": { "type": "string" },
                "path": { "type": "string", "description": "path relative to the workspace" },
                "fullPath": { "type": "string", "description": "the same: where the workspace lies is nobody's business" },
            },
        } });
        Description {
            text: "Reads files and directories from the workspace",
            input: json!({
                "type": "object",
                "required": ["paths"],
                "properties": {
                    "paths": { "type": "array", "items": { "type": "string" }, "title": "Paths of folders" },
                    "recursive": { "type": "boolean", "title": "Read the folders in them, too" },
                },
            }),
            output: json!({ "type": "object", "properties": { "files": entry, "folders": entry } }),
            examples: vec![(
                "Read specified folders",
                "steps:\n  - action: fs:readdir\n    id: readFolders\n    name: Read folders\n    input:\n      paths:\n        - folder1\n      recursive: true\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Input { paths, recursive } = read(self, call)?;
        let workspace = workspace(services)?;
        let found = blocking(move || {
            let (mut files, mut folders) = (Vec::new(), Vec::new());
            for path in &paths {
                let folder = workspace.existing_folder(path)?;
                let prefix = path.trim_start_matches("./").trim_matches('/');
                let prefix = if matches!(prefix, "" | ".") { String::new() } else { format!("{prefix}/") };
                for item in if recursive { folder.walk()? } else { folder.children()? } {
                    let list = if item.kind == Kind::Folder { &mut folders } else { &mut files };
                    list.push(shown(&prefix, &item));
                }
            }
            Ok(json!({ "files": files, "folders": folders }))
        })
        .await?;
        done(found)
    }
}

fn shown(prefix: &str, item: &Item) -> Value {
    let path = format!("{prefix}{}", item.path);
    json!({ "name": item.name(), "path": path, "fullPath": path })
}
