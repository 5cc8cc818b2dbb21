//! Who may do what with a thing, as Port's permission objects say it: parsed once per stored object.

use std::collections::HashMap;

use serde_json::Value;

use crate::Rights;

/// What may be done with the entities of a blueprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// See them.
    Read,
    /// Create.
    Register,
    /// Change.
    Update,
    /// Delete.
    Unregister,
}

/// `{users, roles, teams, ownedByTeam, policy}`: whom something is open to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// E-mail addresses, lower-case.
    pub users: Vec<String>,
    /// `Admin`, `Member`, `<Blueprint>-moderator`. `Admin` always holds, named or not.
    pub roles: Vec<String>,
    /// Identifiers of teams.
    pub teams: Vec<String>,
    /// Members of a team that owns the entity.
    pub owned_by_team: bool,
    /// Entities that satisfy these rules are open to everybody.
    pub policy: Option<Policy>,
}

/// Search rules over an entity, which may compare with `{"context": "user" | "userTeams"}`:
/// `{"combinator", "rules"}` in the form of Port's searches. Evaluated by whoever can, see [`crate::Facts`].
#[derive(Clone, Debug, PartialEq)]
pub struct Policy(pub Value);

impl Block {
    /// Reads a block; a list that it does not say is that of `default`. What is no text in a list names nobody.
    #[must_use]
    pub fn parse(block: &Value, default: &Self) -> Self {
        let list = |key: &str, default: &[String]| match block.get(key) {
            None => default.to_vec(),
            Some(value) => {
                let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
        };
        let mut users = list("users", &default.users);
        users.iter_mut().for_each(|user| *user = user.to_lowercase());
        Self {
            users,
            roles: list("roles", &default.roles),
            teams: list("teams", &default.teams),
            owned_by_team: block.get("ownedByTeam").and_then(Value::as_bool).unwrap_or(default.owned_by_team),
            policy: block.get("policy").filter(|p| p.is_object()).map(|p| Policy(p.clone())),
        }
    }

    /// Whether it names the caller: by address, role or team. Ownership and policy are left to the entity.
    #[must_use]
    pub fn names(&self, rights: &Rights) -> bool {
        rights.is_administrator()
            || self.roles.iter().any(|role| rights.has_role(role))
            || self.teams.iter().any(|team| rights.is_in(team))
            || rights.email().is_some_and(|email| self.users.iter().any(|user| user == email))
    }

    /// Whether some entity might be open that none of its names opens.
    fn depends_on_the_entity(&self) -> bool {
        self.owned_by_team || self.policy.is_some()
    }
}

/// The role of whoever looks after the entities of a blueprint: `service` has `Service-moderator`.
#[must_use]
pub fn moderator_role(blueprint: &str) -> String {
    let mut letters = blueprint.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}-moderator", letters.as_str())
}

/// The permissions of a blueprint (`{"entities": ...}` of Port's API), defaults included.
#[derive(Clone, Debug, PartialEq)]
pub struct BlueprintPermissions {
    blueprint: Box<str>,
    /// `None`: open to everybody.
    read: Option<Block>,
    register: Block,
    update: Block,
    unregister: Block,
    properties: HashMap<Box<str>, Block>,
    relations: HashMap<Box<str>, Block>,
    /// Administrators and moderators.
    default: Block,
}

/// How much of a blueprint somebody may see.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight<'p> {
    /// Every entity.
    All,
    /// Entities of one's own teams if `owned_by_team`, and those that satisfy any of the policies; none at all where
    /// neither is there.
    Part {
        /// See there.
        owned_by_team: bool,
        /// See there.
        policies: Vec<&'p Policy>,
    },
}

impl BlueprintPermissions {
    /// What holds where nobody has changed anything: reading is open, the rest is for moderators.
    #[must_use]
    pub fn standard(blueprint: &str) -> Self {
        Self::parse(blueprint, &Value::Null)
    }

    /// Reads what was changed of a blueprint's permissions: the value under `entities`, where anything may be missing.
    #[must_use]
    pub fn parse(blueprint: &str, changed: &Value) -> Self {
        let roles = vec!["Admin".to_owned(), moderator_role(blueprint)];
        let default = Block { roles, ..Block::default() };
        let block = |key: &str| changed.get(key).filter(|b| b.is_object());
        let of = |key: &str| block(key).map_or_else(|| default.clone(), |b| Block::parse(b, &default));
        let all = |key: &str| {
            let map = changed.get(key).and_then(Value::as_object).into_iter().flatten();
            map.filter(|(_, b)| b.is_object())
                .map(|(name, b)| (name.as_str().into(), Block::parse(b, &default)))
                .collect()
        };
        Self {
            blueprint: blueprint.into(),
            read: block("read").map(|b| Block::parse(b, &Block::default())),
            register: of("register"),
            update: of("update"),
            unregister: of("unregister"),
            properties: all("updateProperties"),
            relations: all("updateRelations"),
            default,
        }
    }

    /// Forgets what was said of properties and relations that are not there any more.
    pub fn retain(&mut self, property: impl Fn(&str) -> bool, relation: impl Fn(&str) -> bool) {
        self.properties.retain(|key, _| key.starts_with('$') || property(key));
        self.relations.retain(|key, _| relation(key));
    }

    /// Adds to each team that is named in them the one that it stands for, if any.
    pub fn resolve_teams(&mut self, identifier: impl Fn(&str) -> Option<String>) {
        let parts = self.properties.values_mut().chain(self.relations.values_mut());
        let whole = [&mut self.register, &mut self.update, &mut self.unregister];
        for block in self.read.iter_mut().chain(whole).chain(parts) {
            let found: Vec<String> = block.teams.iter().filter_map(|team| identifier(team)).collect();
            block.teams.extend(found);
        }
    }

    /// Every team that they name, perhaps repeatedly.
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        let parts = self.properties.values().chain(self.relations.values());
        let whole = [&self.register, &self.update, &self.unregister];
        let all = self.read.iter().chain(whole).chain(parts);
        all.flat_map(|block| block.teams.iter().map(String::as_str))
    }

    /// Whose permissions they are.
    #[must_use]
    pub fn blueprint(&self) -> &str {
        &self.blueprint
    }

    /// Whether there is anybody who may not see all entities.
    #[must_use]
    pub fn restricts_reading(&self) -> bool {
        self.read.is_some()
    }

    /// How much the caller may see. Who may create, change or delete may see; so may who may change a part.
    #[must_use]
    pub fn sight(&self, rights: &Rights) -> Sight<'_> {
        let Some(read) = &self.read else { return Sight::All };
        let mut part = (false, Vec::new());
        let parts = self.properties.values().chain(self.relations.values());
        for block in
            [read, &self.register, &self.update, &self.unregister, &self.default].into_iter().chain(parts)
        {
            if block.names(rights) {
                return Sight::All;
            }
            part.0 |= block.owned_by_team;
            part.1.extend(&block.policy);
        }
        Sight::Part { owned_by_team: part.0, policies: part.1 }
    }

    /// The block of a whole operation; reading has none where it is open.
    #[must_use]
    pub fn block(&self, operation: Operation) -> Option<&Block> {
        match operation {
            Operation::Read => self.read.as_ref(),
            Operation::Register => Some(&self.register),
            Operation::Update => Some(&self.update),
            Operation::Unregister => Some(&self.unregister),
        }
    }

    /// The block of one property, or of `$title`, `$identifier`, `$icon`, `$team`.
    #[must_use]
    pub fn property(&self, name: &str) -> &Block {
        self.properties.get(name).unwrap_or(&self.default)
    }

    /// The block of one relation.
    #[must_use]
    pub fn relation(&self, name: &str) -> &Block {
        self.relations.get(name).unwrap_or(&self.default)
    }

    /// Whether there may be an entity, or a part of one, that the caller may do this with.
    #[must_use]
    pub fn allow_somewhere(&self, operation: Operation, rights: &Rights) -> bool {
        let open = |block: &Block| block.names(rights) || block.depends_on_the_entity();
        match operation {
            Operation::Read => match self.sight(rights) {
                Sight::All => true,
                Sight::Part { owned_by_team, policies } => owned_by_team || !policies.is_empty(),
            },
            Operation::Update => {
                open(&self.update)
                    || open(&self.default)
                    || self.properties.values().chain(self.relations.values()).any(open)
            }
            Operation::Register => open(&self.register),
            Operation::Unregister => open(&self.unregister),
        }
    }
}
