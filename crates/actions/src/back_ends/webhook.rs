//! WEBHOOK: one request to an address, signed as Port signs it; or handed to an agent that sends it.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use stagedoor_outbound::{Delivered, Delivery, Undelivered};
use url::Url;

use super::answer::{body, now, pause, refused, undelivered};
use super::input::{Input, stringified};
use super::signature::{SIGNATURE, TIMESTAMP, signature, stringify};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::{Level, Services};

const METHODS: [&str; 5] = ["POST", "PUT", "PATCH", "DELETE", "GET"];
/// How long it may take. Whoever needs longer reports the end of the run itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// What of an answer is read. A run keeps less of it.
const LARGEST: usize = 1024 * 1024;
/// Headers that belong to the connection, and those by which receivers know us.
const OURS: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "x-port-signature",
    "x-port-timestamp",
];

/// The back end.
pub(crate) struct Webhook;

/// A request that is ready.
struct Request {
    url: Url,
    method: &'static str,
    headers: Vec<(String, String)>,
    body: String,
    synchronized: bool,
}

impl Request {
    fn of(call: &Call<'_>, base_url: &str) -> Result<Self, Failure> {
        let input = Input::of(call.input, "invocationMethod");
        let url = Url::parse(&input.required("url")?)
            .map_err(|error| input.wrong("url", &format!("an address is expected: {error}")))?;
        let mut headers = Vec::new();
        for (name, value) in input.object("headers")?.into_iter().flatten() {
            if OURS.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(input.wrong("headers", &format!("{name} cannot be set: it is ours to send")));
            }
            headers.push((name.clone(), stringified(value)));
        }
        let known = |headers: &[(String, String)], wanted: &str| {
            headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        if Url::parse(base_url).is_ok_and(|own| own.origin() == url.origin())
            && !known(&headers, "authorization")
        {
            return Err(input.wrong(
                "url",
                "it is this portal, which lets nobody in without a credential: set headers.Authorization to \
                 \"Bearer {{ .secrets.NAME }}\" with a token among the organization's secrets, or use UPSERT_ENTITY",
            ));
        }
        if !known(&headers, "content-type") {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        if !known(&headers, "idempotency-key") {
            headers.push(("idempotency-key".to_owned(), call.key.to_owned()));
        }
        let body = match input.get("body") {
            None => "{}".to_owned(),
            Some(body) => stringify(body),
        };
        let synchronized = input.flag("synchronized", false)?;
        let method = method(input)?;
        // What is only asked for is asked for by its address.
        let body = if method == "GET" { String::new() } else { body };
        Ok(Self { url, method, headers, body, synchronized })
    }

    fn signed(self, services: &Services) -> (Url, Delivery) {
        let mut headers = self.headers;
        if let Some(secret) = &services.signing_secret {
            let at = now();
            headers.push((TIMESTAMP.to_owned(), at.to_string()));
            headers.push((SIGNATURE.to_owned(), signature(secret.expose(), at, &self.body)));
        }
        let delivery = Delivery {
            headers,
            body: self.body.into(),
            max_bytes: LARGEST,
            timeout: PATIENCE,
            ..Delivery::new(self.method)
        };
        (self.url, delivery)
    }
}

fn method(input: Input<'_>) -> Result<&'static str, Failure> {
    let wanted = input.text("method")?.unwrap_or_else(|| "POST".to_owned());
    let known = METHODS.into_iter().find(|known| known.eq_ignore_ascii_case(&wanted));
    known.ok_or_else(|| input.wrong("method", "POST, PUT, PATCH, DELETE or GET is expected"))
}

/// What an agent is handed: the keys that it asks for, defaults put in.
fn for_agent(input: Input<'_>) -> Result<Value, Failure> {
    let empty = || json!({});
    Ok(json!({
        "type": "WEBHOOK",
        "url": input.required("url")?,
        "agent": true,
        "synchronized": input.flag("synchronized", false)?,
        "method": method(input)?,
        "headers": input.get("headers").cloned().unwrap_or_else(empty),
        "body": input.get("body").cloned().unwrap_or_else(empty),
    }))
}

/// What an answer of any status means.
fn judge(answer: &Delivered, synchronized: bool, shown: &str) -> Result<Outcome, Failure> {
    let report = || Report { response: Some(body(answer)), ..Report::default() };
    match answer.status {
        200..=299 if synchronized => {
            let output = json!({ "status": answer.status, "response": body(answer) });
            Ok(Outcome::Done { output, report: report() })
        }
        200..=299 => Ok(Outcome::Reported { report: Report::default() }),
        // The server says itself that it did nothing.
        429 | 503 => {
            let again = refused(shown, answer);
            Err(Failure { retry: Some(pause(answer, now())), ..again })
        }
        // Something in between got no answer; what it passed the request on to may have done it.
        502 | 504 => {
            let refused = refused(shown, answer);
            Err(Failure { message: format!("{}; it may have been carried out", refused.message), ..refused })
        }
        _ => Err(refused(shown, answer)),
    }
}

/// No answer came. A node of a workflow may say what that means (`onTimeout`); else nobody can tell what happened.
fn unanswered(
    input: Input<'_>,
    error: &Undelivered,
    method: &str,
    synchronized: bool,
) -> Result<Outcome, Failure> {
    let failure = undelivered(error, repeatable(method));
    match input.text("onTimeout")?.as_deref() {
        Some("continue") if failure.unclear && synchronized => {
            Ok(Outcome::Done { output: json!({ "timeout": true }), report: Report::default() })
        }
        Some("continue") if failure.unclear => Ok(Outcome::Reported { report: Report::default() }),
        Some("fail") if failure.unclear => Err(Failure::new(failure.message)),
        _ => Err(failure),
    }
}

/// Whether the same request may be sent twice: by RFC 9110 these methods have the same effect once and twice.
fn repeatable(method: &str) -> bool {
    matches!(method, "PUT" | "DELETE" | "GET")
}

fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

#[async_trait]
impl Performer for Webhook {
    fn id(&self) -> &'static str {
        "WEBHOOK"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Sends a signed request to an address, or has an agent send it.",
            input: json!({ "type": "object", "required": ["url"], "properties": {
                "url": { "type": "string", "format": "url" },
                "agent": { "type": "boolean", "default": false },
                "synchronized": { "type": "boolean", "default": false },
                "method": { "enum": METHODS, "default": "POST" },
                "headers": { "type": "object" },
                "body": {},
            }}),
            output: json!({ "type": "object", "properties": {
                "status": { "type": "integer" }, "response": {},
            }}),
            ..Description::default()
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input = Input::of(call.input, "invocationMethod");
        if input.flag("agent", false)? {
            let payload = for_agent(input)?;
            let url = payload["url"].as_str().unwrap_or_default();
            services.log.line(
                Level::Info,
                Some(call.step),
                &format!("waits for an agent that sends it to {url}"),
            );
            return Ok(Outcome::Reported { report: Report { payload: Some(payload), ..Report::default() } });
        }
        let request = Request::of(call, &services.base_url)?;
        let (method, synchronized) = (request.method, request.synchronized);
        let (url, delivery) = request.signed(services);
        let shown = shown(&url);
        let answer = match services.egress.deliver(&url, delivery).await {
            Ok(answer) => answer,
            Err(error) => return unanswered(input, &error, method, synchronized),
        };
        let log = |level, text: &str| services.log.line(level, Some(call.step), text);
        log(Level::Info, &format!("{method} {shown} answered with status {}", answer.status));
        if !answer.complete {
            log(
                Level::Warn,
                "the answer broke off or is larger than what is read; the rest of it is not kept",
            );
        }
        judge(&answer, synchronized, &shown).map_err(|failure| match answer.status {
            502 | 504 if repeatable(method) => Failure { retry: Some(pause(&answer, now())), ..failure },
            _ => failure,
        })
    }

    fn handed(&self, call: &Call<'_>) -> Option<Value> {
        let input = Input::of(call.input, "invocationMethod");
        input.flag("agent", false).ok().filter(|agent| *agent).and_then(|_| for_agent(input).ok())
    }

    /// An agent is handed the same again; of a request nobody can tell whether it arrived, unless twice is as once.
    async fn probe(&self, call: &Call<'_>, _services: &Services) -> Probe {
        let input = Input::of(call.input, "invocationMethod");
        match (input.flag("agent", false), method(input)) {
            (Ok(true), _) => Probe::DidNot,
            (Ok(false), Ok(method)) if repeatable(method) => Probe::Repeat,
            // It was never sent with such an input; performing it again says what is wrong.
            (Err(_), _) | (_, Err(_)) => Probe::DidNot,
            _ => Probe::Unknown,
        }
    }
}
