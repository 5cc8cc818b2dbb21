//! Expressions, by precedence: inline if, or, and, not, in, is, comparison, sums, products, powers, filters, members.

use std::sync::Arc;

use super::cursor::Parser;
use crate::error::Fault;
use crate::filters;
use crate::tree::{Arguments, Comparison, Expression, Filter, Literal, Names, Node, Operator, Test};
use crate::value::number;

/// A product that is still being read: what `*` has the lowest and `%` the highest rank in, yet all goes from left to
/// right.
struct Product {
    first: Expression,
    rest: Vec<(Operator, Expression)>,
}

pub(super) type Parsed = Result<Expression, Fault>;

impl Parser<'_, '_> {
    /// The one expression that is there.
    pub(crate) fn whole(mut self) -> Parsed {
        let expression = self.expression()?;
        self.end()?;
        Ok(expression)
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
}

impl Product {
    fn append(&mut self, operator: Operator, right: Product) {
        self.rest.push((operator, right.first));
        self.rest.extend(right.rest);
    }
}

pub(super) fn highest<'e>(expressions: impl IntoIterator<Item = &'e Expression>) -> u32 {
    expressions.into_iter().map(|expression| expression.height).max().unwrap_or(0)
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
