//! Reading `scaffolder`: what every run of a template is given.

use super::super::known;
use super::super::types::{TemplateEnvironment, Text};
use super::super::value::Data;
use super::{At, Reader};

impl Reader<'_> {
    pub(super) fn template_environment(&mut self, at: &At<'_>) -> TemplateEnvironment {
        self.object(at, known::SCAFFOLDER);
        let environment = at.key("defaultEnvironment");
        self.object(&environment, known::DEFAULT_ENVIRONMENT);
        TemplateEnvironment {
            parameters: self.texts_by_name(&environment.key("parameters")),
            secrets: self.texts_by_name(&environment.key("secrets")),
        }
    }

    fn texts_by_name(&mut self, at: &At<'_>) -> Vec<(String, Text)> {
        let Some(value) = at.value else { return Vec::new() };
        let Data::Object(object) = &value.data else {
            self.expected(at, "an object");
            return Vec::new();
        };
        let names: Vec<String> = object.keys().cloned().collect();
        names.into_iter().filter_map(|name| Some((name.clone(), self.text(&at.key(&name))?))).collect()
    }
}
