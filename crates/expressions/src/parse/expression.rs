//! Expressions, by precedence: inline if, or, and, not, in, is, comparison, sums, products, powers, filters, members.

use std::sync::Arc;

use super::token::{Token, TokenKind, tokenize};
use crate::error::Fault;
use crate::filters;
use crate::regexes::Pattern;
use crate::tree::{
    Arguments, Comparison, Expression, Filter, Literal, Names, Node, Operator, Slice, Symbol, Test,
};
use crate::value::{is_reserved, number};

/// How high a tree of expressions may be.
const HIGHEST: u32 = 200;
/// How deep brackets and the like may be nested.
const DEEPEST: u32 = 100;

/// Reads the tokens of one tag or interpolation.
pub(crate) struct Parser<'s, 'n> {
    source: &'s str,
    pub(crate) names: &'n mut Names,
    tokens: Vec<Token<'s>>,
    at: usize,
    depth: u32,
}

/// A product that is still being read: what `*` has the lowest and `%` the highest rank in, yet all goes from left to
/// right.
struct Product {
    first: Expression,
    rest: Vec<(Operator, Expression)>,
}

type Parsed = Result<Expression, Fault>;

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

    /// The one expression that is there.
    pub(crate) fn whole(mut self) -> Parsed {
        let expression = self.expression()?;
        self.end()?;
        Ok(expression)
    }

    pub(crate) fn end(&self) -> Result<(), Fault> {
        match self.peek().kind {
            TokenKind::End => Ok(()),
            _ => Err(self.unexpected("the end")),
        }
    }

    pub(crate) fn expression(&mut self) -> Parsed {
        let body = self.or()?;
        if !self.take_word("if") {
            return Ok(body);
        }
        let condition = self.or()?;
        let otherwise = if self.take_word("else") { Some(self.nested(Parser::or)?) } else { None };
        let height = highest([&condition, &body].into_iter().chain(&otherwise));
        self.make(body.at, height, Node::InlineIf(Box::new((condition, body, otherwise))))
    }

    fn or(&mut self) -> Parsed {
        self.sequence("or", Parser::and, Node::Or)
    }

    fn and(&mut self) -> Parsed {
        self.sequence("and", Parser::not, Node::And)
    }

    fn sequence(
        &mut self,
        word: &str,
        operand: fn(&mut Self) -> Parsed,
        node: fn(Vec<Expression>) -> Node,
    ) -> Parsed {
        let first = operand(self)?;
        if !self.is_word(word) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.take_word(word) {
            operands.push(operand(self)?);
        }
        self.make(operands[0].at, highest(&operands), node(operands))
    }

    fn not(&mut self) -> Parsed {
        let at = self.peek().at;
        if !self.take_word("not") {
            return self.membership();
        }
        let target = self.nested(Parser::not)?;
        self.negate(target, at)
    }

    /// `not a + b` and `not a == b` deny only the first operand.
    fn negate(&mut self, target: Expression, at: usize) -> Parsed {
        let Expression { at: place, height, node } = target;
        match node {
            Node::Chain(first, rest) if rest[0].0 != Operator::Power => {
                let first = self.negate(*first, at)?;
                self.make(at as u32, height.max(first.height), Node::Chain(Box::new(first), rest))
            }
            Node::Compare(first, rest) => {
                let first = self.negate(*first, at)?;
                self.make(at as u32, height.max(first.height), Node::Compare(Box::new(first), rest))
            }
            node => self.make(at as u32, height, Node::Not(Box::new(Expression { at: place, height, node }))),
        }
    }

    fn membership(&mut self) -> Parsed {
        let mut left = self.test()?;
        loop {
            let denied = self.peek().text == "not" && self.peek_at(1).text == "in";
            if denied {
                self.at += 2;
            } else if !self.take_word("in") {
                return Ok(left);
            }
            let right = self.test()?;
            let (at, height) = (left.at, highest([&left, &right]));
            left = self.make(at, height, Node::In(Box::new((left, right))))?;
            if denied {
                left = self.make(at, left.height, Node::Not(Box::new(left)))?;
            }
        }
    }

    fn test(&mut self) -> Parsed {
        let input = self.equality()?;
        if !self.take_word("is") {
            return Ok(input);
        }
        let denied = self.take_word("not");
        let right = self.equality()?;
        let (at, place) = (input.at, right.at);
        let height = highest([&input, &right]);
        let (name, arguments) = test_name(right, self.names);
        let test = Node::Test(Box::new(Test { input, name, arguments }));
        let test = self.make(place, height, test)?;
        if denied { self.make(at, test.height, Node::Not(Box::new(test))) } else { Ok(test) }
    }

    fn equality(&mut self) -> Parsed {
        let comparison = |text: &str| match text {
            "==" => Some(Comparison::Equal),
            "===" => Some(Comparison::Same),
            "!=" => Some(Comparison::NotEqual),
            "!==" => Some(Comparison::NotSame),
            _ => None,
        };
        self.compare(comparison, Parser::relation)
    }

    fn relation(&mut self) -> Parsed {
        let comparison = |text: &str| match text {
            "<" => Some(Comparison::Less),
            "<=" => Some(Comparison::LessOrEqual),
            ">" => Some(Comparison::Greater),
            ">=" => Some(Comparison::GreaterOrEqual),
            _ => None,
        };
        self.compare(comparison, Parser::sum)
    }

    fn compare(
        &mut self,
        comparison: fn(&str) -> Option<Comparison>,
        operand: fn(&mut Self) -> Parsed,
    ) -> Parsed {
        let first = operand(self)?;
        let mut rest = Vec::new();
        while let Some(operator) = comparison(&self.peek().text) {
            self.at += 1;
            rest.push((operator, operand(self)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let height = highest(rest.iter().map(|(_, operand)| operand).chain([&first]));
        self.make(first.at, height, Node::Compare(Box::new(first), rest))
    }

    fn sum(&mut self) -> Parsed {
        let first = self.product()?;
        let mut rest = Vec::new();
        loop {
            let operator = match self.operator() {
                "+" => Operator::Add,
                "-" => Operator::Subtract,
                "~" => Operator::Concat,
                _ => break,
            };
            self.at += 1;
            rest.push((operator, self.product()?));
        }
        self.chain(Product { first, rest })
    }

    fn product(&mut self) -> Parsed {
        let mut product = self.division()?;
        while self.take("*") {
            let right = self.division()?;
            product.append(Operator::Multiply, right);
        }
        self.chain(product)
    }

    fn division(&mut self) -> Result<Product, Fault> {
        let mut product = self.floor_division()?;
        while self.take("/") {
            let right = self.floor_division()?;
            product.append(Operator::Divide, right);
        }
        Ok(product)
    }

    fn floor_division(&mut self) -> Result<Product, Fault> {
        let mut product = self.remainder()?;
        while self.take("//") {
            let right = self.remainder()?;
            product.append(Operator::Divide, right);
            let divided = self.chain(product)?;
            let floor = self.make(divided.at, divided.height, Node::Floor(Box::new(divided)))?;
            product = Product { first: floor, rest: Vec::new() };
        }
        Ok(product)
    }

    fn remainder(&mut self) -> Result<Product, Fault> {
        let mut product = Product { first: self.power()?, rest: Vec::new() };
        while self.take("%") {
            let right = self.power()?;
            product.rest.push((Operator::Remainder, right));
        }
        Ok(product)
    }

    fn power(&mut self) -> Parsed {
        let mut product = Product { first: self.filtered()?, rest: Vec::new() };
        while self.take("**") {
            let right = self.filtered()?;
            product.rest.push((Operator::Power, right));
        }
        self.chain(product)
    }

    fn chain(&mut self, product: Product) -> Parsed {
        let Product { first, rest } = product;
        if rest.is_empty() {
            return Ok(first);
        }
        let height = highest(rest.iter().map(|(_, operand)| operand).chain([&first]));
        self.make(first.at, height, Node::Chain(Box::new(first), rest))
    }

    fn filtered(&mut self) -> Parsed {
        let mut input = self.unary()?;
        while self.take("|") {
            input = self.filter(input)?;
        }
        Ok(input)
    }

    /// A filter after its bar, applied to `input`.
    pub(crate) fn filter(&mut self, input: Expression) -> Parsed {
        let (first, at) = self.name("the name of a filter")?;
        let mut name = first.to_owned();
        while self.take(".") {
            name.push('.');
            name.push_str(self.name("the name of a filter")?.0);
        }
        let arguments = if self.take("(") { self.nested(Parser::arguments)? } else { Arguments::default() };
        let height = arguments.height().max(input.height);
        let builtin = filters::find(&name);
        let filter = Filter { name: Arc::from(name), builtin, input, arguments };
        self.make(at as u32, height, Node::Filter(Box::new(filter)))
    }

    fn unary(&mut self) -> Parsed {
        let at = self.peek().at;
        let negative = match self.operator() {
            "-" => true,
            "+" => false,
            _ => return self.postfix(),
        };
        self.at += 1;
        let target = self.nested(Parser::unary)?;
        let again = match &target.node {
            Node::Negative(_) => negative,
            Node::Positive(_) => !negative,
            _ => false,
        };
        if again {
            return Err(Fault::syntax("a sign may not be repeated", target.at as usize));
        }
        let node = if negative { Node::Negative } else { Node::Positive };
        self.make(at as u32, target.height, node(Box::new(target)))
    }

    fn postfix(&mut self) -> Parsed {
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

    fn subscript(&mut self, target: Expression) -> Parsed {
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

    fn primary(&mut self) -> Parsed {
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

    fn bracketed(&mut self, token: &Token<'s>) -> Parsed {
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

    fn entries(&mut self) -> Result<Vec<(Arc<str>, Expression)>, Fault> {
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

    fn items(&mut self, closing: &str) -> Result<Vec<Expression>, Fault> {
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

    fn make(&self, at: u32, height: u32, node: Node) -> Parsed {
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

    fn peek(&self) -> &Token<'s> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &Token<'s> {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    /// The next token if it is an operator, else nothing.
    fn operator(&self) -> &str {
        let token = self.peek();
        if token.kind == TokenKind::Operator { &token.text } else { "" }
    }

    pub(crate) fn take(&mut self, operator: &str) -> bool {
        let found = self.operator() == operator;
        self.at += usize::from(found);
        found
    }

    fn is_word(&self, word: &str) -> bool {
        self.peek().kind == TokenKind::Name && self.peek().text == word
    }

    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, operator: &str) -> Result<(), Fault> {
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

impl Product {
    fn append(&mut self, operator: Operator, right: Product) {
        self.rest.push((operator, right.first));
        self.rest.extend(right.rest);
    }
}

impl Arguments {
    fn height(&self) -> u32 {
        highest(self.positional.iter().chain(self.keywords.iter().map(|(_, value)| value)))
    }
}

fn highest<'e>(expressions: impl IntoIterator<Item = &'e Expression>) -> u32 {
    expressions.into_iter().map(|expression| expression.height).max().unwrap_or(0)
}

fn text_literal(text: &str, at: usize) -> Expression {
    Expression { at: at as u32, height: 1, node: Node::Literal(Literal::Text(Arc::from(text))) }
}

pub(crate) fn is_literal_name(name: &str) -> bool {
    matches!(name, "true" | "false" | "null" | "none")
}

fn refuse_reserved(name: &str, at: usize) -> Result<(), Fault> {
    if is_reserved(name) {
        return Err(Fault::syntax(format!("the name {name:?} is reserved"), at));
    }
    Ok(())
}

/// The name of a test and its arguments, from what stands after `is`. What has no name of its own asks for `undefined`.
fn test_name(right: Expression, names: &Names) -> (Arc<str>, Option<Arguments>) {
    match right.node {
        Node::Call(call) => {
            let (target, arguments) = *call;
            (direct_name(&target, names), Some(arguments))
        }
        // As nunjucks has it: what stands before the bar is an argument of the test that stands after it.
        Node::Filter(filter) => {
            let Filter { name, input, mut arguments, .. } = *filter;
            arguments.positional.insert(0, input);
            (name, Some(arguments))
        }
        node => (direct_name(&Expression { node, ..right }, names), None),
    }
}

fn direct_name(expression: &Expression, names: &Names) -> Arc<str> {
    match &expression.node {
        Node::Symbol(symbol) => names.text(symbol.name).clone(),
        Node::Literal(literal) => match literal {
            Literal::Null => Arc::from("null"),
            Literal::Bool(flag) => Arc::from(if *flag { "true" } else { "false" }),
            Literal::Number(value) => Arc::from(number::print(*value)),
            Literal::Text(text) => text.clone(),
            Literal::Regex(pattern) => Arc::from(pattern.text()),
        },
        _ => Arc::from("undefined"),
    }
}
