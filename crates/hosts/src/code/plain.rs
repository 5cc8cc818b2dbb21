//! Any web server: a URL is the file.

use async_trait::async_trait;
use stagedoor_outbound::Call;
use url::Url;

use super::{CodeHost, File, Listing};
use crate::client::Client;
use crate::error::HostError;

/// For URLs that belong to no host of the configuration.
pub(crate) struct Plain;

#[async_trait]
impl CodeHost for Plain {
    fn kind(&self) -> &'static str {
        "url"
    }

    fn host(&self) -> &'static str {
        ""
    }

    fn owns(&self, _: &Url) -> bool {
        true
    }

    async fn read(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<File, HostError> {
        let headers = etag.map(|tag| ("if-none-match", tag.to_owned())).into_iter().collect();
        let reply = client.send(url, Call { headers, ..Call::default() }).await?;
        let etag = reply.header("etag").or(etag).map(str::to_owned);
        Ok(File { body: (reply.status != 304).then_some(reply.body), etag })
    }

    async fn list(&self, _: &Client, url: &Url, _: Option<&str>) -> Result<Listing, HostError> {
        let host = crate::client::host_of(url);
        Err(HostError::Unreachable(format!(
            "{host} is no code host of the configuration, so files cannot be looked for there: name one file, or add the host to integrations"
        )))
    }
}
