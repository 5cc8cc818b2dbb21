//! A parsed template. Places are bytes of its source.

use std::collections::HashMap;
use std::sync::Arc;

use crate::filters::Builtin;
use crate::regexes::Pattern;

/// A name of the template, by its number in [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NameId(pub(crate) u32);

/// Every name that the template uses as one.
#[derive(Debug, Default)]
pub(crate) struct Names {
    texts: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, NameId>,
}

impl Names {
    pub(crate) fn id(&mut self, name: &str) -> NameId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let (id, text) = (NameId(self.texts.len() as u32), Arc::<str>::from(name));
        self.texts.push(text.clone());
        self.ids.insert(text, id);
        id
    }

    pub(crate) fn text(&self, id: NameId) -> &Arc<str> {
        &self.texts[id.0 as usize]
    }

    pub(crate) fn find(&self, name: &str) -> Option<NameId> {
        self.ids.get(name).copied()
    }
}

/// A place in a frame: so many frames up, and the index there. What loops, macros and parameters bind is looked up
/// there before any scope is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) up: u32,
    pub(crate) index: u32,
}

/// A name that is read, or that something is bound to.
#[derive(Debug)]
pub(crate) struct Symbol {
    pub(crate) name: NameId,
    pub(crate) at: u32,
    pub(crate) slot: Option<Slot>,
}

pub(crate) type Body = Vec<Statement>;

#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) at: u32,
    pub(crate) node: StatementNode,
}

#[derive(Debug)]
pub(crate) enum StatementNode {
    Text(Box<str>),
    Output(Expression),
    If { branches: Vec<(Expression, Body)>, otherwise: Option<Body> },
    For(Box<For>),
    Set { targets: Vec<Symbol>, value: SetValue },
    Macro(Box<Macro>),
    Call(Box<CallBlock>),
    Block(Box<Block>),
    Switch { subject: Expression, cases: Vec<(Expression, Body)>, otherwise: Option<Body> },
}

#[derive(Debug)]
pub(crate) struct For {
    pub(crate) targets: Vec<Symbol>,
    pub(crate) over: Expression,
    pub(crate) body: Body,
    pub(crate) otherwise: Option<Body>,
    /// Where the length of the last run is kept.
    pub(crate) length: Slot,
}

#[derive(Debug)]
pub(crate) enum SetValue {
    Expression(Expression),
    Body(Body),
}

/// A macro, or the body of a call block.
#[derive(Debug)]
pub(crate) struct Macro {
    pub(crate) name: Symbol,
    pub(crate) positional: Vec<Symbol>,
    pub(crate) defaults: Vec<(Symbol, Expression)>,
    pub(crate) body: Body,
    pub(crate) slots: u32,
}

#[derive(Debug)]
pub(crate) struct CallBlock {
    pub(crate) target: Expression,
    pub(crate) arguments: Arguments,
    pub(crate) caller: Macro,
}

#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) body: Body,
    pub(crate) slots: u32,
}

#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) at: u32,
    /// How many expressions lie on the longest way down, this one included.
    pub(crate) height: u32,
    pub(crate) node: Node,
}

#[derive(Debug)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(Arc<str>),
    Regex(Arc<Pattern>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Concat,
    Multiply,
    Divide,
    Remainder,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Same,
    NotEqual,
    NotSame,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) positional: Vec<Expression>,
    pub(crate) keywords: Vec<(Symbol, Expression)>,
}

#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) name: Arc<str>,
    pub(crate) builtin: Option<&'static Builtin>,
    pub(crate) input: Expression,
    pub(crate) arguments: Arguments,
}

#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) target: Expression,
    pub(crate) start: Option<Expression>,
    pub(crate) stop: Option<Expression>,
    pub(crate) step: Option<Expression>,
}

#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) input: Expression,
    pub(crate) name: Arc<str>,
    pub(crate) arguments: Option<Arguments>,
}

#[derive(Debug)]
pub(crate) enum Node {
    Literal(Literal),
    Symbol(Symbol),
    List(Vec<Expression>),
    /// In parentheses; the last of several counts.
    Group(Vec<Expression>),
    Record(Vec<(Arc<str>, Expression)>),
    Member(Box<(Expression, Expression)>),
    Slice(Box<Slice>),
    Call(Box<(Expression, Arguments)>),
    Filter(Box<Filter>),
    Test(Box<Test>),
    InlineIf(Box<(Expression, Expression, Option<Expression>)>),
    Or(Vec<Expression>),
    And(Vec<Expression>),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    Positive(Box<Expression>),
    Floor(Box<Expression>),
    /// From left to right, whatever the operators are.
    Chain(Box<Expression>, Vec<(Operator, Expression)>),
    Compare(Box<Expression>, Vec<(Comparison, Expression)>),
    In(Box<(Expression, Expression)>),
    /// The text of a filter block.
    Capture(Body),
}
