//! A template's text judged before it is in the catalog: what is wrong, where, and how to mend it.

use serde_json::{Value, json};
use stagedoor_actions::template::{Template, check};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_ingest::yaml::{self, Node};
use stagedoor_ingest::{ReadContext, read_documents};

use super::Found;
use crate::Portal;
use crate::error::PortalError;
use crate::sources::KnownKinds;

/// What is taken where `spec.type` is missing.
const OTHER: &str = "other";
/// Bytes of a text.
const LARGEST: usize = 1024 * 1024;

/// What a text is worth as a template.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateCheck {
    /// What is to be told, by place.
    pub problems: Vec<TemplateProblem>,
    /// Its reference, where it has one.
    pub reference: Option<String>,
    /// The template as it would be executed, mended; `null` where it cannot be read.
    pub template: Value,
    /// What a form for it needs; `null` where it cannot be told.
    pub form: Value,
}

/// Something to be told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateProblem {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// JSON pointer into the document.
    pub path: String,
    /// What.
    pub message: String,
    /// It can be executed all the same.
    pub warning: bool,
    /// How to mend it.
    pub fix: Option<TemplateFix>,
}

/// Text to be put in before a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFix {
    /// For people.
    pub title: String,
    /// From 1.
    pub line: u32,
    /// With its line break.
    pub text: String,
}

impl Portal {
    /// Judges the text of a template. Nothing is written.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` for a text that is too large.
    pub fn check_template(&self, viewer: &Viewer, text: &str) -> Result<TemplateCheck, PortalError> {
        self.may(viewer, Action::ReadTemplates, Resource::Any)?;
        if text.len() > LARGEST {
            return Err(PortalError::invalid(format!(
                "a template must NOT be larger than {} KiB",
                LARGEST / 1024
            )));
        }
        let mut judged = Judged { problems: Vec::new() };
        let Some((mut value, root)) = judged.read(text) else { return Ok(judged.without_template()) };
        let mended = judged.kind_of(&mut value, &root);
        let kinds = KnownKinds::of(self.shared.catalog.load().blueprints());
        judged.schema(text, mended.as_ref(), &kinds);
        for finding in check(&value, self.performers()) {
            judged.tell(&root, &finding.path, finding.message, finding.warning, None);
        }
        judged.problems.sort_by_key(|problem| (problem.line, problem.column));
        let template = Template::of(&value).ok();
        let form = template.as_ref().map_or(Value::Null, Template::form);
        let named = value.pointer("/metadata/name").is_some_and(Value::is_string);
        let reference = template.filter(|_| named).map(|template| template.reference());
        Ok(TemplateCheck { problems: judged.problems, reference, template: value, form })
    }

    /// The template of a reference as a text for an editor.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub fn template_text(&self, viewer: &Viewer, reference: &str) -> Result<String, PortalError> {
        self.may(viewer, Action::ReadTemplates, Resource::Any)?;
        let Found { mut document, .. } = super::find(&self.view(viewer)?, &super::parse(reference)?)?;
        if let Some(map) = document.as_object_mut() {
            map.shift_remove("relations");
            map.shift_remove("status");
            if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.shift_remove("uid");
                metadata.shift_remove("etag");
            }
        }
        Ok(crate::to_yaml(&document))
    }
}

struct Judged {
    problems: Vec<TemplateProblem>,
}

impl Judged {
    fn tell(&mut self, root: &Node, path: &str, message: String, warning: bool, fix: Option<TemplateFix>) {
        let (line, column) = root.locate(path).unwrap_or((1, 1));
        self.problems.push(TemplateProblem { line, column, path: path.to_owned(), message, warning, fix });
    }

    /// The first document that has content.
    fn read(&mut self, text: &str) -> Option<(Value, Node)> {
        let problem = |line, column, message: String| TemplateProblem {
            line,
            column,
            path: String::new(),
            message,
            warning: false,
            fix: None,
        };
        let Some(first) = yaml::parse(text).into_iter().next() else {
            self.problems.push(problem(1, 1, "there is no document here".into()));
            return None;
        };
        match first.root {
            Ok(root) => Some((root.to_value(), root)),
            Err(error) => {
                self.problems.push(problem(error.line, error.column, error.message));
                None
            }
        }
    }

    /// Whether it is a template at all. One without a type is taken as `other`: the way to mend that is the answer.
    fn kind_of(&mut self, value: &mut Value, root: &Node) -> Option<TemplateFix> {
        if value.get("kind").and_then(Value::as_str) != Some("Template") {
            self.tell(root, "/kind", "the kind of a template is Template".into(), false, None);
            return None;
        }
        let spec = value.get_mut("spec").and_then(Value::as_object_mut)?;
        if spec.contains_key("type") {
            return None;
        }
        spec.shift_insert(0, "type".into(), OTHER.into());
        let fix = root.get("spec").and_then(|node| fix_of(node, root));
        let text = "the catalog refuses a template without spec.type; here it is taken as \"other\"";
        self.tell(root, "/spec", text.into(), true, fix.clone());
        fix
    }

    /// What the catalog would say: of the mended text, in the lines of the one that was given.
    fn schema(&mut self, text: &str, fix: Option<&TemplateFix>, kinds: &KnownKinds) {
        let mended = fix.map(|fix| {
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            let at = usize::try_from(fix.line).unwrap_or(1).saturating_sub(1).min(lines.len());
            lines.insert(at, &fix.text);
            lines.concat()
        });
        let context = ReadContext::for_api(kinds);
        let first = read_documents(mended.as_deref().unwrap_or(text), &context).into_iter().next();
        let Some(error) = first.and_then(|document| document.outcome.err()) else { return };
        let moved = fix.is_some_and(|fix| error.line > fix.line);
        // Without a place to mend, the missing type was told already.
        if error.message.contains("'type' - missingProperty: type")
            && self.problems.iter().any(|p| p.path == "/spec")
        {
            return;
        }
        self.problems.push(TemplateProblem {
            line: if moved { error.line - 1 } else { error.line },
            column: error.column,
            path: String::new(),
            message: error.message,
            warning: false,
            fix: None,
        });
    }
}

/// `type: other` as the first line of a `spec` that is written in lines.
fn fix_of(spec: &Node, root: &Node) -> Option<TemplateFix> {
    let first = spec.entries().first()?;
    let key = root.entries().iter().find(|entry| entry.key == "spec")?;
    if first.line <= key.line {
        return None;
    }
    let indentation = " ".repeat(usize::try_from(first.column).unwrap_or(1).saturating_sub(1));
    let text = format!("{indentation}type: {OTHER}\n");
    Some(TemplateFix { title: "Say spec.type: other".into(), line: first.line, text })
}

impl Judged {
    fn without_template(self) -> TemplateCheck {
        TemplateCheck { problems: self.problems, reference: None, template: json!(null), form: Value::Null }
    }
}
