//! The values of templates: JavaScript's, as far as templates can tell.

pub(crate) mod compare;
pub(crate) mod convert;
pub(crate) mod json;
pub(crate) mod number;
pub(crate) mod text;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::regexes::Pattern;
use crate::run::Function;

/// Names that reach nothing, wherever they are used: in JavaScript they would lead to prototypes and constructors.
pub(crate) fn is_reserved(name: &str) -> bool {
    matches!(name, "constructor" | "prototype" | "__proto__")
}

/// A value, and whether it was made of something secret. A mark on a list or object covers what is in it.
#[derive(Clone)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    pub(crate) marked: bool,
}

/// What a value is.
#[derive(Clone)]
pub(crate) enum Kind {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Arc<str>),
    /// What a macro or the filter `safe` returns: an object around a text, which some operations tell apart from it.
    Safe(Arc<str>),
    List(List),
    Record(Record),
    Regex(Rc<Regex>),
    Function(Rc<Function>),
}

/// A list; all copies of it are the same one, and methods may change it.
#[derive(Clone)]
pub(crate) struct List(Rc<ListBody>);

struct ListBody(RefCell<Vec<Value>>);

/// An object. It never changes.
#[derive(Clone)]
pub(crate) struct Record(Rc<RecordBody>);

struct RecordBody(IndexMap<Arc<str>, Value>);

/// A regular expression literal.
pub(crate) struct Regex {
    pub(crate) pattern: Arc<Pattern>,
    /// Where a global or sticky one goes on, in UTF-16 units.
    pub(crate) last: std::cell::Cell<usize>,
}

impl List {
    pub(crate) fn new(items: Vec<Value>) -> List {
        List(Rc::new(ListBody(RefCell::new(items))))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.0.borrow().len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<Value> {
        self.0.0.borrow().get(index).cloned()
    }

    /// A copy of what is in it now.
    pub(crate) fn items(&self) -> Vec<Value> {
        self.0.0.borrow().clone()
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        change(&mut self.0.0.borrow_mut())
    }

    pub(crate) fn is_same(&self, other: &List) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// What tells it apart from every other container.
    pub(crate) fn identity(&self) -> usize {
        Rc::as_ptr(&self.0).cast::<u8>() as usize
    }
}

impl Record {
    /// Keys that look like indices of a list come first, in order, as in JavaScript. A later entry of the same name
    /// takes the place of the earlier; reserved names are left out.
    pub(crate) fn new(entries: impl IntoIterator<Item = (Arc<str>, Value)>) -> Record {
        let mut map: IndexMap<Arc<str>, Value> = IndexMap::new();
        let mut indexed = false;
        for (key, value) in entries {
            if is_reserved(&key) {
                continue;
            }
            indexed |= text::array_index(&key).is_some();
            map.insert(key, value);
        }
        if indexed {
            map.sort_by_cached_key(|key, _| text::array_index(key).map_or((1, 0), |index| (0, index)));
        }
        Record(Rc::new(RecordBody(map)))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.0.len()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.0.0.get(key)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.0.0.iter()
    }

    pub(crate) fn is_same(&self, other: &Record) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn identity(&self) -> usize {
        Rc::as_ptr(&self.0).cast::<u8>() as usize
    }
}

// Values may be nested deeper than the stack has room for: methods can put a list into a list again and again. So they
// are taken apart with a list of what is left, not by calling themselves.

impl Drop for ListBody {
    fn drop(&mut self) {
        take_apart(std::mem::take(self.0.get_mut()));
    }
}

impl Drop for RecordBody {
    fn drop(&mut self) {
        take_apart(std::mem::take(&mut self.0).into_values().collect());
    }
}

fn take_apart(mut left: Vec<Value>) {
    left.retain(|value| matches!(value.kind, Kind::List(_) | Kind::Record(_)));
    while let Some(value) = left.pop() {
        match value.kind {
            Kind::List(list) => {
                if let Some(mut body) = Rc::into_inner(list.0) {
                    left.append(body.0.get_mut());
                }
            }
            Kind::Record(record) => {
                if let Some(mut body) = Rc::into_inner(record.0) {
                    left.extend(std::mem::take(&mut body.0).into_values());
                }
            }
            _ => {}
        }
    }
}

impl Value {
    pub(crate) const UNDEFINED: Value = Value { kind: Kind::Undefined, marked: false };
    pub(crate) const NULL: Value = Value { kind: Kind::Null, marked: false };

    pub(crate) fn list(items: Vec<Value>) -> Value {
        Kind::List(List::new(items)).into()
    }

    pub(crate) fn text(text: impl Into<Arc<str>>) -> Value {
        Kind::Text(text.into()).into()
    }

    /// The same, marked if `mark` is set.
    pub(crate) fn with_mark(mut self, mark: bool) -> Value {
        self.marked |= mark;
        self
    }

    pub(crate) fn is_undefined(&self) -> bool {
        matches!(self.kind, Kind::Undefined)
    }

    pub(crate) fn is_nullish(&self) -> bool {
        matches!(self.kind, Kind::Undefined | Kind::Null)
    }

    /// Whether a condition holds. An empty list is true here, unlike in `if` of a step.
    pub(crate) fn is_truthy(&self) -> bool {
        match &self.kind {
            Kind::Undefined | Kind::Null => false,
            Kind::Bool(flag) => *flag,
            Kind::Number(number) => *number != 0.0 && !number.is_nan(),
            Kind::Text(text) => !text.is_empty(),
            _ => true,
        }
    }

    /// The text of a text or safe text.
    pub(crate) fn as_text(&self) -> Option<&Arc<str>> {
        match &self.kind {
            Kind::Text(text) | Kind::Safe(text) => Some(text),
            _ => None,
        }
    }

    /// What it is called in messages.
    pub(crate) fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Undefined => "undefined",
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a string",
            Kind::Safe(_) => "a safe string",
            Kind::List(_) => "a list",
            Kind::Record(_) => "an object",
            Kind::Regex(_) => "a regular expression",
            Kind::Function(_) => "a function",
        }
    }
}

impl From<Kind> for Value {
    fn from(kind: Kind) -> Value {
        Value { kind, marked: false }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Kind::Number(number).into()
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Kind::Bool(flag).into()
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Value {
        Kind::Number(number as f64).into()
    }
}
