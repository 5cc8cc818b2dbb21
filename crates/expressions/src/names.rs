//! Which paths of the context a template reads.

use std::collections::{BTreeSet, HashSet};

use crate::template::Template;
use crate::tree::{Arguments, Body, Expression, Literal, Macro, NameId, Node, SetValue, StatementNode};

/// See [`Template::reads`]. What the template binds itself, anywhere, is not counted.
pub(crate) fn reads(template: &Template) -> BTreeSet<Vec<String>> {
    let mut found = Found { template, paths: BTreeSet::new(), bound: HashSet::new() };
    found.body(&template.body);
    let bound: HashSet<&str> = found.bound.iter().map(|name| &**template.names.text(*name)).collect();
    let is_free = |path: &Vec<String>| path.first().is_some_and(|name| !bound.contains(name.as_str()));
    found.paths.into_iter().filter(is_free).collect()
}

struct Found<'t> {
    template: &'t Template,
    paths: BTreeSet<Vec<String>>,
    bound: HashSet<NameId>,
}

impl Found<'_> {
    fn body(&mut self, body: &Body) {
        for statement in body {
            match &statement.node {
                StatementNode::Text(_) => {}
                StatementNode::Output(expression) => self.expression(expression),
                StatementNode::If { branches, otherwise } => {
                    for (condition, body) in branches {
                        self.expression(condition);
                        self.body(body);
                    }
                    otherwise.iter().for_each(|body| self.body(body));
                }
                StatementNode::For(each) => {
                    self.expression(&each.over);
                    self.bound.extend(each.targets.iter().map(|target| target.name));
                    self.bound.extend(self.template.names.find("loop"));
                    self.body(&each.body);
                    each.otherwise.iter().for_each(|body| self.body(body));
                }
                StatementNode::Set { targets, value } => {
                    self.bound.extend(targets.iter().map(|target| target.name));
                    match value {
                        SetValue::Expression(expression) => self.expression(expression),
                        SetValue::Body(body) => self.body(body),
                    }
                }
                StatementNode::Macro(declared) => self.callable(declared),
                StatementNode::Call(call) => {
                    self.expression(&call.target);
                    self.arguments(&call.arguments);
                    self.callable(&call.caller);
                }
                StatementNode::Block(block) => self.body(&block.body),
                StatementNode::Switch { subject, cases, otherwise } => {
                    self.expression(subject);
                    for (condition, body) in cases {
                        self.expression(condition);
                        self.body(body);
                    }
                    otherwise.iter().for_each(|body| self.body(body));
                }
            }
        }
    }

    fn callable(&mut self, callable: &Macro) {
        self.bound.insert(callable.name.name);
        self.bound.extend(callable.positional.iter().map(|parameter| parameter.name));
        for (parameter, default) in &callable.defaults {
            self.bound.insert(parameter.name);
            self.expression(default);
        }
        self.body(&callable.body);
    }

    fn arguments(&mut self, arguments: &Arguments) {
        arguments.positional.iter().for_each(|argument| self.expression(argument));
        arguments.keywords.iter().for_each(|(_, argument)| self.expression(argument));
    }

    fn expression(&mut self, expression: &Expression) {
        if let Some(path) = self.path(expression) {
            self.paths.insert(path);
            return;
        }
        match &expression.node {
            Node::Literal(_) | Node::Symbol(_) => {}
            Node::List(items) | Node::Group(items) | Node::Or(items) | Node::And(items) => {
                items.iter().for_each(|item| self.expression(item));
            }
            Node::Record(entries) => entries.iter().for_each(|(_, value)| self.expression(value)),
            Node::Member(pair) | Node::In(pair) => {
                self.expression(&pair.0);
                self.expression(&pair.1);
            }
            Node::Slice(slice) => {
                self.expression(&slice.target);
                let bounds = [&slice.start, &slice.stop, &slice.step];
                bounds.into_iter().flatten().for_each(|bound| self.expression(bound));
            }
            Node::Call(call) => {
                // The name of a function is no path; what a method belongs to is.
                match &call.0.node {
                    Node::Symbol(_) => {}
                    Node::Member(member) => self.expression(&member.0),
                    _ => self.expression(&call.0),
                }
                self.arguments(&call.1);
            }
            Node::Filter(filter) => {
                self.expression(&filter.input);
                self.arguments(&filter.arguments);
            }
            Node::Test(test) => {
                self.expression(&test.input);
                test.arguments.iter().for_each(|arguments| self.arguments(arguments));
            }
            Node::InlineIf(parts) => {
                self.expression(&parts.0);
                self.expression(&parts.1);
                parts.2.iter().for_each(|otherwise| self.expression(otherwise));
            }
            Node::Not(inner) | Node::Negative(inner) | Node::Positive(inner) | Node::Floor(inner) => {
                self.expression(inner);
            }
            Node::Chain(first, rest) => {
                self.expression(first);
                rest.iter().for_each(|(_, operand)| self.expression(operand));
            }
            Node::Compare(first, rest) => {
                self.expression(first);
                rest.iter().for_each(|(_, operand)| self.expression(operand));
            }
            Node::Capture(body) => self.body(body),
        }
    }

    /// The path that an expression is, if it is one: a name, then members whose names stand in the text.
    fn path(&self, expression: &Expression) -> Option<Vec<String>> {
        match &expression.node {
            Node::Symbol(symbol) => Some(vec![self.template.names.text(symbol.name).to_string()]),
            Node::Member(member) => {
                let mut path = self.path(&member.0)?;
                match &member.1.node {
                    Node::Literal(Literal::Text(key)) => path.push(key.to_string()),
                    Node::Literal(Literal::Number(index)) => path.push(crate::value::number::print(*index)),
                    _ => return None,
                }
                Some(path)
            }
            _ => None,
        }
    }
}
