//! The one decision: may this caller do this with that.

use std::fmt;

use crate::action::Rule;
use crate::permissions::{Block, BlueprintPermissions, Operation, Policy, Sight};
use crate::{Action, Rights, Standing};

/// What an action is about, with what a decision needs to know of it.
#[derive(Clone, Copy)]
pub enum Resource<'a> {
    /// Nothing narrower than the installation: making something new, listing all.
    Any,
    /// One thing by its name (blueprint, secret, integration, page...): a token may be limited to it.
    Named(&'a str),
    /// What belongs to a person, by its lower-case address: account, tokens, sessions.
    Of(&'a str),
    /// Entities of a blueprint, none in particular: allowed where there may be one that is.
    Entities(&'a BlueprintPermissions),
    /// One entity.
    Entity {
        /// Of its blueprint.
        permissions: &'a BlueprintPermissions,
        /// What the blueprint's permissions may ask of it.
        facts: &'a dyn Facts,
        /// What is changed; nothing where it is not [`Action::UpdateEntity`].
        changes: Changes<'a>,
    },
    /// A thing with a permission block of its own: a page, an action. Everybody's where it has none.
    Guarded {
        /// Its identifier.
        name: &'a str,
        /// Who may.
        block: Option<&'a Block>,
        /// Of the entity that it is about, if it is about one.
        facts: Option<&'a dyn Facts>,
    },
}

/// What permissions may ask of one entity. Asked only where the answer matters.
pub trait Facts {
    /// Whether any of the caller's teams owns it.
    fn is_owned_by(&self, rights: &Rights) -> bool;
    /// Whether it satisfies a policy's rules, for this caller. One that cannot be evaluated is not satisfied.
    fn satisfies(&self, policy: &Policy, rights: &Rights) -> bool;
}

/// Facts of something that nobody owns and no policy is satisfied by.
#[derive(Clone, Copy, Debug)]
pub struct NoFacts;

impl Facts for NoFacts {
    fn is_owned_by(&self, _: &Rights) -> bool {
        false
    }

    fn satisfies(&self, _: &Policy, _: &Rights) -> bool {
        false
    }
}

/// What an update changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Changes<'a> {
    /// Nothing: always allowed to whoever may change anything of it.
    #[default]
    None,
    /// These properties (`$title`, `$identifier`, `$icon` and `$team` among them) and relations.
    Parts {
        /// Keys.
        properties: &'a [String],
        /// Keys.
        relations: &'a [String],
    },
    /// What it says as a whole.
    All,
}

/// A refusal. Its text names the right that is missing, for a person to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What was not allowed.
    pub action: Action,
    /// Why.
    pub why: Why,
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// An account in use.
    Account(Standing),
    /// A scope of the token.
    Scope(String),
    /// The role of an administrator.
    Administrator,
    /// It is somebody else's.
    NotOwn,
    /// A right in a blueprint's permissions: what of which blueprint, and whom they name.
    Permission {
        /// Identifier of the blueprint.
        blueprint: String,
        /// `entities`, `property "x"`, `relation "y"`.
        what: String,
        /// Whom the permissions name.
        holders: String,
    },
    /// A right of a page's or action's own permissions.
    Guard {
        /// Its identifier.
        name: String,
        /// Whom the permissions name.
        holders: String,
    },
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let may = self.action.words();
        match &self.why {
            Why::Account(Standing::Disabled) => f.write_str("this account is disabled"),
            Why::Account(Standing::Waiting) => f.write_str("this account is not active yet"),
            Why::Account(_) => f.write_str("there is no account of this name"),
            Why::Scope(scope) => write!(f, "this token may not {may}: it lacks the scope \"{scope}\""),
            Why::Administrator => write!(f, "only administrators may {may}"),
            Why::NotOwn => write!(f, "only administrators may {may} of others"),
            Why::Permission { blueprint, what, holders } => {
                write!(f, "you may not {may} of blueprint \"{blueprint}\"")?;
                match what.as_str() {
                    "" => write!(f, ": that is for {holders}"),
                    what => write!(f, ": its {what} is for {holders}"),
                }
            }
            Why::Guard { name, holders } => write!(f, "you may not {may}: \"{name}\" is for {holders}"),
        }
    }
}

impl std::error::Error for Denied {}

/// Properties of `_user` by which rights are given: whoever may change these may become anybody. Of `_team` these are
/// the identifier and the title, by which permissions name it.
const RIGHTS_OF_USERS: [&str; 6] =
    ["status", "port_role", "port_type", "moderated_blueprints", "$team", "$identifier"];

/// Whether `rights` suffice for `action` on `resource`. The only place that decides.
///
/// # Errors
/// [`Denied`] with the right that is missing.
pub fn decide(rights: &Rights, action: Action, resource: &Resource<'_>) -> Result<(), Denied> {
    let denied = |why| Err(Denied { action, why });
    if !rights.is_active() {
        return denied(Why::Account(rights.account().standing));
    }
    if let Some(scope) = missing_scope(rights, action, resource) {
        return denied(Why::Scope(scope));
    }
    if rights.is_administrator() {
        return Ok(());
    }
    let why = match action.rule() {
        Rule::Everyone => None,
        Rule::Administrators => Some(Why::Administrator),
        Rule::Own => match resource {
            Resource::Of(owner) if rights.email() == Some(owner) => None,
            _ => Some(Why::NotOwn),
        },
        Rule::Entities(operation) => on_entities(rights, operation, resource),
        Rule::Guarded => guarded(rights, resource),
        Rule::Entrusted => match resource {
            Resource::Guarded { block: Some(_), .. } => guarded(rights, resource),
            _ => Some(Why::Administrator),
        },
    };
    why.map_or(Ok(()), denied)
}

fn missing_scope(rights: &Rights, action: Action, resource: &Resource<'_>) -> Option<String> {
    let scopes = rights.scopes()?;
    let scope = action.scope();
    let (allowed, name) = match resource {
        // Reading is narrowed row by row; whether anything may be read at all is asked first.
        Resource::Any if action == Action::ReadEntities => (scopes.allow_somewhere(action), None),
        Resource::Any | Resource::Of(_) => (scopes.allow(action, None), None),
        Resource::Named(name) | Resource::Guarded { name, .. } => {
            (scopes.allow(action, Some(name)), Some(*name))
        }
        Resource::Entities(permissions) | Resource::Entity { permissions, .. } => {
            (scopes.allow(action, Some(permissions.blueprint())), None)
        }
    };
    if allowed {
        return None;
    }
    Some(match name {
        Some(name) if scopes.allow_somewhere(action) => format!("{scope}:{name}"),
        _ => scope.to_owned(),
    })
}

fn guarded(rights: &Rights, resource: &Resource<'_>) -> Option<Why> {
    match resource {
        Resource::Guarded { name, block: Some(block), facts } => {
            let facts = facts.unwrap_or(&NoFacts);
            let holders = || Why::Guard { name: (*name).to_owned(), holders: holders(Some(block)) };
            (!admits(block, rights, facts)).then(holders)
        }
        _ => None,
    }
}

fn on_entities(rights: &Rights, operation: Operation, resource: &Resource<'_>) -> Option<Why> {
    let (permissions, facts, changes) = match resource {
        Resource::Entities(permissions) => {
            return match privileged(permissions.blueprint(), operation, Changes::None) {
                true => Some(Why::Administrator),
                false if permissions.allow_somewhere(operation, rights) => None,
                false => Some(refusal(permissions, "", permissions.block(operation))),
            };
        }
        Resource::Entity { permissions, facts, changes } => (*permissions, *facts, *changes),
        // Reading in general is open; which rows is asked row by row. Anything else has to name what it is about.
        _ => return (operation != Operation::Read).then_some(Why::Administrator),
    };
    if privileged(permissions.blueprint(), operation, changes) {
        return Some(Why::Administrator);
    }
    match operation {
        Operation::Read => {
            let seen = match permissions.sight(rights) {
                Sight::All => true,
                Sight::Part { owned_by_team, policies } => {
                    (owned_by_team && facts.is_owned_by(rights))
                        || policies.iter().any(|p| facts.satisfies(p, rights))
                }
            };
            (!seen).then(|| refusal(permissions, "", permissions.block(operation)))
        }
        Operation::Update => update(permissions, rights, facts, changes),
        Operation::Register | Operation::Unregister => {
            let block = permissions.block(operation);
            (!block.is_some_and(|b| admits(b, rights, facts))).then(|| refusal(permissions, "", block))
        }
    }
}

/// Who may update may update everything; else each part has its own block.
fn update(
    permissions: &BlueprintPermissions,
    rights: &Rights,
    facts: &dyn Facts,
    changes: Changes<'_>,
) -> Option<Why> {
    let whole = permissions.block(Operation::Update);
    if whole.is_some_and(|block| admits(block, rights, facts)) {
        return None;
    }
    let Changes::Parts { properties, relations } = changes else {
        let any = changes == Changes::None && permissions.allow_somewhere(Operation::Update, rights);
        return (!any).then(|| refusal(permissions, "", whole));
    };
    let property = properties.iter().map(|key| ("property", key, permissions.property(key)));
    let relation = relations.iter().map(|key| ("relation", key, permissions.relation(key)));
    let mut all = property.chain(relation);
    let closed = all.find(|(_, _, block)| !admits(block, rights, facts));
    closed.map(|(what, key, block)| refusal(permissions, &format!("{what} \"{key}\""), Some(block)))
}

/// Whether it gives rights to people, which is for administrators whatever a blueprint's permissions say.
fn privileged(blueprint: &str, operation: Operation, changes: Changes<'_>) -> bool {
    match (blueprint, operation, changes) {
        (_, Operation::Read, _) => false,
        ("_user" | "_team", Operation::Register | Operation::Unregister, _) => true,
        ("_user" | "_team", _, Changes::All) => true,
        ("_user", _, Changes::Parts { properties, .. }) => {
            properties.iter().any(|p| RIGHTS_OF_USERS.contains(&p.as_str()))
        }
        ("_team", _, Changes::Parts { properties, .. }) => {
            properties.iter().any(|p| matches!(p.as_str(), "$identifier" | "$title"))
        }
        _ => false,
    }
}

fn admits(block: &Block, rights: &Rights, facts: &dyn Facts) -> bool {
    block.names(rights)
        || (block.owned_by_team && facts.is_owned_by(rights))
        || block.policy.as_ref().is_some_and(|policy| facts.satisfies(policy, rights))
}

fn refusal(permissions: &BlueprintPermissions, what: &str, block: Option<&Block>) -> Why {
    let blueprint = permissions.blueprint().to_owned();
    Why::Permission { blueprint, what: what.to_owned(), holders: holders(block) }
}

/// Whom a block names. Not persons: who else has a right is not for everybody to know.
fn holders(block: Option<&Block>) -> String {
    let Some(block) = block else { return "nobody".to_owned() };
    let mut all: Vec<String> = block.roles.iter().map(|role| format!("role {role}")).collect();
    if !block.roles.iter().any(|role| role == "Admin") {
        all.insert(0, "role Admin".to_owned());
    }
    all.extend(block.teams.iter().map(|team| format!("team {team}")));
    if !block.users.is_empty() {
        all.push("people named there".to_owned());
    }
    if block.owned_by_team {
        all.push("members of the owning team".to_owned());
    }
    if block.policy.is_some() {
        all.push("whom its policy admits".to_owned());
    }
    all.join(", ")
}

#[cfg(test)]
mod tests;
