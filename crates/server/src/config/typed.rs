//! From the merged value to what is meant, checking types on the way.

mod back_ends;
mod external;
mod guests;
mod insights;
mod outside;
mod runs;
mod scaffolder;
mod secrets;
mod sessions;
mod wire;

use std::path::PathBuf;

use serde_json::Value;
use stagedoor_outbound::AllowList;

use super::known::{self, Keys, Use};
use super::problem::Problems;
use super::types::{
    AllowRule, AllowedKind, Config, Listen, LocationConfig, LocationKind, LocationMatcher, StagedoorConfig,
    TargetMatcher, Text,
};
use super::value::{Data, Located};

pub(super) fn config(merged: &Located, problems: &mut Problems) -> Config {
    let mut reader = Reader { problems, unused: Vec::new() };
    let config = reader.config(merged);
    if !reader.unused.is_empty() {
        let keys = reader.unused.join(", ");
        problems.warn(None, format!("not used yet: {keys}"));
    }
    config
}

/// A value and the path of keys that leads to it, if it is there at all.
#[derive(Clone)]
struct At<'a> {
    value: Option<&'a Located>,
    path: String,
}

impl<'a> At<'a> {
    fn key(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let value = self.value.and_then(|value| match &value.data {
            Data::Object(object) => object.get(key).map(|member| &member.value),
            _ => None,
        });
        At { value, path }
    }

    fn items(&self) -> impl Iterator<Item = At<'a>> + use<'a> {
        let path = self.path.clone();
        let items = match self.value.map(|value| &value.data) {
            Some(Data::List(items)) => items.as_slice(),
            _ => &[],
        };
        items
            .iter()
            .enumerate()
            .map(move |(n, value)| At { value: Some(value), path: format!("{path}[{n}]") })
    }
}

struct Reader<'p> {
    problems: &'p mut Problems,
    /// Keys of Backstage that nothing is done with.
    unused: Vec<String>,
}

impl Reader<'_> {
    fn config(&mut self, merged: &Located) -> Config {
        let root = At { value: Some(merged), path: String::new() };
        self.object(&root, known::TOP);
        let [app, organization, backend, catalog] =
            ["app", "organization", "backend", "catalog"].map(|k| root.key(k));
        self.object(&app, known::APP);
        self.object(&organization, known::ORGANIZATION);
        self.object(&backend, known::BACKEND);
        self.object(&catalog, known::CATALOG);
        let auth = backend.key("auth");
        self.object(&auth, known::BACKEND_AUTH);
        let (app_url, backend_url) = (self.base_url(&app), self.base_url(&backend));
        let base_url = app_url.or_else(|| backend_url.clone());
        let mut wire = self.wire(&backend, &root.key("stagedoor"));
        wire.secure |= base_url.as_ref().is_some_and(|url| url.starts_with("https:"));
        Config {
            title: self.text(&app.key("title")),
            organization: self.text(&organization.key("name")),
            base_url,
            backend_url,
            guests: self.guests(&root.key("auth")),
            listen: self.listen(&backend.key("listen")),
            locations: self.locations(&catalog.key("locations")),
            outside: self.outside(&root, &catalog),
            rules: self.rules(&catalog.key("rules")),
            stagedoor: StagedoorConfig {
                back_ends: self.back_ends(&root),
                ..self.stagedoor(&root.key("stagedoor"))
            },
            templates: self.template_environment(&root.key("scaffolder")),
            insights: self.insights(&root.key("techInsights")),
            wire,
            external_access: self.external_access(&auth.key("externalAccess")),
            warnings: Vec::new(),
        }
    }

    fn base_url(&mut self, section: &At<'_>) -> Option<Text> {
        let at = section.key("baseUrl");
        let text = self.text(&at)?;
        let valid = text.parse::<http::Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
        });
        if !valid {
            self.wrong(&at, "expected an address such as https://portal.example.com");
            return None;
        }
        Some(Text::new(text.trim_end_matches('/').to_owned(), text.is_secret()))
    }

    /// `host:port`, `:port`, `port` or an object of both.
    fn listen(&mut self, at: &At<'_>) -> Option<Listen> {
        let (host, port) = match &at.value?.data {
            Data::Object(_) => {
                self.object(at, known::LISTEN);
                (self.text(&at.key("host")), at.key("port"))
            }
            Data::Scalar(Value::String(text)) => {
                let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
                let host = host.trim_start_matches('[').trim_end_matches(']');
                let host = (!host.is_empty())
                    .then(|| Text::new(host.to_owned(), at.value.is_some_and(|v| v.secret)));
                return match port.trim().parse() {
                    Ok(port) => Some(Listen { host, port: Some(port) }),
                    Err(_) => {
                        self.wrong(at, "expected host:port or :port");
                        None
                    }
                };
            }
            Data::Scalar(Value::Number(_)) => (None, at.clone()),
            _ => {
                self.expected(at, "host:port or an object with host and port");
                return None;
            }
        };
        Some(Listen { host, port: self.port(&port) })
    }

    fn port(&mut self, at: &At<'_>) -> Option<u16> {
        let port = match &at.value?.data {
            Data::Scalar(Value::Number(number)) => {
                number.as_u64().and_then(|number| u16::try_from(number).ok())
            }
            Data::Scalar(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        if port.is_none() {
            self.wrong(at, "expected a port number from 0 to 65535");
        }
        port
    }

    fn locations(&mut self, at: &At<'_>) -> Vec<LocationConfig> {
        self.list(at);
        at.items().filter_map(|item| self.location(&item)).collect()
    }

    fn location(&mut self, at: &At<'_>) -> Option<LocationConfig> {
        let value = self.object(at, known::LOCATION)?;
        let (kind, target) = (self.required(at, "type"), self.required(at, "target"));
        let rules = self.rules(&at.key("rules")).unwrap_or_default();
        let (kind, target) = (kind?, target?);
        let kind = match kind.as_str() {
            "file" => LocationKind::File,
            "url" => LocationKind::Url,
            other => {
                let shown = if kind.is_secret() { "this type" } else { other };
                let message = format!("{} is not read: locations of {shown} are not supported", at.path);
                self.problems.warn(Some(&value.place), message);
                return None;
            }
        };
        let config_dir = at.key("target").value.map_or(&value.place, |target| &target.place).directory();
        Some(LocationConfig { kind, target, rules, config_dir, place: value.place.clone() })
    }

    fn rules(&mut self, at: &At<'_>) -> Option<Vec<AllowRule>> {
        self.list(at)?;
        Some(at.items().filter_map(|item| self.rule(&item)).collect())
    }

    fn rule(&mut self, at: &At<'_>) -> Option<AllowRule> {
        let value = self.object(at, known::RULE)?;
        let (allow, locations) = (at.key("allow"), at.key("locations"));
        if allow.value.is_none() {
            self.problems.error(&value.place, format!("{}: allow is missing", at.path));
        }
        self.list(&allow);
        let allow = allow.items().filter_map(|item| self.allowed_kind(&item)).collect();
        let locations = self
            .list(&locations)
            .map(|()| locations.items().filter_map(|item| self.matcher(&item)).collect());
        Some(AllowRule { allow, locations })
    }

    fn allowed_kind(&mut self, at: &At<'_>) -> Option<AllowedKind> {
        if let Some(Data::Scalar(Value::String(_))) = at.value.map(|value| &value.data) {
            return Some(AllowedKind { kind: self.text(at)?, spec_type: None });
        }
        if at.value.is_none_or(|value| !matches!(value.data, Data::Object(_))) {
            self.expected(at, "a kind, or an object with kind and spec.type");
            return None;
        }
        self.object(at, known::ALLOWED_KIND);
        let (kind, spec_type) = (self.required(at, "kind"), self.text(&at.key("spec.type")));
        Some(AllowedKind { kind: kind?, spec_type })
    }

    fn matcher(&mut self, at: &At<'_>) -> Option<LocationMatcher> {
        let value = self.object(at, known::MATCHER)?;
        let kind = self.required(at, "type");
        let target = match (self.text(&at.key("exact")), self.text(&at.key("pattern"))) {
            (Some(_), Some(_)) => {
                self.problems
                    .error(&value.place, format!("{}: exact and pattern exclude each other", at.path));
                None
            }
            (Some(exact), None) => Some(TargetMatcher::Exact(exact)),
            (None, Some(pattern)) => Some(TargetMatcher::Pattern(pattern)),
            (None, None) => None,
        };
        Some(LocationMatcher { kind: kind?, target })
    }

    fn stagedoor(&mut self, at: &At<'_>) -> StagedoorConfig {
        self.object(at, known::STAGEDOOR);
        let (outbound, data_dir) = (at.key("outbound"), at.key("dataDir"));
        self.object(&outbound, known::OUTBOUND);
        let metrics = at.key("metrics");
        self.object(&metrics, known::METRICS);
        let resolve = |path: Text| match data_dir.value {
            Some(value) => value.place.directory().join(&*path),
            None => PathBuf::from(&*path),
        };
        StagedoorConfig {
            outbound_allow: self.allow_list(&outbound.key("allow")),
            data_dir: self.text(&data_dir).map(resolve),
            database_url: self.text(&at.key("databaseUrl")).map(|url| Text::new(url.into(), true)),
            sessions: self.sessions(&at.key("sessions")),
            secrets: self.secrets(&at.key("secrets")),
            metrics_listen: self.text(&metrics.key("listen")),
            runs: self.runs(&at.key("runs")),
            ..StagedoorConfig::default()
        }
    }

    /// A list, or one text with commas as in `STAGEDOOR_OUTBOUND_ALLOW`.
    fn allow_list(&mut self, at: &At<'_>) -> AllowList {
        let single = at.value.is_some_and(|value| matches!(value.data, Data::Scalar(Value::String(_))));
        if !single {
            self.list(at);
        }
        let entries: Vec<At<'_>> = if single { vec![at.clone()] } else { at.items().collect() };
        entries.iter().fold(AllowList::default(), |list, entry| {
            match self.text(entry).map(|text| text.parse::<AllowList>()) {
                Some(Ok(more)) => list.and(more),
                Some(Err(error)) => {
                    let hidden = entry.value.is_some_and(|value| value.secret);
                    self.wrong(
                        entry,
                        &if hidden { "an entry can't be read".to_owned() } else { error.to_string() },
                    );
                    list
                }
                None => list,
            }
        })
    }

    /// Checks that there is an object, if anything, and that its keys are known.
    fn object<'a>(&mut self, at: &At<'a>, keys: &Keys) -> Option<&'a Located> {
        let value = at.value?;
        let Data::Object(object) = &value.data else {
            self.expected(at, "an object");
            return None;
        };
        for (key, member) in object {
            let path = at.key(key).path;
            match keys.iter().find(|(known, _)| known == key) {
                Some((_, Use::Read)) => {}
                Some((_, Use::NotYet)) => self.unused.push(path),
                None => {
                    let hint = known::meant(key, keys).map(|meant| format!("; did you mean {meant}?"));
                    let message = format!("unknown key {path}{}", hint.unwrap_or_default());
                    self.problems.warn(Some(&member.key), message);
                }
            }
        }
        Some(value)
    }

    fn list(&mut self, at: &At<'_>) -> Option<()> {
        match at.value?.data {
            Data::List(_) => Some(()),
            _ => {
                self.expected(at, "a list");
                None
            }
        }
    }

    /// An empty text is as good as none: that is what an empty variable leaves.
    fn text(&mut self, at: &At<'_>) -> Option<Text> {
        let value = at.value?;
        match &value.data {
            Data::Scalar(Value::String(text)) if text.trim().is_empty() => None,
            Data::Scalar(Value::String(text)) => Some(Text::new(text.clone(), value.secret)),
            _ => {
                self.expected(at, "text");
                None
            }
        }
    }

    fn required(&mut self, at: &At<'_>, key: &str) -> Option<Text> {
        let member = at.key(key);
        match member.value {
            Some(value) if value.what() == "an empty text" => {
                self.expected(&member, "text");
                None
            }
            Some(_) => self.text(&member),
            None => {
                if let Some(value) = at.value {
                    self.problems.error(&value.place, format!("{}: {key} is missing", at.path));
                }
                None
            }
        }
    }

    fn expected(&mut self, at: &At<'_>, what: &str) {
        if let Some(value) = at.value {
            self.wrong(at, &format!("expected {what}, found {}", value.what()));
        }
    }

    fn wrong(&mut self, at: &At<'_>, message: &str) {
        if let Some(value) = at.value {
            self.problems.error(&value.place, format!("{}: {message}", at.path));
        }
    }
}
