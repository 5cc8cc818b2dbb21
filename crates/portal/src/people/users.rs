//! People as Port's API knows them: read from `_user` entities, and changed there.

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource, Viewer, moderator_role};
use stagedoor_model::Timestamp;
use stagedoor_model::json::at;
use stagedoor_query::{Catalog, Expr, NodeId};

use super::USERS;
use super::links::{Invitation, MadeLink};
use super::teams::team_identifiers;
use crate::entities::Missing;
use crate::error::PortalError;
use crate::rights::{Judge, memberships, users};
use crate::writer::Draft;
use crate::{Portal, Scope, View, WriteMode, WriteRequest};

/// How far somebody has come. Only [`UserStatus::Active`] has any rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserStatus {
    /// Known, and not invited yet.
    Staged,
    /// Invited, and has not come yet.
    Invited,
    /// In use.
    Active,
    /// Shut out.
    Disabled,
}

impl UserStatus {
    const ALL: [Self; 4] = [Self::Staged, Self::Invited, Self::Active, Self::Disabled];

    /// As the property `status` of the entity has it: `Staged`, `Invited`, `Active`, `Disabled`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Staged => "Staged",
            Self::Invited => "Invited",
            Self::Active => "Active",
            Self::Disabled => "Disabled",
        }
    }

    /// Reads either way of writing it, `Staged` and `STAGED`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name().eq_ignore_ascii_case(text))
    }
}

/// Somebody, or a service account.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Lower-case address: the identifier of the entity.
    pub email: String,
    /// First name, empty where nobody has said it.
    pub first_name: String,
    /// Last name, empty where nobody has said it.
    pub last_name: String,
    /// Address of a picture.
    pub picture: Option<String>,
    /// How far it has come.
    pub status: UserStatus,
    /// `Admin`, `Member`, or a role of one's own.
    pub role: String,
    /// Blueprints whose entities it looks after.
    pub moderates: Vec<String>,
    /// Whether it is a program.
    pub is_service_account: bool,
    /// Its teams, groups of the catalog included.
    pub teams: Vec<TeamName>,
    /// First seen.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
}

/// What a team is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamName {
    /// As entities and permissions name it.
    pub identifier: String,
    /// As people do.
    pub name: String,
}

impl Person {
    /// Names of its roles: its own, and one for each blueprint that it looks after.
    #[must_use]
    pub fn roles(&self) -> Vec<String> {
        let moderators = self.moderates.iter().map(|blueprint| moderator_role(blueprint));
        std::iter::once(self.role.clone()).chain(moderators).collect()
    }
}

/// What is to become of a person. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserChange {
    /// Names of roles: `Admin`, `Member`, `<Blueprint>-moderator`. They replace those there are.
    pub roles: Option<Vec<String>>,
    /// Names or identifiers of teams. They replace those there are, but for groups of the catalog.
    pub teams: Option<Vec<String>>,
    /// How far it has come.
    pub status: Option<UserStatus>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
}

impl View {
    /// Everybody, by address.
    #[must_use]
    pub fn people(&self) -> Vec<Person> {
        let all = self.select(&Expr::of_blueprint(USERS), Scope::Everything);
        all.by_identifier(USERS, None).filter_map(|node| self.person_at(node)).collect()
    }

    /// Somebody, by address in any case.
    #[must_use]
    pub fn person(&self, email: &str) -> Option<Person> {
        self.person_at(self.by_key(USERS, email)?)
    }

    /// The Backstage users that have an address: they are the same person, whatever they are called.
    #[must_use]
    pub fn users_of(&self, email: &str) -> Vec<NodeId> {
        users(&email.to_lowercase(), &self.catalog)
    }

    fn person_at(&self, node: NodeId) -> Option<Person> {
        let entity = self.entity(node)?;
        let stamps = &entity.record.stamps;
        let properties = self.catalog.stored_properties(entity);
        let text = |key: &str| properties.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let moderates = properties.get("moderated_blueprints").and_then(Value::as_array);
        let email = entity.record.identifier.to_string();
        let profile = Profile::of(self, &email);
        let (first_name, last_name) = self.names(node, &properties, &profile);
        Some(Person {
            first_name,
            last_name,
            picture: text("picture").map(str::to_owned).or(profile.picture),
            status: text("status").and_then(UserStatus::parse).unwrap_or(UserStatus::Staged),
            role: text("port_role").unwrap_or("Member").to_owned(),
            moderates: moderates.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            is_service_account: text("port_type") == Some("Service Account"),
            teams: memberships(node, &self.catalog).into_iter().map(|team| self.team_name(team)).collect(),
            created_at: stamps.created_at,
            updated_at: stamps.updated_at,
            email,
        })
    }

    /// First and last name: as they were said, else the title of the entity or the name in the catalog, taken apart.
    fn names(&self, node: NodeId, properties: &Map<String, Value>, profile: &Profile) -> (String, String) {
        let said = |key: &str| properties.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (first, last) = (said("firstName"), said("lastName"));
        if !first.is_empty() || !last.is_empty() {
            return (first, last);
        }
        let title = self.title(node).filter(|title| !title.contains('@'));
        let name = title.or_else(|| profile.name.clone()).unwrap_or_default();
        let (first, last) = name.trim().split_once(' ').unwrap_or((name.trim(), ""));
        (first.to_owned(), last.trim().to_owned())
    }
}

/// What the catalog says of the `user` with an address.
#[derive(Default)]
struct Profile {
    name: Option<String>,
    picture: Option<String>,
}

impl Profile {
    fn of(view: &View, email: &str) -> Self {
        let Some(entity) = view.users_of(email).first().and_then(|node| view.entity(*node)) else {
            return Self::default();
        };
        let document = entity.document.value();
        let text = |path: &str| at(&document, path).and_then(Value::as_str).map(str::to_owned);
        Self { name: text("spec.profile.displayName"), picture: text("spec.profile.picture") }
    }
}

impl Portal {
    /// Changes a person.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for an unknown person or team; `invalid_request` for an unknown role;
    /// `last_administrator`; `protected_entity` for a team that the catalog alone fills.
    pub async fn patch_user(
        &self,
        viewer: &Viewer,
        email: &str,
        change: UserChange,
    ) -> Result<Person, PortalError> {
        let email = email.to_lowercase();
        self.may(viewer, Action::UpdateUser, Resource::Named(&email))?;
        let write = move |draft: &mut Draft| {
            draft.change_user(&email, &change)?;
            draft.as_view().person(&email).ok_or_else(|| no_user(&email))
        };
        self.commit(viewer.actor("port"), false, write).await
    }

    /// Invites somebody, with the roles and teams of the change; where it says none, a person who is known already keeps
    /// its own. The link is the same as one that is made in the portal.
    ///
    /// # Errors
    /// As [`Portal::invite`]; `NotFound` for an unknown team; `invalid_request` for an unknown role.
    pub async fn invite_user(
        &self,
        viewer: &Viewer,
        email: &str,
        change: &UserChange,
    ) -> Result<MadeLink, PortalError> {
        let email = email.trim().to_lowercase();
        // Nobody else learns here which teams and people there are.
        self.may(viewer, Action::CreateUser, Resource::Named(&email))?;
        let catalog = self.shared.catalog.load_full();
        let node = catalog.node_of_key(USERS, &email);
        let known = node.and_then(|node| catalog.entity(node));
        let known = known.map(|entity| catalog.stored_properties(entity)).unwrap_or_default();
        let role = known.get("port_role").and_then(Value::as_str).unwrap_or("Member").to_owned();
        let (role, moderated) = match &change.roles {
            None => (role, None),
            Some(roles) => {
                let (role, moderated) = roles_of(&catalog, roles)?;
                (role, Some(moderated))
            }
        };
        let teams = change.teams.clone();
        self.invite(viewer, Invitation { email, role, teams, moderated }).await
    }

    /// Removes a person. What required it has to go before.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`; `last_administrator`; `has_dependents`; `protected_entity`.
    pub async fn delete_user(&self, viewer: &Viewer, email: &str) -> Result<(), PortalError> {
        let email = email.to_lowercase();
        self.may(viewer, Action::DeleteUser, Resource::Named(&email))?;
        let delete = move |draft: &mut Draft| {
            draft.catalog.node_of_key(USERS, &email).ok_or_else(|| no_user(&email))?;
            draft.delete_entity(USERS, &email, false, &Judge::anything())
        };
        self.commit(viewer.actor("port"), false, delete).await
    }
}

impl Draft {
    /// Writes a change into a `_user` entity that is there.
    pub(super) fn change_user(&mut self, email: &str, change: &UserChange) -> Result<(), PortalError> {
        let node = self.catalog.node_of_key(USERS, email).ok_or_else(|| no_user(email))?;
        let mut body = self.user_body(change, node)?;
        if let (Some(title), Some(map)) = (self.new_title(node, change), body.as_object_mut()) {
            map.insert("title".into(), title.into());
        }
        self.write_user(WriteMode::Patch(email.to_owned()), &body)
    }

    /// The body, in Port's form of an entity, that a change means. `node` is the person that it is for.
    fn user_body(&self, change: &UserChange, node: NodeId) -> Result<Value, PortalError> {
        let mut properties = Map::new();
        if let Some(roles) = &change.roles {
            let (role, moderates) = roles_of(&self.catalog, roles)?;
            properties.insert("port_role".into(), role.into());
            properties.insert("moderated_blueprints".into(), json!(moderates));
        }
        if let Some(status) = change.status {
            properties.insert("status".into(), status.name().into());
        }
        for (key, name) in [("firstName", &change.first_name), ("lastName", &change.last_name)] {
            if let Some(name) = name {
                properties.insert(key.into(), name.as_str().into());
            }
        }
        let mut body = json!({ "properties": properties });
        if let (Some(teams), Some(map)) = (&change.teams, body.as_object_mut()) {
            map.insert("team".into(), json!(team_identifiers(&self.catalog, teams, Some(node))?));
        }
        Ok(body)
    }

    /// Writes one `_user` entity, under all the rules that hold for entities.
    pub(super) fn write_user(&mut self, mode: WriteMode, body: &Value) -> Result<(), PortalError> {
        let request = request(USERS, mode);
        self.write_entity(&request, body, Missing::Refuse, &Judge::anything()).map(drop)
    }

    /// The name that is shown follows the first and last name.
    fn new_title(&self, node: NodeId, change: &UserChange) -> Option<String> {
        if change.first_name.is_none() && change.last_name.is_none() {
            return None;
        }
        let properties = self.catalog.stored_properties(self.catalog.entity(node)?);
        let part = |key: &str, said: &Option<String>| {
            let old = || properties.get(key).and_then(Value::as_str).map(str::to_owned);
            said.clone().or_else(old).unwrap_or_default()
        };
        let (first, last) = (part("firstName", &change.first_name), part("lastName", &change.last_name));
        let name = format!("{first} {last}").trim().to_owned();
        (!name.is_empty()).then_some(name)
    }
}

/// The role of a person, and the blueprints that it looks after, from names of roles.
fn roles_of(catalog: &Catalog, names: &[String]) -> Result<(String, Vec<String>), PortalError> {
    let (mut role, mut moderates) = ("Member", Vec::new());
    for (at, name) in names.iter().enumerate() {
        if name.eq_ignore_ascii_case("Admin") {
            role = "Admin";
        } else if !name.eq_ignore_ascii_case("Member") {
            let mut blueprints = catalog.blueprints().iter().map(|e| &e.blueprint.identifier);
            let blueprint = blueprints.find(|blueprint| moderator_role(blueprint) == *name);
            let unknown = || {
                let text = format!(
                    "\"roles/{at}\": there is no role \"{name}\"; there are Admin, Member, and <Blueprint>-moderator for each blueprint"
                );
                PortalError::invalid(text)
            };
            moderates.push(blueprint.ok_or_else(unknown)?.clone());
        }
    }
    Ok((role.to_owned(), moderates))
}

/// A write of one entity, whose reply nobody looks at.
pub(super) fn request(blueprint: &str, mode: WriteMode) -> WriteRequest {
    WriteRequest {
        blueprint: blueprint.to_owned(),
        mode,
        create_missing: false,
        validation_only: false,
        datasource: None,
        entities: Vec::new(),
    }
}

pub(super) fn no_user(email: &str) -> PortalError {
    PortalError::NotFound(format!("User with email \"{email}\" was not found"))
}
