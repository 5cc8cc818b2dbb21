//! From a program's text to something that runs.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::thread;

use jaq_core::compile::Undefined;
use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::{Def, Parser, Term};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use serde_json::Value;

use crate::bound::Bound;
use crate::natives::{self, Data};
use crate::needs::Needs;
use crate::value::{self, Val};
use crate::{JqError, bound, guard, quotes, syntax, walk, wire};

/// How long a program may be, in bytes.
const LENGTH: usize = 64 * 1024;
/// How many tokens it may have: how deep the parser and the compiler recurse is less than that.
const TOKENS: usize = 16 * 1024;
/// How deep its brackets may be nested.
const NESTING: usize = 200;
/// Room for a program of the largest allowed size; only what is touched is taken.
const STACK: usize = 256 * 1024 * 1024;
/// Longer messages are cut.
const MESSAGE: usize = 1000;

/// Builtins whose result changes with time.
const CLOCKS: &[&str] = &["now"];

/// A compiled program.
pub(crate) struct Program {
    filter: Filter<Data>,
    /// What a run may cost; `None` when nothing can be said.
    pub(crate) bound: Option<Bound>,
    /// What it looks at of an input.
    pub(crate) needs: Needs,
    /// Whether its results change with time.
    pub(crate) clock: bool,
}

impl Program {
    /// Compiles, on a stack of its own.
    pub(crate) fn compile(text: &str) -> Result<Self, JqError> {
        thread::scope(|scope| {
            let compiling = thread::Builder::new()
                .name("jq-compile".into())
                .stack_size(STACK)
                .spawn_scoped(scope, || Self::compile_here(text))
                .map_err(|error| JqError::Unavailable(format!("no thread to compile on: {error}")))?;
            compiling.join().unwrap_or_else(|_| Err(JqError::Syntax("the program cannot be compiled".into())))
        })
    }

    /// Compiles on this stack, which must be a large one.
    pub(crate) fn compile_here(text: &str) -> Result<Self, JqError> {
        if text.len() > LENGTH {
            return Err(JqError::Syntax(format!("the program is longer than {} KiB", LENGTH / 1024)));
        }
        let text = &quotes::double(text);
        let tokens = Lexer::new(text).lex().map_err(|errors| syntax::lexical(text, &errors))?;
        let mut left = TOKENS;
        if !within_limits(&tokens, NESTING, &mut left) {
            return Err(JqError::Syntax(format!(
                "the program has more than {TOKENS} tokens or {NESTING} brackets within each other"
            )));
        }
        let term = Parser::new(&tokens).parse(|parser| parser.term());
        let mut term = term.map_err(|errors| syntax::grammatical(text, &errors))?;
        walk::update_once(&mut term);
        let (bound, needs) = (bound::of(&term), Needs::of(&term));
        let clock = walk::calls(&term, CLOCKS);
        let filter = assemble(text, term)?;
        Ok(Self { filter, bound, needs, clock })
    }

    /// The outputs, at most `take` and at most of this weight. None is nested too deep.
    pub(crate) fn run(&self, input: Val, take: usize, most: usize) -> Result<Vec<Val>, JqError> {
        let context = Ctx::<Data>::new(&self.filter.lut, Vars::new([Val::record([])]));
        let mut left = most;
        let mut outputs = Vec::new();
        for output in self.filter.id.run((context, input)).take(take) {
            match output {
                Ok(output) => {
                    left = value::weight(&output, left).ok_or(JqError::Memory)?;
                    if !value::is_shallow(&output) {
                        return Err(too_deep());
                    }
                    outputs.push(output);
                }
                // `halt` ends a program without an error.
                Err(exception) => match exception.get_err() {
                    Ok(error) => return Err(JqError::Failed(message(error.into_val()))),
                    Err(_) => break,
                },
            }
        }
        Ok(outputs)
    }

    /// The needed part of an input, for a worker. Empty for one that is nested too deep: `run_here` has refused it.
    pub(crate) fn encoded(&self, input: &Value) -> Vec<u8> {
        let mut encoded = Vec::new();
        if let Some((part, _)) = self.needs.part(input) {
            wire::encode(&part, &mut encoded);
        }
        encoded
    }

    /// As [`Self::run`], here and now. `None` when that may need too much, and a worker has to do it.
    pub(crate) fn run_here(&self, input: &Value, take: usize) -> Option<Result<Vec<Value>, JqError>> {
        let Some((part, weight)) = self.needs.part(input) else { return Some(Err(too_deep())) };
        if self.bound.as_ref().is_none_or(|bound| weight > bound.weight) {
            return None;
        }
        let run = || catch_unwind(AssertUnwindSafe(|| self.run(part, take, usize::MAX)));
        let (result, struck) = guard::in_process(run);
        // A panic is a fault of a builtin, not of the caller.
        let result = result.unwrap_or_else(|_| Err(JqError::Failed("a builtin function failed".into())));
        (!struck).then(|| json(result))
    }
}

/// Outputs as JSON.
pub(crate) fn json(outputs: Result<Vec<Val>, JqError>) -> Result<Vec<Value>, JqError> {
    outputs.map(|outputs| outputs.iter().map(value::to_json).collect())
}

/// An input or output beyond [`value::DEPTH`].
pub(crate) fn too_deep() -> JqError {
    JqError::Failed(format!("a value is nested more than {} levels deep", value::DEPTH))
}

fn message(error: Val) -> String {
    let text = match error {
        Val::Str(text) => String::clone(&text),
        Val::Null => "null (not a string)".to_owned(),
        other => format!("{} (not a string)", other.brief()),
    };
    match text.char_indices().nth(MESSAGE) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

fn within_limits(tokens: &[Token<&str>], depth: usize, left: &mut usize) -> bool {
    let Some(below) = depth.checked_sub(1) else { return false };
    tokens.iter().all(|Token(_, token)| {
        *left = left.saturating_sub(1);
        *left > 0
            && match token {
                Tok::Block(tokens) => within_limits(tokens, below, left),
                Tok::Str(parts) => parts.iter().all(|part| match part {
                    StrPart::Term(Token(_, Tok::Block(tokens))) => within_limits(tokens, below, left),
                    _ => true,
                }),
                _ => true,
            }
    })
}

/// The name under which the program stands among the definitions.
const MAIN: &str = "_program_of_the_user";

/// All definitions, parsed.
static BUILTINS: LazyLock<Vec<Def<&'static str>>> = LazyLock::new(|| natives::definitions().collect());

/// Name and number of arguments of every definition that a term may come to call.
fn need<'s>(term: &Term<&'s str>, needed: &mut BTreeSet<(&'s str, usize)>) {
    let called = match term {
        Term::Call(name, arguments) => Some((*name, arguments.len())),
        Term::Str(Some(format), _) => Some((*format, 0)),
        _ => None,
    };
    if let Some(called) = called
        && needed.insert(called)
    {
        let bodies = BUILTINS.iter().filter(|def| (def.name, def.args.len()) == called);
        bodies.for_each(|def| need(&def.body, needed));
    }
    walk::below(term, &mut |term| need(term, needed));
}

/// Compiles the parsed program together with the builtins. It goes in as a definition, because that is what jaq takes
/// as a term instead of text; so what it is, is exactly what was judged.
fn assemble(text: &str, body: Term<&str>) -> Result<Filter<Data>, JqError> {
    let mut needed = BTreeSet::new();
    need(&body, &mut needed);
    let main = Def { name: MAIN, args: Vec::new(), body };
    let builtins = BUILTINS.iter().filter(|def| needed.contains(&(def.name, def.args.len())));
    let loader = Loader::new(builtins.cloned().chain([main]));
    let arena = Arena::default();
    let modules = loader.load(&arena, File { code: MAIN, path: () });
    let modules = modules.map_err(|_| JqError::Syntax("the program cannot be compiled".into()))?;
    let compiler = Compiler::default().with_funs(natives::functions()).with_global_vars(["$ENV"]);
    compiler.compile(modules).map_err(|errors| {
        let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
        let (name, what) = first.unwrap_or(("", Undefined::Mod));
        syntax::undefined(text, name, &what)
    })
}
