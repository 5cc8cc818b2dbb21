//! Which object a URL of a store means, and where it is asked for.

use url::Url;

use crate::client::host_of;
use crate::code::address::{decoded, encoded, strange};
use crate::error::HostError;

/// Where requests go when nothing says otherwise, as in Amazon's own programs.
pub(super) const REGION: &str = "us-east-1";

/// One bucket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) region: String,
    /// Scheme, host and, where buckets are folders, the bucket. Without a slash at its end.
    base: String,
}

/// A store: Amazon's, or another one that speaks its protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Store {
    /// `amazonaws.com` or `amazonaws.com.cn`.
    Amazon { host: String },
    /// One endpoint.
    Other { endpoint: Url },
}

impl Store {
    /// The host that its entry is known by.
    pub(super) fn host(&self) -> String {
        match self {
            Self::Amazon { host } => host.clone(),
            Self::Other { endpoint } => host_of(endpoint),
        }
    }

    /// Whether a URL is one of its objects.
    pub(super) fn owns(&self, url: &Url) -> bool {
        let host = host_of(url);
        match self {
            Self::Amazon { host: own } => amazon(&host, own).is_some(),
            Self::Other { .. } => {
                let own = self.host();
                host == own || host.strip_suffix(&own).is_some_and(|bucket| bucket.ends_with('.'))
            }
        }
    }

    /// The bucket by its name. The host has it in front where nothing speaks against that: names with a dot are none
    /// that a certificate would fit.
    pub(super) fn bucket(&self, name: &str, region: Option<&str>, as_folder: bool) -> Bucket {
        let region = region.unwrap_or(REGION).to_owned();
        let (scheme, host) = match self {
            Self::Amazon { host } => ("https", format!("s3.{region}.{host}")),
            Self::Other { endpoint } => (endpoint.scheme(), host_of(endpoint)),
        };
        let in_host = !as_folder && is_label(name);
        let base =
            if in_host { format!("{scheme}://{name}.{host}") } else { format!("{scheme}://{host}/{name}") };
        Bucket { name: name.to_owned(), region, base }
    }

    /// The bucket and the key of a URL. Buckets are in the host or are folders; a folder's key ends with `/`.
    pub(super) fn object(&self, url: &Url, as_folder: bool) -> Result<(Bucket, String), HostError> {
        let host = host_of(url);
        let (in_host, region) = match self {
            Self::Amazon { host: own } => amazon(&host, own).ok_or_else(|| strange(url))?,
            Self::Other { .. } => (host.strip_suffix(&format!(".{}", self.host())).map(str::to_owned), None),
        };
        let path = url.path().strip_prefix('/').unwrap_or_default();
        let (name, key, as_folder) = match in_host.filter(|_| !as_folder) {
            Some(name) => (name, path, false),
            None => {
                let (name, key) = path.split_once('/').ok_or_else(|| strange(url))?;
                (name.to_owned(), key, true)
            }
        };
        let key = decoded(key).filter(|key| is_sendable(key)).ok_or_else(|| strange(url))?;
        if !is_bucket(&name) {
            return Err(strange(url));
        }
        Ok((self.bucket(&name, region.as_deref(), as_folder), key))
    }
}

impl Bucket {
    /// The URL of an object, in the form that is signed. None where no URL can name it.
    pub(super) fn object(&self, key: &str) -> Option<Url> {
        if !is_sendable(key) {
            return None;
        }
        Url::parse(&format!("{}/{}", self.base, encoded(key, "/"))).ok()
    }

    /// The address that lists it, with a query that is sorted.
    pub(super) fn list(&self, pairs: &[(&str, &str)]) -> Option<Url> {
        let query: Vec<String> =
            pairs.iter().map(|(k, v)| format!("{}={}", encoded(k, ""), encoded(v, ""))).collect();
        Url::parse(&format!("{}/?{}", self.base, query.join("&"))).ok()
    }
}

/// Bucket and region in a host of Amazon's: `bucket.s3.region.amazonaws.com`, `s3-region.amazonaws.com`.
fn amazon(host: &str, own: &str) -> Option<(Option<String>, Option<String>)> {
    let rest = host.strip_suffix(own)?.strip_suffix('.')?;
    let is_region = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let is_service = |text: &str| text == "s3" || text.starts_with("s3-");
    // The region, where there is one, is the last part, or belongs to the service's name.
    let (before, region) = match rest.rsplit_once('.') {
        Some((before, last)) if !is_service(last) => {
            (before, Some(last).filter(|last| is_region(last))?.into())
        }
        _ => (rest, None::<&str>),
    };
    let (bucket, service) = match before.rsplit_once('.') {
        Some((bucket, service)) => (Some(bucket), service),
        None => (None, before),
    };
    let region = match (service.strip_prefix("s3")?, region) {
        ("", region) => region,
        (old, None) => Some(old.strip_prefix('-').filter(|old| is_region(old))?),
        _ => return None,
    };
    Some((bucket.map(str::to_owned), region.map(str::to_owned)))
}

/// docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, and the underscores of other stores.
pub(super) fn is_bucket(name: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    (1..=255).contains(&name.len()) && name.bytes().all(known) && name != "." && name != ".."
}

fn is_label(name: &str) -> bool {
    name.len() <= 63 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Clients resolve `.` and `..`, so that another object would be asked for.
fn is_sendable(key: &str) -> bool {
    key.split('/').all(|name| name != "." && name != "..")
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::Store;

    fn object(store: &Store, url: &str, as_folder: bool) -> Option<(String, String, String, String)> {
        let url = Url::parse(url).unwrap();
        let (bucket, key) = store.owns(&url).then(|| store.object(&url, as_folder).ok()).flatten()?;
        let asked = bucket.object(&key)?.to_string();
        Some((bucket.name, bucket.region, key, asked))
    }

    #[test]
    fn every_address_of_an_object() {
        let amazon = Store::Amazon { host: "amazonaws.com".to_owned() };
        let other = Store::Other { endpoint: Url::parse("http://minio.example.com:9000").unwrap() };
        let virtual_url = "https://b.s3.eu-west-1.amazonaws.com/k/a%20b.yaml";
        for (store, url, region, asked) in [
            (&amazon, virtual_url, "eu-west-1", virtual_url),
            (&amazon, "https://b.s3-eu-west-1.amazonaws.com/k/a%20b.yaml", "eu-west-1", virtual_url),
            (
                &amazon,
                "https://b.s3.amazonaws.com/k/a%20b.yaml",
                "us-east-1",
                "https://b.s3.us-east-1.amazonaws.com/k/a%20b.yaml",
            ),
            (
                &amazon,
                "http://s3.eu-west-1.amazonaws.com/b/k/a%20b.yaml",
                "eu-west-1",
                "https://s3.eu-west-1.amazonaws.com/b/k/a%20b.yaml",
            ),
            (
                &other,
                "http://minio.example.com:9000/b/k/a%20b.yaml",
                "us-east-1",
                "http://minio.example.com:9000/b/k/a%20b.yaml",
            ),
            (
                &other,
                "https://b.minio.example.com:9000/k/a%20b.yaml",
                "us-east-1",
                "http://b.minio.example.com:9000/k/a%20b.yaml",
            ),
        ] {
            let want = ["b", region, "k/a b.yaml", asked].map(str::to_owned);
            assert_eq!(object(store, url, false), Some(want.into()), "{url}");
        }
        // A name with a dot has no certificate in front of the host.
        let (bucket, _) =
            amazon.object(&Url::parse("https://s3.amazonaws.com/a.b/k").unwrap(), false).unwrap();
        assert_eq!(bucket.object("k").unwrap().as_str(), "https://s3.us-east-1.amazonaws.com/a.b/k");
        let listed = bucket.list(&[("list-type", "2"), ("prefix", "a/ü")]).unwrap();
        assert_eq!(listed.as_str(), "https://s3.us-east-1.amazonaws.com/a.b/?list-type=2&prefix=a%2F%C3%BC");
    }

    #[test]
    fn what_is_no_object_is_none() {
        let amazon = Store::Amazon { host: "amazonaws.com".to_owned() };
        for url in [
            "https://amazonaws.com/b/k",
            "https://evil-s3.amazonaws.com.example.com/k",
            "https://sqs.eu-west-1.amazonaws.com/b/k",
            "https://b.s3.eu-west-1.evilamazonaws.com/k",
            "https://s3.amazonaws.com/b",
            "https://b.s3.amazonaws.com/a%2F..%2Fb",
            "https://s3.amazonaws.com/b%2Fc/k",
        ] {
            assert_eq!(object(&amazon, url, false), None, "{url}");
        }
        let other = Store::Other { endpoint: Url::parse("http://minio.example.com").unwrap() };
        assert!(!other.owns(&Url::parse("http://evilminio.example.com/b/k").unwrap()));
        let bucket = amazon.bucket("b", None, false);
        assert_eq!(bucket.object("a/../b"), None);
    }
}
