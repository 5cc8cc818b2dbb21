//! Amazon S3 and the stores that speak its protocol (docs.aws.amazon.com/AmazonS3/latest/API).

mod listing;
mod place;
mod signature;

use std::env;

use async_trait::async_trait;
use jiff::Timestamp;
use parking_lot::Mutex;
use stagedoor_outbound::{Call, Reply};
use url::Url;

use self::place::{Bucket, Store, is_bucket};
use self::signature::{Keys, signed};
use super::address::{base, host, strange};
use super::credential::file;
use super::{CodeHost, Entry, File, Listing};
use crate::client::{Client, host_of, now, shown};
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;

/// Its key in `integrations`.
pub(crate) const KEY: &str = "awsS3";
const HOST: &str = "amazonaws.com";

/// A thousand objects each.
const MAX_PAGES: usize = 1_000;

/// A store with keys; without any only what is public can be read.
pub(crate) struct AwsS3 {
    host: String,
    store: Store,
    as_folders: bool,
    keys: Option<Keys>,
    slower: Slower,
}

/// Reads `integrations.awsS3`; Amazon's store is there without an entry.
pub(crate) fn make(fields: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Vec<Box<dyn CodeHost>> {
    let read = |entry: &Fields<'_>| AwsS3::new(entry, problems);
    let mut made: Vec<AwsS3> = fields.list().iter().filter_map(read).collect();
    if !made.iter().any(|known| known.host == HOST) {
        made.extend(AwsS3::new(&Fields::at(None, &[]), &mut Vec::new()));
    }
    made.into_iter().map(|known| Box::new(known) as Box<dyn CodeHost>).collect()
}

impl AwsS3 {
    fn new(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let store = match entry.get("endpoint") {
            endpoint if endpoint.is_there() => {
                let endpoint = base(&endpoint, "", problems)?;
                if endpoint.path() != "/" {
                    entry.get("endpoint").wrong(problems, "a URL without a path is expected");
                    return None;
                }
                Store::Other { endpoint }
            }
            _ => match host(&entry.get("host"), Some(HOST), problems)? {
                host if host == HOST || host == "amazonaws.com.cn" => Store::Amazon { host },
                host => Store::Other { endpoint: Url::parse(&format!("https://{host}/")).ok()? },
            },
        };
        for key in ["roleArn", "externalId"] {
            if entry.get(key).is_there() {
                let message = "roles are not assumed: expected are accessKeyId and secretAccessKey that may read the bucket";
                entry.get(key).wrong(problems, message);
            }
        }
        let as_folders = entry.get("s3ForcePathStyle").flag(false, problems);
        let text = |key: &str, problems: &mut Vec<ConfigProblem>| entry.get(key).text(problems);
        let keys = match (text("accessKeyId", problems), text("secretAccessKey", problems)) {
            (Some(id), Some(secret)) => Some(Keys { id, secret, session: text("sessionToken", problems) }),
            (None, None) if matches!(store, Store::Amazon { .. }) => from_environment(),
            (None, None) => None,
            _ => {
                entry.wrong(problems, "accessKeyId and secretAccessKey are expected together");
                return None;
            }
        };
        Some(Self { host: store.host(), store, as_folders, keys, slower: Slower::default() })
    }

    /// Whether it can read more than what is public.
    pub(crate) fn has_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// The bucket of a provider.
    pub(crate) fn bucket(&self, name: &str, region: Option<&str>) -> Option<S3Bucket> {
        is_bucket(name).then(|| S3Bucket(self.store.bucket(name, region, self.as_folders)))
    }

    /// Every object whose key begins with a prefix: key and tag.
    pub(crate) async fn objects(
        &self,
        client: &Client,
        bucket: &S3Bucket,
        prefix: &str,
    ) -> Result<Vec<(String, Option<String>)>, HostError> {
        let mut objects = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut pairs = Vec::new();
            pairs.extend(token.as_deref().map(|token| ("continuation-token", token)));
            pairs.extend([("encoding-type", "url"), ("list-type", "2"), ("prefix", prefix)]);
            let url = bucket.0.list(&pairs).ok_or_else(|| nowhere(bucket, prefix))?;
            let reply = self.send(client, &bucket.0, &url, None).await?;
            let wrong = |what: String| {
                HostError::Unreachable(format!("{} answered with no complete listing: {what}", shown(&url)))
            };
            let text = std::str::from_utf8(&reply.body).map_err(|error| wrong(error.to_string()))?;
            let page = listing::read(text).map_err(wrong)?;
            objects.extend(page.objects);
            match page.next {
                None => return Ok(objects),
                next if next == token => return Err(wrong("the next page is this one".to_owned())),
                next => token = next,
            }
        }
        let name = &bucket.0.name;
        Err(HostError::Unreachable(format!(
            "{name} has more than {MAX_PAGES} pages of objects below \"{prefix}\""
        )))
    }

    async fn send(
        &self,
        client: &Client,
        bucket: &Bucket,
        url: &Url,
        etag: Option<&str>,
    ) -> Result<Reply, HostError> {
        let mut headers: Vec<(&'static str, String)> = match &self.keys {
            Some(keys) => signed(keys, &bucket.region, url, &[], Timestamp::now()),
            None => Vec::new(),
        };
        headers.extend(etag.map(|tag| ("if-none-match", tag.to_owned())));
        let host = host_of(url);
        let reply = client.exchange(&host, url, Call { headers, ..Call::default() }).await?;
        if is_too_fast(&reply) {
            return Err(client.hold(&host, self.slower.until(now())));
        }
        self.slower.well();
        client.judged(url, reply)
    }
}

/// One bucket of a store.
pub(crate) struct S3Bucket(Bucket);

impl S3Bucket {
    /// The URL of an object; none where no URL can name it.
    pub(crate) fn url(&self, key: &str) -> Option<Url> {
        self.0.object(key)
    }
}

/// "Reduce your request rate" (AmazonS3/latest/API/ErrorResponses.html): the one refusal that ends by waiting.
fn is_too_fast(reply: &Reply) -> bool {
    reply.status == 503 && reply.body.windows(16).any(|part| part == b"<Code>SlowDown</".as_slice())
}

/// How long a store is left alone that wants fewer requests: it says no time, so ever longer while it says so.
#[derive(Default)]
struct Slower {
    /// The pause, in seconds, and when it ends.
    pause: Mutex<(i64, i64)>,
}

impl Slower {
    const FIRST: i64 = 2;
    const LONGEST: i64 = 300;

    /// When the store may be asked again, which said now that it was asked too often.
    fn until(&self, now: i64) -> i64 {
        let mut pause = self.pause.lock();
        // Answers to requests that were under way together are one refusal.
        if pause.1 <= now {
            let next = (pause.0 * 2).clamp(Self::FIRST, Self::LONGEST);
            *pause = (next, now + next);
        }
        pause.1
    }

    /// It has answered.
    fn well(&self) {
        let mut pause = self.pause.lock();
        // One that was under way when another was refused says nothing.
        if pause.1 <= now() {
            *pause = (0, 0);
        }
    }
}

/// The names that Amazon's own programs read, for its own store only.
fn from_environment() -> Option<Keys> {
    let text = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let (id, secret) = (text("AWS_ACCESS_KEY_ID")?, text("AWS_SECRET_ACCESS_KEY")?);
    Some(Keys { id, secret, session: text("AWS_SESSION_TOKEN") })
}

fn nowhere(bucket: &S3Bucket, key: &str) -> HostError {
    HostError::NotFound(format!("no URL names \"{key}\" in {}", bucket.0.name))
}

#[async_trait]
impl CodeHost for AwsS3 {
    fn kind(&self) -> &'static str {
        KEY
    }

    fn host(&self) -> &str {
        &self.host
    }

    /// Not Amazon's own names: some of them lead into a private network, to machines that are no store.
    fn reaches(&self) -> Vec<String> {
        match &self.store {
            Store::Amazon { .. } => Vec::new(),
            Store::Other { endpoint } => {
                let buckets =
                    endpoint.domain().filter(|_| !self.as_folders).map(|_| format!("*.{}", self.host));
                [Some(self.host.clone()), buckets].into_iter().flatten().collect()
            }
        }
    }

    fn owns(&self, url: &Url) -> bool {
        self.store.owns(url)
    }

    async fn read(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<File, HostError> {
        let (bucket, key) = self.store.object(url, self.as_folders)?;
        if key.is_empty() || key.ends_with('/') {
            return Err(strange(url));
        }
        let url = bucket.object(&key).ok_or_else(|| strange(url))?;
        Ok(file(self.send(client, &bucket, &url, etag).await?, etag))
    }

    /// The version of a file is its tag. A listing has none of its own.
    async fn list(&self, client: &Client, url: &Url, _: Option<&str>) -> Result<Listing, HostError> {
        let (bucket, prefix) = self.store.object(url, self.as_folders)?;
        let prefix = if prefix.is_empty() || prefix.ends_with('/') { prefix } else { format!("{prefix}/") };
        let objects = self.objects(client, &S3Bucket(bucket), &prefix).await?;
        let entry = |(key, version): (String, Option<String>)| {
            let path = key.strip_prefix(&prefix).filter(|path| !path.is_empty() && !path.ends_with('/'))?;
            Some(Entry { path: path.to_owned(), version, executable: false })
        };
        Ok(Listing { entries: Some(objects.into_iter().filter_map(entry).collect()), etag: None })
    }
}

#[cfg(test)]
mod tests {
    use super::Slower;

    #[test]
    fn pauses_grow_while_a_store_wants_fewer_requests() {
        let slower = Slower::default();
        assert_eq!(slower.until(100), 102);
        assert_eq!(slower.until(101), 102, "the same refusal");
        assert_eq!(slower.until(102), 106);
        assert_eq!(
            (3..12).fold(106, |now, _| slower.until(now)),
            106 + 8 + 16 + 32 + 64 + 128 + 256 + 300 * 3
        );
        slower.well();
        assert_eq!(slower.until(10_000), 10_002);
    }
}
