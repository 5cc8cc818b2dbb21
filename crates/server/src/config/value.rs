//! A configuration value that knows where it was written and whether it may be shown.

use indexmap::IndexMap;
use serde_json::Value;

use super::problem::Place;

pub(super) type Object = IndexMap<String, Member>;

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Located {
    pub(super) data: Data,
    pub(super) place: Place,
    /// Whether it came out of the environment or a file of its own, where secrets are kept.
    pub(super) secret: bool,
}

#[derive(Clone)]
pub(super) enum Data {
    Scalar(Value),
    List(Vec<Located>),
    Object(Object),
}

/// The value of a key, and where the key stands.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) key: Place,
    pub(super) value: Located,
}

impl Located {
    pub(super) fn empty() -> Self {
        let place = Place::Variable("APP_CONFIG".into());
        Self { data: Data::Object(Object::default()), place, secret: false }
    }

    /// Puts `over` on top: objects key by key, anything else replaces what was there, null removes it.
    pub(super) fn lay_over(&mut self, over: Self) {
        let Data::Object(members) = over.data else {
            *self = over;
            return;
        };
        if !matches!(self.data, Data::Object(_)) {
            self.data = Data::Object(Object::default());
        }
        self.place = over.place;
        let Data::Object(object) = &mut self.data else { return };
        for (key, member) in members {
            if matches!(member.value.data, Data::Scalar(Value::Null)) {
                object.shift_remove(&key);
            } else if let Some(below) = object.get_mut(&key) {
                below.key = member.key;
                below.value.lay_over(member.value);
            } else {
                // Laid over nothing, so that nulls further down go too.
                let mut value = Self { place: member.value.place.clone(), ..Self::empty() };
                value.lay_over(member.value);
                object.insert(key, Member { key: member.key, value });
            }
        }
    }

    /// What it is, as an error says it; no more than the type, for the value may be a secret.
    pub(super) fn what(&self) -> &'static str {
        match &self.data {
            Data::List(_) => "a list",
            Data::Object(_) => "an object",
            Data::Scalar(Value::String(text)) if text.is_empty() => "an empty text",
            Data::Scalar(Value::String(_)) => "text",
            Data::Scalar(Value::Number(_)) => "a number",
            Data::Scalar(Value::Bool(_)) => "a boolean",
            Data::Scalar(_) => "nothing",
        }
    }
}
