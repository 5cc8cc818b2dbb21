//! `http:backstage:request`: a call to the portal's own API, in the name of whoever set the run going. Inputs and outputs
//! are those of the action of this name in `@roadiehq/scaffolder-backend-module-http-request`.
//!
//! There is no socket and no token in it: the request is handed to whoever answers requests of runs
//! ([`crate::CatalogAccess::request`]), who gives it less than that person may do. What can be called is [`PLUGINS`].

mod path;

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::path::{address, text};
use super::input::{done, read, say, warn};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::{ApiAnswer, ApiRequest, Level, Services};

/// What can be called: the first word of a path.
pub(super) const PLUGINS: [&str; 4] = ["catalog", "scaffolder", "search", "tech-insights"];
/// What only reads.
const SAFE: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
/// Headers that are passed on.
const PASSED: [&str; 6] =
    ["accept", "accept-language", "content-type", "if-match", "if-none-match", "user-agent"];
/// Headers that say who calls. Leaving them out silently would make another request of it.
const REFUSED: [&str; 6] =
    ["authorization", "cookie", "host", "proxy-authorization", "x-api-key", "x-auth-token"];
/// An answer may take this long, in milliseconds.
const LONGEST: f64 = 60_000.0;
/// Bytes of a request.
const LARGEST: usize = 1024 * 1024;
/// Letters of a refusal in the log.
const TOLD: usize = 2_000;

pub(super) struct HttpBackstageRequest;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    path: String,
    method: String,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    params: Option<Map<String, Value>>,
    #[serde(default)]
    body: Value,
    log_request_path: Option<bool>,
    #[serde(default)]
    continue_on_bad_response: bool,
    timeout: Option<f64>,
    #[serde(default)]
    use_backstage_token: bool,
}

#[async_trait]
impl Performer for HttpBackstageRequest {
    fn id(&self) -> &'static str {
        "http:backstage:request"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Calls an API of this portal in the name of whoever started the run",
            input: input_schema(),
            output: json!({
                "type": "object",
                "properties": {
                    "code": { "type": "number", "description": "Status of the answer" },
                    "headers": { "type": "object", "description": "Headers of the answer" },
                    "body": { "description": "What was answered: JSON, or a text as `message`" },
                },
            }),
            examples: vec![(
                "Look whether a component exists",
                "steps:\n  - action: http:backstage:request\n    id: look\n    name: Look for the component\n    input:\n      method: GET\n      path: /catalog/entities/by-name/component/default/${{ parameters.name }}\n      continueOnBadResponse: true\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let request = request(&input, call, services)?;
        let what = match input.log_request_path.unwrap_or(true) {
            true => format!("{} {}", input.method, input.path),
            false => format!("{} to the portal's API", input.method),
        };
        if call.dry_run && !is_safe(&input.method) {
            say(services, call, &format!("{what}: left out, for this is a dry run"));
            return done(json!({}));
        }
        say(services, call, &what);
        if input.use_backstage_token {
            let text = "\"useBackstageToken\" changes nothing: the call is made in the name of whoever started the run";
            warn(services, call, text);
        }
        let answer = services.catalog.request(request).await?;
        let body = body_of(&answer)?;
        if answer.code >= 400 && !input.continue_on_bad_response {
            let told: String = body.to_string().chars().take(TOLD).collect();
            let text = format!("{what} was answered with {}: {told}", answer.code);
            services.log.line(Level::Error, Some(call.step), &text);
            return Err(Failure::new(format!("Unable to complete request: status {}", answer.code)));
        }
        let headers: Map<String, Value> =
            answer.headers.into_iter().map(|(name, value)| (name, value.into())).collect();
        done(json!({ "code": answer.code, "headers": headers, "body": body }))
    }

    /// What only reads may be asked again. Whether anything else happened nobody can tell.
    async fn probe(&self, call: &Call<'_>, _services: &Services) -> Probe {
        match call.input.get("method").and_then(Value::as_str) {
            Some(method) if is_safe(method) => Probe::Repeat,
            _ => Probe::Unknown,
        }
    }
}

fn is_safe(method: &str) -> bool {
    SAFE.contains(&method)
}

fn input_schema() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let flag = |description: &str| json!({ "type": "boolean", "description": description });
    json!({
        "type": "object",
        "required": ["path", "method"],
        "properties": {
            "path": text("Where, such as /catalog/entities; /api before it may be left out"),
            "method": {
                "type": "string",
                "enum": ["GET", "HEAD", "OPTIONS", "POST", "UPDATE", "DELETE", "PUT", "PATCH"],
                "description": "How",
            },
            "headers": { "type": "object", "description": "Headers; none that says who calls" },
            "params": { "type": "object", "description": "Parameters of the query" },
            "body": { "description": "What is sent: a text, or anything else as JSON" },
            "logRequestPath": flag("Whether the path is told in the log; it is, unless said otherwise"),
            "continueOnBadResponse": flag("Whether an answer of 400 and more is no failure"),
            "timeout": { "type": "number", "description": "How long the answer may take, in milliseconds: 60000 at most", "default": 60000 },
            "useBackstageToken": flag("Taken, and without meaning here"),
            "idempotencyKey": text("Taken, and without meaning here: a step that may have happened is never repeated by itself"),
        },
    })
}

fn request(input: &Input, call: &Call<'_>, services: &Services) -> Result<ApiRequest, Failure> {
    let path = address(&input.path, input.params.as_ref()).map_err(Failure::new)?;
    let mut headers = Vec::new();
    for (name, value) in input.headers.iter().flatten() {
        let (lower, value) = header(name, value)?;
        if PASSED.contains(&lower.as_str()) {
            headers.push((lower, value));
        } else {
            warn(services, call, &format!("the header \"{lower}\" is not passed on"));
        }
    }
    let is_typed = headers.iter().any(|(name, _)| name == "content-type");
    let body = match &input.body {
        Value::Null => Vec::new(),
        _ if input.method == "GET" || input.method == "HEAD" => {
            return Err(Failure::new(format!("a {} must not have a body", input.method)));
        }
        Value::String(text) => text.clone().into_bytes(),
        value => {
            if !is_typed {
                headers.push(("content-type".into(), "application/json".into()));
            }
            value.to_string().into_bytes()
        }
    };
    if body.len() > LARGEST {
        return Err(Failure::new(format!("the body must NOT be larger than {} KiB", LARGEST / 1024)));
    }
    let timeout = input.timeout.unwrap_or(LONGEST);
    if !(1.0..=LONGEST).contains(&timeout) {
        return Err(Failure::new(format!("timeout must be from 1 to {LONGEST} milliseconds")));
    }
    let timeout = Duration::from_secs_f64(timeout / 1000.0);
    Ok(ApiRequest { method: input.method.clone(), path, headers, body, timeout })
}

/// A header in lower case with its value. What could end the line that it stands in is refused.
fn header(name: &str, value: &Value) -> Result<(String, String), Failure> {
    let wrong = |why: &str| Err(Failure::new(format!("the header {} {why}", Value::from(name))));
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_token) {
        return wrong("is no name of a header");
    }
    let lower = name.to_ascii_lowercase();
    if REFUSED.contains(&lower.as_str()) || lower.starts_with("x-forwarded-") || lower == "forwarded" {
        return wrong("must not be given: the call is made in the name of whoever started the run");
    }
    match text(value) {
        Some(text) if text.chars().all(|c| c == '\t' || (' '..='~').contains(&c)) => Ok((lower, text)),
        Some(_) => wrong("has letters that no header can have"),
        None => wrong("must be a text"),
    }
}

/// JSON as it is, anything else as the text of `message`.
fn body_of(answer: &ApiAnswer) -> Result<Value, Failure> {
    let kind =
        answer.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    let is_json = kind.is_some_and(|kind| kind.contains("application/json") || kind.contains("+json"));
    if is_json && !answer.body.is_empty() {
        return serde_json::from_slice(&answer.body)
            .map_err(|error| Failure::new(format!("the answer is no JSON: {error}")));
    }
    Ok(json!({ "message": String::from_utf8_lossy(&answer.body) }))
}
