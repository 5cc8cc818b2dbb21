//! The objects of a bucket: each of them is a catalog file.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;

use super::named::{named, once};
use super::scope;
use super::{Discovery, Provider, ProviderEvent};
use crate::budget::Priority;
use crate::code::CodeHost as _;
use crate::code::aws_s3::{AwsS3, KEY};
use crate::config::ConfigProblem;
use crate::documents::location;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::schedule::Schedule;

/// One bucket, or the part of it below a prefix.
struct Bucket {
    id: String,
    /// The host of the entry in `integrations` that is asked.
    host: String,
    name: String,
    prefix: String,
    region: Option<String>,
    schedule: Schedule,
}

/// Reads `catalog.providers.awsS3`: one entry, or several by their names.
pub(crate) fn make(
    fields: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    // The first of `integrations`; there always is one.
    let host = hosts.of_kind(KEY).find_map(|host| (host as &dyn Any).downcast_ref::<AwsS3>());
    let Some(host) = host else { return Vec::new() };
    let read = |(id, entry): (&str, Fields<'_>)| {
        let name = entry.get("bucketName").required(problems)?;
        let region = entry.get("region").text(problems);
        if host.bucket(&name, region.as_deref()).is_none() {
            entry.get("bucketName").wrong(problems, "the name of a bucket is expected");
            return None;
        }
        if entry.get("accountId").is_there() && !host.has_keys() {
            let message = "keys are not looked up by account: put accessKeyId and secretAccessKey into integrations.awsS3";
            entry.get("accountId").wrong(problems, message);
        }
        Some(Arc::new(Bucket {
            id: format!("awsS3-provider:{id}"),
            host: host.host().to_owned(),
            name,
            prefix: entry.get("prefix").text(problems).unwrap_or_default(),
            region,
            schedule: Schedule::read(&entry.get("schedule"), problems),
        }) as Arc<dyn Provider>)
    };
    named(fields, "bucketName").into_iter().filter_map(read).collect()
}

#[async_trait]
impl Provider for Bucket {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "awsS3"
    }

    fn target(&self) -> String {
        format!("{}/{} on {}", self.name, self.prefix, self.host)
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError> {
        let (host, client) = scope::reach::<AwsS3>(hosts, KEY, &self.host, priority)?;
        let bucket = host.bucket(&self.name, self.region.as_deref());
        let bucket = bucket.ok_or_else(|| HostError::NotFound(format!("{} is no bucket", self.name)))?;
        let objects = host.objects(&client, &bucket, &self.prefix).await?;
        let mut missed = None;
        let mut found = Vec::new();
        for (key, _) in objects.into_iter().filter(|(key, _)| !key.ends_with('/')) {
            match bucket.url(&key) {
                Some(url) => found.push(location(url.as_str(), false)),
                None => drop(missed.get_or_insert(format!("no URL names \"{key}\" in {}", self.name))),
            }
        }
        Ok(Discovery { found: once(found), missed })
    }

    /// Its notifications go to queues, not to an address.
    fn concerns(&self, _: &ProviderEvent) -> bool {
        false
    }
}
