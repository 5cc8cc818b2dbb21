//! The built-in filters. Each is a line in [`find`]'s table.

mod html;
mod json;
mod list;
mod number;
mod project;
mod select;
mod sort;
mod text;
mod urls;

pub(crate) use sort::stable;

use std::sync::Arc;

use crate::error::Fault;
use crate::meter::Meter;
use crate::run::{Run, Supplied};
use crate::template::Template;
use crate::value::{Kind, Record, Value};

/// A built-in filter.
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    /// Whether members of a list keep their own marks, because the filter only hands them on.
    pub(crate) hands_on: bool,
    /// The names of its arguments, for the few that have any.
    names: &'static [&'static str],
    pub(crate) apply: fn(&Input<'_, '_>) -> Result<Value, Fault>,
}

impl std::fmt::Debug for Builtin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// What a filter is applied to.
pub(crate) struct Input<'r, 't> {
    pub(crate) run: &'r Run<'t>,
    pub(crate) value: &'r Value,
    pub(crate) arguments: &'r [Value],
}

type Apply = fn(&Input<'_, '_>) -> Result<Value, Fault>;

const fn makes(name: &'static str, apply: Apply) -> Builtin {
    Builtin { name, hands_on: false, names: &[], apply }
}

const fn hands_on(name: &'static str, apply: Apply) -> Builtin {
    Builtin { name, hands_on: true, names: &[], apply }
}

const fn with_names(name: &'static str, names: &'static [&'static str], apply: Apply) -> Builtin {
    Builtin { name, hands_on: matches!(name.as_bytes(), b"sort"), names, apply }
}

static FILTERS: [Builtin; 43] = [
    makes("abs", number::abs),
    hands_on("batch", list::batch),
    makes("capitalize", text::capitalize),
    makes("center", text::center),
    hands_on("d", list::default),
    hands_on("default", list::default),
    hands_on("dictsort", sort::dictsort),
    makes("dump", json::dump),
    makes("e", html::escape),
    makes("escape", html::escape),
    hands_on("first", list::first),
    makes("float", number::float),
    makes("forceescape", html::forceescape),
    makes("groupby", sort::groupby),
    makes("indent", text::indent),
    with_names("int", &["default", "base"], number::int),
    makes("join", list::join),
    hands_on("last", list::last),
    makes("length", list::length),
    hands_on("list", list::list),
    makes("lower", text::lower),
    makes("nl2br", html::nl2br),
    hands_on("random", list::random),
    hands_on("reject", select::reject),
    hands_on("rejectattr", select::rejectattr),
    makes("replace", text::replace),
    hands_on("reverse", list::reverse),
    makes("round", number::round),
    makes("safe", html::safe),
    hands_on("select", select::select),
    hands_on("selectattr", select::selectattr),
    hands_on("slice", list::slice),
    with_names("sort", &["reverse", "case_sensitive", "attribute"], sort::sort),
    makes("string", text::string),
    makes("striptags", html::striptags),
    makes("sum", list::sum),
    makes("title", text::title),
    makes("trim", text::trim),
    makes("truncate", text::truncate),
    makes("upper", text::upper),
    makes("urlencode", urls::urlencode),
    makes("urlize", urls::urlize),
    makes("wordcount", text::wordcount),
];

pub(crate) fn find(name: &str) -> Option<&'static Builtin> {
    FILTERS.iter().find(|filter| filter.name == name)
}

impl Builtin {
    /// The arguments in order. Named ones find their place by name where the filter has names; elsewhere they come
    /// last, as one object.
    pub(crate) fn arguments(&self, supplied: Supplied, template: &Template) -> Vec<Value> {
        let Supplied { mut positional, named } = supplied;
        let name_of = |id| template.names.text(id);
        if self.names.is_empty() {
            if !named.is_empty() {
                let entries = named.into_iter().map(|(id, value)| (name_of(id).clone(), value));
                let mark: (Arc<str>, Value) = (Arc::from("__keywords"), true.into());
                positional.push(Kind::Record(Record::new(entries.chain([mark]))).into());
            }
            return positional;
        }
        positional.truncate(self.names.len());
        for name in &self.names[positional.len()..] {
            let given = named.iter().find(|(id, _)| &**name_of(*id) == *name).map(|(_, value)| value.clone());
            positional.push(given.unwrap_or(Value::UNDEFINED));
        }
        positional
    }
}

impl Input<'_, '_> {
    pub(crate) fn meter(&self) -> &Meter {
        &self.run.meter
    }

    /// An argument; undefined if it was not given.
    pub(crate) fn argument(&self, index: usize) -> Value {
        self.arguments.get(index).cloned().unwrap_or(Value::UNDEFINED)
    }

    /// Whether an argument is given and true.
    pub(crate) fn flag(&self, index: usize) -> bool {
        self.arguments.get(index).is_some_and(Value::is_truthy)
    }

    /// The text of the value, which has to be one.
    pub(crate) fn text(&self) -> Result<Arc<str>, Fault> {
        self.text_of(self.value)
    }

    pub(crate) fn text_of(&self, value: &Value) -> Result<Arc<str>, Fault> {
        match value.as_text() {
            Some(text) => {
                self.meter().scan(text.len())?;
                Ok(text.clone())
            }
            None => Err(Fault::new(format!("it needs a string, not {}", value.name()))),
        }
    }

    /// The value, an empty text for undefined, null and false.
    pub(crate) fn normal(&self) -> Value {
        match self.value.kind {
            Kind::Undefined | Kind::Null | Kind::Bool(false) => Value::text(""),
            _ => self.value.clone(),
        }
    }

    /// A text as result, safe if what it was made of is.
    pub(crate) fn like(&self, value: &Value, text: impl Into<Arc<str>>) -> Result<Value, Fault> {
        let text = text.into();
        self.meter().grow(text.len())?;
        Ok(match value.kind {
            Kind::Safe(_) => Kind::Safe(text).into(),
            _ => Kind::Text(text).into(),
        })
    }

    /// A plain text as result.
    pub(crate) fn plain(&self, text: impl Into<Arc<str>>) -> Result<Value, Fault> {
        self.like(&Value::UNDEFINED, text)
    }
}
