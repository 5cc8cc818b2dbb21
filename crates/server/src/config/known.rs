//! The keys that Backstage knows, so that a mistyped one can be told from one that is merely not used here.

use Use::{NotYet, Read};

/// What becomes of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is read.
    Read,
    /// Backstage has it; Stagedoor does nothing with it yet.
    NotYet,
}

pub(super) type Keys = [(&'static str, Use)];

pub(super) const TOP: &Keys = &[
    ("app", Read),
    ("organization", Read),
    ("backend", Read),
    ("catalog", Read),
    ("stagedoor", Read),
    ("auth", Read),
    ("customTheme", NotYet),
    ("dynamicPlugins", NotYet),
    ("enabled", NotYet),
    ("events", Read),
    ("explore", NotYet),
    ("homepage", NotYet),
    ("integrations", Read),
    ("jenkins", NotYet),
    ("kafka", NotYet),
    ("kubernetes", Read),
    ("ldap", Read),
    ("lighthouse", NotYet),
    ("mcpActions", NotYet),
    ("newrelic", NotYet),
    ("notifications", NotYet),
    ("pagerDuty", NotYet),
    ("permission", NotYet),
    ("proxy", NotYet),
    ("rollbar", NotYet),
    ("scaffolder", Read),
    ("search", NotYet),
    ("sentry", NotYet),
    ("signals", NotYet),
    ("sonarqube", NotYet),
    ("techInsights", Read),
    ("techRadar", NotYet),
    ("techdocs", NotYet),
    ("userSettings", NotYet),
];

pub(super) const TECH_INSIGHTS: &Keys =
    &[("factChecker", Read), ("factRetrievers", NotYet), ("checksRunConcurrency", NotYet)];

pub(super) const FACT_CHECKER: &Keys = &[("checks", Read)];

pub(super) const APP: &Keys = &[
    ("title", Read),
    ("baseUrl", Read),
    ("analytics", NotYet),
    ("auth", NotYet),
    ("branding", NotYet),
    ("datadogRum", NotYet),
    ("experimental", NotYet),
    ("extensions", NotYet),
    ("googleAnalyticsTrackingId", NotYet),
    ("https", NotYet),
    ("listen", NotYet),
    ("packageBaseUrl", NotYet),
    ("packages", NotYet),
    ("pluginOverrides", NotYet),
    ("routes", NotYet),
    ("support", NotYet),
];

pub(super) const ORGANIZATION: &Keys = &[("name", Read)];

pub(super) const BACKEND: &Keys = &[
    ("baseUrl", Read),
    ("listen", Read),
    ("actions", NotYet),
    ("auditor", NotYet),
    ("auth", Read),
    ("cache", NotYet),
    ("cors", Read),
    ("csp", NotYet),
    ("database", NotYet),
    ("health", NotYet),
    ("https", Read),
    ("lifecycle", NotYet),
    ("logger", NotYet),
    ("metrics", NotYet),
    ("packages", NotYet),
    ("permission", NotYet),
    ("plugins", NotYet),
    ("rateLimit", NotYet),
    ("reading", NotYet),
    ("scheduler", NotYet),
    ("server", NotYet),
    ("trustProxy", Read),
    ("workingDirectory", NotYet),
];

pub(super) const AUTH: &Keys = &[
    ("providers", Read),
    ("allowedResolvers", NotYet),
    ("autologout", NotYet),
    ("backstageTokenExpiration", NotYet),
    ("clientIdMetadataDocuments", NotYet),
    ("environment", NotYet),
    ("experimentalClientIdMetadataDocuments", NotYet),
    ("experimentalDynamicClientRegistration", NotYet),
    ("experimentalExtraAllowedOrigins", NotYet),
    ("experimentalRefreshToken", NotYet),
    ("identityTokenAlgorithm", NotYet),
    ("keyStore", NotYet),
    ("omitIdentityTokenOwnershipClaim", NotYet),
    ("session", NotYet),
];

pub(super) const GUEST: &Keys =
    &[("userEntityRef", Read), ("ownershipEntityRefs", Read), ("dangerouslyAllowOutsideDevelopment", Read)];

pub(super) const SCAFFOLDER: &Keys = &[
    ("defaultEnvironment", Read),
    ("concurrentTasksLimit", NotYet),
    ("defaultAuthor", NotYet),
    ("defaultCommitMessage", NotYet),
    ("requireScmUserCredentials", NotYet),
    ("taskRecovery", NotYet),
    ("taskTimeout", NotYet),
    ("EXPERIMENTAL_recoverTasks", NotYet),
];

pub(super) const DEFAULT_ENVIRONMENT: &Keys = &[("parameters", Read), ("secrets", Read)];

pub(super) const BACKEND_AUTH: &Keys = &[
    ("externalAccess", Read),
    ("dangerouslyDisableDefaultAuthPolicy", NotYet),
    ("keys", NotYet),
    ("pluginKeyStore", NotYet),
];

pub(super) const HTTPS: &Keys = &[("certificate", Read)];

pub(super) const CERTIFICATE: &Keys = &[("cert", Read), ("key", Read)];

pub(super) const CORS: &Keys = &[
    ("origin", Read),
    ("methods", Read),
    ("allowedHeaders", Read),
    ("exposedHeaders", Read),
    ("credentials", Read),
    ("maxAge", Read),
    ("optionsSuccessStatus", NotYet),
    ("preflightContinue", NotYet),
];

pub(super) const RATES: &Keys =
    &[("period", Read), ("programs", Read), ("people", Read), ("addresses", Read), ("refusals", Read)];

pub(super) const LIMITS: &Keys = &[
    ("connections", Read),
    ("connectionsPerAddress", Read),
    ("headerSeconds", Read),
    ("idleSeconds", Read),
    ("requestSeconds", Read),
];

pub(super) const LISTEN: &Keys = &[("host", Read), ("port", Read)];

pub(super) const CATALOG: &Keys = &[
    ("locations", Read),
    ("rules", Read),
    ("defaultLocationConflictStrategy", Read),
    ("disableDefaultProcessors", NotYet),
    ("disableRelationsCompatibility", NotYet),
    ("enableRelationsCompatibility", NotYet),
    ("import", NotYet),
    ("orphanProviderStrategy", Read),
    ("orphanStrategy", NotYet),
    ("processingInterval", Read),
    ("processorOptions", NotYet),
    ("processors", NotYet),
    ("providerOptions", NotYet),
    ("providers", Read),
    ("readonly", Read),
    ("scmEvents", NotYet),
    ("stitchingStrategy", NotYet),
    ("useUrlReadersSearch", NotYet),
];

pub(super) const INTEGRATIONS: &Keys = &[
    ("awsS3", Read),
    ("azure", Read),
    ("bitbucketCloud", Read),
    ("bitbucketServer", Read),
    ("gerrit", Read),
    // Stagedoor's own.
    ("git", Read),
    ("gitea", Read),
    ("github", Read),
    ("gitlab", Read),
    ("awsCodeCommit", NotYet),
    ("azureBlobStorage", NotYet),
    ("bitbucket", NotYet),
    ("googleGcs", NotYet),
    ("harness", NotYet),
];

pub(super) const PROVIDERS: &Keys = &[
    ("awsS3", Read),
    ("azureDevOps", Read),
    ("bitbucketCloud", Read),
    ("bitbucketServer", Read),
    ("gerrit", Read),
    ("gitea", Read),
    ("github", Read),
    ("githubOrg", Read),
    ("gitlab", Read),
    ("ldapOrg", Read),
    ("microsoftGraphOrg", Read),
    ("azureBlob", NotYet),
    ("backstageOpenapi", NotYet),
    ("gcp", NotYet),
    ("puppetdb", NotYet),
];

pub(super) const LOCATION: &Keys = &[("type", Read), ("target", Read), ("rules", Read)];

pub(super) const RULE: &Keys = &[("allow", Read), ("locations", Read)];

pub(super) const ALLOWED_KIND: &Keys = &[("kind", Read), ("spec.type", Read)];

pub(super) const MATCHER: &Keys = &[("type", Read), ("exact", Read), ("pattern", Read)];

pub(super) const STAGEDOOR: &Keys = &[
    ("outbound", Read),
    ("dataDir", Read),
    ("databaseUrl", Read),
    ("secrets", Read),
    ("metrics", Read),
    ("sessions", Read),
    ("trustedProxies", Read),
    ("rateLimits", Read),
    ("frames", Read),
    ("ai", Read),
    ("kafka", Read),
    ("limits", Read),
    ("runs", Read),
    ("terraform", Read),
];

pub(super) const RUNS: &Keys = &[
    ("stepsAtOnce", Read),
    ("atOnce", Read),
    ("atOncePerEntity", Read),
    ("timeout", Read),
    ("stepTimeout", Read),
    ("attempts", Read),
    ("keep", Read),
    ("of", Read),
];

pub(super) const RUNS_OF: &Keys = &[
    ("atOnce", Read),
    ("atOncePerEntity", Read),
    ("timeout", Read),
    ("stepTimeout", Read),
    ("attempts", Read),
];

pub(super) const AI: &Keys =
    &[("baseUrl", Read), ("apiKey", Read), ("model", Read), ("timeoutSeconds", Read)];

pub(super) const KAFKA: &Keys = &[("brokers", Read), ("tls", Read), ("sasl", Read), ("topic", Read)];

pub(super) const TERRAFORM: &Keys = &[
    ("address", Read),
    ("token", Read),
    ("local", Read),
    ("program", Read),
    ("folders", Read),
    ("stateDir", Read),
    ("pluginDir", Read),
    ("pluginDownloads", Read),
    ("timeoutSeconds", Read),
];

pub(super) const SECRETS: &Keys = &[("key", Read), ("keyFile", Read), ("keyCommand", Read)];

pub(super) const METRICS: &Keys = &[("listen", Read)];

pub(super) const SESSIONS: &Keys = &[("idleHours", Read), ("absoluteHours", Read)];

pub(super) const OUTBOUND: &Keys = &[("allow", Read)];

/// The known key that `key` was probably meant to be.
pub(super) fn meant(key: &str, keys: &Keys) -> Option<&'static str> {
    let close = |known: &str| (distance(&key.to_lowercase(), &known.to_lowercase()), known.len());
    let (best, _) = keys.iter().min_by_key(|(known, _)| close(known))?;
    (close(best).0 <= if best.len() < 5 { 1 } else { 2 }).then_some(best)
}

/// How many letters must be changed, added or removed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
