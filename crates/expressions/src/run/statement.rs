//! Statements.

use std::sync::Arc;

use super::{Closure, Frame, Out, Place, Run};
use crate::error::Fault;
use crate::tree::{Body, CallBlock, For, SetValue, Statement, StatementNode, Symbol};
use crate::value::compare::same;
use crate::value::convert::numeric;
use crate::value::{Kind, List, Record, Value, text};

/// What a loop runs over.
struct Items {
    values: Vec<Value>,
    /// A list is read while the loop runs: its body may change it.
    live: Option<List>,
    /// What `loop.length` says, which may be no number.
    length: Value,
    /// Whether each is taken apart by index; otherwise it is a key and a value.
    by_index: bool,
}

impl Items {
    fn get(&self, index: usize) -> Option<Value> {
        match &self.live {
            Some(list) => list.get(index),
            None => self.values.get(index).cloned(),
        }
    }
}

impl<'t> Run<'t> {
    pub(super) fn body(&self, body: &'t Body, place: &Place, out: &mut Out) -> Result<(), Fault> {
        self.meter.nested(|| {
            for statement in body {
                self.statement(statement, place, out).map_err(|fault| fault.at(statement.at))?;
            }
            Ok(())
        })
    }

    fn statement(&self, statement: &'t Statement, place: &Place, out: &mut Out) -> Result<(), Fault> {
        self.meter.step()?;
        match &statement.node {
            StatementNode::Text(text) => self.append(text, out),
            StatementNode::Output(expression) => {
                let value = self.expression(expression, place)?;
                self.print(&value, out).map_err(|fault| fault.at(expression.at))
            }
            StatementNode::If { branches, otherwise } => {
                for (condition, body) in branches {
                    if self.expression(condition, place)?.is_truthy() {
                        return self.body(body, place, out);
                    }
                }
                otherwise.as_ref().map_or(Ok(()), |body| self.body(body, place, out))
            }
            StatementNode::For(each) => self.each(each, place, out),
            StatementNode::Set { targets, value } => {
                let value = match value {
                    SetValue::Expression(expression) => self.expression(expression, place)?,
                    SetValue::Body(body) => self.capture(body, place, false)?,
                };
                for target in targets {
                    self.set(target, &value, place);
                }
                Ok(())
            }
            StatementNode::Macro(node) => {
                let (scope, shared) = (place.shared.clone(), place.shared.clone());
                let declared = self.declare(Closure { node, scope, shared, frame: None }, false);
                if let Some(slot) = node.name.slot {
                    place.frame.set(slot, declared.clone());
                }
                if place.shares_macros {
                    place.shared.set(node.name.name, declared);
                }
                Ok(())
            }
            StatementNode::Call(call) => self.call_block(call, place, out),
            StatementNode::Block(block) => {
                let inner = Place {
                    scope: place.scope.child(true),
                    frame: Frame::new(block.slots, None),
                    shared: place.shared.clone(),
                    shares_macros: true,
                    shares_sets: false,
                };
                self.body(&block.body, &inner, out)
            }
            StatementNode::Switch { subject, cases, otherwise } => {
                let subject = self.expression(subject, place)?;
                let mut matched = false;
                for (condition, body) in cases {
                    matched = matched || same(&subject, &self.expression(condition, place)?, &self.meter)?;
                    // A case without anything in it falls through to the next.
                    if matched && !body.is_empty() {
                        return self.body(body, place, out);
                    }
                }
                otherwise.as_ref().map_or(Ok(()), |body| self.body(body, place, out))
            }
        }
    }

    /// What the body prints, as a value.
    pub(super) fn capture(&self, body: &'t Body, place: &Place, safe: bool) -> Result<Value, Fault> {
        let mut out = Out::default();
        self.body(body, place, &mut out)?;
        let text: Arc<str> = Arc::from(out.text);
        Ok(Value::from(if safe { Kind::Safe(text) } else { Kind::Text(text) }).with_mark(out.marked))
    }

    fn set(&self, target: &Symbol, value: &Value, place: &Place) {
        place.scope.assign(target.name, value.clone());
        if let Some(slot) = target.slot {
            place.frame.set(slot, value.clone());
        }
        if place.shares_sets {
            place.shared.set(target.name, value.clone());
        }
    }

    fn each(&self, each: &'t For, place: &Place, out: &mut Out) -> Result<(), Fault> {
        let over = self.expression(&each.over, place)?;
        let items = self.items(&over, each.targets.len())?;
        let inner = Place {
            scope: place.scope.child(false),
            frame: place.frame.clone(),
            shared: place.shared.clone(),
            shares_macros: false,
            shares_sets: false,
        };
        // As in nunjucks, what is no list leaves the length of the last run of this very loop as it was.
        if over.is_truthy() {
            place.frame.set(each.length, items.length.clone());
        }
        let length = place.frame.get(each.length);
        let mut index = 0;
        while let Some(item) = items.get(index) {
            self.meter.step()?;
            self.bind(&each.targets, item.with_mark(over.marked), items.by_index, &inner)?;
            if let Some(name) = self.loop_name {
                inner.scope.set(name, loop_record(index, &length, numeric(&length, &self.meter)?));
            }
            self.body(&each.body, &inner, out)?;
            index += 1;
        }
        match &each.otherwise {
            Some(body) if !length.is_truthy() => self.body(body, &inner, out),
            _ => Ok(()),
        }
    }

    fn items(&self, over: &Value, targets: usize) -> Result<Items, Fault> {
        let by_index = matches!(over.kind, Kind::List(_) | Kind::Safe(_));
        let pair = |key: Value, value: Value| Value::list(vec![key, value]);
        let values = match &over.kind {
            Kind::List(list) => {
                let length = Value::from(list.len());
                return Ok(Items { values: Vec::new(), live: Some(list.clone()), length, by_index });
            }
            Kind::Safe(text) => self.units(text)?,
            Kind::Text(text) if targets == 1 => self.units(text)?,
            Kind::Text(text) => {
                let units = self.units(text)?.into_iter().enumerate();
                units.map(|(index, unit)| pair(Value::text(index.to_string()), unit)).collect()
            }
            Kind::Record(record) if targets == 1 => {
                let length = record.get("length").cloned().unwrap_or(Value::UNDEFINED);
                let count = numeric(&length, &self.meter)?;
                let values = self.indexed(record, count.ceil())?;
                return Ok(Items { values, live: None, length, by_index });
            }
            Kind::Record(record) => {
                self.meter.steps(record.len())?;
                record.entries().map(|(key, value)| pair(Value::text(key.clone()), value.clone())).collect()
            }
            _ => {
                let length = if targets == 1 { Value::UNDEFINED } else { Value::from(0.0) };
                return Ok(Items { values: Vec::new(), live: None, length, by_index });
            }
        };
        self.meter.steps(values.len())?;
        Ok(Items { length: Value::from(values.len()), values, live: None, by_index })
    }

    fn units(&self, text: &str) -> Result<Vec<Value>, Fault> {
        self.meter.steps(text.len())?;
        Ok(text::units(text).into_iter().map(Value::text).collect())
    }

    /// The members `0`, `1` and so on, as many as asked for.
    pub(crate) fn indexed(&self, record: &Record, count: f64) -> Result<Vec<Value>, Fault> {
        if count.is_nan() || count <= 0.0 {
            return Ok(Vec::new());
        }
        self.meter.steps(if count < 1e9 { count as usize } else { usize::MAX })?;
        let at = |index: usize| record.get(&index.to_string()).cloned().unwrap_or(Value::UNDEFINED);
        Ok((0..count as usize).map(at).collect())
    }

    fn bind(&self, targets: &[Symbol], item: Value, by_index: bool, place: &Place) -> Result<(), Fault> {
        let set = |target: &Symbol, value: Value, named: bool| {
            if let Some(slot) = target.slot {
                place.frame.set(slot, value.clone());
            }
            if named {
                place.scope.set(target.name, value);
            }
        };
        if let [target] = targets {
            set(target, item, true);
            return Ok(());
        }
        let count = if by_index { targets.len() } else { 2 };
        for (index, target) in targets.iter().take(count).enumerate() {
            self.scan_text(&item)?;
            set(target, part(&item, index)?.with_mark(item.marked), !by_index);
        }
        Ok(())
    }

    fn call_block(&self, call: &'t CallBlock, place: &Place, out: &mut Out) -> Result<(), Fault> {
        let target = self.expression(&call.target, place)?;
        let id = match &target.kind {
            Kind::Function(function) => match **function {
                super::Function::Macro(id) => Some(id),
                _ => None,
            },
            _ => None,
        };
        let Some(id) = id else {
            return Err(Fault::new(format!("a call block can only call a macro, not {}", target.name())));
        };
        let mut supplied = self.supplied(&call.arguments, place)?;
        let caller = Closure {
            node: &call.caller,
            scope: place.scope.clone(),
            shared: place.shared.clone(),
            frame: Some(place.frame.clone()),
        };
        supplied.set(call.caller.name.name, self.declare(caller, true));
        let value = self.invoke(id, supplied)?;
        self.print(&value, out)
    }
}

/// The part of an item that a loop with several names binds to one of them.
fn part(item: &Value, index: usize) -> Result<Value, Fault> {
    let found = match &item.kind {
        Kind::Undefined | Kind::Null => {
            return Err(Fault::new(format!("{} cannot be taken apart", item.name())));
        }
        Kind::List(list) => list.get(index),
        Kind::Record(record) => record.get(&index.to_string()).cloned(),
        Kind::Text(text) => text::unit(text, index).map(Value::text),
        _ => None,
    };
    Ok(found.unwrap_or(Value::UNDEFINED))
}

fn loop_record(index: usize, length: &Value, count: f64) -> Value {
    let at = index as f64;
    let entries: [(&str, Value); 7] = [
        ("index", (at + 1.0).into()),
        ("index0", at.into()),
        ("revindex", (count - at).into()),
        ("revindex0", (count - at - 1.0).into()),
        ("first", (index == 0).into()),
        ("last", (at == count - 1.0).into()),
        ("length", length.clone()),
    ];
    Kind::Record(Record::new(entries.map(|(key, value)| (Arc::from(key), value)))).into()
}
