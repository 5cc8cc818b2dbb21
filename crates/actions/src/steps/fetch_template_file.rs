//! `fetch:template:file`: one file, rendered.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stagedoor_expressions::Syntax;

use super::input::{blocking, done, read, say, warn, workspace};
use super::render::{Renderer, is_binary};
use super::source::{self, token_note};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;

pub(super) struct FetchTemplateFile;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    url: String,
    target_path: String,
    values: Option<Map<String, Value>>,
    #[serde(default)]
    cookiecutter_compat: bool,
    #[serde(default)]
    replace: bool,
    #[serde(default)]
    trim_blocks: bool,
    #[serde(default)]
    lstrip_blocks: bool,
    token: Option<Value>,
}

#[async_trait]
impl Performer for FetchTemplateFile {
    fn id(&self) -> &'static str {
        "fetch:template:file"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        let flag = |title: &str| json!({ "type": "boolean", "title": title });
        Description {
            text: "Downloads single file and places it in the workspace, rendered with values",
            input: json!({
                "type": "object",
                "required": ["url", "targetPath"],
                "properties": {
                    "url": { "type": "string", "title": "Fetch URL", "description": "Relative path or absolute URL pointing to the single file to fetch" },
                    "targetPath": { "type": "string", "title": "Target Path", "description": "Target path within the working directory to download the file as" },
                    "values": { "type": "object", "title": "Template Values" },
                    "cookiecutterCompat": flag("Cookiecutter compatibility mode"),
                    "replace": flag("If set, replace the file instead of skipping an existing one"),
                    "trimBlocks": flag("If set, the first newline after a block is removed"),
                    "lstripBlocks": flag("If set, leading whitespace is stripped from a line before a block"),
                    "token": { "type": "string", "title": "Not used: files are read with the credentials of integrations" },
                },
            }),
            output: json!({ "type": "object", "properties": {} }),
            examples: vec![(
                "Downloads a template file from a provided URL, templates variables into its content and places it in the workspace",
                "steps:\n  - action: fetch:template:file\n    id: fetch-template-file\n    name: Fetch template file\n    input:\n      url: ./skeleton.txt\n      targetPath: ./target/skeleton.txt\n      values:\n        name: test-project\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        token_note(input.token.as_ref()).into_iter().for_each(|note| warn(services, call, note));
        let workspace = workspace(services)?;
        say(services, call, "Fetching template file content from remote URL");
        let (content, executable) = source::file(call, services, &input.url).await?;
        let skipped = blocking(move || {
            if !input.replace && workspace.has(&input.target_path)? {
                return Ok(Some(format!(
                    "File {} already exists in workspace, not replacing.",
                    input.target_path
                )));
            }
            let syntax = Syntax {
                cookiecutter: input.cookiecutter_compat,
                trim_blocks: input.trim_blocks,
                lstrip_blocks: input.lstrip_blocks,
            };
            let content = match String::from_utf8(content) {
                Ok(text) if !is_binary(text.as_bytes()) => {
                    Renderer::new(input.values, syntax).text(&input.url, &text)?.into_bytes()
                }
                Ok(text) => text.into_bytes(),
                Err(error) => error.into_bytes(),
            };
            workspace.write(&input.target_path, &content, executable)?;
            Ok(None)
        })
        .await?;
        skipped.iter().for_each(|line| say(services, call, line));
        done(Value::Object(Map::new()))
    }
}
