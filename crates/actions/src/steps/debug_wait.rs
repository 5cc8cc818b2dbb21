//! `debug:wait`: lets time pass.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{done, read, say};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;

/// The longest wait, as Backstage has it.
const LONGEST: f64 = 30_000.0;

pub(super) struct DebugWait;

#[derive(Deserialize)]
#[serde(default)]
struct Input {
    minutes: f64,
    seconds: f64,
    milliseconds: f64,
}

impl Default for Input {
    fn default() -> Self {
        Self { minutes: 0.0, seconds: 0.0, milliseconds: 0.0 }
    }
}

#[async_trait]
impl Performer for DebugWait {
    fn id(&self) -> &'static str {
        "debug:wait"
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        Description {
            text: "Waits for a certain period of time, 30 seconds at most",
            input: json!({
                "type": "object",
                "properties": {
                    "minutes": { "type": "number", "title": "Waiting period in minutes" },
                    "seconds": { "type": "number", "title": "Waiting period in seconds" },
                    "milliseconds": { "type": "number", "title": "Waiting period in milliseconds" },
                },
            }),
            output: json!({ "type": "object", "properties": {} }),
            examples: vec![(
                "Waiting for 5 seconds",
                "steps:\n  - action: debug:wait\n    id: wait-5sec\n    name: Waiting for 5 seconds\n    input:\n      seconds: 5\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Input { minutes, seconds, milliseconds } = read(self, call)?;
        let wait = minutes * 60_000.0 + seconds * 1000.0 + milliseconds;
        if wait > LONGEST {
            return Err(Failure::new(
                "Waiting duration is longer than the maximum threshold of 0 hours, 0 minutes, 30 seconds",
            ));
        }
        let wait = Duration::try_from_secs_f64(wait / 1000.0).unwrap_or_default();
        say(services, call, &format!("Waiting for {} seconds...", wait.as_secs_f64()));
        if !call.dry_run {
            tokio::time::sleep(wait).await;
        }
        done(Value::Object(serde_json::Map::new()))
    }
}
