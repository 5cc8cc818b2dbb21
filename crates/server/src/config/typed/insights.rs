//! `techInsights`: checks of Backstage's plugin of that name. When facts are collected is of no account: they are what
//! the catalog says.

use stagedoor_portal::InsightsConfig;

use super::outside::plain;
use super::{At, Reader};
use crate::config::known;

impl Reader<'_> {
    pub(super) fn insights(&mut self, at: &At<'_>) -> InsightsConfig {
        self.object(at, known::TECH_INSIGHTS);
        let checker = at.key("factChecker");
        self.object(&checker, known::FACT_CHECKER);
        let checks = checker.key("checks");
        let Some(value) = checks.value else { return InsightsConfig::default() };
        match InsightsConfig::read(&plain(value)) {
            Ok(config) => config,
            Err(problems) => {
                for (check, problem) in problems {
                    let at = if check.is_empty() { checks.clone() } else { checks.key(&check) };
                    self.wrong(&at, &problem);
                }
                InsightsConfig::default()
            }
        }
    }
}
