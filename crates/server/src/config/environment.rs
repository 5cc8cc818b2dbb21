//! Environment variables: what they put into texts, and what they set themselves.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::problem::{Place, Problems};
use super::value::{Data, Located, Member, Object};

const PREFIX: &str = "APP_CONFIG_";

/// The environment variables, taken once.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Those of this process; one that is not Unicode counts as unset.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of a variable without the space around it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim())
    }

    /// What each `APP_CONFIG_a_b_c` says of `a.b.c`: JSON, or else text.
    pub(super) fn overrides(&self, problems: &mut Problems) -> Vec<Located> {
        let mut overrides = Vec::new();
        // What can't be added to: names come in order, so `a` before `a_b`.
        let mut set: Vec<&str> = Vec::new();
        for (name, text) in self.variables.iter().filter(|(_, text)| !text.is_empty()) {
            let Some(path) = name.strip_prefix(PREFIX) else { continue };
            let place = Place::Variable(name.as_str().into());
            let inside =
                set.iter().find(|outer| path.strip_prefix(**outer).is_some_and(|rest| rest.starts_with('_')));
            if let Some(outer) = inside {
                problems.error(&place, format!("{PREFIX}{outer} sets this already, as a whole"));
            } else if !path.split('_').all(is_key) {
                problems.error(&place, "the name is no path of keys that begin with a letter, joined by `_`");
            } else {
                match serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())) {
                    Value::Null => {
                        problems.error(&place, "a variable can't remove a key; use null in a file")
                    }
                    value => {
                        if !value.is_object() {
                            set.push(path);
                        }
                        overrides.push(path.rsplit('_').fold(located(value, &place), |value, key| {
                            let member = Member { key: place.clone(), value };
                            object(std::iter::once((key.to_owned(), member)).collect(), &place)
                        }));
                    }
                }
            }
        }
        overrides
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self { variables: variables.into_iter().collect() }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.variables.keys()).finish()
    }
}

/// What a text became.
pub(super) enum Substituted {
    /// There was nothing to put in, escapes apart.
    Plain(String),
    /// Some variable was put in.
    Filled(String),
    /// This variable is not set, and has no default.
    Unset(String),
}

/// Puts variables into `${NAME}` and `${NAME:-default}`; `$${` stands for `${`.
pub(super) fn substitute(text: &str, environment: &Environment) -> Substituted {
    let mut out = String::with_capacity(text.len());
    let mut filled = false;
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        // Up to `}`, with no other brace between, or it is ordinary text.
        let inside = &rest[at + 2..];
        let end = inside.find(['{', '}']).filter(|end| inside[*end..].starts_with('}'));
        let Some(end) = end else {
            out.push_str(&rest[..at + 2]);
            rest = inside;
            continue;
        };
        let (before, reference) = (&rest[..at], &inside[..end]);
        rest = &inside[end + 1..];
        if let Some(before) = before.strip_suffix('$') {
            out.extend([before, "${", reference, "}"]);
            continue;
        }
        out.push_str(before);
        let (name, default) = match reference.split_once(":-") {
            Some((name, default)) => (name.trim(), Some(default)),
            None => (reference.trim(), None),
        };
        let value = environment.get(name);
        // As in a shell, an empty variable has the default too.
        match value.filter(|value| default.is_none() || !value.is_empty()).or(default) {
            Some(value) => out.push_str(value),
            None => return Substituted::Unset(name.to_owned()),
        }
        filled = true;
    }
    out.push_str(rest);
    if filled { Substituted::Filled(out) } else { Substituted::Plain(out) }
}

fn is_key(key: &str) -> bool {
    let mut bytes = key.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && !key.ends_with('-')
        && !key.contains("--")
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn located(value: Value, place: &Place) -> Located {
    match value {
        Value::Array(items) => {
            let items = items.into_iter().map(|item| located(item, place)).collect();
            Located { data: Data::List(items), place: place.clone(), secret: true }
        }
        Value::Object(members) => {
            let member = |value| Member { key: place.clone(), value: located(value, place) };
            object(members.into_iter().map(|(key, value)| (key, member(value))).collect(), place)
        }
        scalar => Located { data: Data::Scalar(scalar), place: place.clone(), secret: true },
    }
}

fn object(members: Object, place: &Place) -> Located {
    Located { data: Data::Object(members), place: place.clone(), secret: true }
}
