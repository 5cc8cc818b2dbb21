//! Teams as Port's API knows them: `_team` entities, and the groups of the catalog that have none.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::json::at;
use stagedoor_model::{Timestamp, names};
use stagedoor_query::{Catalog, Expr, Meta, NodeId, Scalar, Subject, Test};

use super::users::{TeamName, request};
use super::{GROUPS, TEAMS, USERS};
use crate::entities::Missing;
use crate::error::PortalError;
use crate::rights::{Judge, memberships};
use crate::writer::Draft;
use crate::{Portal, Scope, View, WriteMode};

/// Some people, by whose name things are owned and rights given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// What `$team` of an entity and permissions name it by.
    pub identifier: String,
    /// What people call it, and what Port's API has in its paths: the title of the entity.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is a group of the catalog without an entity of its own: its members are those the catalog states, and
    /// nothing can be changed here.
    pub is_group: bool,
    /// First seen.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
}

/// What is to become of a team. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamChange {
    /// Another name; the identifier stays.
    pub name: Option<String>,
    /// `Some(None)` clears.
    pub description: Option<Option<String>>,
    /// Addresses of its members. Members that the catalog's groups bring stay beside them.
    pub users: Option<Vec<String>>,
    /// Whether addresses that nobody has are left out, instead of refused.
    pub skips_strangers: bool,
}

impl View {
    /// All teams: those with an entity by identifier, then the groups without one.
    #[must_use]
    pub fn teams_listed(&self) -> Vec<Team> {
        let all = self.select(&Expr::of_blueprint(TEAMS), Scope::Everything);
        let mut teams: Vec<Team> =
            all.by_identifier(TEAMS, None).filter_map(|node| self.team_at(node)).collect();
        let groups = self.select(&Expr::of_blueprint(GROUPS), Scope::Everything);
        let groups = groups.by_identifier(GROUPS, None);
        teams.extend(groups.filter(|node| is_alone(&self.catalog, *node)).filter_map(|n| self.group_at(n)));
        teams
    }

    /// The team of a name, or of an identifier.
    #[must_use]
    pub fn team(&self, name: &str) -> Option<Team> {
        if let Some(node) = team_of(&self.catalog, name) {
            return self.team_at(node);
        }
        self.group_at(group_of(&self.catalog, name)?)
    }

    /// What the team of an identifier is called; by the identifier where there is none.
    pub(super) fn team_name(&self, identifier: String) -> TeamName {
        let node = self.by_key(TEAMS, &identifier);
        let name = node.and_then(|node| self.title(node)).unwrap_or_else(|| identifier.clone());
        TeamName { identifier, name }
    }

    /// Who is in which team: addresses by identifier of the team, in the order in which a client last listed them, then
    /// by address.
    #[must_use]
    pub fn members(&self) -> BTreeMap<String, Vec<String>> {
        let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let people = self.select(&Expr::of_blueprint(USERS), Scope::Everything);
        for node in people.by_identifier(USERS, None) {
            for team in memberships(node, &self.catalog) {
                members.entry(team).or_default().push(self.identifier(node));
            }
        }
        for (team, addresses) in &mut members {
            super::members::in_order(&self.catalog, team, addresses);
        }
        members
    }

    fn team_at(&self, node: NodeId) -> Option<Team> {
        let entity = self.entity(node)?;
        let identifier = entity.record.identifier.to_string();
        let properties = self.catalog.stored_properties(entity);
        let description = properties.get("description").and_then(Value::as_str);
        Some(Team {
            name: self.title(node).unwrap_or_else(|| identifier.clone()),
            identifier,
            description: description.map(str::to_owned),
            is_group: false,
            created_at: entity.record.stamps.created_at,
            updated_at: entity.record.stamps.updated_at,
        })
    }

    fn group_at(&self, node: NodeId) -> Option<Team> {
        let entity = self.entity(node)?;
        let identifier = group_name(&self.catalog, node)?.to_owned();
        let document = entity.document.value();
        Some(Team {
            name: identifier.clone(),
            identifier,
            description: at(&document, "metadata.description").and_then(Value::as_str).map(str::to_owned),
            is_group: true,
            created_at: entity.record.stamps.created_at,
            updated_at: entity.record.stamps.updated_at,
        })
    }
}

/// The `_team` entity of a name, else of an identifier.
pub(super) fn team_of(catalog: &Catalog, name: &str) -> Option<NodeId> {
    let titled = Expr::exact(Subject::Meta(Meta::Title), Test::In(vec![Scalar::text(name)]));
    let titled = Expr::And(vec![Expr::of_blueprint(TEAMS), titled]);
    let found = catalog.select(&titled, false).by_identifier(TEAMS, None).next();
    found.or_else(|| catalog.node_of_key(TEAMS, name))
}

/// The identifier of the `_team` entity of a name.
pub(crate) fn team_called(catalog: &Catalog, name: &str) -> Option<String> {
    team_of(catalog, name).map(|node| catalog.identifier_at(node).into_owned())
}

/// The group that ownership has under a name: `orders`, or `namespace/orders` outside the default namespace.
pub(super) fn group_of(catalog: &Catalog, name: &str) -> Option<NodeId> {
    let reference = match name.split_once('/') {
        Some(_) => format!("group:{name}"),
        None => format!("group:default/{name}"),
    };
    catalog.node_of_ref(&reference).filter(|node| catalog.entity(*node).is_some())
}

/// The name under which ownership has a group.
fn group_name(catalog: &Catalog, node: NodeId) -> Option<&str> {
    let name = catalog.reference(node).strip_prefix("group:")?;
    Some(name.strip_prefix("default/").unwrap_or(name))
}

/// Whether a group has no `_team` entity of its name.
fn is_alone(catalog: &Catalog, node: NodeId) -> bool {
    group_name(catalog, node).is_some_and(|name| catalog.node_of_key(TEAMS, name).is_none())
}

impl Portal {
    /// Makes a team; answers it with the addresses of its members. Its identifier is its name, as far as that is a
    /// legal one.
    ///
    /// # Errors
    /// `Forbidden`; `invalid_request` without a legal name; `identifier_taken`; `NotFound` for an unknown member.
    pub async fn create_team(
        &self,
        viewer: &Viewer,
        change: TeamChange,
    ) -> Result<(Team, Vec<String>), PortalError> {
        self.may(viewer, Action::CreateTeam, Resource::Any)?;
        let create = move |draft: &mut Draft| {
            let name = change.name.as_deref().unwrap_or_default();
            check_name(name)?;
            let identifier = draft.free_team_identifier(name);
            let body = json!({ "identifier": identifier, "title": name });
            draft.write_team(WriteMode::Create, &body)?;
            draft.change_team(&identifier, &TeamChange { name: None, ..change.clone() }, false)
        };
        let team = self.commit(viewer.actor("port"), false, create).await?;
        self.with_members(team)
    }

    /// A team that has just been changed, with the addresses of its members, which whoever may change it may know.
    fn with_members(&self, team: Team) -> Result<(Team, Vec<String>), PortalError> {
        let view = self.view_for(&Viewer::system("teams"), Action::ReadTeams, Resource::Any)?;
        let members = view.members().remove(&team.identifier).unwrap_or_default();
        Ok((team, members))
    }

    /// Changes a team; answers it with the addresses of its members. With `replace`, a description that is not said is cleared.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for an unknown team or member; `invalid_request`; `identifier_taken`;
    /// `protected_entity` for a group of the catalog.
    pub async fn update_team(
        &self,
        viewer: &Viewer,
        name: &str,
        change: TeamChange,
        replace: bool,
    ) -> Result<(Team, Vec<String>), PortalError> {
        self.may(viewer, Action::UpdateTeam, Resource::Named(name))?;
        let name = name.to_owned();
        let write = move |draft: &mut Draft| {
            if let Some(new) = change.name.as_deref().filter(|new| *new != name) {
                check_name(new)?;
            }
            let identifier = draft.own_team(&name)?;
            draft.change_team(&identifier, &change, replace)
        };
        let team = self.commit(viewer.actor("port"), false, write).await?;
        self.with_members(team)
    }

    /// Removes a team; nobody is in it any more. What required it has to go before.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`; `has_dependents`; `protected_entity` for a group of the catalog.
    pub async fn delete_team(&self, viewer: &Viewer, name: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::DeleteTeam, Resource::Named(name))?;
        let name = name.to_owned();
        let delete = move |draft: &mut Draft| {
            let identifier = draft.own_team(&name)?;
            draft.delete_entity(TEAMS, &identifier, false, &Judge::anything())
        };
        self.commit(viewer.actor("port"), false, delete).await
    }
}

impl Draft {
    /// The identifier of the team of a name that can be changed here.
    fn own_team(&self, name: &str) -> Result<String, PortalError> {
        if let Some(identifier) = team_called(&self.catalog, name) {
            return Ok(identifier);
        }
        Err(match group_of(&self.catalog, name) {
            Some(_) => of_the_catalog(name),
            None => no_team(name),
        })
    }

    fn change_team(
        &mut self,
        identifier: &str,
        change: &TeamChange,
        replace: bool,
    ) -> Result<Team, PortalError> {
        let mut body = json!({ "properties": {} });
        if let Some(name) = &change.name {
            body["title"] = name.as_str().into();
        }
        let cleared = replace.then_some(None);
        if let Some(description) = change.description.clone().or(cleared) {
            body["properties"]["description"] = description.into();
        }
        self.write_team(WriteMode::Patch(identifier.to_owned()), &body)?;
        if let Some(users) = &change.users {
            self.set_members(identifier, users, change.skips_strangers)?;
        }
        let view = self.as_view();
        let team = view.by_key(TEAMS, identifier).and_then(|node| view.team_at(node));
        team.ok_or_else(|| no_team(identifier))
    }

    fn write_team(&mut self, mode: WriteMode, body: &Value) -> Result<(), PortalError> {
        self.write_entity(&request(TEAMS, mode), body, Missing::Refuse, &Judge::anything()).map(drop)
    }

    /// An identifier for a new team: its name, else what is left of it in lower case.
    fn free_team_identifier(&self, name: &str) -> String {
        // Whoever has this very name is told so by the write.
        if names::is_entity_identifier(name) {
            return name.to_owned();
        }
        let slug = slug(name);
        let taken = |identifier: &str| self.catalog.node_of_key(TEAMS, identifier).is_some();
        let numbered = (2..).map(|n| format!("{slug}_{n}"));
        std::iter::once(slug.clone()).chain(numbered).find(|i| !taken(i)).unwrap_or(slug)
    }
}

/// Identifiers of teams that are named or identified. A group of the catalog that has no entity is left out where the
/// person at `node` is in it anyway: nothing has to be said for that.
pub(super) fn team_identifiers(
    catalog: &Catalog,
    names: &[String],
    node: Option<NodeId>,
) -> Result<Vec<String>, PortalError> {
    let mut identifiers: Vec<String> = Vec::new();
    let there = node.map(|node| memberships(node, catalog)).unwrap_or_default();
    for name in names {
        if let Some(identifier) = team_called(catalog, name) {
            if !identifiers.contains(&identifier) {
                identifiers.push(identifier);
            }
        } else if !there.contains(name) {
            return Err(match group_of(catalog, name) {
                Some(_) => of_the_catalog(name),
                None => no_team(name),
            });
        }
    }
    Ok(identifiers)
}

/// Lower case, with everything that is no letter, digit, dot or hyphen as one underscore.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            c if c.is_alphanumeric() || matches!(c, '.' | '-') => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('_') => {}
            _ => slug.push('_'),
        }
    }
    let slug = slug.trim_end_matches('_');
    if names::is_entity_identifier(slug) { slug.to_owned() } else { "team".to_owned() }
}

/// Port's rule for names: they stand in paths.
fn check_name(name: &str) -> Result<(), PortalError> {
    let legal = |c: char| !matches!(c, ';' | '#' | '/' | '?');
    let edge = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
    let long = name.chars().count();
    if long >= 2 && edge(name.chars().next()) && edge(name.chars().last()) && name.chars().all(legal) {
        return match long {
            0..=200 => Ok(()),
            _ => Err(PortalError::invalid("\"name\" must NOT have more than 200 characters")),
        };
    }
    Err(PortalError::invalid("\"name\" must match pattern \"^[^;#/\\?\\s][^;#/\\?]*[^;#/\\?\\s]$\""))
}

pub(super) fn no_team(name: &str) -> PortalError {
    PortalError::NotFound(format!("Team with name \"{name}\" was not found"))
}

fn of_the_catalog(name: &str) -> PortalError {
    let text = format!(
        "team \"{name}\" is a group of the catalog, which states its members; make a team of this name to add to it"
    );
    PortalError::refused("protected_entity", text)
}

#[cfg(test)]
mod tests {
    use super::{check_name, slug};

    #[test]
    fn names_follow_ports_pattern() {
        for name in ["ab", "Platform Team", "Ä-Team", "a.b"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "a", " ab", "ab ", "a/b", "a;b", "a?b", "#ab"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn slugs_are_legal_identifiers() {
        for (name, expected) in [
            ("Platform Team", "platform_team"),
            ("R&D  (EU)", "r_d_eu"),
            ("(*)", "team"),
            ("Größe 1", "größe_1"),
        ] {
            assert_eq!(slug(name), expected);
        }
    }
}
