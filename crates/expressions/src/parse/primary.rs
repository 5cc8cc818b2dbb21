//! What expressions are made of: literals, names, brackets, members, calls and their arguments.

use std::sync::Arc;

use super::cursor::{Parser, is_literal_name, refuse_reserved};
use super::expression::{Parsed, highest};
use super::token::{Token, TokenKind};
use crate::error::Fault;
use crate::regexes::Pattern;
use crate::tree::{Arguments, Expression, Literal, Node, Slice};
use crate::value::number;

impl<'s> Parser<'s, '_> {
    pub(super) fn postfix(&mut self) -> Parsed {
        let mut target = self.primary()?;
        loop {
            let height = target.height;
            target = match self.operator() {
                "." => {
                    self.at += 1;
                    let (name, at) = self.name("the name of a member")?;
                    let key = text_literal(name, at);
                    self.make(at as u32, height.max(key.height), Node::Member(Box::new((target, key))))?
                }
                "[" => {
                    self.at += 1;
                    let member = self.nested(|parser| parser.subscript(target))?;
                    self.expect("]")?;
                    member
                }
                "(" => {
                    self.at += 1;
                    let arguments = self.nested(Parser::arguments)?;
                    let height = height.max(arguments.height());
                    self.make(target.at, height, Node::Call(Box::new((target, arguments))))?
                }
                _ => return Ok(target),
            };
        }
    }

    pub(super) fn subscript(&mut self, target: Expression) -> Parsed {
        let at = self.peek().at as u32;
        let stops = |parser: &Self| matches!(&*parser.peek().text, ":" | "]");
        let start = if stops(self) { None } else { Some(self.expression()?) };
        if !self.take(":") {
            let Some(key) = start else {
                return Err(self.unexpected("an expression"));
            };
            if let Node::Literal(Literal::Text(name)) = &key.node {
                refuse_reserved(name, key.at as usize)?;
            }
            let height = highest([&target, &key]);
            return self.make(key.at, height, Node::Member(Box::new((target, key))));
        }
        let stop = if stops(self) { None } else { Some(self.expression()?) };
        let step = if self.take(":") && self.peek().text != "]" { Some(self.expression()?) } else { None };
        let height = highest([&target].into_iter().chain(&start).chain(&stop).chain(&step));
        self.make(at, height, Node::Slice(Box::new(Slice { target, start, stop, step })))
    }

    pub(super) fn primary(&mut self) -> Parsed {
        let token = self.peek().clone();
        let at = token.at as u32;
        match token.kind {
            TokenKind::End => return Err(self.unexpected("an expression")),
            TokenKind::Operator => return self.bracketed(&token),
            _ => self.at += 1,
        }
        let literal = match token.kind {
            TokenKind::Number => Literal::Number(number::read(&token.text)),
            TokenKind::Text => Literal::Text(Arc::from(&*token.text)),
            TokenKind::Regex => {
                let (source, flags) = token.text.rsplit_once('/').unwrap_or((&token.text, ""));
                let pattern = Pattern::new(source, flags).map_err(|why| Fault::syntax(why, token.at))?;
                Literal::Regex(Arc::new(pattern))
            }
            _ => match &*token.text {
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "none" | "null" => Literal::Null,
                name => {
                    let symbol = self.symbol(name, token.at)?;
                    return self.make(at, 0, Node::Symbol(symbol));
                }
            },
        };
        self.make(at, 0, Node::Literal(literal))
    }

    pub(super) fn bracketed(&mut self, token: &Token<'s>) -> Parsed {
        let at = token.at as u32;
        match &*token.text {
            "(" => {
                self.at += 1;
                let items = self.nested(|parser| parser.items(")"))?;
                if items.is_empty() {
                    return Err(Fault::syntax("there is nothing between the parentheses", token.at));
                }
                self.make(at, highest(&items), Node::Group(items))
            }
            "[" => {
                self.at += 1;
                let items = self.nested(|parser| parser.items("]"))?;
                self.make(at, highest(&items), Node::List(items))
            }
            "{" => {
                self.at += 1;
                let entries = self.nested(Parser::entries)?;
                let height = highest(entries.iter().map(|(_, value)| value));
                self.make(at, height, Node::Record(entries))
            }
            _ => Err(self.unexpected("an expression")),
        }
    }

    pub(super) fn entries(&mut self) -> Result<Vec<(Arc<str>, Expression)>, Fault> {
        let mut entries = Vec::new();
        if self.take("}") {
            return Ok(entries);
        }
        loop {
            let token = self.peek().clone();
            let is_name = token.kind == TokenKind::Name && !is_literal_name(&token.text);
            if !is_name && token.kind != TokenKind::Text {
                return Err(Fault::syntax("a key has to be a name or a string", token.at));
            }
            refuse_reserved(&token.text, token.at)?;
            self.at += 1;
            self.expect(":")?;
            entries.push((Arc::from(&*token.text), self.expression()?));
            if !self.take(",") {
                break;
            }
        }
        self.expect("}")?;
        Ok(entries)
    }

    pub(super) fn items(&mut self, closing: &str) -> Result<Vec<Expression>, Fault> {
        let mut items = Vec::new();
        if self.take(closing) {
            return Ok(items);
        }
        loop {
            items.push(self.expression()?);
            if !self.take(",") {
                break;
            }
        }
        self.expect(closing)?;
        Ok(items)
    }

    /// Arguments up to and with the closing parenthesis.
    pub(crate) fn arguments(&mut self) -> Result<Arguments, Fault> {
        let mut arguments = Arguments::default();
        if self.take(")") {
            return Ok(arguments);
        }
        loop {
            if self.peek().kind == TokenKind::Name && self.peek_at(1).text == "=" {
                let (name, at) = self.name("a name")?;
                let symbol = self.symbol(name, at)?;
                self.expect("=")?;
                arguments.keywords.push((symbol, self.expression()?));
            } else {
                arguments.positional.push(self.expression()?);
            }
            if !self.take(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(arguments)
    }
}

impl Arguments {
    pub(super) fn height(&self) -> u32 {
        highest(self.positional.iter().chain(self.keywords.iter().map(|(_, value)| value)))
    }
}

fn text_literal(text: &str, at: usize) -> Expression {
    Expression { at: at as u32, height: 1, node: Node::Literal(Literal::Text(Arc::from(text))) }
}
