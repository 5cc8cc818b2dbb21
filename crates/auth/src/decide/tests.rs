//! Every role, action and resource, as tables. `x`: allowed, `.`: not.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Changes, Facts, NoFacts, Resource, decide};
use crate::{Account, Action, Block, BlueprintPermissions, Policy, Rights, Scopes, Standing};

const ELSA: &str = "elsa@larkfell.example";

fn rights(account: Account) -> Rights {
    Rights::new(Arc::new(account), None)
}

fn member() -> Account {
    Account::new(Some(ELSA), Standing::Member)
}

fn limited(account: Account, scopes: &[&str]) -> Rights {
    Rights::new(Arc::new(account), Some(Scopes::parse(scopes).unwrap()))
}

/// The columns of the tables.
fn callers() -> [(&'static str, Rights); 7] {
    [
        ("unknown", rights(Account::new(Some(ELSA), Standing::Unknown))),
        ("waiting", rights(Account::new(Some(ELSA), Standing::Waiting))),
        ("disabled", rights(Account::new(Some(ELSA), Standing::Disabled))),
        ("member", rights(member())),
        ("moderator", rights(member().moderating(["service"]))),
        ("administrator", rights(Account::new(Some("ada@larkfell.example"), Standing::Administrator))),
        ("credential", Rights::all()),
    ]
}

fn row(action: Action, resource: &Resource<'_>) -> String {
    callers()
        .iter()
        .map(|(_, rights)| if decide(rights, action, resource).is_ok() { 'x' } else { '.' })
        .collect()
}

/// What everybody may who is signed in and not disabled.
const OPEN: &[Action] = &[
    Action::ReadEntities,
    Action::HandOverDocuments,
    Action::ReadBlueprints,
    Action::ReadBlueprintPermissions,
    Action::ReadMigrations,
    Action::ReadUsers,
    Action::ReadTeams,
    Action::ReadOrganization,
    Action::ReadIntegrationMetadata,
    Action::ReadSources,
    Action::ReadLocations,
    Action::RegisterLocation,
    Action::AnalyzeLocation,
    Action::RefreshEntity,
    Action::UndoChanges,
    Action::ReadPersonalSettings,
    Action::UpdatePersonalSettings,
    Action::ReadPage,
    Action::ReadFeed,
    Action::ReadActions,
    Action::ReadScorecards,
    Action::ExecuteAction,
    Action::ReadRuns,
    Action::ApproveRuns,
    Action::ReadTemplates,
    Action::ExecuteTemplate,
    Action::DryRunTemplate,
    Action::ReadWorkflows,
    Action::ExecuteWorkflow,
    Action::AnswerWorkflow,
    Action::ReadBadges,
];

/// What only administrators and credentials of their rank may.
const RESERVED: &[Action] = &[
    Action::RegisterEntity,
    Action::UpdateEntity,
    Action::UnregisterEntity,
    Action::CreateBlueprint,
    Action::UpdateBlueprint,
    Action::DeleteBlueprint,
    Action::UpdateBlueprintPermissions,
    Action::RunMigrations,
    Action::CreateUser,
    Action::UpdateUser,
    Action::DeleteUser,
    Action::CreateTeam,
    Action::UpdateTeam,
    Action::DeleteTeam,
    Action::ReadServiceAccounts,
    Action::CreateServiceAccount,
    Action::UpdateServiceAccount,
    Action::DeleteServiceAccount,
    Action::ReadAccount,
    Action::UpdateAccount,
    Action::ReadTokens,
    Action::CreateToken,
    Action::RevokeToken,
    Action::ReadSessions,
    Action::EndSession,
    Action::ReadApps,
    Action::CreateApp,
    Action::UpdateApp,
    Action::DeleteApp,
    Action::ReadSecrets,
    Action::CreateSecret,
    Action::UpdateSecret,
    Action::DeleteSecret,
    Action::UpdateOrganization,
    Action::ReadAuditLog,
    Action::ReadMetrics,
    Action::ReadIntegrations,
    Action::CreateIntegration,
    Action::UpdateIntegration,
    Action::DeleteIntegration,
    Action::ReportIntegration,
    Action::UpdateSources,
    Action::UpdateLocation,
    Action::DeleteLocation,
    Action::SendNotifications,
    Action::CreatePage,
    Action::UpdatePage,
    Action::DeletePage,
    Action::CreateScorecard,
    Action::UpdateScorecard,
    Action::DeleteScorecard,
    Action::CreateAction,
    Action::UpdateAction,
    Action::DeleteAction,
    Action::CreateWorkflow,
    Action::UpdateWorkflow,
    Action::DeleteWorkflow,
    Action::UpdateRuns,
    Action::ClaimRuns,
    Action::AskExemptions,
    Action::GrantExemptions,
    Action::UpdateCampaigns,
];

/// Columns: unknown, waiting, disabled, member, moderator, administrator, credential.
#[test]
fn what_is_no_entity() {
    let table = [("...xxxx", OPEN), (".....xx", RESERVED)];
    for (expected, actions) in table {
        for action in actions {
            for resource in [Resource::Any, Resource::Named("service")] {
                assert_eq!(row(*action, &resource), expected, "{action:?}");
            }
        }
    }
    let listed: Vec<Action> = table.iter().flat_map(|(_, actions)| *actions).copied().collect();
    let forgotten: Vec<_> = Action::ALL.iter().filter(|action| !listed.contains(action)).collect();
    assert_eq!(forgotten, Vec::<&Action>::new(), "every action has a row");
    assert_eq!(listed.len(), Action::ALL.len());
}

#[test]
fn what_belongs_to_somebody() {
    let own = [
        Action::ReadAccount,
        Action::UpdateAccount,
        Action::ReadTokens,
        Action::CreateToken,
        Action::RevokeToken,
        Action::ReadSessions,
        Action::EndSession,
        Action::UpdateLocation,
        Action::DeleteLocation,
        Action::UpdateRuns,
    ];
    for action in own {
        assert_eq!(row(action, &Resource::Of(ELSA)), "...xxxx", "{action:?}");
        assert_eq!(row(action, &Resource::Of("other@larkfell.example")), ".....xx", "{action:?}");
        assert_eq!(row(action, &Resource::Of("")), ".....xx", "{action:?}");
    }
}

struct Facing {
    owner: &'static str,
    satisfied: bool,
}

impl Facts for Facing {
    fn is_owned_by(&self, rights: &Rights) -> bool {
        rights.is_in(self.owner)
    }

    fn satisfies(&self, policy: &Policy, _: &Rights) -> bool {
        policy.0["rules"].is_array() && self.satisfied
    }
}

/// Who is asked about entities: nothing special, named, in the team that is named, in the owning team, moderator of
/// `service`, of another blueprint, administrator.
fn people() -> [Rights; 7] {
    [
        rights(Account::new(Some("nobody@larkfell.example"), Standing::Member)),
        rights(member()),
        rights(Account::new(None, Standing::Member).in_teams(["platform"])),
        rights(Account::new(None, Standing::Member).in_teams(["owners"])),
        rights(Account::new(None, Standing::Member).moderating(["service"])),
        rights(Account::new(None, Standing::Member).moderating(["other"])),
        rights(Account::administrator()),
    ]
}

fn on(permissions: &BlueprintPermissions, action: Action, changes: Changes<'_>, satisfied: bool) -> String {
    let facts = Facing { owner: "owners", satisfied };
    let resource = Resource::Entity { permissions, facts: &facts, changes };
    people().iter().map(|rights| if decide(rights, action, &resource).is_ok() { 'x' } else { '.' }).collect()
}

fn permissions(changed: &Value) -> BlueprintPermissions {
    BlueprintPermissions::parse("service", changed)
}

/// Columns: see [`people`].
#[test]
fn entities_by_the_permissions_of_their_blueprint() {
    let policy = json!({ "combinator": "and", "rules": [] });
    let table = [
        // Read, register, update, unregister.
        (json!({}), ["xxxxxxx", "....x.x", "....x.x", "....x.x"]),
        (json!({ "register": { "roles": ["Member"] } }), ["xxxxxxx", "xxxxxxx", "....x.x", "....x.x"]),
        (
            json!({ "update": { "users": ["Elsa@Larkfell.example"] } }),
            ["xxxxxxx", "....x.x", ".x..x.x", "....x.x"],
        ),
        (json!({ "unregister": { "teams": ["platform"] } }), ["xxxxxxx", "....x.x", "....x.x", "..x.x.x"]),
        (json!({ "update": { "ownedByTeam": true } }), ["xxxxxxx", "....x.x", "...xx.x", "....x.x"]),
        (json!({ "update": { "roles": [] } }), ["xxxxxxx", "....x.x", "......x", "....x.x"]),
        (
            json!({ "update": { "roles": [], "policy": policy } }),
            ["xxxxxxx", "....x.x", "xxxxxxx", "....x.x"],
        ),
        // Restricted reading: whoever may do anything else may read.
        (json!({ "read": {} }), ["....x.x", "....x.x", "....x.x", "....x.x"]),
        (json!({ "read": { "roles": ["Member"] } }), ["xxxxxxx", "....x.x", "....x.x", "....x.x"]),
        (json!({ "read": { "users": [ELSA] } }), [".x..x.x", "....x.x", "....x.x", "....x.x"]),
        (json!({ "read": { "ownedByTeam": true } }), ["...xx.x", "....x.x", "....x.x", "....x.x"]),
        (json!({ "read": { "teams": ["platform"] } }), ["..x.x.x", "....x.x", "....x.x", "....x.x"]),
        (json!({ "read": { "policy": policy } }), ["xxxxxxx", "....x.x", "....x.x", "....x.x"]),
        (
            json!({ "read": {}, "register": { "users": [ELSA] } }),
            [".x..x.x", ".x..x.x", "....x.x", "....x.x"],
        ),
        (
            json!({ "read": {}, "unregister": { "ownedByTeam": true } }),
            ["...xx.x", "....x.x", "....x.x", "...xx.x"],
        ),
        (
            json!({ "read": {}, "updateProperties": { "tier": { "users": [ELSA] } } }),
            [".x..x.x", "....x.x", "....x.x", "....x.x"],
        ),
    ];
    let actions =
        [Action::ReadEntities, Action::RegisterEntity, Action::UpdateEntity, Action::UnregisterEntity];
    for (changed, expected) in table {
        let permissions = permissions(&changed);
        let found = actions.map(|action| on(&permissions, action, Changes::All, true));
        assert_eq!(found, expected, "{changed}");
    }
    let unsatisfied = permissions(&json!({ "read": { "policy": policy } }));
    assert_eq!(on(&unsatisfied, Action::ReadEntities, Changes::None, false), "....x.x");
}

#[test]
fn parts_have_rights_of_their_own() {
    let permissions = permissions(&json!({
        "updateProperties": { "tier": { "users": [ELSA] }, "$title": { "ownedByTeam": true } },
        "updateRelations": { "system": { "roles": ["Member"] } },
    }));
    let table: [(&[&str], &[&str], &str); 8] = [
        (&["tier"], &[], ".x..x.x"),
        (&["$title"], &[], "...xx.x"),
        (&[], &["system"], "xxxxxxx"),
        (&["tier"], &["system"], ".x..x.x"),
        (&["tier", "$title"], &[], "....x.x"),
        (&["language"], &[], "....x.x"),
        (&["$identifier"], &[], "....x.x"),
        (&[], &["other"], "....x.x"),
    ];
    let owned = |keys: &[&str]| keys.iter().map(|k| (*k).to_owned()).collect::<Vec<_>>();
    for (properties, relations, expected) in table {
        let (properties, relations) = (owned(properties), owned(relations));
        let changes = Changes::Parts { properties: &properties, relations: &relations };
        assert_eq!(
            on(&permissions, Action::UpdateEntity, changes, false),
            expected,
            "{properties:?} {relations:?}"
        );
    }
    assert_eq!(on(&permissions, Action::UpdateEntity, Changes::None, false), "xxxxxxx");
    assert_eq!(on(&permissions, Action::UpdateEntity, Changes::All, false), "....x.x");
}

/// Whatever a blueprint's permissions say: nobody gives rights to people but administrators.
#[test]
fn rights_of_people_are_for_administrators() {
    let all = json!({ "roles": ["Member"], "users": [], "teams": [] });
    let open = json!({ "register": all, "update": all, "unregister": all });
    let keys = |key: &str| vec![key.to_owned()];
    for blueprint in ["_user", "_team"] {
        let permissions = BlueprintPermissions::parse(blueprint, &open);
        let moderator = rights(member().moderating([blueprint]));
        let may = |action: Action, changes: Changes<'_>| {
            let resource = Resource::Entity { permissions: &permissions, facts: &NoFacts, changes };
            decide(&moderator, action, &resource).is_ok()
        };
        assert!(!may(Action::RegisterEntity, Changes::None));
        assert!(!may(Action::UnregisterEntity, Changes::None));
        assert!(!may(Action::UpdateEntity, Changes::All));
        let update = |key: &str| {
            let properties = keys(key);
            may(Action::UpdateEntity, Changes::Parts { properties: &properties, relations: &[] })
        };
        assert!(update("phone"), "{blueprint}");
        // Permissions may name a team by its title.
        assert_eq!(update("$title"), blueprint == "_user");
        assert!(!update("$identifier"), "{blueprint}");
        for key in ["status", "port_role", "port_type", "moderated_blueprints", "$team"] {
            assert_eq!(update(key), blueprint == "_team", "{key}");
        }
        assert!(decide(&moderator, Action::RegisterEntity, &Resource::Entities(&permissions)).is_err());
    }
}

#[test]
fn before_an_entity_is_known() {
    let of = |changed: Value| permissions(&changed);
    let nobody = rights(Account::new(Some("nobody@larkfell.example"), Standing::Member));
    for (changed, action, allowed) in [
        (json!({}), Action::ReadEntities, true),
        (json!({}), Action::UpdateEntity, false),
        (json!({ "read": {} }), Action::ReadEntities, false),
        (json!({ "read": { "ownedByTeam": true } }), Action::ReadEntities, true),
        (json!({ "update": { "ownedByTeam": true } }), Action::UpdateEntity, true),
        (json!({ "updateRelations": { "r": { "roles": ["Member"] } } }), Action::UpdateEntity, true),
        (json!({ "unregister": { "users": [ELSA] } }), Action::UnregisterEntity, false),
    ] {
        let permissions = of(changed.clone());
        let found = decide(&nobody, action, &Resource::Entities(&permissions)).is_ok();
        assert_eq!(found, allowed, "{changed} {action:?}");
    }
}

#[test]
fn a_block_of_a_page_or_action() {
    let block = |value: Value| Block::parse(&value, &Block::default());
    for (value, expected) in [
        (json!({ "roles": ["Admin", "Member"] }), "xxxxxxx"),
        (json!({ "roles": [], "users": [ELSA], "teams": ["platform"] }), ".xx...x"),
        (json!({ "roles": ["Service-moderator"] }), "....x.x"),
        (json!({}), "......x"),
    ] {
        let block = block(value.clone());
        let resource = Resource::Guarded { name: "home", block: Some(&block), facts: None };
        let found: String = people()
            .iter()
            .map(|rights| if decide(rights, Action::ReadPage, &resource).is_ok() { 'x' } else { '.' })
            .collect();
        assert_eq!(found, expected, "{value}");
        let found: String = people()
            .iter()
            .map(|rights| if decide(rights, Action::UpdatePage, &resource).is_ok() { 'x' } else { '.' })
            .collect();
        assert_eq!(found, expected, "changing: {value}");
    }
    // Approving is for whom the run names; for administrators where it names nobody.
    for (block, expected) in [(block(json!({ "users": [ELSA] })), ".x....x"), (Block::default(), "......x")] {
        let resource = Resource::Guarded { name: "scale", block: Some(&block), facts: None };
        let approves = |rights: &Rights| decide(rights, Action::ApproveRuns, &resource).is_ok();
        let found: String = people().iter().map(|rights| if approves(rights) { 'x' } else { '.' }).collect();
        assert_eq!(found, expected);
    }
    // Without a block reading is open, changing is not.
    let resource = Resource::Guarded { name: "home", block: None, facts: None };
    for (rights, is_administrator) in people().iter().zip("......x".chars()) {
        assert!(decide(rights, Action::ReadPage, &resource).is_ok());
        assert_eq!(decide(rights, Action::UpdatePage, &resource).is_ok(), is_administrator == 'x');
    }
}

#[test]
fn a_limited_token_of_an_administrator_is_limited() {
    let standard = permissions(&json!({}));
    let entities = Resource::Entities(&standard);
    let administrator = Account::administrator;
    for (scopes, action, resource, allowed) in [
        (&["read:entities"][..], Action::ReadEntities, Resource::Any, true),
        (&["read:entities"], Action::CreateSecret, Resource::Any, false),
        (&["read:entities"], Action::RegisterEntity, entities, false),
        (&["create:entities:service"], Action::RegisterEntity, entities, true),
        (&["create:entities:other"], Action::RegisterEntity, entities, false),
        (&["read:entities:service"], Action::ReadEntities, Resource::Any, true),
        (&["update:blueprints:service"], Action::UpdateBlueprint, Resource::Named("service"), true),
        (&["update:blueprints:service"], Action::UpdateBlueprint, Resource::Named("system"), false),
        (&["update:blueprints:service"], Action::UpdateBlueprint, Resource::Any, false),
        (&[], Action::ReadBlueprints, Resource::Any, false),
    ] {
        let rights = limited(administrator(), scopes);
        assert_eq!(decide(&rights, action, &resource).is_ok(), allowed, "{scopes:?} {action:?}");
    }
    // A scope gives no right that its owner lacks.
    let rights = limited(member(), &["create:secrets"]);
    assert!(decide(&rights, Action::CreateSecret, &Resource::Any).is_err());
}

#[test]
fn a_refusal_says_what_is_missing() {
    let says = |rights: &Rights, action, resource: &Resource<'_>| {
        decide(rights, action, resource).unwrap_err().to_string()
    };
    let member = rights(member());
    assert_eq!(
        says(&member, Action::CreateBlueprint, &Resource::Any),
        "only administrators may create blueprints"
    );
    let disabled = rights(Account::new(Some(ELSA), Standing::Disabled));
    assert_eq!(says(&disabled, Action::ReadEntities, &Resource::Any), "this account is disabled");
    assert_eq!(
        says(&limited(Account::administrator(), &["read:entities"]), Action::CreateSecret, &Resource::Any),
        "this token may not create secrets: it lacks the scope \"create:secrets\""
    );
    let named =
        permissions(&json!({ "register": { "users": [ELSA], "ownedByTeam": true, "teams": ["platform"] } }));
    let nobody = rights(Account::new(None, Standing::Member));
    let entity = Resource::Entity { permissions: &named, facts: &NoFacts, changes: Changes::None };
    assert_eq!(
        says(&nobody, Action::RegisterEntity, &entity),
        "you may not create entities of blueprint \"service\": that is for role Admin, role Service-moderator, \
         team platform, people named there, members of the owning team"
    );
    let keys = ["tier".to_owned()];
    let standard = permissions(&json!({}));
    let changes = Changes::Parts { properties: &keys, relations: &[] };
    let entity = Resource::Entity { permissions: &standard, facts: &NoFacts, changes };
    assert_eq!(
        says(&nobody, Action::UpdateEntity, &entity),
        "you may not change entities of blueprint \"service\": its property \"tier\" is for role Admin, role \
         Service-moderator"
    );
    assert_eq!(
        says(&member, Action::EndSession, &Resource::Of("ada@larkfell.example")),
        "only administrators may end sessions of others"
    );
}
