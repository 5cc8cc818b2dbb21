//! An account as the catalog has it: a `_user` entity, its teams, and the groups of the `user` of the same address.

use serde_json::{Map, Value};
use stagedoor_auth::{Account, Standing};
use stagedoor_model::entity_ref;
use stagedoor_query::{Catalog, Entity, Expr, NodeId, Scalar, Subject, Test};

/// Blueprint of people and service accounts, by address.
const USERS: &str = "_user";
/// Blueprint of teams.
const TEAMS: &str = "_team";
/// Where a Backstage user says its address.
const ADDRESS: &str = "spec.profile.email";

/// What an account was read from, with the marks of then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Basis(Vec<(NodeId, [u64; 3])>);

impl Basis {
    /// What the account of an address is read from; `None` where that cannot be told from marks.
    pub(crate) fn of(email: &str, catalog: &Catalog) -> Option<Self> {
        let node = catalog.node_of_key(USERS, email)?;
        let entry = catalog.blueprints().get(USERS)?;
        // Teams that come through relations are those of other entities.
        if entry.blueprint.body.as_str().contains("\"ownership\"") {
            return None;
        }
        let all = std::iter::once(node).chain(users(email, catalog));
        Some(Self(all.map(|node| (node, catalog.marks_at(node))).collect()))
    }
}

/// The account of a lower-case address.
pub(crate) fn account_of(email: &str, catalog: &Catalog) -> Account {
    let found = catalog.node_of_key(USERS, email).and_then(|node| Some((node, catalog.entity(node)?)));
    let Some((node, entity)) = found else { return Account::new(Some(email), Standing::Unknown) };
    let properties = properties(entity, catalog);
    let text = |key: &str| properties.get(key).and_then(Value::as_str);
    let role = text("port_role").filter(|role| !role.is_empty());
    let standing = match text("status") {
        Some("Active") if role == Some("Admin") => Standing::Administrator,
        Some("Active") => Standing::Member,
        Some("Disabled") => Standing::Disabled,
        // Created through the API and not invited yet; what is not said is no permission.
        _ => Standing::Waiting,
    };
    let account = Account::new(Some(email), standing);
    if !matches!(standing, Standing::Administrator | Standing::Member) {
        return account;
    }
    let moderated = properties.get("moderated_blueprints").and_then(Value::as_array);
    let moderated = moderated.into_iter().flatten().filter_map(Value::as_str);
    let mut account =
        account.moderating(moderated).in_teams(teams(node, catalog)).in_teams(groups(email, catalog));
    account.roles.extend(role.map(str::to_owned));
    account
}

/// Declared properties, whoever said them: a file or a contributor.
fn properties(entity: &Entity, catalog: &Catalog) -> Map<String, Value> {
    let record = &entity.record;
    let mut contributed = record.contributed().properties;
    if record.document.is_some()
        && let Some(entry) = catalog.blueprint_of(entity)
    {
        contributed.extend(entry.face.properties_of(&entry.face.document(record), &entry.blueprint));
    }
    contributed
}

/// The teams that the `_user` entity names: as its `$team`, and by relations to `_team`.
fn teams(node: NodeId, catalog: &Catalog) -> Vec<String> {
    let mut all = catalog.teams(node);
    let Some(entry) = catalog.entity(node).and_then(|e| catalog.blueprint_of(e)) else { return all };
    let to_teams: Vec<_> = entry.face.relations.values().filter(|r| r.target == TEAMS).collect();
    if to_teams.is_empty() {
        return all;
    }
    for link in catalog.relations(node) {
        let kind = entity_ref::kind_of(catalog.reference(link.other));
        if to_teams.iter().any(|r| r.relation == link.name && r.target_kind == kind) {
            all.push(catalog.identifier_at(link.other).into_owned());
        }
    }
    all
}

/// Every team of a person, whoever says so: the `_user` entity or the groups of the `user` of the same address.
pub(crate) fn memberships(node: NodeId, catalog: &Catalog) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let email = catalog.identifier_at(node);
    for team in teams(node, catalog).into_iter().chain(groups(&email, catalog)) {
        if !all.contains(&team) {
            all.push(team);
        }
    }
    all
}

/// The Backstage users with this address.
pub(crate) fn users(email: &str, catalog: &Catalog) -> Vec<NodeId> {
    if catalog.count("user") == 0 {
        return Vec::new();
    }
    let address = Expr::folded(Subject::Field(ADDRESS.into()), Test::In(vec![Scalar::text(email)]));
    let users = Expr::And(vec![Expr::of_blueprint("user"), address]);
    catalog.select(&users, false).by_identifier("user", None).collect()
}

/// Their groups, under the names that ownership has them.
fn groups(email: &str, catalog: &Catalog) -> Vec<String> {
    let mut all = Vec::new();
    for node in users(email, catalog) {
        for link in catalog.relations(node) {
            let reference = catalog.reference(link.other);
            if link.name == "memberOf"
                && let Some(name) = reference.strip_prefix("group:")
            {
                all.push(name.strip_prefix("default/").unwrap_or(name).to_owned());
            }
        }
    }
    all
}
