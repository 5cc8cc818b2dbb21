//! The statements of a template, from its pieces.

use std::collections::HashSet;

use super::cursor::{Parser, is_literal_name};
use super::scan::{Piece, is_between_spaces, scan};
use crate::error::Fault;
use crate::options::Syntax;
use crate::tree::{
    Block, Body, CallBlock, Expression, For, Macro, NameId, Names, Node, SetValue, Slot, Statement,
    StatementNode, Symbol,
};

/// How deep tags may be nested.
const DEEPEST: u32 = 100;

/// Tags that end or divide others. All but the last three take nothing.
const STOPS: [&str; 12] = [
    "else",
    "endif",
    "endfor",
    "endmacro",
    "endcall",
    "endfilter",
    "endset",
    "default",
    "endswitch",
    "elif",
    "elseif",
    "case",
];

/// A tag: its name, what follows it, and where it begins.
#[derive(Clone, Copy)]
struct Tag<'s> {
    name: &'s str,
    rest: (usize, usize),
    at: usize,
}

struct Statements<'s> {
    source: &'s str,
    names: Names,
    pieces: std::vec::IntoIter<Piece>,
    depth: u32,
    blocks: HashSet<NameId>,
}

/// The body of the template and its names.
pub(crate) fn parse(source: &str, syntax: Syntax) -> Result<(Body, Names), Fault> {
    let pieces = scan(source, syntax)?.into_iter();
    let mut statements =
        Statements { source, names: Names::default(), pieces, depth: 0, blocks: HashSet::new() };
    let (body, _) = statements.body(&[])?;
    Ok((body, statements.names))
}

type Stopped<'s> = Result<(Body, Option<Tag<'s>>), Fault>;

impl<'s> Statements<'s> {
    /// Everything up to one of the tags `stops`, and that tag.
    fn body(&mut self, stops: &[&str]) -> Stopped<'s> {
        if self.depth >= DEEPEST {
            return Err(Fault::syntax("tags are nested too deeply", self.source.len()));
        }
        self.depth += 1;
        let result = self.statements(stops);
        self.depth -= 1;
        result
    }

    fn statements(&mut self, stops: &[&str]) -> Stopped<'s> {
        let mut body = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (at, node) = match piece {
                Piece::Text { text, at } => (at, StatementNode::Text(text.into())),
                Piece::Variable { start, end, at } => {
                    (at, StatementNode::Output(self.parser(start, end)?.whole()?))
                }
                Piece::Tag { name, rest, at } => {
                    let tag = Tag { name: &self.source[name.0..name.1], rest, at };
                    if stops.contains(&tag.name) {
                        check_stop(tag)?;
                        return Ok((body, Some(tag)));
                    }
                    if STOPS.contains(&tag.name) {
                        let message = match stops {
                            [] => format!("{:?} stands alone", tag.name),
                            _ => format!("{:?} stands where one of {} should be", tag.name, stops.join(", ")),
                        };
                        return Err(Fault::syntax(message, at));
                    }
                    (at, self.statement(tag)?)
                }
            };
            body.push(Statement { at: at as u32, node });
        }
        Ok((body, None))
    }

    fn statement(&mut self, tag: Tag<'s>) -> Result<StatementNode, Fault> {
        match tag.name {
            "if" => self.condition(tag),
            "for" => self.each(tag),
            "set" => self.set(tag),
            "macro" => self.named_macro(tag),
            "call" => self.call(tag),
            "filter" => self.filter(tag),
            "block" => self.block(tag),
            "switch" => self.switch(tag),
            "include" | "import" | "from" | "extends" => {
                let message = format!("{:?} is not supported: a template cannot load others", tag.name);
                Err(Fault::syntax(message, tag.at))
            }
            "" => Err(Fault::syntax("a block tag has to begin with its name", tag.at)),
            name => Err(Fault::syntax(format!("there is no tag {name:?}"), tag.at)),
        }
    }

    /// The body up to one of the tags, which has to come.
    fn until(&mut self, stops: &[&str], tag: Tag<'s>) -> Result<(Body, Tag<'s>), Fault> {
        match self.body(stops)? {
            (body, Some(stop)) => Ok((body, stop)),
            (_, None) => {
                let missing = stops.last().copied().unwrap_or_default();
                Err(Fault::syntax(format!("{missing} is missing"), tag.at))
            }
        }
    }

    fn condition(&mut self, tag: Tag<'s>) -> Result<StatementNode, Fault> {
        let mut branches = Vec::new();
        let mut current = tag;
        loop {
            let condition = self.expression(current)?;
            let (body, stop) = self.until(&["elif", "elseif", "else", "endif"], tag)?;
            branches.push((condition, body));
            match stop.name {
                "else" => {
                    let otherwise = Some(self.until(&["endif"], tag)?.0);
                    return Ok(StatementNode::If { branches, otherwise });
                }
                "endif" => return Ok(StatementNode::If { branches, otherwise: None }),
                _ => current = stop,
            }
        }
    }

    fn each(&mut self, tag: Tag<'s>) -> Result<StatementNode, Fault> {
        let source = self.source;
        let mut parser = self.parser(tag.rest.0, tag.rest.1)?;
        let targets = parser.targets()?;
        let (at, after) = (parser.place(), parser.place_after());
        let spaced = is_between_spaces(source, tag.rest.0, tag.rest.1, at, after);
        if !parser.take_word("in") || !spaced {
            return Err(Fault::syntax("a loop needs \"in\", between spaces", at));
        }
        let over = parser.whole()?;
        if let ([target], Some(name)) = (&targets[..], self.names.find("loop"))
            && target.name == name
        {
            return Err(Fault::syntax("what a loop runs over cannot be called loop", target.at as usize));
        }
        let (body, stop) = self.until(&["else", "endfor"], tag)?;
        let otherwise = if stop.name == "else" { Some(self.until(&["endfor"], tag)?.0) } else { None };
        let length = Slot { up: 0, index: 0 };
        Ok(StatementNode::For(Box::new(For { targets, over, body, otherwise, length })))
    }

    fn set(&mut self, tag: Tag<'s>) -> Result<StatementNode, Fault> {
        let mut parser = self.parser(tag.rest.0, tag.rest.1)?;
        let targets = parser.targets()?;
        if parser.take("=") {
            let value = SetValue::Expression(parser.whole()?);
            return Ok(StatementNode::Set { targets, value });
        }
        parser.end()?;
        let (body, _) = self.until(&["endset"], tag)?;
        refuse_macros(&body, "a set block")?;
        Ok(StatementNode::Set { targets, value: SetValue::Body(body) })
    }

    fn named_macro(&mut self, tag: Tag<'s>) -> Result<StatementNode, Fault> {
        let mut parser = self.parser(tag.rest.0, tag.rest.1)?;
        let (name, at) = parser.name("the name of the macro")?;
        if is_literal_name(name) {
            return Err(Fault::syntax("a literal cannot be the name of a macro", at));
        }
        let name = parser.symbol(name, at)?;
        if !parser.take("(") {
            return Err(parser.unexpected("\"(\""));
        }
        let (positional, defaults) = signature(&mut parser)?;
        parser.end()?;
        let (body, _) = self.until(&["endmacro"], tag)?;
        Ok(StatementNode::Macro(Box::new(Macro { name, positional, defaults, body, slots: 0 })))
    }

    fn call(&mut self, tag: Tag<'s>) -> Result<StatementNode, Fault> {
        let mut parser = self.parser(tag.rest.0, tag.rest.1)?;
        let (positional, defaults) =
            if parser.take("(") { signature(&mut parser)? } else { (Vec::new(), Vec::new()) };
        let call = parser.expression()?;
        parser.end()?;
        let at = call.at as usize;
        let Node::Call(call) = call.node else {
            return Err(Fault::syntax("a call block needs the call of a macro", at));
        };
        let (target, arguments) = *call;
        if !is_plain_reference(&target) {
            return Err(Fault::syntax("a call block needs the name of a macro", at));
        }
        let (body, _) = self.until(&["endcall"], tag)?;
        let name = Symbol { name: self.names.id("caller"), at: tag.at as u32, slot: None };
        let caller = Macro { name, positional, defaults, body, slots: 0 };
        Ok(StatementNode::Call(Box::new(CallBlock { target, arguments, caller })))
    }

    fn filter(&mut self, tag: Tag<'s>) -> Result<StatementNode, Fault> {
        let (body, _) = self.until(&["endfilter"], tag)?;
        refuse_macros(&body, "a filter block")?;
        let capture = Expression { at: tag.at as u32, height: 1, node: Node::Capture(body) };
        let mut parser = self.parser(tag.rest.0, tag.rest.1)?;
        let filter = parser.filter(capture)?;
        parser.end()?;
        Ok(StatementNode::Output(filter))
    }

    fn block(&mut self, tag: Tag<'s>) -> Result<StatementNode, Fault> {
        let header = self.expression(tag)?;
        let Node::Symbol(symbol) = header.node else {
            return Err(Fault::syntax("a block needs a name", header.at as usize));
        };
        let (body, stop) = self.until(&["endblock"], tag)?;
        let closing = &self.source[stop.rest.0..stop.rest.1];
        if !closing.is_empty() && closing != &**self.names.text(symbol.name) {
            return Err(Fault::syntax("endblock names another block", stop.rest.0));
        }
        if !self.blocks.insert(symbol.name) {
            return Err(Fault::syntax("there is a block of this name already", tag.at));
        }
        Ok(StatementNode::Block(Box::new(Block { body, slots: 0 })))
    }

    fn switch(&mut self, tag: Tag<'s>) -> Result<StatementNode, Fault> {
        const STOPS: [&str; 3] = ["case", "default", "endswitch"];
        let subject = self.expression(tag)?;
        let (before, mut stop) = self.until(&STOPS, tag)?;
        if let Some(first) = before.first() {
            return Err(Fault::syntax("a switch has to begin with case or default", first.at as usize));
        }
        let mut cases = Vec::new();
        while stop.name == "case" {
            let condition = self.expression(stop)?;
            let (body, next) = self.until(&STOPS, tag)?;
            cases.push((condition, body));
            stop = next;
        }
        let mut otherwise = None;
        if stop.name == "default" {
            otherwise = Some(self.until(&["endswitch"], tag)?.0);
        }
        if cases.is_empty() && otherwise.is_none() {
            return Err(Fault::syntax("a switch needs a case or a default", tag.at));
        }
        Ok(StatementNode::Switch { subject, cases, otherwise })
    }

    fn expression(&mut self, tag: Tag<'s>) -> Result<Expression, Fault> {
        self.parser(tag.rest.0, tag.rest.1)?.whole()
    }

    fn parser(&mut self, start: usize, end: usize) -> Result<Parser<'s, '_>, Fault> {
        Parser::new(self.source, &mut self.names, start, end)
    }
}

fn check_stop(tag: Tag<'_>) -> Result<(), Fault> {
    let takes = matches!(tag.name, "elif" | "elseif" | "case" | "endblock");
    if !takes && tag.rest.0 != tag.rest.1 {
        return Err(Fault::syntax(format!("{} takes nothing", tag.name), tag.rest.0));
    }
    Ok(())
}

type Signature = (Vec<Symbol>, Vec<(Symbol, Expression)>);

/// Parameters up to and with the closing parenthesis.
fn signature(parser: &mut Parser<'_, '_>) -> Result<Signature, Fault> {
    let arguments = parser.arguments()?;
    let mut positional = Vec::new();
    for argument in arguments.positional {
        match argument.node {
            Node::Symbol(symbol) => positional.push(symbol),
            _ => return Err(Fault::syntax("a parameter has to be a name", argument.at as usize)),
        }
    }
    Ok((positional, arguments.keywords))
}

fn is_plain_reference(expression: &Expression) -> bool {
    match &expression.node {
        Node::Symbol(_) => true,
        Node::Member(member) => matches!(member.1.node, Node::Literal(_)) && is_plain_reference(&member.0),
        _ => false,
    }
}

fn refuse_macros(body: &Body, place: &str) -> Result<(), Fault> {
    let refuse = |body: &Body| refuse_macros(body, place);
    for statement in body {
        match &statement.node {
            StatementNode::Macro(_) => {
                let message = format!("a macro cannot be declared in {place}");
                return Err(Fault::syntax(message, statement.at as usize));
            }
            StatementNode::If { branches, otherwise } => {
                branches.iter().try_for_each(|(_, body)| refuse(body))?;
                otherwise.as_ref().map_or(Ok(()), refuse)?;
            }
            StatementNode::For(each) => {
                refuse(&each.body)?;
                each.otherwise.as_ref().map_or(Ok(()), refuse)?;
            }
            StatementNode::Call(call) => refuse(&call.caller.body)?,
            StatementNode::Block(block) => refuse(&block.body)?,
            StatementNode::Switch { cases, otherwise, .. } => {
                cases.iter().try_for_each(|(_, body)| refuse(body))?;
                otherwise.as_ref().map_or(Ok(()), refuse)?;
            }
            StatementNode::Text(_) | StatementNode::Output(_) | StatementNode::Set { .. } => {}
        }
    }
    Ok(())
}
