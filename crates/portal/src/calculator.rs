//! Runs the calculations of the catalog, which itself has neither JQ nor a clock.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_jq::Jq;
use stagedoor_model::Timestamp;
use stagedoor_query::Calculator;

use crate::clock::Clock;

struct WithJq(Arc<Jq>, Clock);

/// A calculator that runs JQ.
pub(crate) fn over(jq: Arc<Jq>, clock: Clock) -> Arc<dyn Calculator> {
    Arc::new(WithJq(jq, clock))
}

impl Calculator for WithJq {
    fn calculate(&self, program: &str, inputs: &[Value]) -> Vec<Result<Value, String>> {
        let outputs = self.0.first(program, inputs).into_iter();
        outputs.map(|o| o.map(Option::unwrap_or_default).map_err(|error| error.to_string())).collect()
    }

    fn reads_clock(&self, program: &str) -> bool {
        self.0.depends_on_clock(program)
    }

    fn now(&self) -> Timestamp {
        self.1.now()
    }
}
