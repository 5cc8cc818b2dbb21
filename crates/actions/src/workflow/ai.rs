//! AI: asks a model over the chat-completions API, which OpenAI has published and many servers of models speak
//! (`POST {baseUrl}/chat/completions`). The answer is a text, or JSON that satisfies a schema.

use async_trait::async_trait;
use serde_json::{Value, json};
use stagedoor_model::schema;
use stagedoor_outbound::{Delivered, Delivery};
use url::Url;

use crate::back_ends::AiSettings;
use crate::back_ends::answer::{now, pause, refused, undelivered};
use crate::back_ends::input::Input;
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Report};
use crate::services::{Level, Services};

/// Bytes of an answer.
const LARGEST: usize = 1024 * 1024;
/// Bytes of both prompts together.
const LONGEST: usize = 256 * 1024;
/// What is wrong with an answer that is told to the model, and to people.
const MOST_WRONG: usize = 5;

/// The node.
pub(super) struct Ai;

/// What is asked.
struct Question<'a> {
    settings: &'a AiSettings,
    url: Url,
    model: String,
    messages: Vec<Value>,
    schema: Option<&'a Value>,
}

/// What the model said.
struct Said {
    text: String,
    model: Value,
    usage: Value,
}

impl<'a> Question<'a> {
    fn of(call: &'a Call<'_>, services: &'a Services) -> Result<Self, Failure> {
        let input = Input::of(call.input, "config");
        let Some(settings) = &services.back_ends.ai else {
            let text =
                "this portal knows no model: set stagedoor.ai (baseUrl, apiKey, model) in its configuration";
            return Err(Failure::new(text));
        };
        let url = format!("{}/chat/completions", settings.base_url);
        let url = Url::parse(&url)
            .map_err(|error| Failure::new(format!("stagedoor.ai.baseUrl is no address: {error}")))?;
        let model = input.text("model")?.or_else(|| settings.model.clone());
        let model = model
            .ok_or_else(|| input.wrong("model", "say which model is asked, here or as stagedoor.ai.model"))?;
        let user = input.required("userPrompt")?;
        let system = input.text("systemPrompt")?.unwrap_or_default();
        if user.len() + system.len() > LONGEST {
            let text = format!("both prompts together are larger than {} KiB", LONGEST / 1024);
            return Err(input.wrong("userPrompt", &text));
        }
        let schema = input.get("outputSchema");
        let format = schema.map(|schema| {
            format!(
                "Answer with one JSON value and nothing else. It has to satisfy this JSON schema: {schema}"
            )
        });
        let system: Vec<String> =
            [Some(system), format].into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let mut messages = Vec::new();
        if !system.is_empty() {
            messages.push(json!({ "role": "system", "content": system.join("\n\n") }));
        }
        messages.push(json!({ "role": "user", "content": user }));
        Ok(Self { settings, url, model, messages, schema })
    }

    async fn ask(&self, services: &Services) -> Result<Said, Failure> {
        let mut body = json!({ "model": self.model, "messages": self.messages, "stream": false });
        if self.schema.is_some() {
            body["response_format"] = json!({ "type": "json_object" });
        }
        let mut delivery = Delivery {
            max_bytes: LARGEST,
            timeout: self.settings.patience,
            ..Delivery::new("POST").json(body.to_string())
        };
        if let Some(key) = &self.settings.api_key {
            delivery = delivery.with("authorization", format!("Bearer {}", key.expose()));
        }
        // To ask twice does no harm.
        let answer = services.egress.deliver(&self.url, delivery).await;
        let answer = answer.map_err(|error| undelivered(&error, true))?;
        said(&answer)
    }

    /// The text as what later nodes read; else what is wrong with it.
    fn read(&self, text: &str) -> Result<Value, String> {
        let Some(schema) = self.schema else { return Ok(Value::from(text)) };
        let value: Value =
            serde_json::from_str(unfenced(text)).map_err(|error| format!("it is no JSON: {error}"))?;
        let wrong = schema::check_all(schema, &value);
        match wrong.is_empty() {
            true => Ok(value),
            false => {
                let texts: Vec<String> = wrong.iter().take(MOST_WRONG).map(schema::Violation::text).collect();
                Err(texts.join("; "))
            }
        }
    }
}

/// JSON that a model has put between the fences of Markdown.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inner = text.strip_prefix("```json").or_else(|| text.strip_prefix("```"));
    inner.and_then(|inner| inner.trim().strip_suffix("```")).unwrap_or(text).trim()
}

/// What an answer of any status means.
fn said(answer: &Delivered) -> Result<Said, Failure> {
    let what = "the model's server";
    match answer.status {
        200..=299 => {}
        401 | 403 => {
            let refused = refused(what, answer);
            let message = format!("{}; see stagedoor.ai.apiKey", refused.message);
            return Err(Failure { message, ..refused });
        }
        408 | 409 | 429 | 500..=599 => {
            let pause = pause(answer, now());
            return Err(Failure { retry: Some(pause), ..refused(what, answer) });
        }
        _ => return Err(refused(what, answer)),
    }
    if answer.body.len() >= LARGEST {
        return Err(Failure::new(format!("{what} answered more than {} KiB", LARGEST / 1024)));
    }
    if !answer.complete {
        return Err(Failure::again(format!("{what} broke off its answer"), pause(answer, now())));
    }
    let body: Value = serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::new(format!("{what} answered with no JSON: {error}")))?;
    let choice = body.pointer("/choices/0").unwrap_or(&Value::Null);
    let text =
        |pointer: &str| choice.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(why) = text("/message/refusal") {
        return Err(Failure::new(format!("the model refused to answer: {}", cut(why))));
    }
    if text("/finish_reason") == Some("length") {
        return Err(Failure::new(
            "the model's answer was cut off: it reached the most that it may say at once",
        ));
    }
    let Some(said) = text("/message/content") else {
        return Err(Failure::new(format!("{what} answered without choices[0].message.content")));
    };
    let part = |key: &str| body.get(key).cloned().unwrap_or_default();
    Ok(Said { text: said.to_owned(), model: part("model"), usage: part("usage") })
}

fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

#[async_trait]
impl Performer for Ai {
    fn id(&self) -> &'static str {
        "AI"
    }

    /// It only asks: after a crash it asks again.
    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        Description {
            text: "Asks a model, and takes its answer as a text or as JSON.",
            input: json!({ "type": "object", "required": ["userPrompt"], "properties": {
                "userPrompt": { "type": "string" }, "systemPrompt": { "type": "string" },
                "model": { "type": "string" }, "outputSchema": { "type": "object" },
            }}),
            output: json!({ "type": "object", "properties": { "response": {}, "model": {}, "usage": {} } }),
            ..Description::default()
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let mut question = Question::of(call, services)?;
        let log = |level, text: &str| services.log.line(level, Some(call.step), text);
        let host = question.url.host_str().unwrap_or_default().to_owned();
        log(Level::Info, &format!("asks {} at {host}", question.model));
        let first = question.ask(services).await?;
        let (said, response) = match question.read(&first.text) {
            Ok(response) => (first, response),
            Err(wrong) => {
                log(
                    Level::Warn,
                    &format!("the answer does not satisfy outputSchema: {wrong}: asked once more"),
                );
                question.messages.push(json!({ "role": "assistant", "content": first.text }));
                let again =
                    format!("That does not satisfy the schema: {wrong}. Answer again, with JSON only.");
                question.messages.push(json!({ "role": "user", "content": again }));
                let second = question.ask(services).await?;
                let response = question.read(&second.text).map_err(|wrong| {
                    Failure::new(format!("the model's answer does not satisfy outputSchema: {wrong}"))
                })?;
                (second, response)
            }
        };
        log(Level::Info, "it has answered");
        let output = json!({ "response": response, "model": said.model, "usage": said.usage });
        Ok(Outcome::Done { output, report: Report::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::unfenced;

    #[test]
    fn fences_are_taken_off() {
        for text in ["{}", " {} ", "```json\n{}\n```", "```\n{}\n```\n"] {
            assert_eq!(unfenced(text), "{}", "{text:?}");
        }
        assert_eq!(unfenced("```json {}"), "```json {}", "half a fence is none");
    }
}
