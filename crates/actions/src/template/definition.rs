//! Backstage's templates, `scaffolder.backstage.io/v1beta3`: from the entity's document to what a form needs and to what a
//! run freezes.

use serde_json::{Map, Value, json};
use stagedoor_model::EntityRef;

/// The only version there is.
pub const API_VERSION: &str = "scaffolder.backstage.io/v1beta3";
/// Steps of one template.
const MOST_STEPS: usize = 200;
const SOURCE_LOCATION: &str = "backstage.io/source-location";
const MANAGED_BY: &str = "backstage.io/managed-by-location";

/// A template, as its document says.
pub struct Template<'a> {
    document: &'a Value,
    spec: &'a Map<String, Value>,
}

impl<'a> Template<'a> {
    /// Reads a document.
    ///
    /// # Errors
    /// Why it is none that could be run.
    pub fn of(document: &'a Value) -> Result<Self, String> {
        let version = document.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        if version != API_VERSION {
            return Err(format!("Unsupported apiVersion field in schema entity, {version}"));
        }
        let spec = document.get("spec").and_then(Value::as_object);
        let spec = spec.ok_or("the template has no spec")?;
        let steps = spec.get("steps").and_then(Value::as_array).ok_or("spec.steps must be array")?;
        if steps.len() > MOST_STEPS {
            return Err(format!("spec.steps must NOT have more than {MOST_STEPS} items"));
        }
        Ok(Self { document, spec })
    }

    fn metadata(&self, key: &str) -> Option<&'a Value> {
        self.document.get("metadata").and_then(|metadata| metadata.get(key))
    }

    /// Its title, else its name.
    #[must_use]
    pub fn title(&self) -> &'a str {
        let text = |key| self.metadata(key).and_then(Value::as_str);
        text("title").or_else(|| text("name")).unwrap_or_default()
    }

    /// `template:namespace/name`, lower-case.
    #[must_use]
    pub fn reference(&self) -> String {
        self.entity_ref().key()
    }

    fn entity_ref(&self) -> EntityRef {
        let text = |key, other: &str| {
            self.metadata(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .unwrap_or(other)
                .to_owned()
        };
        EntityRef { kind: "Template".into(), namespace: text("namespace", "default"), name: text("name", "") }
    }

    /// The pages of its form: one schema, or a list of them.
    #[must_use]
    pub fn pages(&self) -> Vec<&'a Value> {
        match self.spec.get("parameters") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(pages)) => pages.iter().collect(),
            Some(page) => vec![page],
        }
    }

    /// The schema of the secrets that a run wants.
    #[must_use]
    pub fn secrets_schema(&self) -> Option<&'a Value> {
        self.spec.get("secrets")?.get("schema")
    }

    /// Address of the file that it comes from, the base of relative addresses in it; `None` for one that no file says.
    /// Only a source may name a file of this machine: what a document says of itself has to be an address of the web or of a git server.
    #[must_use]
    pub fn base_url(&self, from_source: bool) -> Option<String> {
        let annotation = |key: &str| self.metadata("annotations")?.get(key)?.as_str();
        let web = |location: &str| {
            let target = location.strip_prefix("url:")?;
            ["https://", "http://", "git::"]
                .iter()
                .any(|scheme| target.starts_with(scheme))
                .then(|| target.to_owned())
        };
        let file = |location: &str| {
            Some(format!("file://{}", location.strip_prefix("file:")?)).filter(|_| from_source)
        };
        let managed_by = annotation(MANAGED_BY);
        annotation(SOURCE_LOCATION)
            .and_then(web)
            .or_else(|| managed_by.and_then(|place| web(place).or_else(|| file(place))))
    }

    /// What a form needs: `GET .../parameter-schema` of Backstage. `ui:*` keys stay as they are.
    #[must_use]
    pub fn form(&self) -> Value {
        let mut out = Map::new();
        out.insert("title".into(), self.title().into());
        if let Some(presentation) = self.spec.get("presentation") {
            out.insert("presentation".into(), presentation.clone());
        }
        for key in ["description", "ui:options"] {
            if let Some(value) = self.metadata(key) {
                out.insert(key.into(), value.clone());
            }
        }
        let steps: Vec<Value> = self.pages().into_iter().map(page).collect();
        out.insert("steps".into(), steps.into());
        let decorators = ["formDecorators", "EXPERIMENTAL_formDecorators"];
        if let Some(decorators) = decorators.into_iter().find_map(|key| self.spec.get(key)) {
            out.insert("EXPERIMENTAL_formDecorators".into(), decorators.clone());
            out.insert("formDecorators".into(), decorators.clone());
        }
        Value::Object(out)
    }

    /// `templateInfo` of a task: reference, base and metadata.
    #[must_use]
    pub fn info(&self, base: Option<&str>) -> Value {
        let mut info = Map::new();
        info.insert("entityRef".into(), self.reference().into());
        if let Some(base) = base {
            info.insert("baseUrl".into(), base.into());
        }
        let metadata = self.document.get("metadata").cloned().unwrap_or_default();
        info.insert("entity".into(), json!({ "metadata": metadata }));
        Value::Object(info)
    }

    /// What a run keeps of it: every step with an id and a name, the output, where it comes from.
    #[must_use]
    pub fn frozen(&self, base: Option<&str>) -> Value {
        let mut out = Map::new();
        out.insert("apiVersion".into(), API_VERSION.into());
        let steps = self.spec.get("steps").and_then(Value::as_array);
        let steps: Vec<Value> =
            steps.into_iter().flatten().enumerate().map(|(i, step)| frozen_step(i, step)).collect();
        out.insert("steps".into(), steps.into());
        if let Some(recovery) = self.spec.get("EXPERIMENTAL_recovery") {
            out.insert("EXPERIMENTAL_recovery".into(), recovery.clone());
        }
        out.insert("output".into(), self.spec.get("output").cloned().unwrap_or_else(|| json!({})));
        out.insert("templateInfo".into(), self.info(base));
        Value::Object(out)
    }
}

/// A page as clients get it: its title and description beside its schema.
fn page(schema: &Value) -> Value {
    let title = schema.get("title").cloned().filter(|title| !title.is_null());
    let mut page = Map::new();
    page.insert("title".into(), title.unwrap_or_else(|| "Please enter the following information".into()));
    if let Some(description) = schema.get("description") {
        page.insert("description".into(), description.clone());
    }
    page.insert("schema".into(), schema.clone());
    Value::Object(page)
}

fn frozen_step(index: usize, step: &Value) -> Value {
    let mut step = step.as_object().cloned().unwrap_or_default();
    let text = |step: &Map<String, Value>, key: &str| match step.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        // YAML reads `id: 1` as a number.
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let id = text(&step, "id").unwrap_or_else(|| format!("step-{}", index + 1));
    let action = text(&step, "action").unwrap_or_default();
    let name = text(&step, "name").unwrap_or_else(|| action.clone());
    step.insert("id".into(), id.into());
    step.insert("name".into(), name.into());
    step.insert("action".into(), action.into());
    Value::Object(step)
}

/// A step of a frozen template.
#[derive(Clone, Debug, PartialEq)]
pub struct StepDefinition {
    /// Unique within the template, one hopes: the first of a name wins.
    pub id: String,
    /// For people.
    pub name: String,
    /// Name of a performer.
    pub action: String,
    /// Before rendering; nothing where it has none.
    pub input: Option<Value>,
    /// Text or boolean.
    pub condition: Option<Value>,
    /// What it is done for.
    pub each: Option<Value>,
}

/// The steps of a frozen template.
#[must_use]
pub fn steps_of(frozen: &Value) -> Vec<StepDefinition> {
    let steps = frozen.get("steps").and_then(Value::as_array);
    let one = |(index, step): (usize, &Value)| {
        let step = frozen_step(index, step);
        let text = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let part = |key: &str| step.get(key).filter(|value| !value.is_null()).cloned();
        StepDefinition {
            id: text("id"),
            name: text("name"),
            action: text("action"),
            input: part("input"),
            condition: part("if"),
            each: part("each"),
        }
    };
    steps.into_iter().flatten().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({
            "apiVersion": API_VERSION, "kind": "Template",
            "metadata": {
                "name": "New-Service", "description": "D",
                "annotations": { MANAGED_BY: "url:https://git.example/t/template.yaml" },
            },
            "spec": {
                "type": "service",
                "parameters": { "required": ["name"], "properties": { "name": { "type": "string", "ui:autofocus": true } } },
                "steps": [{ "action": "debug:log" }, { "id": 7, "name": "Two", "action": "fs:delete", "if": false }],
            },
        })
    }

    #[test]
    fn a_form_has_pages_with_titles() {
        let document = document();
        let template = Template::of(&document).unwrap();
        assert_eq!(
            template.form(),
            json!({
                "title": "New-Service", "description": "D",
                "steps": [{
                    "title": "Please enter the following information",
                    "schema": { "required": ["name"], "properties": { "name": { "type": "string", "ui:autofocus": true } } },
                }],
            })
        );
    }

    #[test]
    fn a_run_keeps_steps_with_ids_and_names() {
        let document = document();
        let template = Template::of(&document).unwrap();
        let frozen = template.frozen(template.base_url(true).as_deref());
        assert_eq!(frozen["steps"][0], json!({ "action": "debug:log", "id": "step-1", "name": "debug:log" }));
        assert_eq!(frozen["output"], json!({}));
        assert_eq!(frozen["templateInfo"]["entityRef"], "template:default/new-service");
        assert_eq!(frozen["templateInfo"]["baseUrl"], "https://git.example/t/template.yaml");
        let steps = steps_of(&frozen);
        assert_eq!((steps[1].id.as_str(), &steps[1].condition), ("7", &Some(Value::Bool(false))));
    }

    #[test]
    fn only_a_source_names_files_of_this_machine() {
        let base = |annotations: Value, from_source: bool| {
            let document = json!({
                "apiVersion": API_VERSION, "metadata": { "annotations": annotations }, "spec": { "steps": [] },
            });
            Template::of(&document).unwrap().base_url(from_source)
        };
        let file = json!({ MANAGED_BY: "file:/srv/t/template.yaml" });
        assert_eq!(base(file.clone(), true).as_deref(), Some("file:///srv/t/template.yaml"));
        assert_eq!(base(file, false), None);
        assert_eq!(base(json!({ SOURCE_LOCATION: "file:/etc/" }), true), None);
        assert_eq!(base(json!({ SOURCE_LOCATION: "url:file:///etc/" }), true), None);
        let web = json!({ SOURCE_LOCATION: "url:https://git.example/t/", MANAGED_BY: "file:/srv/t.yaml" });
        assert_eq!(base(web, true).as_deref(), Some("https://git.example/t/"));
    }

    #[test]
    fn what_is_no_template_is_refused() {
        let old = json!({ "apiVersion": "backstage.io/v1alpha1", "spec": { "steps": [] } });
        let refusal = |document: &Value| Template::of(document).err().unwrap();
        assert_eq!(refusal(&old), "Unsupported apiVersion field in schema entity, backstage.io/v1alpha1");
        assert_eq!(refusal(&json!({ "apiVersion": API_VERSION, "spec": {} })), "spec.steps must be array");
    }
}
