//! A resolved form as inputs in which nothing is a program any more: what a browser draws.

use serde_json::{Map, Value, json};

use super::{Form, UserInputs};

impl Form {
    /// `userInputs` with everything found out.
    #[must_use]
    pub fn plain(&self, inputs: UserInputs<'_>) -> Value {
        let mut properties = Map::new();
        for field in &self.fields {
            let mut input = field.schema.clone();
            input.insert("visible".into(), json!(field.visible));
            input.insert("disabled".into(), json!(field.disabled));
            if let Some(default) = &field.default {
                input.insert("default".into(), default.clone());
            }
            if let Some(dataset) = &field.dataset {
                input.insert("dataset".into(), dataset.clone());
            }
            properties.insert(field.id.clone(), Value::Object(input));
        }
        let required = self.fields.iter().filter(|field| field.required).map(|field| field.id.as_str());
        let mut all = Map::new();
        all.insert("properties".into(), Value::Object(properties));
        all.insert("required".into(), required.collect());
        if let Some(order) = inputs.part("order").as_array() {
            all.insert("order".into(), json!(order));
        }
        if !self.steps.is_empty() {
            let steps = self.steps.iter();
            let step = |step: &super::FormStep| json!({ "title": step.title, "order": step.order, "visible": step.visible });
            all.insert("steps".into(), steps.map(step).collect());
        }
        if !self.titles.is_empty() {
            all.insert("titles".into(), Value::Object(self.titles.clone()));
        }
        Value::Object(all)
    }
}
