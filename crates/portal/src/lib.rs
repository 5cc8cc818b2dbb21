//! The product as a library. Every use case is: authorise, validate, commit, index, notify.
//!
//! This crate alone writes: [`writer`] takes operations one by one, each validated against the newest
//! state, stores a batch of them in one transaction and publishes the next snapshot. Readers get a
//! [`View`], which knows its viewer. Dialects translate to and from these use cases and hold no rules.

mod actions;
mod audit;
mod automations;
mod backstage_users;
mod blueprints;
mod calculator;
mod campaigns;
mod clock;
mod dependents;
mod documents;
mod entities;
mod error;
mod exemptions;
mod faces;
mod feed;
mod follower;
mod history;
mod home;
mod insights;
mod install;
mod integrations;
mod locations;
mod migrations;
mod notifications;
mod organization;
mod pages;
mod people;
mod problems;
mod programs;
mod provenance;
mod publish;
mod rights;
mod runs;
mod score_entities;
mod score_log;
mod scorecards;
mod secrets;
mod signals;
mod sources;
mod standards;
mod stats;
pub mod suggest;
mod templates;
mod undo;
mod user_settings;
mod view;
mod views;
mod webhooks;
mod workflows;
mod writer;
mod yaml;

use std::sync::Arc;

use arc_swap::ArcSwap;
use stagedoor_auth::{Action, Resource, SessionLimits, Viewer};
use stagedoor_jq::Jq;
use stagedoor_model::Actor;
use stagedoor_query::{Catalog, Loader};
use stagedoor_store::Store;

pub use actions::{
    ActionCall, ActionQuery, FormAnswer, FormQuestion, Offer, PreviewAction, PreviewAnswer, StoredAction,
    TemplateFault,
};
pub use audit::{AuditAction, AuditEntry, AuditPage, AuditPlace, AuditQuery, By, Event, Token};
pub use backstage_users::BackstageUser;
pub use blueprints::Fault as BlueprintFault;
pub use blueprints::{Attribute, BlueprintTemplate, blueprint_templates, structure};
pub use blueprints::{Break, Loss, Member, Place, Preview, PreviewOf, Reason};
pub use campaigns::{Campaign, CampaignBody, CampaignGoal, CampaignProgress, Reminded, TeamProgress};
pub use dependents::{Dependents, Fate, Pointing};
pub use documents::{DocumentResult, DocumentsReport, RejectedDocument};
pub use entities::{DatasourceQuery, WriteMode, WriteRequest, Written};
pub use error::PortalError;
pub use exemptions::{Exemption, ExemptionQuery, ExemptionRequest, ExemptionState, Signed};
pub use feed::{Feed, FeedAction, FeedEvent, FeedFilter, FeedKind, FeedPage, Position, Woken};
pub use history::{EntityEvent, EntityHistory, FieldChange, Version};
pub use home::{Attention, Home, HomeLink, Owned, Steps, Viewed};
pub use insights::{Checked, InsightsConfig};
pub use integrations::{Integration, IntegrationName, LogQuery};
pub use locations::{
    Analysis, Ancestor, Fault, KnownFile, Location, OnConflict, Outlook, OutlookFault, Outlooked, Registered,
    Trial, Unprocessed,
};
pub use notifications::{Inbox, InboxQuery, Notification, Order, OrderField, Severity};
pub use organization::Identity;
pub use pages::{Folder, HOME, Page, SidebarItem, placed};
pub use people::{
    Acceptance, Invitation, LinkInfo, LinkKind, MadeLink, Names, OpenInvitation, OperatorLink, Refusal,
    Secret, SessionInfo, SignedIn, operator_link,
};
pub use people::{App, Client, NewServiceAccount, NewToken, ProofKind, ServiceAccount, TokenInfo};
pub use people::{Person, Team, TeamChange, TeamName, UserChange, UserStatus};
pub use problems::Problem;
pub use programs::{ProgramProblem, ProgramRun, ProgramTrial};
pub use provenance::{Origin, Since, SourceOfEntity, StatedBy};
pub use rights::PermissionSet;
pub use runs::{
    Approver, ClaimQuery, InboxItem, InputForm, NewLine, NewRun, NodePress, NodeResult, NodeRun,
    NodeRunPatch, NodeRunQuery, OwnApi, ProgramMaker, RunDoings, RunEvent, RunEvents, RunLimits, RunLine,
    RunPatch, RunQuery, RunStats, RunsConfig, RunsPage, Settlement, Visibility, WaitingInput, starter,
};
pub use score_log::{ScoreHistory, ScoreMove, ScorePoint};
pub use scorecards::{
    Computed, ConditionShown, EntityScorecard, Grouping, MayScorecard, PreviewMove, ResultPage, RuleShown,
    ScoreGroup, ScoreGroups, ScorecardPreview, ScorecardRow, StandingEntity, StandingPage, StandingQuery,
    StoredScorecard, is_computed, is_derived_there,
};
pub use secrets::{Hiding, SecretInfo, SecretsConfig, new_secrets_key, seal};
pub use signals::{Signal, Signals};
pub use sources::{
    ClaimOf, Conflict, LocationConfig, MostFiles, NameConflict, Pace, SourceReport, SourcesConfig,
};
pub use stagedoor_actions::{
    Answer, Approval, ApprovalMode, Claim, Level, Limits, Origin as RunOrigin, Report, Run, RunKind, RunOf,
    Starter, Status as RunStatus, Step as RunStep, StepState, Target, Verdict, signature,
};
pub use stagedoor_hosts::{Budget, Found, Hosts, ProviderEvent};
pub use stagedoor_scorecards::{
    Board as ScoreBoard, Counts as ScoreCounts, Fix as ScoreFix, Level as ScoreLevel, Scorecard,
    Status as ScoreStatus,
};
pub use standards::{Badge, NextFix, NextFixes, Starter as ScorecardStarter};
pub use stats::{Stats, TIMING_BOUNDS, Timings};
pub use templates::{
    DryFile, DryLine, DryRun, DryRunResult, NewTask, TaskOrder, TaskOrderField, TaskQuery, TaskState,
    TasksPage, TemplateAction, TemplateCheck, TemplateChoice, TemplateFix, TemplateProblem, TemplatesConfig,
    task_created_by,
};
pub use undo::{
    NotUndone, Removal, RemovalsPage, RemovedThing, UndoEffect, UndoReport, UndoSelection, Undone,
};
pub use view::{Scope, View};
pub use views::{SavedView, ViewBody};
pub use webhooks::{LARGEST_WEBHOOK, RefusedWebhook};
pub use workflows::{StoredWorkflow, WorkflowCall};
pub use yaml::to_yaml;

/// The portal. Clones share everything.
#[derive(Clone)]
pub struct Portal {
    shared: Arc<Shared>,
}

struct Shared {
    catalog: ArcSwap<Catalog>,
    head: publish::Head,
    /// One more holder for each open feed.
    feeds: Arc<()>,
    counters: stats::Counters,
    problems: ArcSwap<problems::Problems>,
    writer: writer::Writer,
    sources: sources::Sources,
    migrations: migrations::Runner,
    store: Arc<dyn Store>,
    replication: Option<follower::Replication>,
    jq: Arc<Jq>,
    identity: Identity,
    rights: rights::Known,
    denials: audit::Denials,
    secrets: secrets::Keeper,
    sign_ins: people::SignIns,
    proofs: people::Proofs,
    signals: signals::Hub,
    runs: runs::Runs,
    templates: std::sync::OnceLock<TemplatesConfig>,
    insights: std::sync::OnceLock<InsightsConfig>,
    pasts: score_log::Pasts,
    clock: clock::Clock,
}

/// What a portal is made of besides its store.
pub struct Options {
    /// What is read.
    pub sources: SourcesConfig,
    /// Runs calculations and mappings.
    pub jq: Arc<Jq>,
    /// Who this installation is.
    pub identity: Identity,
    /// How long sessions of browsers live.
    pub sessions: SessionLimits,
    /// What secrets are kept with.
    pub secrets: SecretsConfig,
    /// What runs are executed with.
    pub runs: RunsConfig,
}

impl Portal {
    /// Loads the catalog from the store and starts the writer. Blocks until the catalog is loaded.
    ///
    /// # Errors
    /// When the store cannot be read, or holds secrets that were written with another key.
    pub fn open(store: Arc<dyn Store>, options: Options) -> Result<Self, PortalError> {
        let started = std::time::Instant::now();
        let mut loader = Loader::default();
        let revision = store.load(&mut |change| loader.take(change)).map_err(writer::internal)?;
        let read = started.elapsed();
        let mut catalog = loader.finish(revision);
        let clock = clock::Clock::default();
        catalog.set_calculator(calculator::over(Arc::clone(&options.jq), clock.clone()));
        catalog.set_standards(Arc::new(scorecards::Boards::default()));
        tracing::debug!(?read, total = ?started.elapsed(), revision, "catalog loaded");
        let replication = store.peers().map(follower::Replication::new);
        if let Some(replication) = &replication {
            follower::join(replication.peers.as_ref(), &mut catalog, store.as_ref())
                .map_err(writer::internal)?;
        }
        let secrets = secrets::Keeper::over(options.secrets, &catalog)?;
        let revision = catalog.revision;
        let problems = problems::Problems::shared(&catalog);
        let (writer, inbox) = writer::Writer::new();
        let id = replication.as_ref().map(|replication| replication.peers.id());
        let runs = runs::Runs::new(options.runs, id);
        let shared = Arc::new(Shared {
            catalog: ArcSwap::from_pointee(catalog),
            head: publish::Head::new(revision),
            feeds: Arc::default(),
            counters: stats::Counters::default(),
            problems: ArcSwap::from_pointee(problems),
            writer,
            sources: sources::Sources::new(options.sources),
            migrations: migrations::Runner::default(),
            store: Arc::clone(&store),
            replication,
            jq: options.jq,
            identity: options.identity,
            rights: rights::Known::default(),
            denials: audit::Denials::default(),
            secrets,
            sign_ins: people::SignIns::new(options.sessions),
            proofs: people::Proofs::default(),
            signals: signals::Hub::default(),
            runs,
            templates: std::sync::OnceLock::new(),
            insights: std::sync::OnceLock::new(),
            pasts: score_log::Pasts::default(),
            clock,
        });
        shared.denials.belong_to(&shared);
        writer::start(Arc::downgrade(&shared), store, inbox);
        follower::start(&shared);
        let portal = Self { shared };
        portal.run_migrations();
        Ok(portal)
    }

    /// The newest snapshot, as `viewer` may see it.
    ///
    /// # Errors
    /// [`PortalError::Forbidden`] for an account that is not active, and for a token without `read:entities`.
    pub fn view(&self, viewer: &Viewer) -> Result<View, PortalError> {
        self.view_for(viewer, Action::ReadEntities, Resource::Any)
    }

    /// Whether nothing has ever been stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shared.catalog.load().revision == 0
    }

    /// Waits until everything accepted so far is stored, refusals in the audit journal included.
    pub async fn flush(&self) {
        let nothing = |_: &mut writer::Draft| Ok(());
        let actor = Actor::new("system", "system");
        let _ = self.commit(actor, false, nothing).await;
        let denials = self.shared.denials.clone();
        let _ = tokio::task::spawn_blocking(move || denials.flush()).await;
    }
}
