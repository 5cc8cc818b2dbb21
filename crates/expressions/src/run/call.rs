//! Calls: of macros, methods, built-in functions and those of the caller.

use std::rc::Rc;

use super::function::Cycler;
use super::{Frame, Function, Place, Run};
use crate::error::Fault;
use crate::options::Extension;
use crate::tree::{Arguments, Expression, NameId, Node};
use crate::value::json::{from_json, to_json};
use crate::value::{Kind, Value};

/// Evaluated arguments.
pub(crate) struct Supplied {
    pub(crate) positional: Vec<Value>,
    pub(crate) named: Vec<(NameId, Value)>,
}

impl Supplied {
    pub(crate) fn set(&mut self, name: NameId, value: Value) {
        match self.named.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => self.named.push((name, value)),
        }
    }

    fn get(&self, name: NameId) -> Option<&Value> {
        self.named.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn take(&mut self, name: NameId) -> Option<Value> {
        let at = self.named.iter().position(|(known, _)| *known == name)?;
        Some(self.named.remove(at).1)
    }
}

impl<'t> Run<'t> {
    pub(super) fn supplied(&self, arguments: &'t Arguments, place: &Place) -> Result<Supplied, Fault> {
        let positional = arguments
            .positional
            .iter()
            .map(|argument| self.expression(argument, place))
            .collect::<Result<_, _>>()?;
        let mut supplied = Supplied { positional, named: Vec::new() };
        for (name, value) in &arguments.keywords {
            supplied.set(name.name, self.expression(value, place)?);
        }
        Ok(supplied)
    }

    pub(super) fn call(
        &self,
        target: &'t Expression,
        arguments: &'t Arguments,
        place: &Place,
    ) -> Result<Value, Fault> {
        let function = self.expression(target, place)?;
        let Kind::Function(function) = &function.kind else {
            let name = self.path_of(target).map_or(String::new(), |path| format!("{path:?} is "));
            return Err(Fault::new(format!("{name}{}: it cannot be called", function.name())));
        };
        if let Function::Macro(id) | Function::Caller(id) = **function {
            return self.invoke(id, self.supplied(arguments, place)?);
        }
        if !arguments.keywords.is_empty() {
            return Err(Fault::new("this function takes no named arguments"));
        }
        check_count(function, arguments.positional.len(), self.options.syntax.cookiecutter)?;
        let supplied = self.supplied(arguments, place)?.positional;
        supplied.iter().try_for_each(|argument| self.refuse_functions(argument))?;
        match &**function {
            Function::Global(global) => {
                let value = (global.call)(self, &supplied)?;
                self.derived_from(value, &supplied.iter().collect::<Vec<_>>())
            }
            Function::Method { receiver, method } => self.method(receiver, method, &supplied),
            Function::Joiner { separator, used } => {
                Ok(if used.replace(true) { separator.clone() } else { Value::text("") })
            }
            Function::CyclerNext(cycler) => Ok(cycler.next()),
            Function::CyclerReset(cycler) => {
                cycler.at.set(None);
                Ok(Value::UNDEFINED)
            }
            Function::Host(name) => {
                match self.options.registry.and_then(|registry| registry.find_function(name)) {
                    Some(extension) => self
                        .extension(extension, &supplied)
                        .map_err(|fault| fault.while_doing(&format!("the function {name:?} failed"))),
                    None => Err(Fault::new(format!("there is no function {name:?}"))),
                }
            }
            Function::Cycler(_) | Function::Macro(_) | Function::Caller(_) => {
                Err(Fault::new("a cycler cannot be called; its next() can"))
            }
        }
    }

    fn method(
        &self,
        receiver: &Value,
        method: &crate::methods::Method,
        supplied: &[Value],
    ) -> Result<Value, Fault> {
        self.refuse_functions(receiver)?;
        let value = (method.call)(self, receiver, supplied)
            .map_err(|fault| fault.while_doing(&format!("the method {:?} failed", method.name)))?;
        if let Kind::List(list) = &value.kind {
            self.check_length(list.len())?;
        }
        if method.hands_on {
            return Ok(value.with_mark(receiver.marked));
        }
        let sources: Vec<&Value> = supplied.iter().chain([receiver]).collect();
        self.derived_from(value, &sources)
    }

    /// A filter or function of the caller. Its result is secret if anything that it was given is.
    pub(super) fn extension(&self, extension: &Extension, supplied: &[Value]) -> Result<Value, Fault> {
        let unheard = crate::derived::Tracker::default();
        let mut arguments = Vec::with_capacity(supplied.len());
        for value in supplied {
            self.refuse_functions(value)?;
            arguments.push(to_json(value, false, &self.meter, &unheard, 0)?);
        }
        let value = match extension(&arguments).map_err(Fault::new)? {
            Some(json) => from_json(&json, &[], &self.meter, 0)?,
            None => Value::UNDEFINED,
        };
        self.derived_from(value, &supplied.iter().collect::<Vec<_>>())
    }

    pub(super) fn invoke(&self, id: usize, mut supplied: Supplied) -> Result<Value, Fault> {
        let closure = self.closure(id)?;
        let node = closure.node;
        let is_caller = closure.frame.is_some();
        let place = Place {
            scope: closure.scope.child(true),
            frame: Frame::new(node.slots, closure.frame),
            shared: closure.shared,
            shares_macros: !is_caller,
            shares_sets: false,
        };
        fill(node, &mut supplied);
        for (parameter, value) in node.positional.iter().zip(std::mem::take(&mut supplied.positional)) {
            if let Some(slot) = parameter.slot {
                place.frame.set(slot, value.clone());
            }
            place.scope.set(parameter.name, value);
        }
        for (parameter, default) in &node.defaults {
            let value = match supplied.get(parameter.name) {
                Some(value) => value.clone(),
                None => self.expression(default, &place)?,
            };
            place.scope.set(parameter.name, value);
        }
        let parameters =
            || node.positional.iter().chain(node.defaults.iter().map(|(parameter, _)| parameter));
        if let Some(caller) = self.template.names.find("caller")
            && !parameters().any(|parameter| parameter.name == caller)
            && let Some(value) = supplied.take(caller)
        {
            place.scope.set(caller, value);
        }
        self.capture(&node.body, &place, true)
    }

    fn path_of(&self, expression: &Expression) -> Option<String> {
        match &expression.node {
            Node::Symbol(symbol) => Some(self.template.names.text(symbol.name).to_string()),
            Node::Member(member) => match &member.1.node {
                Node::Literal(crate::tree::Literal::Text(key)) => {
                    self.path_of(&member.0).map(|path| format!("{path}.{key}"))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// What is missing comes from the named arguments; what is too much goes to the parameters with defaults, in order.
fn fill(node: &crate::tree::Macro, supplied: &mut Supplied) {
    let wanted = node.positional.len();
    for parameter in node.positional.iter().skip(supplied.positional.len()) {
        let value = supplied.take(parameter.name).unwrap_or(Value::UNDEFINED);
        supplied.positional.push(value);
    }
    let surplus = supplied.positional.split_off(wanted);
    for ((parameter, _), value) in node.defaults.iter().zip(surplus) {
        supplied.set(parameter.name, value);
    }
}

fn check_count(function: &Function, count: usize, cookiecutter: bool) -> Result<(), Fault> {
    let (least, most) = match function {
        Function::Global(global) => (0, global.most),
        Function::Method { method, .. } => method.counts(cookiecutter),
        Function::Host(_) => (0, usize::MAX),
        _ => (0, 0),
    };
    if (least..=most).contains(&count) {
        return Ok(());
    }
    let wanted = if least == most {
        least.to_string()
    } else if most == usize::MAX {
        format!("at least {least}")
    } else {
        format!("{least} to {most}")
    };
    Err(Fault::new(format!("this function takes {wanted} arguments, not {count}")))
}

impl Cycler {
    fn next(&self) -> Value {
        if self.values.is_empty() {
            self.at.set(Some(0));
            return Value::UNDEFINED;
        }
        let at = self.at.get().map_or(0, |at| (at + 1) % self.values.len());
        self.at.set(Some(at));
        self.values[at].clone()
    }
}

/// What a cycler has: what it said last, and its two methods.
pub(super) fn cycler_member(function: &Function, name: &str) -> Value {
    let Function::Cycler(cycler) = function else {
        return Value::UNDEFINED;
    };
    match name {
        "current" => match cycler.at.get() {
            None => Value::NULL,
            Some(at) => cycler.values.get(at).cloned().unwrap_or(Value::UNDEFINED),
        },
        "next" => Kind::Function(Rc::new(Function::CyclerNext(cycler.clone()))).into(),
        "reset" => Kind::Function(Rc::new(Function::CyclerReset(cycler.clone()))).into(),
        _ => Value::UNDEFINED,
    }
}
