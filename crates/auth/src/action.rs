//! Everything that can be asked for, as one closed list.

use crate::permissions::Operation;

/// Who may do something, before any scope of a token narrows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Every active account.
    Everyone,
    /// Administrators.
    Administrators,
    /// Whom the blueprint's permissions name.
    Entities(Operation),
    /// The person that the thing belongs to, and administrators.
    Own,
    /// Whom the thing's own permission block names; without one everybody.
    Guarded,
    /// Administrators, and whom the thing's own permission block names.
    Entrusted,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident: $scope:literal, $words:literal, $rule:expr;)*) => {
        /// What a caller wants to do. See [`crate::decide`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            /// All of them, in the order of this list.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The permission string that a limited token needs, in Port's form `verb:noun`.
            #[must_use]
            pub const fn scope(self) -> &'static str {
                match self { $(Self::$name => $scope,)* }
            }

            /// In plain words, to be put after "may" or "may not".
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }

            /// Who may.
            #[must_use]
            pub const fn rule(self) -> Rule {
                match self { $(Self::$name => $rule,)* }
            }

            /// As code and the audit journal name it, such as `RegisterEntity`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

use Rule::{Administrators, Entities, Entrusted, Everyone, Guarded, Own};

actions! {
    /// Entities in lists, searches, counts, graphs and one by one.
    ReadEntities: "read:entities", "read entities", Entities(Operation::Read);
    /// A new entity.
    RegisterEntity: "create:entities", "create entities", Entities(Operation::Register);
    /// An entity that exists.
    UpdateEntity: "update:entities", "change entities", Entities(Operation::Update);
    /// An entity goes.
    UnregisterEntity: "delete:entities", "delete entities", Entities(Operation::Unregister);
    /// Documents handed over; each is judged as the entity or blueprint that it is.
    HandOverDocuments: "create:entities", "hand over documents", Everyone;
    /// What was done is taken back: the own doings, or those of others where that is for administrators; each entity
    /// is judged as one that is made, changed or deleted.
    UndoChanges: "update:changes", "undo changes", Everyone;
    /// The data model.
    ReadBlueprints: "read:blueprints", "read blueprints", Everyone;
    /// A new blueprint.
    CreateBlueprint: "create:blueprints", "create blueprints", Administrators;
    /// A blueprint that exists, its properties and relations.
    UpdateBlueprint: "update:blueprints", "change blueprints", Administrators;
    /// A blueprint goes.
    DeleteBlueprint: "delete:blueprints", "delete blueprints", Administrators;
    /// Who may do what with a blueprint's entities.
    ReadBlueprintPermissions: "read:blueprints", "read the permissions of blueprints", Everyone;
    /// Who may do what with a blueprint's entities is said anew.
    UpdateBlueprintPermissions: "update:blueprints", "change the permissions of blueprints", Administrators;
    /// How migrations are doing.
    ReadMigrations: "read:blueprints", "read migrations", Everyone;
    /// Work over all entities of a blueprint, started or ended before its time.
    RunMigrations: "update:blueprints", "run migrations", Administrators;
    /// People and service accounts.
    ReadUsers: "read:users", "read users", Everyone;
    /// A person is added or invited.
    CreateUser: "create:users", "add users", Administrators;
    /// Roles, teams and status of a person.
    UpdateUser: "update:users", "change users", Administrators;
    /// A person goes.
    DeleteUser: "delete:users", "delete users", Administrators;
    /// Teams and who is in them.
    ReadTeams: "read:teams", "read teams", Everyone;
    /// A new team.
    CreateTeam: "create:teams", "create teams", Administrators;
    /// A team's name, description and members.
    UpdateTeam: "update:teams", "change teams", Administrators;
    /// A team goes.
    DeleteTeam: "delete:teams", "delete teams", Administrators;
    /// Service accounts with their credentials' names.
    ReadServiceAccounts: "read:users", "read service accounts", Administrators;
    /// A new service account.
    CreateServiceAccount: "create:users", "create service accounts", Administrators;
    /// A service account's role, and its secret anew.
    UpdateServiceAccount: "update:users", "change service accounts", Administrators;
    /// A service account goes.
    DeleteServiceAccount: "delete:users", "delete service accounts", Administrators;
    /// One's own account: who one is, what one may do.
    ReadAccount: "read:account", "read the account", Own;
    /// One's own password and other ways to sign in.
    UpdateAccount: "update:account", "change how the account signs in", Own;
    /// What somebody has set for himself in a frontend, and the notifications for him.
    ReadPersonalSettings: "read:personal-settings", "read personal settings and notifications", Everyone;
    /// The same, changed: a setting, a notification that is read or saved.
    UpdatePersonalSettings: "update:personal-settings", "change personal settings and notifications", Everyone;
    /// A notification for other people.
    SendNotifications: "create:notifications", "send notifications", Administrators;
    /// Names and ends of tokens.
    ReadTokens: "read:tokens", "read tokens", Own;
    /// A new token.
    CreateToken: "create:tokens", "create tokens", Own;
    /// A token is taken back or gets another secret.
    RevokeToken: "delete:tokens", "revoke tokens", Own;
    /// Where somebody is signed in.
    ReadSessions: "read:sessions", "read sessions", Own;
    /// Signing out.
    EndSession: "delete:sessions", "end sessions", Own;
    /// Credentials of the organization (Port's apps).
    ReadApps: "read:apps", "read the organization's credentials", Administrators;
    /// A new credential.
    CreateApp: "create:apps", "create credentials of the organization", Administrators;
    /// Name, state or secret of a credential.
    UpdateApp: "update:apps", "change the organization's credentials", Administrators;
    /// A credential goes.
    DeleteApp: "delete:apps", "delete the organization's credentials", Administrators;
    /// Names of secrets; values are never read.
    ReadSecrets: "read:secrets", "read the names of secrets", Administrators;
    /// A new secret.
    CreateSecret: "create:secrets", "create secrets", Administrators;
    /// A secret's value or description.
    UpdateSecret: "update:secrets", "change secrets", Administrators;
    /// A secret goes.
    DeleteSecret: "delete:secrets", "delete secrets", Administrators;
    /// Name and settings of the organization.
    ReadOrganization: "read:organization", "read the organization", Everyone;
    /// The same, changed.
    UpdateOrganization: "update:organization", "change the organization", Administrators;
    /// Who did and tried what.
    ReadAuditLog: "read:audit-log", "read the audit log", Administrators;
    /// Changes as they happen: administrators all of them, others of what they see.
    ReadFeed: "read:audit-log", "follow the change feed", Everyone;
    /// Counters and timings of the installation.
    ReadMetrics: "read:metrics", "read metrics", Administrators;
    /// Which integrations there are and how they do.
    ReadIntegrationMetadata: "read:integrations", "read which integrations there are", Everyone;
    /// Integrations with their mappings, logs and examples.
    ReadIntegrations: "read:integrations", "read integrations", Administrators;
    /// A new integration.
    CreateIntegration: "create:integrations", "create integrations", Administrators;
    /// An integration's mapping, or a resync.
    UpdateIntegration: "update:integrations", "change integrations", Administrators;
    /// An integration goes.
    DeleteIntegration: "delete:integrations", "delete integrations", Administrators;
    /// What an integration says of its own work: state, logs, metrics, cursors, examples.
    ReportIntegration: "update:integrations", "report for integrations", Administrators;
    /// What is read and how it went.
    ReadSources: "read:sources", "read sources", Everyone;
    /// A held source may go on, or is read again.
    UpdateSources: "update:sources", "change sources", Administrators;
    /// Locations that people have registered.
    ReadLocations: "read:sources", "read locations", Everyone;
    /// A new location.
    RegisterLocation: "create:locations", "register locations", Everyone;
    /// Where a registered location points to.
    UpdateLocation: "update:locations", "change locations", Own;
    /// A registered location goes, and what it says with it.
    DeleteLocation: "delete:locations", "delete locations", Own;
    /// What stands behind an address, told and not taken in.
    AnalyzeLocation: "create:locations", "analyze locations", Everyone;
    /// The source of an entity is read again.
    RefreshEntity: "update:locations", "refresh entities", Everyone;
    /// A page.
    ReadPage: "read:pages", "read pages", Guarded;
    /// A new page.
    CreatePage: "create:pages", "create pages", Administrators;
    /// A page's content or permissions.
    UpdatePage: "update:pages", "change pages", Entrusted;
    /// A page goes.
    DeletePage: "delete:pages", "delete pages", Administrators;
    /// Definitions of actions and automations.
    ReadActions: "read:actions", "read actions", Everyone;
    /// A new action.
    CreateAction: "create:actions", "create actions", Administrators;
    /// An action's definition or permissions.
    UpdateAction: "update:actions", "change actions", Administrators;
    /// An action goes.
    DeleteAction: "delete:actions", "delete actions", Administrators;
    /// An action is triggered.
    ExecuteAction: "execute:actions", "execute actions", Guarded;
    /// Definitions of workflows; which of them, each says.
    ReadWorkflows: "read:workflows", "read workflows", Everyone;
    /// A new workflow.
    CreateWorkflow: "create:workflows", "create workflows", Administrators;
    /// A workflow's definition.
    UpdateWorkflow: "update:workflows", "change workflows", Administrators;
    /// A workflow goes.
    DeleteWorkflow: "delete:workflows", "delete workflows", Administrators;
    /// A workflow is run by hand.
    ExecuteWorkflow: "execute:workflows", "execute workflows", Guarded;
    /// A node of a workflow that waits for people is answered.
    AnswerWorkflow: "execute:workflows", "answer workflows", Guarded;
    /// Templates' forms, what can stand in them, the actions of their steps.
    ReadTemplates: "read:templates", "read templates", Everyone;
    /// A template is executed.
    ExecuteTemplate: "execute:templates", "execute templates", Guarded;
    /// A template is tried: nothing outside is touched, nothing is kept.
    DryRunTemplate: "execute:templates", "try templates", Everyone;
    /// Runs with their logs; which of them, each run says.
    ReadRuns: "read:runs", "read runs", Everyone;
    /// A run is reported on, cancelled, begun anew, or a step of it settled: one's own.
    UpdateRuns: "update:runs", "change runs", Own;
    /// A run that was handed over is taken on by a client.
    ClaimRuns: "update:runs", "take on runs", Administrators;
    /// Yes or no to a run that waits for it.
    ApproveRuns: "update:approvals", "approve runs", Guarded;
    /// Scorecards, and where entities stand in them.
    ReadScorecards: "read:scorecards", "read scorecards", Everyone;
    /// A new scorecard.
    CreateScorecard: "create:scorecards", "create scorecards", Administrators;
    /// A scorecard's rules, levels and filter.
    UpdateScorecard: "update:scorecards", "change scorecards", Administrators;
    /// A scorecard goes.
    DeleteScorecard: "delete:scorecards", "delete scorecards", Administrators;
    /// An entity need not pass a rule for a while: asked for by whoever may change the entity.
    AskExemptions: "create:exemptions", "ask for exemptions", Entities(Operation::Update);
    /// Yes or no to that, and its end before its time.
    GrantExemptions: "update:exemptions", "grant exemptions", Entrusted;
    /// A campaign: its goal, deadline and reminders. Its owner may, too.
    UpdateCampaigns: "update:campaigns", "change campaigns", Entrusted;
    /// A level as a picture, for pages outside.
    ReadBadges: "read:badges", "read badges", Everyone;
}

#[cfg(test)]
mod tests {
    use super::Action;

    #[test]
    fn every_action_has_a_scope_of_verb_and_noun() {
        for action in Action::ALL {
            let (verb, noun) = action.scope().split_once(':').unwrap();
            assert!(["read", "create", "update", "delete", "execute"].contains(&verb), "{action:?}");
            assert!(noun.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{action:?}");
            assert!(!action.words().is_empty());
        }
    }
}
