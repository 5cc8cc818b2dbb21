//! The methods of strings, numbers, lists and regular expressions, and Jinja's of lists and objects. Nothing else can
//! be called on a value.

mod list;
mod number;
mod record;
mod string;

use crate::error::Fault;
use crate::run::Run;
use crate::value::{Kind, Value};

type Call = fn(&Run<'_>, &Value, &[Value]) -> Result<Value, Fault>;

/// A method.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    least: usize,
    most: usize,
    /// Whether it hands on members of a list, which keep their own marks.
    pub(crate) hands_on: bool,
    pub(crate) call: Call,
}

const fn method(name: &'static str, least: usize, most: usize, call: Call) -> Method {
    Method { name, least, most, hands_on: false, call }
}

const fn hands_on(name: &'static str, least: usize, most: usize, call: Call) -> Method {
    Method { name, least, most, hands_on: true, call }
}

const ANY: usize = usize::MAX;

impl Method {
    /// How few and how many arguments it takes.
    pub(crate) fn counts(&self, cookiecutter: bool) -> (usize, usize) {
        if self.name == "pop" && cookiecutter { (0, 1) } else { (self.least, self.most) }
    }
}

/// The method of a value, if it has one of this name.
pub(crate) fn find(value: &Value, name: &str, cookiecutter: bool) -> Option<&'static Method> {
    let among = |methods: &'static [Method]| methods.iter().find(|method| method.name == name);
    match &value.kind {
        Kind::Text(_) | Kind::Safe(_) => among(&string::METHODS),
        Kind::Number(_) => among(&number::METHODS),
        Kind::List(_) => {
            among(&list::METHODS).or_else(|| if cookiecutter { among(&list::JINJA) } else { None })
        }
        Kind::Record(_) if cookiecutter => among(&record::JINJA),
        Kind::Regex(_) => among(&string::REGEX),
        _ => None,
    }
}
