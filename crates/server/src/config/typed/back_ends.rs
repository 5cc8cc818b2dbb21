//! `stagedoor.ai`, `stagedoor.kafka`, `stagedoor.terraform` and `kubernetes`: their reader is where the back ends are.

use stagedoor_actions::BackEndSettings;

use super::outside::plain;
use super::{At, Reader};
use crate::config::known;

impl Reader<'_> {
    pub(super) fn back_ends(&mut self, root: &At<'_>) -> BackEndSettings {
        let (own, kubernetes) = (root.key("stagedoor"), root.key("kubernetes"));
        let (ai, kafka, terraform) = (own.key("ai"), own.key("kafka"), own.key("terraform"));
        self.object(&ai, known::AI);
        self.object(&kafka, known::KAFKA);
        self.object(&terraform, known::TERRAFORM);
        let value = |at: &At<'_>| at.value.map(plain);
        let (mut settings, problems) =
            BackEndSettings::read(value(&own).as_ref(), value(&kubernetes).as_ref());
        for problem in problems {
            let at = [
                ("kubernetes", &kubernetes),
                ("stagedoor.ai", &ai),
                ("stagedoor.kafka", &kafka),
                ("stagedoor", &terraform),
            ];
            let at = at.into_iter().find(|(prefix, at)| problem.starts_with(prefix) && at.value.is_some());
            if let Some(value) = at.and_then(|(_, at)| at.value) {
                self.problems.error(&value.place, problem);
            }
        }
        if let Some(value) = terraform.value {
            settings.terraform.below(value.place.directory().as_ref());
        }
        settings
    }
}
