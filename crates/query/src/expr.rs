//! The one query AST that every filter language compiles to.

use std::sync::Arc;

use crate::index::term::{Scalar, fold_eq, folded};
use crate::reach::{Reach, Start};

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collation {
    /// Without case, numbers and booleans as text (Backstage).
    Folded,
    /// Exactly, by type (Port).
    Exact,
}

/// What a condition looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A path of the document.
    Field(String),
    /// Related references: those of a relation type, restricted to one kind of target for Port's relations.
    Relation {
        /// Relation type, `ownedBy`.
        name: String,
        /// Lower-case kind of the other end; any when `None`.
        target_kind: Option<String>,
        /// Compare with the other end's Port identifier instead of its reference.
        by_identifier: bool,
    },
    /// A property of the entity itself.
    Meta(Meta),
    /// A derived property, by its key.
    Derived(String),
    /// Where an entity stands in a scorecard: see [`crate::standing`].
    Standing {
        /// Identifier of the scorecard, in whichever blueprints have one of this name.
        scorecard: String,
        /// A rule of it; its level when `None`.
        rule: Option<String>,
        /// Values are statuses, each by its own name, instead of Port's two results. To conditions it is the same.
        exact: bool,
    },
}

/// Port's meta-properties and their like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meta {
    /// `$identifier`
    Identifier,
    /// `$title`; for shipped kinds the name where there is no title.
    Title,
    /// `$blueprint`
    Blueprint,
    /// `$team`
    Team,
    /// `$icon`
    Icon,
    /// `$createdAt`, milliseconds.
    CreatedAt,
    /// `$updatedAt`, milliseconds.
    UpdatedAt,
    /// `$createdBy`
    CreatedBy,
    /// `$updatedBy`
    UpdatedBy,
    /// `$datasource`
    Datasource,
    /// The lower-case Backstage reference.
    Ref,
    /// The uid.
    Uid,
}

/// An ordering comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Order {
    /// Whether `ordering` of (value, operand) satisfies it.
    #[must_use]
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// What a condition demands of at least one value of its subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// There is a row, null included (Backstage's "exists").
    Exists,
    /// There is a value other than null, objects and arrays included (Port's `isNotEmpty`).
    Valued,
    /// There is a value, and it is not an empty text, array or object (a scorecard's `isNotEmpty`).
    Filled,
    /// One of these.
    In(Vec<Scalar>),
    /// Text that begins so.
    Prefix(String),
    /// Text that ends so.
    Suffix(String),
    /// Text that contains this.
    Contains(String),
    /// Numbers by value, dates by time, other texts by their characters.
    Compare(Order, Scalar),
}

/// A query.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Everything.
    All,
    /// Every part holds.
    And(Vec<Expr>),
    /// At least one part holds; nothing when there is none.
    Or(Vec<Expr>),
    /// The part does not hold.
    Not(Box<Expr>),
    /// A condition.
    Is {
        /// On what.
        subject: Subject,
        /// What.
        test: Test,
        /// Compared how.
        collation: Collation,
    },
    /// Relations lead here.
    Reach(Arc<Reach>),
}

impl Expr {
    /// Matches nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::Or(Vec::new())
    }

    /// The opposite.
    #[must_use]
    pub fn negate(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// The same, where an empty text, array or object is no value either.
    #[must_use]
    pub fn filled(self) -> Self {
        let all = |parts: Vec<Self>| parts.into_iter().map(Self::filled).collect();
        match self {
            Self::All => Self::All,
            Self::And(parts) => Self::And(all(parts)),
            Self::Or(parts) => Self::Or(all(parts)),
            Self::Not(part) => part.filled().negate(),
            Self::Is { subject, test: Test::Valued, collation } => {
                Self::Is { subject, test: Test::Filled, collation }
            }
            Self::Is { .. } => self,
            Self::Reach(reach) => {
                let mut reach = reach.as_ref().clone();
                if let Start::Matching(expr) = reach.from {
                    reach.from = Start::Matching(expr.filled());
                }
                Self::Reach(Arc::new(reach))
            }
        }
    }

    /// Whether it looks at where entities stand in scorecards.
    #[must_use]
    pub fn reads_standing(&self) -> bool {
        match self {
            Self::All => false,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::reads_standing),
            Self::Not(part) => part.reads_standing(),
            Self::Is { subject, .. } => matches!(subject, Subject::Standing { .. }),
            Self::Reach(reach) => matches!(&reach.from, Start::Matching(expr) if expr.reads_standing()),
        }
    }

    /// A condition with Backstage's comparison.
    pub fn folded(subject: Subject, test: Test) -> Self {
        Self::Is { subject, test, collation: Collation::Folded }
    }

    /// A condition with Port's comparison.
    pub fn exact(subject: Subject, test: Test) -> Self {
        Self::Is { subject, test, collation: Collation::Exact }
    }

    /// The entities of one blueprint.
    pub fn of_blueprint(identifier: impl Into<String>) -> Self {
        Self::exact(Subject::Meta(Meta::Blueprint), Test::In(vec![Scalar::text(identifier)]))
    }
}

/// A value under test, borrowed from wherever it lives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) text: &'a str,
    pub(crate) is_text: bool,
}

impl Test {
    /// Whether one value satisfies the test.
    pub(crate) fn accepts(&self, value: Candidate<'_>, collation: Collation) -> bool {
        match self {
            Self::Exists | Self::Valued => true,
            Self::Filled => !(value.is_text && value.text.is_empty()),
            Self::In(list) => list.iter().any(|s| equal(s, value, collation)),
            Self::Prefix(part) => text_test(value, part, collation, |v, p| v.starts_with(p)),
            Self::Suffix(part) => text_test(value, part, collation, |v, p| v.ends_with(p)),
            Self::Contains(part) => text_test(value, part, collation, |v, p| {
                memchr::memmem::find(v.as_bytes(), p.as_bytes()).is_some()
            }),
            Self::Compare(order, operand) => compare(value, operand).is_some_and(|o| order.holds(o)),
        }
    }
}

fn equal(sought: &Scalar, value: Candidate<'_>, collation: Collation) -> bool {
    match collation {
        Collation::Folded => fold_eq(&sought.text, value.text),
        Collation::Exact if sought.is_text != value.is_text => false,
        Collation::Exact => sought.text == value.text,
    }
}

/// `part` is already lower-case where the collation folds.
fn text_test(
    value: Candidate<'_>,
    part: &str,
    collation: Collation,
    test: impl Fn(&str, &str) -> bool,
) -> bool {
    match collation {
        Collation::Exact => value.is_text && test(value.text, part),
        Collation::Folded if value.text.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) => {
            test(&folded(value.text), &folded(part))
        }
        Collation::Folded => test(value.text, part),
    }
}

/// Numbers by value; texts that both are times by time; other texts by their characters.
fn compare(value: Candidate<'_>, operand: &Scalar) -> Option<std::cmp::Ordering> {
    if let Some(operand) = operand.number {
        let number: f64 = if value.is_text { return None } else { value.text.parse().ok()? };
        return number.partial_cmp(&operand);
    }
    if !value.is_text || !operand.is_text {
        return None;
    }
    use stagedoor_model::Timestamp;
    match (Timestamp::parse(value.text), Timestamp::parse(&operand.text)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => Some(value.text.cmp(&operand.text)),
    }
}
