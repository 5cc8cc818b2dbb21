//! What the blueprints derive, as evaluation wants it: paths as steps over faces. [`super::compile`] makes it.

use std::sync::OnceLock;

use indexmap::IndexMap;
use serde_json::Value;
use stagedoor_model::blueprint::PropertyType;
use stagedoor_model::derived::Spec;

use super::walk::{Hop, Paths};
use crate::expr::{Expr, Meta};

/// What a blueprint derives.
#[derive(Debug, Default)]
pub struct Definitions {
    pub(super) list: IndexMap<String, Definition>,
    pub(super) owners: Owners,
    /// Whether groups may state whom they own.
    pub(super) owned_by_others: bool,
}

/// Who says which teams own an entity.
#[derive(Debug, Default)]
pub(super) enum Owners {
    #[default]
    Itself,
    /// Whoever is at the end.
    At(Vec<Hop>),
    /// Nobody: the path leads nowhere, or back.
    Nobody,
}

/// How the values of a derived property look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Their type, where the definition tells.
    pub kind: Option<PropertyType>,
    /// They are arrays.
    pub many: bool,
    /// They are dates.
    pub time: bool,
}

#[derive(Debug)]
pub(super) struct Definition {
    /// Unique within one state of the blueprints.
    pub(super) id: u32,
    pub(super) what: What,
    pub(super) shape: Shape,
}

#[derive(Debug)]
pub(super) enum What {
    Mirror(Mirror),
    Calculation(Calculation),
    Aggregation(Box<Aggregation>),
    /// Always null, and why.
    Nothing(String),
}

#[derive(Debug)]
pub(super) struct Mirror {
    pub(super) hops: Vec<Hop>,
    pub(super) last: Last,
    pub(super) many: bool,
}

/// A value of an entity by name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Last {
    Meta(Meta),
    Derived(String),
    Property(String),
}

#[derive(Debug)]
pub(super) struct Calculation {
    pub(super) program: String,
    pub(super) kind: PropertyType,
    /// Derived properties that the program mentions; false: it is told null, for they depend on it.
    pub(super) mentions: Vec<(String, bool)>,
    pub(super) relations: bool,
}

#[derive(Debug)]
pub(super) struct Aggregation {
    pub(super) spec: Spec,
    /// The property that is counted up, and the date of an entity.
    pub(super) property: Last,
    pub(super) time: Last,
    pub(super) paths: Paths,
    pub(super) query: Option<Query>,
    pub(super) target: String,
}

#[derive(Debug)]
pub(super) struct Query {
    pub(super) body: Value,
    /// Its meaning depends on the time.
    pub(super) clock: bool,
    pub(super) compiled: OnceLock<Result<Expr, String>>,
}

impl Definitions {
    /// The keys of the derived properties: mirrors, calculations, aggregations.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.list.keys().map(String::as_str)
    }

    /// Whether a property is derived.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.list.contains_key(key)
    }

    /// Whether no property is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How a derived property's values look.
    #[must_use]
    pub fn shape(&self, key: &str) -> Option<Shape> {
        self.list.get(key).map(|d| d.shape)
    }

    /// The derived properties that are null whatever the entity, and why.
    pub fn problems(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list.iter().filter_map(|(key, definition)| match &definition.what {
            What::Nothing(problem) => Some((key.as_str(), problem.as_str())),
            _ => None,
        })
    }

    /// Whether its teams are those of other entities.
    #[must_use]
    pub fn inherits_teams(&self) -> bool {
        !matches!(self.owners, Owners::Itself)
    }
}
