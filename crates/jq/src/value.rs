//! The values that programs work on: JSON, with jq's order, arithmetic and messages.
//!
//! jaq brings a value type of its own. It differs from jq in what calculations meet daily: `10 / 2` is `5.0` there,
//! nothing can be assigned below `null`, and whole numbers grow without end.

mod access;
mod arithmetic;
mod json;
mod number;
mod order;
mod update;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use jaq_core::ValR;
use jaq_core::val::Range;

pub(crate) use access::runs;
pub(crate) use json::{DEPTH, NUMBER, from_json, is_shallow, to_json, weigh_below, weight};
pub(crate) use number::Number;

/// An object: keys keep the order of their insertion.
pub(crate) type Map = indexmap::IndexMap<Arc<str>, Val, hashbrown::DefaultHashBuilder>;

/// What went wrong in a program.
pub(crate) type Error = jaq_core::Error<Val>;

/// A JSON value, cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) enum Val {
    #[default]
    Null,
    Bool(bool),
    Num(Number),
    Str(Rc<String>),
    Arr(Rc<Vec<Self>>),
    Obj(Rc<Map>),
}

impl Val {
    pub(crate) fn str(text: impl Into<String>) -> Self {
        Self::Str(Rc::new(text.into()))
    }

    pub(crate) fn obj(map: Map) -> Self {
        Self::Obj(Rc::new(map))
    }

    /// An object with these keys.
    pub(crate) fn record<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::obj(entries.into_iter().map(|(key, value)| (Arc::from(key), value)).collect())
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Num(_) => "number",
            Self::Str(_) => "string",
            Self::Arr(_) => "array",
            Self::Obj(_) => "object",
        }
    }

    /// Type and beginning, as jq's messages show a value.
    pub(crate) fn brief(&self) -> String {
        let mut text = String::new();
        // Stops where the message has enough; that is no failure.
        let _ = fmt::write(&mut Head(&mut text), format_args!("{self}"));
        let cut = text.chars().count() > SHOWN;
        let shown: String = text.chars().take(SHOWN).collect();
        format!("{} ({shown}{})", self.kind(), if cut { "..." } else { "" })
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// A failure with jq's words about one value.
    pub(crate) fn fault(&self, what: &str) -> Error {
        Error::str(format_args!("{} {what}", self.brief()))
    }
}

/// How much of a value a message shows.
const SHOWN: usize = 40;

/// Takes the beginning of what is written and refuses the rest.
struct Head<'a>(&'a mut String);

impl fmt::Write for Head<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = (4 * SHOWN + 4).saturating_sub(self.0.len());
        self.0.extend(text.chars().take(room));
        if room == 0 { Err(fmt::Error) } else { Ok(()) }
    }
}

impl From<bool> for Val {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<isize> for Val {
    fn from(value: isize) -> Self {
        Self::Num(Number::Int(value as i64))
    }
}

impl From<usize> for Val {
    fn from(value: usize) -> Self {
        Self::Num(i64::try_from(value).map_or(Number::Large(value as u64), Number::Int))
    }
}

impl From<f64> for Val {
    fn from(value: f64) -> Self {
        Self::Num(Number::of_f64(value))
    }
}

impl From<String> for Val {
    fn from(value: String) -> Self {
        Self::str(value)
    }
}

impl From<Range<Self>> for Val {
    /// The path to a slice.
    fn from(range: Range<Self>) -> Self {
        let (start, end) = (range.start.unwrap_or_default(), range.end.unwrap_or_default());
        Self::record([("start", start), ("end", end)])
    }
}

impl FromIterator<Self> for Val {
    fn from_iter<T: IntoIterator<Item = Self>>(items: T) -> Self {
        Self::Arr(Rc::new(items.into_iter().collect()))
    }
}

impl jaq_core::ValT for Val {
    fn from_num(text: &str) -> ValR<Self> {
        Number::parse(text).map(Self::Num).ok_or_else(|| Error::str(format_args!("{text} is no number")))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> ValR<Self> {
        let mut map = Map::default();
        for (key, value) in entries {
            let Self::Str(key) = key else {
                return Err(Error::str(format_args!("Object keys must be strings, not {}", key.brief())));
            };
            map.insert(Arc::from(key.as_str()), value);
        }
        Ok(Self::obj(map))
    }

    fn key_values(self) -> Box<dyn Iterator<Item = ValR<(Self, Self), Self>>> {
        access::key_values(self)
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        access::values(self)
    }

    fn index(self, index: &Self) -> ValR<Self> {
        access::index(&self, index)
    }

    fn range(self, range: Range<&Self>) -> ValR<Self> {
        access::slice(&self, range)
    }

    fn map_values<'a, I: Iterator<Item = jaq_core::ValX<'a, Self>>>(
        self,
        opt: jaq_core::path::Opt,
        f: impl Fn(Self) -> I,
    ) -> jaq_core::ValX<'a, Self> {
        update::values(self, opt, f)
    }

    fn map_index<'a, I: Iterator<Item = jaq_core::ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: jaq_core::path::Opt,
        f: impl Fn(Self) -> I,
    ) -> jaq_core::ValX<'a, Self> {
        update::index(self, index, opt, f)
    }

    fn map_range<'a, I: Iterator<Item = jaq_core::ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: jaq_core::path::Opt,
        f: impl Fn(Self) -> I,
    ) -> jaq_core::ValX<'a, Self> {
        update::slice(self, range, opt, f)
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    fn into_string(self) -> Self {
        match self {
            Self::Str(_) => self,
            other => Self::str(other.to_string()),
        }
    }
}

impl jaq_std::ValT for Val {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Self::Arr(items) => Ok(Rc::unwrap_or_clone(items).into_iter().collect()),
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Self::Num(Number::Int(_) | Number::Large(_)))
    }

    fn as_isize(&self) -> Option<isize> {
        match self {
            Self::Num(number) => number.whole().and_then(|whole| isize::try_from(whole).ok()),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Num(number) => Some(number.as_f64()),
            _ => None,
        }
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Str(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.as_str().map(str::as_bytes)
    }

    fn as_sub_str(&self, sub: &[u8]) -> Self {
        Self::str(String::from_utf8_lossy(sub))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::str(String::from_utf8_lossy(bytes.as_ref()))
    }
}
