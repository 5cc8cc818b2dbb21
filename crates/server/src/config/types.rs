//! The configuration as it is meant.

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use stagedoor_actions::BackEndSettings;
use stagedoor_auth::SessionLimits;
use stagedoor_outbound::AllowList;

use super::external::ExternalAccess;
use super::problem::{Place, Warning};
use super::wire::WireConfig;

/// What Stagedoor takes from the configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `app.title`.
    pub title: Option<Text>,
    /// `organization.name`.
    pub organization: Option<Text>,
    /// `app.baseUrl`, else `backend.baseUrl`: where browsers find the portal, without a slash at the end.
    pub base_url: Option<Text>,
    /// `backend.baseUrl`: where clients find the API, without a slash at the end.
    pub backend_url: Option<Text>,
    /// `auth.providers.guest`: who may come in without proving anything, where anybody may.
    pub guests: Option<GuestAccess>,
    /// `backend.listen`.
    pub listen: Option<Listen>,
    /// `catalog.locations`, in order.
    pub locations: Vec<LocationConfig>,
    /// What stands outside, and how the catalog reads it.
    pub outside: Outside,
    /// `catalog.rules`: they replace the default where they are given, even as an empty list.
    pub rules: Option<Vec<AllowRule>>,
    /// `stagedoor`.
    pub stagedoor: StagedoorConfig,
    /// Certificates, proxies, other origins, limits.
    pub wire: WireConfig,
    /// `scaffolder.defaultEnvironment`.
    pub templates: TemplateEnvironment,
    /// `techInsights.factChecker.checks`.
    pub insights: stagedoor_portal::InsightsConfig,
    /// `backend.auth.externalAccess`.
    pub external_access: Vec<ExternalAccess>,
    /// What was passed over.
    pub warnings: Vec<Warning>,
}

/// `scaffolder.defaultEnvironment`: what every run of a template is given, by name.
#[derive(Clone, Debug, Default)]
pub struct TemplateEnvironment {
    /// `parameters`.
    pub parameters: Vec<(String, Text)>,
    /// `secrets`.
    pub secrets: Vec<(String, Text)>,
}

/// `auth.providers.guest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuestAccess {
    /// `userEntityRef`, lower-case.
    pub user: Option<String>,
    /// `ownershipEntityRefs`, lower-case.
    pub ownership: Option<Vec<String>>,
    /// `dangerouslyAllowOutsideDevelopment`.
    pub anywhere: bool,
}

/// `backend.listen`; what is `None` is left to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listen {
    /// Name or address of the interface.
    pub host: Option<Text>,
    /// Port.
    pub port: Option<u16>,
}

/// Parts that others read: hosts, providers, webhooks. All variables are put in; nothing in them is wrong.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// `integrations`.
    pub integrations: Option<Raw>,
    /// `catalog.providers`.
    pub providers: Option<Raw>,
    /// `events`.
    pub events: Option<Raw>,
    /// `ldap`.
    pub ldap: Option<Raw>,
    /// `catalog.readonly`: nobody may register or unregister locations.
    pub readonly: bool,
    /// `catalog.defaultLocationConflictStrategy` is `refresh`.
    pub refreshes_registered: bool,
    /// `catalog.orphanProviderStrategy` is `keep`.
    pub keeps_abandoned: bool,
    /// `catalog.processingInterval`.
    pub polling: Polling,
}

/// How often URLs are read again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Polling {
    /// As often as without a word.
    #[default]
    Usual,
    /// So often.
    Every(Duration),
    /// Only when somebody asks, or the host tells.
    Never,
}

/// A part of the configuration as JSON; it may hold secrets and is not printed by `Debug`.
#[derive(Clone, PartialEq)]
pub struct Raw(pub(super) serde_json::Value);

impl Raw {
    /// The value.
    #[must_use]
    pub fn value(&self) -> &serde_json::Value {
        &self.0
    }
}

impl From<serde_json::Value> for Raw {
    fn from(value: serde_json::Value) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// One of `catalog.locations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationConfig {
    /// File or URL.
    pub kind: LocationKind,
    /// Path or address, as written.
    pub target: Text,
    /// What may come from this very location, besides what [`Config::rules`] allow.
    pub rules: Vec<AllowRule>,
    /// The directory of the file that names the target.
    pub config_dir: PathBuf,
    /// Where it was written.
    pub place: Place,
}

impl LocationConfig {
    /// Where the file of a [`LocationKind::File`] may be, the best guess first. A path is relative to the
    /// configuration; Backstage takes it relative to where its backend was started, which in a stock
    /// repository is `packages/backend`.
    #[must_use]
    pub fn paths(&self) -> [PathBuf; 2] {
        let target: &str = &self.target;
        [self.config_dir.join(target), self.config_dir.join("packages/backend").join(target)]
    }
}

/// The types of location that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocationKind {
    /// `file`.
    File,
    /// `url`.
    Url,
}

impl LocationKind {
    /// `file` or `url`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Url => "url",
        }
    }
}

/// What may come from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowRule {
    /// The kinds.
    pub allow: Vec<AllowedKind>,
    /// The locations they may come from: any where `None`, none where empty.
    pub locations: Option<Vec<LocationMatcher>>,
}

/// A kind, all of it or one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedKind {
    /// Compared without case.
    pub kind: Text,
    /// `spec.type`, compared without case.
    pub spec_type: Option<Text>,
}

/// Which locations a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationMatcher {
    /// `file` or `url`.
    pub kind: Text,
    /// Which targets, all where `None`.
    pub target: Option<TargetMatcher>,
}

/// Which targets a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetMatcher {
    /// This one.
    Exact(Text),
    /// All that match this glob.
    Pattern(Text),
}

/// `stagedoor`: what Backstage has no key for.
#[derive(Clone, Debug, Default)]
pub struct StagedoorConfig {
    /// `outbound.allow`: private hosts and ranges that may be reached.
    pub outbound_allow: AllowList,
    /// `dataDir`, relative to the file that says so.
    pub data_dir: Option<PathBuf>,
    /// `databaseUrl`; it often holds a password.
    pub database_url: Option<Text>,
    /// `sessions`: how long browsers stay signed in.
    pub sessions: SessionLimits,
    /// `secrets`: the key that secrets are sealed with.
    pub secrets: Option<SecretsSource>,
    /// `kafka`, `terraform`, and `kubernetes` beside `stagedoor`: where back ends of actions find what they need.
    pub back_ends: BackEndSettings,
    /// `runs`: limits of runs.
    pub runs: stagedoor_portal::RunLimits,
    /// `metrics.listen`: an address of their own for metrics, read without a credential.
    pub metrics_listen: Option<Text>,
}

/// `stagedoor.secrets`: where the key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretsSource {
    /// `key`: here.
    Key(Text),
    /// `keyFile`: in this file, relative to the one that says so.
    File(PathBuf),
    /// `keyCommand`: what this program writes.
    Command(Text),
}

/// A text that remembers whether it may be shown: one that came out of a variable or a file of its own may be a
/// secret and is not printed by `Debug`. There is no `Display` on purpose.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text {
    text: String,
    secret: bool,
}

impl Text {
    pub(super) fn new(text: String, secret: bool) -> Self {
        Self { text, secret }
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it must not be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.secret
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.text
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned(), false)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.secret { f.write_str("[redacted]") } else { fmt::Debug::fmt(&self.text, f) }
    }
}
