//! Reading what the configuration says of the wire.

use std::time::Duration;

use serde_json::Value;

use super::super::known;
use super::super::types::Text;
use super::super::value::Data;
use super::super::wire::{Certificate, Cors, Limits, Pem, Rates, WireConfig};
use super::{At, Reader};
use crate::authentication::TrustedProxies;
use crate::wire::is_too_wide;

/// What `trustProxy: true` and a number of hops stand for: anybody could be the last hop.
const PRIVATE: [&str; 6] =
    ["127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
/// Names of ranges that Express knows.
const NAMED: [(&str, &[&str]); 3] = [
    ("loopback", &["127.0.0.0/8", "::1"]),
    ("linklocal", &["169.254.0.0/16", "fe80::/10"]),
    ("uniquelocal", &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]),
];
/// Those of the package `cors`.
const METHODS: [&str; 6] = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"];

impl Reader<'_> {
    pub(super) fn wire(&mut self, backend: &At<'_>, own: &At<'_>) -> WireConfig {
        let tls = self.https(&backend.key("https"));
        let proxies = match own.key("trustedProxies") {
            at if at.value.is_some() => self.proxies(&at),
            _ => self.trust_proxy(&backend.key("trustProxy")),
        };
        WireConfig {
            secure: tls.is_some(),
            tls,
            proxies,
            cors: self.cors(&backend.key("cors")),
            rates: self.rates(&own.key("rateLimits")),
            limits: self.limits(&own.key("limits")),
            frames: self.frames(&own.key("frames")),
        }
    }

    /// Origins whose pages may be embedded. They end up in a header, so that nothing else may stand in them.
    fn frames(&mut self, at: &At<'_>) -> Vec<String> {
        let texts = self.texts(at);
        let (good, bad): (Vec<String>, Vec<String>) = texts.into_iter().partition(|text| is_origin(text));
        for text in &bad {
            let message = format!(
                "\"{text}\" is no origin: expected https://host, https://host:port or https://*.host, without a path"
            );
            self.wrong(at, &message);
        }
        good
    }

    fn https(&mut self, at: &At<'_>) -> Option<Certificate> {
        match at.value.map(|value| &value.data)? {
            Data::Scalar(Value::Bool(false)) => return None,
            Data::Scalar(Value::Bool(true)) => {
                self.wrong(at, "no certificate is made here: set certificate.cert and certificate.key");
                return None;
            }
            _ => self.object(at, known::HTTPS)?,
        };
        let certificate = at.key("certificate");
        if certificate.value.is_none() {
            self.wrong(at, "certificate is missing");
        }
        self.object(&certificate, known::CERTIFICATE)?;
        let (cert, key) = (self.pem(&certificate, "cert"), self.pem(&certificate, "key"));
        Some(Certificate { cert: cert?, key: key? })
    }

    /// PEM text, or the name of a file.
    fn pem(&mut self, certificate: &At<'_>, key: &str) -> Option<Pem> {
        let text = self.required(certificate, key)?;
        if text.contains("-----BEGIN ") {
            return Some(Pem::Text(Text::new(text.into(), true)));
        }
        let directory = certificate.key(key).value?.place.directory();
        Some(Pem::File(directory.join(text.trim())))
    }

    /// A list, or one text with commas.
    fn proxies(&mut self, at: &At<'_>) -> TrustedProxies {
        let texts = self.texts(at);
        let named = |text: &String| match NAMED.iter().find(|(name, _)| name == text) {
            Some((_, ranges)) => ranges.iter().map(|range| (*range).to_owned()).collect(),
            None => vec![text.clone()],
        };
        let ranges: Vec<String> = texts.iter().flat_map(named).collect();
        TrustedProxies::parse(&ranges).unwrap_or_else(|wrong| {
            let secret = |at: &At<'_>| at.value.is_some_and(|value| value.secret);
            let hidden = secret(at) || at.items().any(|item| secret(&item));
            self.wrong(at, if hidden { "an entry is no address and no range" } else { &wrong });
            TrustedProxies::default()
        })
    }

    /// As Express has it: a boolean, a number of hops, names, addresses and ranges.
    fn trust_proxy(&mut self, at: &At<'_>) -> TrustedProxies {
        let Some(value) = at.value else { return TrustedProxies::default() };
        match &value.data {
            Data::Scalar(Value::Bool(false)) => TrustedProxies::default(),
            Data::Scalar(Value::Bool(true) | Value::Number(_)) => {
                let message = format!(
                    "{}: only proxies at private addresses are trusted; name yours in stagedoor.trustedProxies",
                    at.path
                );
                self.problems.warn(Some(&value.place), message);
                TrustedProxies::parse(PRIVATE).unwrap_or_default()
            }
            _ => self.proxies(at),
        }
    }

    fn cors(&mut self, at: &At<'_>) -> Option<Cors> {
        if at.value.is_some_and(|value| matches!(value.data, Data::Scalar(Value::Bool(false)))) {
            return None;
        }
        self.object(at, known::CORS)?;
        let origin = at.key("origin");
        let off = origin.value.is_some_and(|value| matches!(value.data, Data::Scalar(Value::Bool(false))));
        let origins = if off { Vec::new() } else { self.texts(&origin) };
        let credentials = self.flag(&at.key("credentials")).unwrap_or(false);
        for wide in origins.iter().filter(|pattern| credentials && is_too_wide(pattern)) {
            let message = format!(
                "\"{wide}\" would let pages of strangers act with a reader's cookies; name the origin, or a domain as in \
                 https://*.example.com, or leave out credentials"
            );
            self.wrong(&origin, &message);
        }
        let listed = |reader: &mut Self, key: &str| {
            let member = at.key(key);
            member.value.is_some().then(|| reader.texts(&member))
        };
        let methods = listed(self, "methods").unwrap_or_else(|| METHODS.map(str::to_owned).to_vec());
        let (allowed_headers, exposed_headers) =
            (listed(self, "allowedHeaders"), listed(self, "exposedHeaders").unwrap_or_default());
        let words = methods.iter().chain(allowed_headers.iter().flatten()).chain(&exposed_headers);
        for word in words.filter(|word| http::HeaderName::from_bytes(word.as_bytes()).is_err()) {
            self.wrong(at, &format!("\"{word}\" is no method or header"));
        }
        let max_age = self.count(&at.key("maxAge"), 0);
        (!origins.is_empty()).then_some(Cors {
            origins,
            methods,
            allowed_headers,
            exposed_headers,
            credentials,
            max_age,
        })
    }

    fn rates(&mut self, at: &At<'_>) -> Rates {
        let default = Rates::default();
        match at.value.map(|value| &value.data) {
            None | Some(Data::Scalar(Value::Bool(true))) => return default,
            Some(Data::Scalar(Value::Bool(false))) => return Rates::OFF,
            Some(_) => {}
        }
        if self.object(at, known::RATES).is_none() {
            return default;
        }
        let mut limit = |key: &str, default: Option<u32>| {
            let member = at.key(key);
            let off = member.value.is_some_and(|v| matches!(v.data, Data::Scalar(Value::Bool(false))));
            if off { None } else { self.count(&member, 1).or(default) }
        };
        let programs = limit("programs", default.programs);
        let people = limit("people", default.people);
        let addresses = limit("addresses", default.addresses);
        let refusals = limit("refusals", default.refusals);
        let period = self.seconds(&at.key("period"), default.period);
        Rates { period, programs, people, addresses, refusals }
    }

    fn limits(&mut self, at: &At<'_>) -> Limits {
        let default = Limits::default();
        self.object(at, known::LIMITS);
        let mut most = |key: &str| self.count(&at.key(key), 1).map(|n| n as usize);
        let (connections, per_address) = (most("connections"), most("connectionsPerAddress"));
        Limits {
            connections,
            connections_per_address: per_address.unwrap_or(default.connections_per_address),
            header: self.seconds(&at.key("headerSeconds"), default.header),
            idle: self.seconds(&at.key("idleSeconds"), default.idle),
            request: self.seconds(&at.key("requestSeconds"), default.request),
        }
    }

    fn seconds(&mut self, at: &At<'_>, default: Duration) -> Duration {
        self.count(at, 1).map_or(default, |seconds| Duration::from_secs(seconds.into()))
    }

    /// A whole number, also as the text of a variable.
    pub(super) fn count(&mut self, at: &At<'_>, least: u32) -> Option<u32> {
        let number = match &at.value?.data {
            Data::Scalar(Value::Number(number)) => number.as_u64().and_then(|n| u32::try_from(n).ok()),
            Data::Scalar(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| *number >= least);
        if number.is_none() {
            self.wrong(at, &format!("expected a whole number from {least}"));
        }
        number
    }

    /// A boolean, also as the text of a variable.
    pub(super) fn flag(&mut self, at: &At<'_>) -> Option<bool> {
        match &at.value?.data {
            Data::Scalar(Value::Bool(flag)) => Some(*flag),
            Data::Scalar(Value::String(text)) if matches!(text.trim(), "true" | "false") => {
                Some(text.trim() == "true")
            }
            _ => {
                self.expected(at, "true or false");
                None
            }
        }
    }

    /// A list of texts, or one text with commas.
    fn texts(&mut self, at: &At<'_>) -> Vec<String> {
        let Some(value) = at.value else { return Vec::new() };
        let split = |text: Text| -> Vec<String> {
            text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
        };
        match &value.data {
            Data::Scalar(Value::String(_)) => self.text(at).map(split).unwrap_or_default(),
            Data::List(_) => {
                at.items().filter_map(|item| self.text(&item)).map(|text| text.trim().to_owned()).collect()
            }
            _ => {
                self.expected(at, "a list, or one text with commas");
                Vec::new()
            }
        }
    }
}

fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else { return false };
    let (host, port) = rest.rsplit_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let host = host.strip_prefix("*.").unwrap_or(host);
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(is_label) && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}
