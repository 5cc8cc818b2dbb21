//! Going along the tokens of an expression, and making its nodes.

use super::expression::Parsed;
use super::token::{Token, TokenKind, tokenize};
use crate::error::Fault;
use crate::tree::{Expression, Names, Node, Symbol};
use crate::value::is_reserved;

/// How high a tree of expressions may be.
const HIGHEST: u32 = 200;
/// How deep brackets and the like may be nested.
const DEEPEST: u32 = 100;

/// Reads the tokens of one tag or interpolation.
pub(crate) struct Parser<'s, 'n> {
    source: &'s str,
    pub(crate) names: &'n mut Names,
    tokens: Vec<Token<'s>>,
    pub(super) at: usize,
    depth: u32,
}

impl<'s, 'n> Parser<'s, 'n> {
    /// A parser of the source from `start` to `end`.
    pub(crate) fn new(
        source: &'s str,
        names: &'n mut Names,
        start: usize,
        end: usize,
    ) -> Result<Parser<'s, 'n>, Fault> {
        Ok(Parser { source, names, tokens: tokenize(source, start, end)?, at: 0, depth: 0 })
    }

    pub(crate) fn end(&self) -> Result<(), Fault> {
        match self.peek().kind {
            TokenKind::End => Ok(()),
            _ => Err(self.unexpected("the end")),
        }
    }

    /// Names with commas between them.
    pub(crate) fn targets(&mut self) -> Result<Vec<Symbol>, Fault> {
        let mut targets = Vec::new();
        loop {
            let (name, at) = self.name("a name")?;
            if is_literal_name(name) {
                return Err(Fault::syntax("nothing can be assigned to a literal", at));
            }
            targets.push(self.symbol(name, at)?);
            if !self.take(",") {
                return Ok(targets);
            }
        }
    }

    pub(crate) fn symbol(&mut self, name: &str, at: usize) -> Result<Symbol, Fault> {
        refuse_reserved(name, at)?;
        Ok(Symbol { name: self.names.id(name), at: at as u32, slot: None })
    }

    /// The next token, which has to be a name.
    pub(crate) fn name(&mut self, what: &str) -> Result<(&'s str, usize), Fault> {
        let token = self.peek();
        if token.kind != TokenKind::Name {
            return Err(self.unexpected(what));
        }
        let (start, end) = (token.at, token.end);
        self.at += 1;
        let name = &self.source[start..end];
        refuse_reserved(name, start)?;
        Ok((name, start))
    }

    /// The byte at which the next token begins.
    pub(crate) fn place(&self) -> usize {
        self.peek().at
    }

    /// The byte at which the next token ends.
    pub(crate) fn place_after(&self) -> usize {
        self.peek().end
    }

    pub(super) fn make(&self, at: u32, height: u32, node: Node) -> Parsed {
        if height >= HIGHEST {
            return Err(Fault::syntax("the expression is nested too deeply", at as usize));
        }
        Ok(Expression { at, height: height + 1, node })
    }

    pub(crate) fn nested<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.depth >= DEEPEST {
            return Err(Fault::syntax("the expression is nested too deeply", self.peek().at));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    pub(super) fn peek(&self) -> &Token<'s> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> &Token<'s> {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    /// The next token if it is an operator, else nothing.
    pub(super) fn operator(&self) -> &str {
        let token = self.peek();
        if token.kind == TokenKind::Operator { &token.text } else { "" }
    }

    pub(crate) fn take(&mut self, operator: &str) -> bool {
        let found = self.operator() == operator;
        self.at += usize::from(found);
        found
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.peek().kind == TokenKind::Name && self.peek().text == word
    }

    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, operator: &str) -> Result<(), Fault> {
        if self.take(operator) { Ok(()) } else { Err(self.unexpected(&format!("{operator:?}"))) }
    }

    pub(crate) fn unexpected(&self, wanted: &str) -> Fault {
        let token = self.peek();
        if token.kind == TokenKind::End {
            return Fault::syntax(format!("it ends where {wanted} should be"), token.at);
        }
        let found = &self.source[token.at..token.end];
        Fault::syntax(format!("{found:?} stands where {wanted} should be"), token.at)
    }
}

pub(crate) fn is_literal_name(name: &str) -> bool {
    matches!(name, "true" | "false" | "null" | "none")
}

pub(super) fn refuse_reserved(name: &str, at: usize) -> Result<(), Fault> {
    if is_reserved(name) {
        return Err(Fault::syntax(format!("the name {name:?} is reserved"), at));
    }
    Ok(())
}
