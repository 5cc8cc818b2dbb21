//! The evaluation of one template over one context.

mod call;
mod expression;
mod function;
mod operate;
mod path;
mod scope;
mod statement;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value as Json};

pub(crate) use call::Supplied;
pub(crate) use expression::own_member;
pub(crate) use function::{Cycler, Function};
pub(crate) use scope::{Frame, Place, Scope};

use crate::derived::Tracker;
use crate::error::Fault;
use crate::meter::Meter;
use crate::options::Options;
use crate::template::Template;
use crate::tree::{Macro, NameId, StatementNode};
use crate::value::convert::printed;
use crate::value::json::{from_json, to_json};
use crate::value::{Kind, Value};

/// Text on its way to the result.
#[derive(Default)]
pub(crate) struct Out {
    pub(crate) text: String,
    pub(crate) marked: bool,
}

/// A macro or the body of a call block, with what it sees.
#[derive(Clone)]
pub(crate) struct Closure<'t> {
    pub(crate) node: &'t Macro,
    pub(crate) scope: Rc<Scope>,
    pub(crate) shared: Rc<Scope>,
    /// The frame around the body of a call block; macros have none.
    pub(crate) frame: Option<Rc<Frame>>,
}

/// One evaluation.
pub(crate) struct Run<'t> {
    pub(crate) template: &'t Template,
    pub(crate) options: &'t Options<'t>,
    context: &'t Map<String, Json>,
    pub(crate) meter: Meter,
    pub(crate) tracker: Tracker,
    secret: Vec<Vec<&'t str>>,
    closures: RefCell<Vec<Closure<'t>>>,
    /// What was read of the context, the registry and the built-in functions.
    outer: RefCell<HashMap<NameId, Value>>,
    /// Whether a function was ever put into a list or object: only then has anybody to look for one there.
    pub(crate) functions_stored: Cell<bool>,
    loop_name: Option<NameId>,
}

impl<'t> Run<'t> {
    pub(crate) fn new(
        template: &'t Template,
        context: &'t Map<String, Json>,
        options: &'t Options<'t>,
    ) -> Run<'t> {
        Run {
            template,
            options,
            context,
            meter: Meter::new(&options.limits),
            tracker: Tracker::default(),
            secret: options.secret.iter().map(|path| path.split('.').collect()).collect(),
            closures: RefCell::default(),
            outer: RefCell::default(),
            functions_stored: Cell::new(false),
            loop_name: template.names.find("loop"),
        }
    }

    /// The template as a text.
    pub(crate) fn text(&self) -> Result<String, Fault> {
        let mut out = Out::default();
        self.body(&self.template.body, &self.top(), &mut out)?;
        Ok(out.text)
    }

    /// The value of a template that is one interpolation and nothing else, otherwise the template as a text.
    pub(crate) fn native(&self) -> Result<Option<Json>, Fault> {
        if let [statement] = &self.template.body[..]
            && let StatementNode::Output(expression) = &statement.node
        {
            let value = self.expression(expression, &self.top())?;
            self.check_size(&value).map_err(|fault| fault.at(statement.at))?;
            return to_json(&value, false, &self.meter, &self.tracker, 0)
                .map_err(|fault| fault.at(statement.at));
        }
        self.text().map(|text| Some(Json::String(text)))
    }

    fn check_size(&self, value: &Value) -> Result<(), Fault> {
        if printed(value, &self.meter)?.len() > self.options.limits.output {
            return Err(Fault::limit("the result is too large"));
        }
        Ok(())
    }

    fn top(&self) -> Place {
        let shared = Scope::root();
        Place {
            scope: shared.child(true),
            frame: Frame::new(self.template.slots, None),
            shared,
            shares_macros: true,
            shares_sets: true,
        }
    }

    /// What a name means that the template has not set: from the context, from the caller, or built in.
    fn outer_name(&self, name: NameId) -> Result<Value, Fault> {
        if let Some(value) = self.outer.borrow().get(&name) {
            return Ok(value.clone());
        }
        let value = self.find_outer(self.template.names.text(name))?;
        self.outer.borrow_mut().insert(name, value.clone());
        Ok(value)
    }

    fn find_outer(&self, name: &str) -> Result<Value, Fault> {
        if let Some(json) = self.context.get(name) {
            let below: Vec<&[&str]> =
                self.secret.iter().filter(|path| path[0] == name).map(|path| &path[1..]).collect();
            return from_json(json, &below, &self.meter, 0);
        }
        if self.options.syntax.cookiecutter {
            match name {
                "True" => return Ok(true.into()),
                "False" => return Ok(false.into()),
                "None" => return Ok(Value::NULL),
                _ => {}
            }
        }
        if let Some(registry) = self.options.registry {
            if let Some(json) = registry.find_value(name) {
                return from_json(json, &[], &self.meter, 0);
            }
            if registry.find_function(name).is_some() {
                return Ok(Kind::Function(Rc::new(Function::Host(name.into()))).into());
            }
        }
        Ok(match crate::globals::find(name) {
            Some(global) => Kind::Function(Rc::new(Function::Global(global))).into(),
            None => Value::UNDEFINED,
        })
    }

    pub(crate) fn declare(&self, closure: Closure<'t>, caller: bool) -> Value {
        let mut closures = self.closures.borrow_mut();
        closures.push(closure);
        let id = closures.len() - 1;
        Kind::Function(Rc::new(if caller { Function::Caller(id) } else { Function::Macro(id) })).into()
    }

    pub(crate) fn closure(&self, id: usize) -> Result<Closure<'t>, Fault> {
        self.closures.borrow().get(id).cloned().ok_or_else(|| Fault::new("there is no such macro"))
    }

    /// Prints a value into `out`.
    pub(crate) fn print(&self, value: &Value, out: &mut Out) -> Result<(), Fault> {
        self.refuse_functions(value)?;
        let text = printed(value, &self.meter)?;
        if self.is_marked(value)? {
            out.marked = true;
            self.tracker.record(&text);
        }
        self.append(&text, out)
    }

    pub(crate) fn append(&self, text: &str, out: &mut Out) -> Result<(), Fault> {
        if out.text.len() + text.len() > self.options.limits.output {
            return Err(Fault::limit("the result is too large"));
        }
        self.meter.grow(text.len())?;
        out.text.push_str(text);
        Ok(())
    }

    /// Whether the value was made of something secret, or has such a value in it.
    pub(crate) fn is_marked(&self, value: &Value) -> Result<bool, Fault> {
        if self.secret.is_empty() {
            return Ok(false);
        }
        self.any_inside(value, &|value| value.marked, 0)
    }

    /// Whether anything that is secret can be here at all.
    pub(crate) fn follows_secrets(&self) -> bool {
        !self.secret.is_empty()
    }

    /// Functions can be called and handed to macros; nothing else may be done with them.
    pub(crate) fn refuse_functions(&self, value: &Value) -> Result<(), Fault> {
        let found = match &value.kind {
            Kind::Function(_) => true,
            Kind::List(_) | Kind::Record(_) if self.functions_stored.get() => {
                self.any_inside(value, &|value| matches!(value.kind, Kind::Function(_)), 0)?
            }
            _ => false,
        };
        if found { Err(Fault::new("a function can only be called")) } else { Ok(()) }
    }

    fn any_inside(&self, value: &Value, test: &dyn Fn(&Value) -> bool, depth: u32) -> Result<bool, Fault> {
        self.meter.step()?;
        if test(value) {
            return Ok(true);
        }
        if depth > 256 {
            return Err(Fault::limit("a value is nested too deeply"));
        }
        match &value.kind {
            Kind::List(list) => {
                for index in 0..list.len() {
                    let item = list.get(index).unwrap_or(Value::UNDEFINED);
                    if self.any_inside(&item, test, depth + 1)? {
                        return Ok(true);
                    }
                }
            }
            Kind::Record(record) => {
                for (_, item) in record.entries() {
                    if self.any_inside(item, test, depth + 1)? {
                        return Ok(true);
                    }
                }
            }
            _ => {}
        }
        Ok(false)
    }
}
