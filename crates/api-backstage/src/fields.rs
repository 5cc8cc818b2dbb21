//! The `fields` projection: only the named subtrees of an entity.
//!
//! It works on the entity's text: only objects on the way to a field are taken apart, everything else is
//! copied as it stands.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::ApiError;

/// Which subtrees to keep. Paths are dotted and, unlike everywhere else, case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    paths: Vec<Vec<String>>,
}

impl Fields {
    /// Reads comma lists; `None` when they name nothing, which keeps everything.
    pub(crate) fn parse<S: AsRef<str>>(lists: &[S]) -> Result<Option<Self>, ApiError> {
        let names = lists.iter().flat_map(|list| list.as_ref().split(',')).map(str::trim);
        let mut paths: Vec<Vec<String>> = Vec::new();
        for name in names.filter(|name| !name.is_empty()) {
            if name.contains('[') {
                let message = format!("Invalid field \"{name}\", array type fields are not supported");
                return Err(ApiError::input(message));
            }
            let path: Vec<String> = name.split('.').map(str::to_owned).collect();
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        Ok((!paths.is_empty()).then_some(Self { paths }))
    }

    /// Appends the projection of an entity, given as JSON text.
    pub(crate) fn project(&self, entity: &[u8], out: &mut Vec<u8>) {
        let Ok(raw) = serde_json::from_slice::<&RawValue>(entity) else {
            out.extend_from_slice(b"{}");
            return;
        };
        let root = Lazy::new(raw);
        let mut picked = Vec::new();
        for path in &self.paths {
            if let Some((keys, value)) = root.resolve(path) {
                pick(&mut picked, &keys, value);
            }
        }
        write_object(&picked, out);
    }
}

/// A JSON value that is taken apart when a member is asked for.
struct Lazy<'a> {
    raw: &'a RawValue,
    members: OnceCell<Vec<(Cow<'a, str>, Lazy<'a>)>>,
}

impl<'a> Lazy<'a> {
    fn new(raw: &'a RawValue) -> Self {
        Self { raw, members: OnceCell::new() }
    }

    /// The member of that key, with the key as it stands here.
    fn member(&self, key: &str) -> Option<(&str, &Lazy<'a>)> {
        let members = self.members.get_or_init(|| members_of(self.raw));
        members.iter().find(|(k, _)| k == key).map(|(k, value)| (k.as_ref(), value))
    }

    /// Follows a dotted path. A part that is no key here is glued to the next one, for keys may contain dots.
    fn resolve<'d>(&'d self, path: &[String]) -> Option<(Vec<&'d str>, &'a RawValue)> {
        let mut here = self;
        let mut keys = Vec::with_capacity(path.len());
        let mut glued: Option<String> = None;
        for part in path {
            let key: Cow<'_, str> = match glued.take() {
                Some(before) => format!("{before}.{part}").into(),
                None => part.as_str().into(),
            };
            match here.member(&key) {
                Some((name, value)) => {
                    keys.push(name);
                    here = value;
                }
                None => glued = Some(key.into_owned()),
            }
        }
        glued.is_none().then_some((keys, here.raw))
    }
}

/// The members of an object; none of anything else.
fn members_of(raw: &RawValue) -> Vec<(Cow<'_, str>, Lazy<'_>)> {
    if !raw.get().starts_with('{') {
        return Vec::new();
    }
    serde_json::Deserializer::from_str(raw.get()).deserialize_map(Members).unwrap_or_default()
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Cow<'de, str>, Lazy<'de>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some(Key(key)) = map.next_key()? {
            members.push((key, Lazy::new(map.next_value()?)));
        }
        Ok(members)
    }
}

/// A key, borrowed from the text unless it is written with escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// What is kept of a value.
enum Picked<'p> {
    Whole(&'p RawValue),
    Part(Vec<(&'p str, Picked<'p>)>),
}

/// Keeps the value at a path. Below a value that is kept as a whole there is nothing left to do.
fn pick<'p>(object: &mut Vec<(&'p str, Picked<'p>)>, keys: &[&'p str], value: &'p RawValue) {
    let Some((key, rest)) = keys.split_first() else { return };
    let at = object.iter().position(|(k, _)| k == key).unwrap_or_else(|| {
        object.push((*key, Picked::Part(Vec::new())));
        object.len() - 1
    });
    let Some((_, kept)) = object.get_mut(at) else { return };
    match kept {
        kept if rest.is_empty() => *kept = Picked::Whole(value),
        Picked::Part(inner) => pick(inner, rest, value),
        Picked::Whole(_) => {}
    }
}

fn write_object(members: &[(&str, Picked<'_>)], out: &mut Vec<u8>) {
    out.push(b'{');
    for (i, (key, value)) in members.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut *out, key);
        out.push(b':');
        match value {
            Picked::Whole(raw) => out.extend_from_slice(raw.get().as_bytes()),
            Picked::Part(inner) => write_object(inner, out),
        }
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::Fields;

    const ENTITY: &str = r#"{"kind":"Component","metadata":{"name":"a","title":null,"annotations":
        {"backstage.io/orphan":"true","a.b.c":"1","a.b":{"c":"2"}},"tags":["x","y"],"k\"ey":1},"spec":{"type":"service"},
        "relations":[{"type":"ownedBy","targetRef":"group:default/a"}]}"#;

    fn project(lists: &[&str]) -> String {
        let fields = Fields::parse(lists).unwrap().unwrap();
        let mut out = Vec::new();
        fields.project(ENTITY.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_the_named_subtrees_are_kept() {
        for (lists, expected) in [
            (&["kind"] as &[&str], r#"{"kind":"Component"}"#),
            (&["metadata.name, kind "], r#"{"metadata":{"name":"a"},"kind":"Component"}"#),
            (
                &["kind", "metadata.name,metadata.tags"],
                r#"{"kind":"Component","metadata":{"name":"a","tags":["x","y"]}}"#,
            ),
            (
                &["metadata.annotations.backstage.io/orphan"],
                r#"{"metadata":{"annotations":{"backstage.io/orphan":"true"}}}"#,
            ),
            (&["metadata.annotations.a.b.c"], r#"{"metadata":{"annotations":{"a.b":{"c":"2"}}}}"#),
            (&["metadata.title"], r#"{"metadata":{"title":null}}"#),
            (&[r#"metadata.k"ey"#], r#"{"metadata":{"k\"ey":1}}"#),
            (&["spec,spec.type"], r#"{"spec":{"type":"service"}}"#),
            (&["spec.type,spec"], r#"{"spec":{"type":"service"}}"#),
            (&["relations"], r#"{"relations":[{"type":"ownedBy","targetRef":"group:default/a"}]}"#),
            (&["Kind"], "{}"),
            (&["metadata.Name"], "{}"),
            (&["nope.at.all", "spec.nope", "kind.x", "metadata.tags.x"], "{}"),
        ] {
            assert_eq!(project(lists), expected, "{lists:?}");
        }
    }

    #[test]
    fn lists_that_name_nothing_keep_everything() {
        assert_eq!(Fields::parse(&[" , ", ""]), Ok(None));
        assert_eq!(Fields::parse::<&str>(&[]), Ok(None));
    }

    #[test]
    fn array_fields_are_refused() {
        let error = Fields::parse(&["kind,metadata.tags[0]"]).unwrap_err();
        assert_eq!(error.message, "Invalid field \"metadata.tags[0]\", array type fields are not supported");
    }
}
