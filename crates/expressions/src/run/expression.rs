//! Expressions.

use std::cell::Cell;
use std::cmp::Ordering;
use std::rc::Rc;

use super::{Function, Place, Run};
use crate::error::Fault;
use crate::tree::{Expression, Filter, Literal, Node, Slice, Symbol, Test};
use crate::value::compare::order;
use crate::value::convert::{numeric, string};
use crate::value::{Kind, Record, Regex, Value, is_reserved, text};
use crate::{filters, methods, tests};

/// The most entries that a list may have.
pub(crate) const LONGEST_LIST: usize = 100_000;

impl<'t> Run<'t> {
    pub(super) fn expression(&self, expression: &'t Expression, place: &Place) -> Result<Value, Fault> {
        self.meter.step().map_err(|fault| fault.at(expression.at))?;
        let value = match &expression.node {
            Node::Literal(literal) => Ok(self.literal(literal)),
            Node::Symbol(symbol) => self.symbol(symbol, place),
            Node::Member(_) => match self.small_value(expression, place) {
                Ok(Some(value)) => Ok(value),
                Ok(None) => self.meter.nested(|| self.node(&expression.node, place)),
                Err(fault) => Err(fault),
            },
            node => self.meter.nested(|| self.node(node, place)),
        };
        value.map_err(|fault| fault.at(expression.at))
    }

    fn literal(&self, literal: &Literal) -> Value {
        match literal {
            Literal::Null => Value::NULL,
            Literal::Bool(flag) => (*flag).into(),
            Literal::Number(number) => (*number).into(),
            Literal::Text(text) => Value::text(text.clone()),
            Literal::Regex(pattern) => {
                Kind::Regex(Rc::new(Regex { pattern: pattern.clone(), last: Cell::new(0) })).into()
            }
        }
    }

    fn symbol(&self, symbol: &Symbol, place: &Place) -> Result<Value, Fault> {
        if let Some(slot) = symbol.slot {
            return Ok(place.frame.get(slot));
        }
        match place.scope.get(symbol.name) {
            Some(value) => Ok(value),
            None => self.outer_name(symbol.name),
        }
    }

    fn node(&self, node: &'t Node, place: &Place) -> Result<Value, Fault> {
        match node {
            Node::Literal(literal) => Ok(self.literal(literal)),
            Node::Symbol(symbol) => self.symbol(symbol, place),
            Node::List(items) => {
                let values = self.all(items, place)?;
                self.note_functions(&values);
                Ok(Value::list(values))
            }
            Node::Group(items) => {
                let mut values = self.all(items, place)?;
                let last = values.pop().unwrap_or(Value::UNDEFINED);
                values.iter().try_for_each(|value| self.refuse_functions(value))?;
                Ok(last)
            }
            Node::Record(entries) => {
                let mut values = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    values.push((key.clone(), self.expression(value, place)?));
                    self.note_functions(values.last().map(|(_, value)| value));
                }
                Ok(Kind::Record(Record::new(values)).into())
            }
            Node::Member(member) => {
                let target = self.expression(&member.0, place)?;
                let key = self.expression(&member.1, place)?;
                self.member(&target, &key)
            }
            Node::Slice(slice) => self.slice(slice, place),
            Node::Call(call) => self.call(&call.0, &call.1, place),
            Node::Filter(filter) => self.filter(filter, place),
            Node::Test(test) => self.test(test, place),
            Node::InlineIf(parts) => {
                if self.expression(&parts.0, place)?.is_truthy() {
                    return self.expression(&parts.1, place);
                }
                match &parts.2 {
                    Some(otherwise) => self.expression(otherwise, place),
                    None => Ok(Value::text("")),
                }
            }
            Node::Or(operands) => self.until(operands, place, true),
            Node::And(operands) => self.until(operands, place, false),
            _ => self.operation(node, place),
        }
    }

    fn operation(&self, node: &'t Node, place: &Place) -> Result<Value, Fault> {
        match node {
            Node::Not(inner) => {
                let value = self.expression(inner, place)?;
                self.derived_from((!value.is_truthy()).into(), &[&value])
            }
            Node::Negative(inner) => self.number(inner, place, |number| -number),
            Node::Positive(inner) => self.number(inner, place, |number| number),
            Node::Floor(inner) => self.number(inner, place, f64::floor),
            Node::Chain(first, rest) => {
                let mut left = self.expression(first, place)?;
                for (operator, operand) in rest {
                    let right = self.expression(operand, place)?;
                    left = self.operate(*operator, &left, &right)?;
                }
                Ok(left)
            }
            Node::Compare(first, rest) => {
                let mut left = self.expression(first, place)?;
                for (comparison, operand) in rest {
                    let right = self.expression(operand, place)?;
                    let result = self.compare(*comparison, &left, &right)?;
                    left = self.derived_from(result.into(), &[&left, &right])?;
                }
                Ok(left)
            }
            Node::In(pair) => {
                let needle = self.expression(&pair.0, place)?;
                let haystack = self.expression(&pair.1, place)?;
                let found = self.contains(&haystack, &needle)?;
                self.derived_from(found.into(), &[&needle, &haystack])
            }
            Node::Capture(body) => {
                let inner = Place { scope: place.scope.child(false), ..place.clone() };
                self.capture(body, &inner, false)
            }
            _ => Err(Fault::new("this is no expression")),
        }
    }

    fn all(&self, items: &'t [Expression], place: &Place) -> Result<Vec<Value>, Fault> {
        items.iter().map(|item| self.expression(item, place)).collect()
    }

    /// Remembers that functions may be found in lists and objects from now on.
    fn note_functions<'v>(&self, values: impl IntoIterator<Item = &'v Value>) {
        if values.into_iter().any(|value| matches!(value.kind, Kind::Function(_))) {
            self.functions_stored.set(true);
        }
    }

    /// The first operand that decides, or the last one.
    fn until(&self, operands: &'t [Expression], place: &Place, truth: bool) -> Result<Value, Fault> {
        let mut value = Value::UNDEFINED;
        for operand in operands {
            value = self.expression(operand, place)?;
            if value.is_truthy() == truth {
                break;
            }
        }
        Ok(value)
    }

    fn number(&self, inner: &'t Expression, place: &Place, apply: fn(f64) -> f64) -> Result<Value, Fault> {
        let value = self.expression(inner, place)?;
        self.refuse_functions(&value)?;
        let number = apply(numeric(&value, &self.meter)?);
        self.derived_from(number.into(), &[&value])
    }

    /// A member of a value: its own, or a method. What has none is undefined, so paths may lead nowhere.
    fn member(&self, target: &Value, key: &Value) -> Result<Value, Fault> {
        let name = string(key, &self.meter)?;
        let marked = target.marked || (self.follows_secrets() && self.is_marked(key)?);
        self.scan_text(target)?;
        if let Some(value) = own_member(target, &name) {
            return Ok(value.with_mark(marked));
        }
        if is_reserved(&name) {
            return Ok(Value::UNDEFINED);
        }
        if let Kind::Function(function) = &target.kind {
            return Ok(super::call::cycler_member(function, &name));
        }
        Ok(match methods::find(target, &name, self.options.syntax.cookiecutter) {
            Some(method) => {
                Kind::Function(Rc::new(Function::Method { receiver: target.clone(), method })).into()
            }
            None => Value::UNDEFINED,
        })
    }

    fn slice(&self, slice: &'t Slice, place: &Place) -> Result<Value, Fault> {
        let input = self.expression(&slice.target, place)?;
        if matches!(input.kind, Kind::Function(_)) {
            return Err(Fault::new("a function cannot be sliced"));
        }
        let target = if input.is_truthy() { input.clone() } else { Value::list(Vec::new()) };
        let length = own_member(&target, "length").unwrap_or(Value::UNDEFINED);
        let bound = |bound: &'t Option<Expression>, default: Value| match bound {
            Some(bound) => self.expression(bound, place),
            None => Ok(default),
        };
        let mut start = bound(&slice.start, Value::NULL)?;
        let mut stop = bound(&slice.stop, Value::NULL)?;
        let step = bound(&slice.step, Value::from(1.0))?;
        let width = numeric(&step, &self.meter)?;
        if !width.is_finite() || width == 0.0 {
            return Err(Fault::new("the step of a slice has to be a number other than 0"));
        }
        let zero = Value::from(0.0);
        let compare = |left: &Value, right: &Value| order(left, right, &self.meter);
        let negative = |value: &Value| Ok::<_, Fault>(compare(value, &zero)? == Some(Ordering::Less));
        if matches!(start.kind, Kind::Null) {
            start =
                if width < 0.0 { Value::from(numeric(&length, &self.meter)? - 1.0) } else { zero.clone() };
        }
        if matches!(stop.kind, Kind::Null) {
            stop = if width < 0.0 { Value::from(-1.0) } else { length.clone() };
        } else if negative(&stop)? {
            stop = self.add(&stop, &length)?;
        }
        if negative(&start)? {
            start = self.add(&start, &length)?;
        }
        let mut items = Vec::new();
        let mut index = start;
        while !negative(&index)? && compare(&index, &length)? != Some(Ordering::Greater) {
            let reached = compare(&index, &stop)?;
            let past = if width > 0.0 { Ordering::Greater } else { Ordering::Less };
            if reached == Some(Ordering::Equal) || reached == Some(past) {
                break;
            }
            self.meter.step()?;
            let key = string(&index, &self.meter)?;
            self.scan_text(&target)?;
            let item = own_member(&target, &key).unwrap_or(Value::UNDEFINED);
            self.refuse_functions(&item)?;
            items.push(item);
            self.check_length(items.len())?;
            index = self.add(&index, &step)?;
        }
        Ok(Value::list(items).with_mark(input.marked))
    }

    /// Takes the steps for looking through a text, if the value is one.
    pub(crate) fn scan_text(&self, value: &Value) -> Result<(), Fault> {
        value.as_text().map_or(Ok(()), |text| self.meter.scan(text.len()))
    }

    /// Refuses lists that are too long.
    pub(crate) fn check_length(&self, entries: usize) -> Result<(), Fault> {
        if entries > LONGEST_LIST {
            return Err(Fault::limit(format!("a list may have {LONGEST_LIST} entries")));
        }
        Ok(())
    }

    fn filter(&self, filter: &'t Filter, place: &Place) -> Result<Value, Fault> {
        let host = self.options.registry.and_then(|registry| registry.find_filter(&filter.name));
        let builtin = filter.builtin.or_else(|| {
            let dump = self.options.syntax.cookiecutter && &*filter.name == "jsonify";
            if dump { filters::find("dump") } else { None }
        });
        if host.is_none() && builtin.is_none() {
            return Err(Fault::new(format!("there is no filter {:?}", filter.name)));
        }
        if host.is_some() && !filter.arguments.keywords.is_empty() {
            return Err(Fault::new(format!("the filter {:?} takes no named arguments", filter.name)));
        }
        let input = self.expression(&filter.input, place)?;
        let supplied = self.supplied(&filter.arguments, place)?;
        let result = match (host, builtin) {
            (Some(host), _) => {
                let arguments: Vec<Value> = [input].into_iter().chain(supplied.positional).collect();
                self.extension(host, &arguments)
            }
            (None, Some(builtin)) => self.builtin(builtin, &input, supplied),
            (None, None) => return Ok(Value::UNDEFINED),
        };
        result.map_err(|fault| fault.while_doing(&format!("the filter {:?} failed", filter.name)))
    }

    fn builtin(
        &self,
        builtin: &'static filters::Builtin,
        input: &Value,
        supplied: super::call::Supplied,
    ) -> Result<Value, Fault> {
        let arguments = builtin.arguments(supplied, self.template);
        self.refuse_functions(input)?;
        arguments.iter().try_for_each(|argument| self.refuse_functions(argument))?;
        let value = (builtin.apply)(&filters::Input { run: self, value: input, arguments: &arguments })?;
        if let Kind::List(list) = &value.kind {
            self.check_length(list.len())?;
        }
        if !self.follows_secrets() {
            return Ok(value);
        }
        let value = self.derived_from(value, &arguments.iter().collect::<Vec<_>>())?;
        // What only hands on members of a list leaves each its own mark.
        let container = matches!(input.kind, Kind::List(_) | Kind::Record(_));
        if builtin.hands_on && container {
            return Ok(value.with_mark(input.marked));
        }
        self.derived_from(value, &[input])
    }

    fn test(&self, test: &'t Test, place: &Place) -> Result<Value, Fault> {
        let Some(builtin) = tests::find(&test.name) else {
            return Err(Fault::new(format!("there is no test {:?}", test.name)));
        };
        let arguments = test.arguments.as_ref();
        if arguments.is_some_and(|arguments| !arguments.keywords.is_empty()) {
            return Err(Fault::new(format!("the test {:?} takes no named arguments", test.name)));
        }
        builtin.check_count(arguments.map_or(0, |arguments| arguments.positional.len()))?;
        let input = self.expression(&test.input, place)?;
        let supplied = match arguments {
            Some(arguments) => self.all(&arguments.positional, place)?,
            None => Vec::new(),
        };
        let holds = builtin
            .apply(self, &input, &supplied)
            .map_err(|fault| fault.while_doing(&format!("the test {:?} failed", test.name)))?;
        let sources: Vec<&Value> = supplied.iter().chain([&input]).collect();
        self.derived_from(holds.into(), &sources)
    }
}

/// A member that the value has itself.
pub(crate) fn own_member(target: &Value, name: &str) -> Option<Value> {
    let index = || text::array_index(name).map(|index| index as usize);
    match &target.kind {
        Kind::Record(record) => record.get(name).cloned(),
        Kind::List(list) if name == "length" => Some(Value::from(list.len())),
        Kind::List(list) => list.get(index()?),
        Kind::Safe(text) if name == "val" => Some(Value::text(text.clone())),
        Kind::Text(text) | Kind::Safe(text) if name == "length" => Some(Value::from(text::length(text))),
        Kind::Text(text) | Kind::Safe(text) => text::unit(text, index()?).map(Value::text),
        _ => None,
    }
}
