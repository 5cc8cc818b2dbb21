//! Where bound names are kept. As nunjucks compiles templates, names of loops, macros and parameters are variables of
//! the surrounding function, found by where they stand in the text; everything else is looked up while evaluating.

use std::collections::HashMap;

use crate::tree::{
    Arguments, Body, Expression, Macro, NameId, Node, SetValue, Slot, Statement, StatementNode, Symbol,
};

#[derive(Clone, Copy)]
struct Place {
    level: u32,
    index: u32,
}

/// A function that is being planned: its level among callers, the places it needs, and what names mean at this point.
#[derive(Default)]
struct State {
    level: u32,
    count: u32,
    bindings: HashMap<NameId, Place>,
    /// What names meant before they were bound again, for the end of the region.
    before: Vec<(NameId, Option<Place>)>,
}

/// Gives every name of the template its place; returns how many the template itself needs.
pub(crate) fn plan(body: &mut Body) -> u32 {
    let mut state = State::default();
    state.body(body);
    state.count
}

impl State {
    fn body(&mut self, body: &mut Body) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &mut Statement) {
        match &mut statement.node {
            StatementNode::Text(_) => {}
            StatementNode::Output(expression) => self.expression(expression),
            StatementNode::If { branches, otherwise } => {
                for (condition, body) in branches {
                    self.expression(condition);
                    self.body(body);
                }
                self.maybe(otherwise);
            }
            StatementNode::For(each) => {
                self.expression(&mut each.over);
                each.length = Slot { up: 0, index: self.reserve() };
                let outer = self.before.len();
                for target in &mut each.targets {
                    self.bind(target);
                }
                self.body(&mut each.body);
                self.maybe(&mut each.otherwise);
                self.restore(outer);
            }
            StatementNode::Set { targets, value } => {
                match value {
                    SetValue::Expression(expression) => self.expression(expression),
                    SetValue::Body(body) => self.body(body),
                }
                for target in targets {
                    self.refer(target);
                }
            }
            StatementNode::Macro(declared) => {
                self.bind(&mut declared.name);
                let mut inner = State::default();
                inner.callable(declared);
            }
            StatementNode::Call(call) => {
                self.expression(&mut call.target);
                self.arguments(&mut call.arguments);
                let bindings = std::mem::take(&mut self.bindings);
                let mut inner = State { level: self.level + 1, bindings, ..State::default() };
                inner.callable(&mut call.caller);
                inner.restore(0);
                self.bindings = inner.bindings;
            }
            StatementNode::Block(block) => {
                let mut inner = State::default();
                inner.body(&mut block.body);
                block.slots = inner.count;
            }
            StatementNode::Switch { subject, cases, otherwise } => {
                self.expression(subject);
                for (condition, body) in cases {
                    self.expression(condition);
                    self.body(body);
                }
                self.maybe(otherwise);
            }
        }
    }

    fn maybe(&mut self, body: &mut Option<Body>) {
        if let Some(body) = body {
            self.body(body);
        }
    }

    fn callable(&mut self, callable: &mut Macro) {
        let mut own: Vec<(NameId, Slot)> = Vec::new();
        for parameter in &mut callable.positional {
            if let Some((_, slot)) = own.iter().find(|(name, _)| *name == parameter.name) {
                parameter.slot = Some(*slot);
            } else {
                self.bind(parameter);
                own.extend(parameter.slot.map(|slot| (parameter.name, slot)));
            }
        }
        for (_, default) in &mut callable.defaults {
            self.expression(default);
        }
        self.body(&mut callable.body);
        callable.slots = self.count;
    }

    fn reserve(&mut self) -> u32 {
        self.count += 1;
        self.count - 1
    }

    fn bind(&mut self, symbol: &mut Symbol) {
        let index = self.reserve();
        let before = self.bindings.insert(symbol.name, Place { level: self.level, index });
        self.before.push((symbol.name, before));
        symbol.slot = Some(Slot { up: 0, index });
    }

    /// Forgets what was bound since.
    fn restore(&mut self, length: usize) {
        for (name, before) in self.before.drain(length..).rev() {
            match before {
                Some(place) => self.bindings.insert(name, place),
                None => self.bindings.remove(&name),
            };
        }
    }

    fn refer(&self, symbol: &mut Symbol) {
        let place = self.bindings.get(&symbol.name);
        symbol.slot = place.map(|place| Slot { up: self.level - place.level, index: place.index });
    }

    fn arguments(&mut self, arguments: &mut Arguments) {
        for argument in &mut arguments.positional {
            self.expression(argument);
        }
        for (_, argument) in &mut arguments.keywords {
            self.expression(argument);
        }
    }

    fn expression(&mut self, expression: &mut Expression) {
        match &mut expression.node {
            Node::Literal(_) => {}
            Node::Symbol(symbol) => self.refer(symbol),
            Node::List(items) | Node::Group(items) | Node::Or(items) | Node::And(items) => {
                items.iter_mut().for_each(|item| self.expression(item));
            }
            Node::Record(entries) => entries.iter_mut().for_each(|(_, value)| self.expression(value)),
            Node::Member(pair) | Node::In(pair) => {
                self.expression(&mut pair.0);
                self.expression(&mut pair.1);
            }
            Node::Slice(slice) => {
                self.expression(&mut slice.target);
                for bound in [&mut slice.start, &mut slice.stop, &mut slice.step].into_iter().flatten() {
                    self.expression(bound);
                }
            }
            Node::Call(call) => {
                self.expression(&mut call.0);
                self.arguments(&mut call.1);
            }
            Node::Filter(filter) => {
                self.expression(&mut filter.input);
                self.arguments(&mut filter.arguments);
            }
            Node::Test(test) => {
                self.expression(&mut test.input);
                test.arguments.iter_mut().for_each(|arguments| self.arguments(arguments));
            }
            Node::InlineIf(parts) => {
                self.expression(&mut parts.0);
                self.expression(&mut parts.1);
                parts.2.iter_mut().for_each(|otherwise| self.expression(otherwise));
            }
            Node::Not(inner) | Node::Negative(inner) | Node::Positive(inner) | Node::Floor(inner) => {
                self.expression(inner);
            }
            Node::Chain(first, rest) => {
                self.expression(first);
                rest.iter_mut().for_each(|(_, operand)| self.expression(operand));
            }
            Node::Compare(first, rest) => {
                self.expression(first);
                rest.iter_mut().for_each(|(_, operand)| self.expression(operand));
            }
            Node::Capture(body) => self.body(body),
        }
    }
}
