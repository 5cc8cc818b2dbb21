//! `roadiehq:utils:fs:write`, `:append`, `:replace` and `roadiehq:utils:json:merge`.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{object, text};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;
use crate::steps::input::{blocking, done, read, say, workspace};
use crate::steps::patterns::Patterns;
use crate::workspace::Kind;

pub(super) struct Write;
pub(super) struct Append;
pub(super) struct Replace;
pub(super) struct MergeJson;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    path: String,
    content: String,
    #[serde(default)]
    preserve_formatting: bool,
}

/// The path within the workspace: where that lies is nobody's business.
fn written(path: String) -> Result<Outcome, Failure> {
    done(json!({ "path": path }))
}

fn output() -> Value {
    object(&[], json!({ "path": text("Path of the file within the workspace") }))
}

fn not_utf8(path: &str) -> Failure {
    Failure::new(format!("{path} is no text"))
}

#[async_trait]
impl Performer for Write {
    fn id(&self) -> &'static str {
        "roadiehq:utils:fs:write"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        Description {
            text: "Writes a file of the workspace",
            input: object(
                &["path", "content"],
                json!({
                    "path": text("Relative path"),
                    "content": text("What is in the file"),
                    "preserveFormatting": { "type": "boolean", "title": "JSON is written with indentation" },
                }),
            ),
            output: output(),
            examples: vec![(
                "Write a file",
                "steps:\n  - action: roadiehq:utils:fs:write\n    id: write\n    name: Write a file\n    input:\n      path: config/app.yaml\n      content: 'name: ${{ parameters.name }}'\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let File { path, mut content, preserve_formatting } = read(self, call)?;
        if preserve_formatting && let Ok(value) = serde_json::from_str::<Value>(&content) {
            content = format!("{value:#}");
        }
        let (workspace, to) = (workspace(services)?, path.clone());
        blocking(move || Ok(workspace.write(&to, content.as_bytes(), false)?)).await?;
        written(path)
    }
}

#[async_trait]
impl Performer for Append {
    fn id(&self) -> &'static str {
        "roadiehq:utils:fs:append"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        Description {
            text: "Adds to the end of a file of the workspace, which is made where it is not there",
            input: object(
                &["path", "content"],
                json!({ "path": text("Path of the file"), "content": text("What is added") }),
            ),
            output: output(),
            examples: vec![(
                "Add a line",
                "steps:\n  - action: roadiehq:utils:fs:append\n    id: append\n    name: Add a line\n    input:\n      path: README.md\n      content: Made by a template\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let File { path, content, .. } = read(self, call)?;
        let (workspace, to) = (workspace(services)?, path.clone());
        let append = move || {
            let item = workspace.item(&to)?;
            let mut all = if item.is_some() { workspace.read(&to)? } else { Vec::new() };
            all.extend_from_slice(content.as_bytes());
            Ok(workspace.write(&to, &all, item.is_some_and(|item| item.executable))?)
        };
        blocking(append).await?;
        written(path)
    }
}

#[derive(Deserialize)]
struct Replacements {
    files: Vec<Replacement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    #[serde(default)]
    file: String,
    #[serde(default)]
    find: String,
    #[serde(default)]
    match_regex: bool,
    #[serde(default)]
    replace_with: String,
    #[serde(default)]
    include_dot_files: bool,
}

#[async_trait]
impl Performer for Replace {
    fn id(&self) -> &'static str {
        "roadiehq:utils:fs:replace"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        let one = object(
            &[],
            json!({
                "file": text("Path of a file, or a pattern"),
                "find": text("What is replaced, wherever it stands"),
                "matchRegex": { "type": "boolean", "title": "Not there: what is replaced is an expression" },
                "replaceWith": text("What stands there afterwards"),
                "includeDotFiles": { "type": "boolean", "title": "A pattern matches names that begin with a dot. Default: false" },
            }),
        );
        Description {
            text: "Replaces texts in files of the workspace",
            input: object(&["files"], json!({ "files": { "type": "array", "items": one } })),
            output: object(&[], json!({})),
            examples: vec![(
                "Replace a name",
                "steps:\n  - action: roadiehq:utils:fs:replace\n    id: replace\n    name: Replace a name\n    input:\n      files:\n        - file: '**/*.md'\n          find: PROJECT\n          replaceWith: ${{ parameters.name }}\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Replacements { files } = read(self, call)?;
        for file in &files {
            if file.file.is_empty() {
                return Err(Failure::new("Path to file needs to be defined"));
            }
            if file.find.is_empty() || file.replace_with.is_empty() {
                return Err(Failure::new("each file must have a find and replaceWith property"));
            }
            if file.match_regex {
                return Err(Failure::new("matchRegex is not there: give the text that is to be replaced"));
            }
        }
        let workspace = workspace(services)?;
        let replaced = blocking(move || {
            let mut replaced = Vec::new();
            for Replacement { file, find, replace_with, include_dot_files, .. } in &files {
                let pattern = Patterns::new(std::slice::from_ref(file))?;
                let is_hidden = |path: &str| path.split('/').any(|part| part.starts_with('.'));
                for item in workspace.walk()? {
                    let named = item.path == file.trim_start_matches("./");
                    let matches =
                        pattern.matches(&item.path) && (*include_dot_files || !is_hidden(&item.path));
                    if item.kind != Kind::File || !(named || matches) {
                        continue;
                    }
                    let content = workspace.read(&item.path)?;
                    let content = String::from_utf8(content).map_err(|_| not_utf8(&item.path))?;
                    let changed = content.replace(find.as_str(), replace_with);
                    workspace.write(&item.path, changed.as_bytes(), item.executable)?;
                    replaced.push(item.path);
                }
            }
            Ok(replaced)
        })
        .await?;
        say(services, call, &format!("looked through {} files", replaced.len()));
        done(Value::Object(Map::new()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Merge {
    path: String,
    content: Value,
    #[serde(default)]
    merge_arrays: bool,
}

#[async_trait]
impl Performer for MergeJson {
    fn id(&self) -> &'static str {
        "roadiehq:utils:json:merge"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        Description {
            text: "Merges values into a JSON file of the workspace, which is made where it is not there",
            input: object(
                &["path", "content"],
                json!({
                    "path": text("Path of the file"),
                    "content": { "type": ["string", "object"], "title": "What is merged into it: an object, or JSON as a text" },
                    "mergeArrays": { "type": "boolean", "title": "Lists are put together and not replaced" },
                    "matchFileIndent": { "type": "boolean", "title": "Taken; the file is written with two spaces" },
                }),
            ),
            output: output(),
            examples: vec![(
                "Add a script",
                "steps:\n  - action: roadiehq:utils:json:merge\n    id: merge\n    name: Add a script\n    input:\n      path: package.json\n      content:\n        scripts: {start: node .}\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Merge { path, content, merge_arrays } = read(self, call)?;
        let parsed = |what: &str, text: &[u8]| {
            serde_json::from_slice::<Value>(text)
                .map_err(|error| Failure::new(format!("{what} is no JSON: {error}")))
        };
        let content = match content {
            Value::String(text) => parsed("content", text.as_bytes())?,
            content => content,
        };
        let (workspace, to) = (workspace(services)?, path.clone());
        let merge = move || {
            let mut all = match workspace.has(&to)? {
                true => parsed(&to, &workspace.read(&to)?)?,
                false => Value::Object(Map::new()),
            };
            merged(&mut all, content, merge_arrays);
            Ok(workspace.write(&to, format!("{all:#}").as_bytes(), false)?)
        };
        blocking(merge).await?;
        written(path)
    }
}

/// Objects are merged key by key, lists put together or replaced, all else is replaced.
fn merged(into: &mut Value, from: Value, lists: bool) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                match into.get_mut(&key) {
                    Some(old) => merged(old, value, lists),
                    None => drop(into.insert(key, value)),
                }
            }
        }
        (Value::Array(into), Value::Array(from)) if lists => {
            let new: Vec<Value> = from.into_iter().filter(|value| !into.contains(value)).collect();
            into.extend(new);
        }
        (into, from) => *into = from,
    }
}
