//! Everything that is read outside: in tasks of its own, so that nobody waits for a slow host, and never too much at
//! once.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use stagedoor_hosts::{Discovery, Found, HostError, Hosts, Priority, Provider};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::event::Event;
use super::scope::Pending;

/// Targets that are read at once for schedules.
const AT_ONCE: usize = 8;
/// And for what somebody waits for: it does not queue behind the others.
const AT_ONCE_URGENT: usize = 4;
/// One target with wildcards may mean thousands of files; after this long it is given up.
const PATIENCE: Duration = Duration::from_secs(600);

/// The way outside.
pub(super) struct Fetcher {
    hosts: Option<Arc<Hosts>>,
    runtime: Handle,
    events: Sender<Event>,
    background: Arc<Semaphore>,
    urgent: Arc<Semaphore>,
}

/// What a job needs from outside.
#[derive(Clone)]
pub(super) enum Request {
    /// The files of a target.
    Target(Pending),
    /// What a placeholder names.
    Include(String),
    /// What a provider finds.
    Discover(Arc<dyn Provider>),
}

impl Fetcher {
    pub(super) fn new(hosts: Option<Arc<Hosts>>, runtime: Handle, events: Sender<Event>) -> Self {
        let lane = |at_once| Arc::new(Semaphore::new(at_once));
        Self { hosts, runtime, events, background: lane(AT_ONCE), urgent: lane(AT_ONCE_URGENT) }
    }

    /// What is known of the hosts.
    pub(super) fn hosts(&self) -> Option<&Arc<Hosts>> {
        self.hosts.as_ref()
    }

    /// Begins to read something; the answer is an event for the job.
    pub(super) fn send(&self, job: u64, request: Request, priority: Priority) {
        let (events, hosts) = (self.events.clone(), self.hosts.clone());
        let lane = if priority == Priority::Poll { &self.background } else { &self.urgent };
        let lane = Arc::clone(lane);
        let work = async move {
            match request {
                Request::Target(pending) => {
                    let target = pending.target.clone();
                    let read = in_task(PATIENCE, lane, async move { read(hosts, &target, priority).await });
                    Event::Fetched(job, pending, read.await)
                }
                Request::Include(url) => {
                    let target = url.clone();
                    let read = async move { one_text(read(hosts, &target, priority).await?) };
                    Event::Included(job, url, in_task(PATIENCE, lane, read).await)
                }
                Request::Discover(provider) => {
                    let patience = provider.schedule().timeout;
                    let discover = async move { discover(hosts, provider.as_ref(), priority).await };
                    Event::Discovered(job, in_task(patience, lane, discover).await)
                }
            }
        };
        // The thread ends with the portal; then nobody listens.
        self.runtime.spawn(async move { drop(events.send(work.await)) });
    }
}

/// Runs in a task of its own, for a panic in it must not leave the asker waiting.
async fn in_task<T: Send + 'static>(
    patience: Duration,
    lane: Arc<Semaphore>,
    work: impl Future<Output = Result<T, HostError>> + Send + 'static,
) -> Result<T, HostError> {
    let _turn = lane.acquire_owned().await;
    let given_up = || HostError::Unreachable(format!("given up after {} s", patience.as_secs()));
    let task = tokio::spawn(async move { tokio::time::timeout(patience, work).await });
    match task.await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(given_up()),
        Err(_) => Err(HostError::Unreachable("reading it failed unexpectedly".to_owned())),
    }
}

fn switched_off() -> HostError {
    HostError::Unreachable("outbound calls are switched off".to_owned())
}

async fn read(hosts: Option<Arc<Hosts>>, target: &str, priority: Priority) -> Result<Vec<Found>, HostError> {
    hosts.ok_or_else(switched_off)?.read(target, priority).await
}

async fn discover(
    hosts: Option<Arc<Hosts>>,
    provider: &dyn Provider,
    priority: Priority,
) -> Result<Discovery, HostError> {
    provider.discover(hosts.ok_or_else(switched_off)?.as_ref(), priority).await
}

/// The text of a target that means one file.
pub(crate) fn one_text(found: Vec<Found>) -> Result<String, HostError> {
    let [file] = found.as_slice() else {
        return Err(HostError::Unreachable("it names more than one file".to_owned()));
    };
    String::from_utf8(file.body.to_vec())
        .map_err(|_| HostError::Unreachable(format!("{} is not UTF-8 text", file.url)))
}
