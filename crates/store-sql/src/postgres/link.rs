//! One connection. Its tasks run on a small runtime of its own, only while somebody waits for an answer: there is
//! no thread of the driver's.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, Notification, Statement};

use super::failure::{Failure, Outcome};
use super::target::Target;

/// A connection, and what came over it unasked.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) notifications: UnboundedReceiver<Notification>,
    statements: HashMap<&'static str, Statement>,
}

/// The place of a connection: empty until it is first needed, and after it broke.
pub(super) struct Slot {
    /// Only `None` while it is dropped.
    runtime: Option<Runtime>,
    link: Option<Link>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.link = None;
        // The last owner of a store may be on a thread that must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Slot {
    pub(super) fn new() -> Outcome<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Failure::Lost(format!("no runtime: {e}")))?;
        Ok(Self { runtime: Some(runtime), link: None })
    }

    pub(super) fn is_open(&self) -> bool {
        self.link.is_some()
    }

    /// Does something over the connection, which is made where there is none. One that broke is given up.
    pub(super) fn run<T>(
        &mut self,
        target: &Target,
        work: impl AsyncFnOnce(&mut Link) -> Outcome<T>,
    ) -> Outcome<T> {
        let Some(runtime) = &self.runtime else { return Err(Failure::Lost("closed".to_owned())) };
        let link = &mut self.link;
        let outcome = runtime.block_on(async {
            let link = match link {
                Some(link) => link,
                None => link.insert(Link::open(target).await?),
            };
            work(link).await
        });
        if outcome.as_ref().is_err_and(Failure::is_lost) {
            self.link = None;
        }
        outcome
    }

    /// As [`Slot::run`], and once more where an old connection turns out to be broken. For what may be repeated.
    pub(super) fn run_again<T>(
        &mut self,
        target: &Target,
        work: impl AsyncFn(&mut Link) -> Outcome<T>,
    ) -> Outcome<T> {
        let old = self.is_open();
        match self.run(target, &work) {
            Err(Failure::Lost(_)) if old => self.run(target, &work),
            outcome => outcome,
        }
    }
}

/// What every connection is told first: that durable means durable, and that a client which is gone holds no lock.
const SETUP: &str = "SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off';
    SET idle_in_transaction_session_timeout = '5s'; SET lock_timeout = '30s'; SET statement_timeout = 0";

impl Link {
    async fn open(target: &Target) -> Outcome<Self> {
        // Whatever keeps a connection from being made is a database that cannot be reached.
        let refused = |e: tokio_postgres::Error| Failure::Lost(super::failure::words(&e));
        let (client, mut connection) = target.config.connect(target.tls.clone()).await.map_err(refused)?;
        let (sender, notifications) = unbounded_channel();
        tokio::spawn(async move {
            // An error ends the connection; whoever waits for an answer is told by the client.
            while let Some(Ok(message)) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notification(notification) = message {
                    // Nobody listens on most connections.
                    let _ = sender.send(notification);
                }
            }
        });
        client.batch_execute(SETUP).await?;
        Ok(Self { client, notifications, statements: HashMap::new() })
    }

    /// A prepared statement; the first use costs a round trip.
    pub(super) async fn statement(&mut self, sql: &'static str) -> Outcome<Statement> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }
}

/// A future to be run with others.
pub(super) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Sends all requests in this order without waiting, then waits for all answers.
pub(super) async fn in_order<T>(mut requests: Vec<Boxed<'_, T>>) -> Vec<T> {
    let mut answers: Vec<Option<T>> = requests.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        let mut waiting = false;
        for (request, answer) in requests.iter_mut().zip(&mut answers) {
            if answer.is_none() {
                match request.as_mut().poll(cx) {
                    Poll::Ready(value) => *answer = Some(value),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    answers.into_iter().flatten().collect()
}

/// Waits no longer than this for an answer; a connection that gives none is broken.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::Lost(format!("no answer within {} s", limit.as_secs_f32()))),
    }
}
