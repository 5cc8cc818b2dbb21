//! Who lets the first administrator in: a link on standard output, for whoever started the program.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use stagedoor_model::Timestamp;
use stagedoor_portal::{Portal, operator_link};

use crate::config::{self, Config, Environment};
use crate::database::{self, DatabaseOptions};

/// Between two looks for sessions and links that are over.
const SWEEP: Duration = Duration::from_secs(30 * 60);

/// Prints a setup link where no administrator can sign in yet. A start that fails to is a start all the same.
pub(crate) async fn print_setup_link(portal: &Portal, bound: SocketAddr, scheme: &str) {
    match portal.setup_link().await {
        Ok(None) => {}
        Ok(Some(link)) => {
            let base = reachable(portal.identity().base_url.as_deref(), bound, scheme);
            let words = "No administrator can sign in yet. Become one, once and within 24 hours:";
            // Whoever waited for the first line may have gone: that is no reason to stop.
            let _ = writeln!(std::io::stdout(), "{words}\n  {base}/welcome#{}", link.secret.reveal());
        }
        Err(error) => tracing::warn!(%error, "no setup link could be made: stagedoor admin-link makes one"),
    }
}

/// `stagedoor admin-link`: prints a link that makes whoever opens it administrator.
///
/// # Errors
/// When the configuration is wrong or the database cannot be written.
#[expect(clippy::print_stdout, reason = "the outcome of a command")]
pub fn admin_link(options: &DatabaseOptions) -> anyhow::Result<()> {
    let environment = Environment::of_process();
    let wrong = |wrong| anyhow::anyhow!("the configuration is wrong:\n{wrong}");
    let config = config::load(&options.config, &environment).map_err(wrong)?;
    let database = database::of(options.database_url.as_deref(), options.data_dir.as_deref(), &config)?;
    let link = operator_link()?;
    database.put_setting(&link.setting, &link.value)?;
    println!("{}/welcome#{}", address_of(&config), link.secret.reveal());
    Ok(())
}

/// Where the portal is reached, as far as the configuration says.
fn address_of(config: &Config) -> String {
    let scheme = if config.wire.tls.is_some() { "https" } else { "http" };
    let port = config.listen.as_ref().and_then(|listen| listen.port).unwrap_or(7007);
    reachable(config.base_url.as_deref(), SocketAddr::from(([127, 0, 0, 1], port)), scheme)
}

/// The public address; the socket's own where that is none, or one of this machine, at which something else may listen.
fn reachable(public: Option<&str>, bound: SocketAddr, scheme: &str) -> String {
    let local = |url: &str| {
        let host = url.parse::<http::Uri>().ok().and_then(|url| url.host().map(str::to_owned));
        host.is_none_or(|host| matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]"))
    };
    match public.filter(|url| !local(url)) {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None if bound.ip().is_unspecified() => format!("{scheme}://localhost:{}", bound.port()),
        None => format!("{scheme}://{bound}"),
    }
}

/// Removes what is over, now and then, for as long as the portal runs.
pub(crate) async fn sweep(portal: Portal) {
    loop {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
        match portal.sweep_sign_ins(now).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "sessions and links that were over are gone"),
            Err(error) => tracing::debug!(%error, "sessions and links that are over stay for now"),
        }
        tokio::time::sleep(SWEEP).await;
    }
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn the_link_leads_to_where_the_portal_is() {
        for (public, bound, link) in [
            (Some("https://portal.example.com/"), "10.0.0.1:7007", "https://portal.example.com"),
            (Some("http://localhost:3000"), "127.0.0.1:7007", "http://127.0.0.1:7007"),
            (None, "0.0.0.0:7007", "http://localhost:7007"),
            (None, "[::1]:7007", "http://[::1]:7007"),
        ] {
            assert_eq!(reachable(public, bound.parse().unwrap(), "http"), link);
        }
    }
}
