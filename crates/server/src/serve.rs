//! `stagedoor serve`: start, run, stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use stagedoor_auth::Credentials;
use stagedoor_outbound::AllowList;
use stagedoor_portal::Portal;
use stagedoor_store_sql::Database;
use tokio::net::TcpListener;

use crate::config::{self, Config, Environment, WireConfig};
use crate::gate::Gate;
use crate::options::Options;
use crate::signing_key::SigningKey;
use crate::telemetry::Watch;
use crate::tls::Tls;
use crate::{database, first_start, http_stack, runs, secrets, wire, wiring};

/// Requests under way get this long after a stop signal.
const GRACE: Duration = Duration::from_secs(8);

/// Runs until a stop signal.
///
/// # Errors
/// When the configuration is wrong, the address taken or the database unusable. Nothing has been written then.
pub async fn serve(options: Options) -> anyhow::Result<()> {
    let environment = Environment::of_process();
    let config = config::load(&options.config, &environment).map_err(|wrong| {
        // A warning often explains the error: an unset variable, a misspelt key.
        wrong.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        anyhow::anyhow!("the configuration is wrong:\n{wrong}")
    })?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let outbound = outbound(&config, &environment)?;
    let credentials = credentials(&environment)?;
    let address = address(&options, &config)?;
    let tls = config.wire.tls.as_ref().map(Tls::new).transpose()?.map(Arc::new);
    let listener = listen(&address, options.dev).await?;
    let bound = listener.local_addr()?;
    let watch = Watch::prepare(&environment, &config, options.dev).await?;
    let gate = Gate::default();
    if let Some(tls) = &tls {
        tokio::spawn(Arc::clone(tls).follow(certificate_of(options.config.clone(), environment)));
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut server = tokio::spawn(run(listener, gate.router(), config.wire.clone(), tls));
    let start = async {
        let (portal, app) = load(&options, &config, outbound, credentials, watch).await?;
        let watched = portal.clone();
        gate.watch(move || watched.unready());
        // The first reading is part of the first start; later ones happen while the catalog answers.
        if portal.is_empty() {
            portal.start_sources().await;
            gate.open(app);
        } else {
            gate.open(app);
            portal.start_sources().await;
        }
        portal.start_runs().await;
        announce(scheme, bound, options.dev);
        if !options.dev {
            first_start::print_setup_link(&portal, bound, scheme).await;
        }
        tokio::spawn(first_start::sweep(portal.clone()));
        anyhow::Ok(portal)
    };
    tokio::pin!(start);
    tokio::select! {
        started = &mut start => {
            let portal = started?;
            server.await??;
            portal.stop_runs().await;
            portal.flush().await;
            tokio::task::spawn_blocking(move || portal.leave()).await?;
        }
        ended = &mut server => ended??,
    }
    Ok(())
}

async fn load(
    options: &Options,
    config: &Config,
    outbound: AllowList,
    credentials: Option<Credentials>,
    watch: Watch,
) -> anyhow::Result<(Portal, Router)> {
    let database = database::of(options.database_url.as_deref(), options.data_dir.as_deref(), config)?;
    let mut sources = wiring::sources_config(config, outbound);
    if let Database::Sqlite(file) = &database {
        sources.readings = file.parent().map(Path::to_owned);
    }
    let environment = Environment::of_process();
    let mut secrets_key = secrets::find(config, &environment, &database)?;
    let (identity, sessions) = (wiring::identity(config), config.stagedoor.sessions);
    let runs = runs::config(config, &environment, &database, options.data_dir.as_deref());
    let (portal, key) = tokio::task::spawn_blocking(move || {
        let store = database.open()?;
        let jq = Arc::new(wiring::jq());
        let secrets = secrets_key.config();
        let options = stagedoor_portal::Options { sources, jq, identity, sessions, secrets, runs };
        let portal = Portal::open(Arc::clone(&store), options)?;
        let proven = secrets_key.keep()? || portal.keeps_secrets();
        let key = portal.with_secrets_key(|key| SigningKey::under(store.as_ref(), key, proven))?;
        anyhow::Ok((portal, key))
    })
    .await??;
    secrets::hide(&portal, &environment);
    portal.configure_templates(wiring::templates_config(config));
    portal.configure_insights(config.insights.clone());
    let authority = Arc::new(wiring::authority(&portal, &key, config, credentials, options.dev));
    let telemetry = watch.start(&portal);
    let info = wiring::portal_info(config, options.dev);
    let app = http_stack::configured_app(portal.clone(), authority, info, telemetry, &config.wire);
    let following = portal.clone();
    tokio::spawn(async move {
        stop_signal().await;
        following.end_feeds();
    });
    Ok((portal, app))
}

/// What the configuration says of the certificate now.
fn certificate_of(
    files: Vec<PathBuf>,
    environment: Environment,
) -> impl Fn() -> anyhow::Result<Option<config::Certificate>> {
    move || {
        let config = config::load(&files, &environment);
        Ok(config.map_err(|wrong| anyhow::anyhow!("the configuration is wrong:\n{wrong}"))?.wire.tls)
    }
}

async fn run(
    listener: TcpListener,
    app: Router,
    wire: WireConfig,
    tls: Option<Arc<Tls>>,
) -> anyhow::Result<()> {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let signal = async move {
        stop_signal().await;
        tracing::info!("stopping: no new connections, finishing requests");
        let _ = stop.send(());
    };
    let serving = wire::serve(listener, app, &wire, tls, signal);
    tokio::select! {
        result = serving => result.context("the HTTP server failed"),
        () = async { let _ = stopped.await; tokio::time::sleep(GRACE).await; } => {
            tracing::warn!("some requests did not finish in time");
            Ok(())
        }
    }
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

pub(crate) async fn listen(address: &str, dev: bool) -> anyhow::Result<TcpListener> {
    let mut candidates: Vec<SocketAddr> = tokio::net::lookup_host(address)
        .await
        .with_context(|| format!("cannot listen on \"{address}\": expected host:port"))?
        .collect();
    if dev && let Some(open) = candidates.iter().find(|a| !a.ip().is_loopback()) {
        bail!(
            "--dev makes everyone administrator, so it listens on this machine only: {open} is not a loopback address"
        );
    }
    // `localhost` may name both families: one is enough, and 127.0.0.1 is what people type.
    candidates.sort_by_key(SocketAddr::is_ipv6);
    let Some(first) = candidates.first() else { bail!("\"{address}\" names no address") };
    TcpListener::bind(first).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{first} is taken by another program: choose another address with --listen {}:{}",
            first.ip(),
            first.port().wrapping_add(1)
        ),
        _ => anyhow::anyhow!("cannot listen on {first}: {error}"),
    })
}

pub(crate) fn address(options: &Options, config: &Config) -> anyhow::Result<String> {
    if let Some(listen) = &options.listen {
        let port_only = listen.strip_prefix(':').map(|port| format!("127.0.0.1:{port}"));
        return Ok(port_only.unwrap_or_else(|| listen.clone()));
    }
    let listen = config.listen.clone().unwrap_or_default();
    // A stock app-config says only the port. Backstage then listens everywhere; local try-out mode must not.
    let host = listen.host.as_deref().unwrap_or("127.0.0.1").to_owned();
    Ok(format!("{host}:{}", listen.port.unwrap_or(7007)))
}

pub(crate) fn outbound(config: &Config, environment: &Environment) -> anyhow::Result<AllowList> {
    let text = environment.get("STAGEDOOR_OUTBOUND_ALLOW").unwrap_or_default();
    let from_environment: AllowList = text.parse().context("STAGEDOOR_OUTBOUND_ALLOW")?;
    Ok(config.stagedoor.outbound_allow.clone().and(from_environment))
}

fn credentials(environment: &Environment) -> anyhow::Result<Option<Credentials>> {
    let get = |name| environment.get(name).filter(|v| !v.is_empty());
    match (get("STAGEDOOR_CLIENT_ID"), get("STAGEDOOR_CLIENT_SECRET")) {
        (Some(id), Some(secret)) => match Credentials::new(id, secret) {
            Some(credentials) => Ok(Some(credentials)),
            None => bail!("STAGEDOOR_CLIENT_ID and STAGEDOOR_CLIENT_SECRET must not be empty"),
        },
        (None, None) => Ok(None),
        (Some(_), None) => bail!("STAGEDOOR_CLIENT_ID is set and STAGEDOOR_CLIENT_SECRET is not"),
        (None, Some(_)) => bail!("STAGEDOOR_CLIENT_SECRET is set and STAGEDOOR_CLIENT_ID is not"),
    }
}

/// The one line that belongs on standard output.
#[expect(clippy::print_stdout, reason = "programs and people wait for this line")]
fn announce(scheme: &str, address: SocketAddr, dev: bool) {
    let note = if dev { "  (local try-out mode: everyone is administrator)" } else { "" };
    println!("Stagedoor is ready at {scheme}://{address}{note}");
}

/// Runs [`serve`] on a runtime of its own.
///
/// # Errors
/// As [`serve`].
pub fn run_blocking(options: Options) -> anyhow::Result<()> {
    no_core_dumps();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(serve(options));
    // A reader of sources may still be asleep; it holds nothing that is not stored.
    runtime.shutdown_timeout(Duration::from_millis(500));
    result
}

/// A dump of the memory would have every secret in it.
fn no_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        tracing::warn!(%error, "core dumps cannot be switched off");
    }
}
