//! `fetch:template` and `workspace:template`: a folder whose names and contents are rendered.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stagedoor_expressions::Syntax;

use super::fetch_plain::put;
use super::input::{blocking, done, read, say, warn, workspace};
use super::patterns::Patterns;
use super::render::{Renderer, is_binary};
use super::source::{self, Taken, What, token_note};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;
use crate::workspace::{Kind, Workspace};

pub(super) struct FetchTemplate;

pub(super) struct WorkspaceTemplate;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    /// Of `fetch:template`.
    url: Option<String>,
    /// Of `workspace:template`.
    source_path: Option<String>,
    target_path: Option<String>,
    values: Option<Map<String, Value>>,
    copy_without_templating: Option<Vec<String>>,
    copy_without_render: Option<Vec<String>>,
    #[serde(default)]
    cookiecutter_compat: bool,
    #[serde(default)]
    template_file_extension: Value,
    #[serde(default)]
    replace: bool,
    #[serde(default)]
    trim_blocks: bool,
    #[serde(default)]
    lstrip_blocks: bool,
    token: Option<Value>,
}

/// How a folder is rendered.
struct Rules {
    renderer: Renderer,
    /// Contents stay, names are rendered.
    contents_stay: Patterns,
    /// Both stay.
    all_stays: Patterns,
    /// Only files with this ending are rendered, and lose it.
    extension: Option<String>,
    replace: bool,
}

impl Rules {
    fn new(input: &mut Input) -> Result<Self, Failure> {
        let extension = match &input.template_file_extension {
            Value::Bool(true) => Some(".njk".to_owned()),
            Value::String(text) if text.starts_with('.') => Some(text.clone()),
            Value::String(text) if !text.is_empty() => Some(format!(".{text}")),
            _ => None,
        };
        let (stay, old) = (input.copy_without_templating.take(), input.copy_without_render.take());
        if stay.is_some() && old.is_some() {
            return Err(Failure::new(
                "Fetch action input copyWithoutRender and copyWithoutTemplating can not be used at the same time",
            ));
        }
        if extension.is_some() && (stay.is_some() || old.is_some() || input.cookiecutter_compat) {
            return Err(Failure::new(
                "Fetch action input extension incompatible with copyWithoutRender/copyWithoutTemplating and cookiecutterCompat",
            ));
        }
        let syntax = Syntax {
            cookiecutter: input.cookiecutter_compat,
            trim_blocks: input.trim_blocks,
            lstrip_blocks: input.lstrip_blocks,
        };
        Ok(Self {
            renderer: Renderer::new(input.values.take(), syntax),
            contents_stay: Patterns::new(&stay.unwrap_or_default())?,
            all_stays: Patterns::new(&old.unwrap_or_default())?,
            extension,
            replace: input.replace,
        })
    }

    /// Where something of the source is put, and whether its content is rendered. `None` where it is left out: by a name
    /// that renders to nothing, a template says that it is not wanted.
    fn place(&self, path: &str, is_file: bool) -> Result<Option<(String, bool)>, Failure> {
        let (name, contents) = match &self.extension {
            Some(extension) => match path.strip_suffix(extension.as_str()).filter(|_| is_file) {
                Some(name) if !name.is_empty() && !name.ends_with('/') => (name, true),
                _ => (path, false),
            },
            None => (path, !self.contents_stay.matches(path) && !self.all_stays.matches(path)),
        };
        let name = if self.extension.is_none() && self.all_stays.matches(path) {
            name.to_owned()
        } else {
            self.renderer.text(path, name)?
        };
        // A folder is named with a slash at its end.
        let skipped = name.is_empty() || name.starts_with('/') || name.contains("//") || name.ends_with('/');
        Ok((!skipped).then_some((name, contents)))
    }

    /// Puts everything into a folder.
    fn apply(&self, target: &Workspace, all: Vec<Taken>) -> Result<Vec<String>, Failure> {
        let mut untouched = Vec::new();
        for Taken { path, what } in all {
            let is_folder = matches!(what, What::Folder);
            let Some((name, render)) = self.place(&path, !is_folder)? else { continue };
            if !is_folder && !self.replace && target.has(&name)? {
                continue;
            }
            if !render && self.extension.is_none() && !is_folder {
                untouched.push(format!("Copying file/directory {path} without processing."));
            }
            let what = match what {
                What::File { content, executable } if render && !is_binary(&content) => {
                    let text = String::from_utf8(content).unwrap_or_default();
                    What::File { content: self.renderer.text(&path, &text)?.into_bytes(), executable }
                }
                other => other,
            };
            put(target, &name, &Taken { path, what })?;
        }
        Ok(untouched)
    }
}

fn schema(source: (&str, &str, &str), required: &[&str]) -> Value {
    let list = |title: &str| json!({ "type": "array", "items": { "type": "string" }, "title": title });
    let flag = |title: &str| json!({ "type": "boolean", "title": title });
    let (key, title, description) = source;
    let mut properties = json!({
        "targetPath": { "type": "string", "title": "Target Path", "description": "Target path within the working directory to download the contents to. Defaults to the working directory root." },
        "values": { "type": "object", "title": "Template Values", "description": "Values to pass on to the templating engine" },
        "copyWithoutRender": list("Patterns of files and folders that are copied with their names and contents as they are"),
        "copyWithoutTemplating": list("Patterns of files that are copied with their contents as they are; their names are rendered"),
        "cookiecutterCompat": flag("Cookiecutter compatibility mode"),
        "templateFileExtension": {
            "title": "If set, only files with the given extension will be templated; true means .njk",
            "anyOf": [{ "type": "string" }, { "type": "boolean" }],
        },
        "replace": flag("If set, replace files in targetPath instead of skipping existing ones"),
        "trimBlocks": flag("If set, the first newline after a block is removed"),
        "lstripBlocks": flag("If set, leading whitespace is stripped from a line before a block"),
        "token": { "type": "string", "title": "Not used: files are read with the credentials of integrations" },
    });
    properties[key] = json!({ "type": "string", "title": title, "description": description });
    json!({ "type": "object", "required": required, "properties": properties })
}

#[async_trait]
impl Performer for FetchTemplate {
    fn id(&self) -> &'static str {
        "fetch:template"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        Description {
            text: "Downloads a skeleton, templates variables into file and directory names and content, and places the result in the workspace, or optionally in a subdirectory specified by the targetPath input option",
            input: schema(
                ("url", "Fetch URL", "Relative path or absolute URL pointing to the directory tree to fetch"),
                &["url"],
            ),
            output: json!({ "type": "object", "properties": {} }),
            examples: vec![(
                "Downloads a skeleton directory that lives alongside the template file and fill it out with values",
                "steps:\n  - action: fetch:template\n    id: fetch-template\n    name: Fetch template\n    input:\n      url: ./skeleton\n      targetPath: ./target\n      values:\n        name: test-project\n        count: 1234\n        itemList:\n          - first\n          - second\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let mut input: Input = read(self, call)?;
        let rules = Rules::new(&mut input)?;
        token_note(input.token.as_ref()).into_iter().for_each(|note| warn(services, call, note));
        let workspace = workspace(services)?;
        say(services, call, "Fetching template content from remote URL");
        let all = source::folder(call, services, input.url.as_deref().unwrap_or_default()).await?;
        say(services, call, &format!("Processing {} template files/directories", all.len()));
        render(call, services, workspace, rules, input.target_path, all).await
    }
}

async fn render(
    call: &Call<'_>,
    services: &Services,
    workspace: Workspace,
    rules: Rules,
    target: Option<String>,
    all: Vec<Taken>,
) -> Result<Outcome, Failure> {
    let target = target.unwrap_or_else(|| "./".to_owned());
    let shown = target.clone();
    let untouched = blocking(move || rules.apply(&workspace.folder(&target)?, all)).await?;
    untouched.iter().for_each(|line| say(services, call, line));
    say(services, call, &format!("Template result written to {shown}"));
    done(Value::Object(Map::new()))
}

#[async_trait]
impl Performer for WorkspaceTemplate {
    fn id(&self) -> &'static str {
        "workspace:template"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        let source = ("sourcePath", "Source Path", "Folder of the workspace to render");
        Description {
            text: "Renders a folder of the workspace into another one of it",
            input: schema(source, &["sourcePath", "targetPath"]),
            output: json!({ "type": "object", "properties": {} }),
            examples: vec![(
                "Render a folder that an earlier step has fetched",
                "steps:\n  - action: workspace:template\n    id: render\n    name: Render\n    input:\n      sourcePath: ./skeleton\n      targetPath: ./result\n      values:\n        name: test-project\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let mut input: Input = read(self, call)?;
        let rules = Rules::new(&mut input)?;
        let workspace = workspace(services)?;
        let (from, path) = (workspace.clone(), input.source_path.take().unwrap_or_default());
        let all = blocking(move || {
            let folder = from.existing_folder(&path)?;
            let taken = folder.walk()?.into_iter().map(|item| {
                let what = match item.kind {
                    Kind::Folder => What::Folder,
                    Kind::Link => What::Link(folder.link_target(&item.path)?),
                    Kind::File => {
                        What::File { content: folder.read(&item.path)?, executable: item.executable }
                    }
                };
                Ok(Taken { path: item.path, what })
            });
            taken.collect::<Result<Vec<_>, Failure>>()
        })
        .await?;
        render(call, services, workspace, rules, input.target_path, all).await
    }
}
