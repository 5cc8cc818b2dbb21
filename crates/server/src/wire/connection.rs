//! Connections: as many as may be, each as long as it gets anywhere.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::{HeaderValue, Request, header};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use super::body::{Late, Patient, time_for};
use super::io::Io;
use super::pace::{Pace, Verdict};
use super::refusal::{Asked, Why};
use crate::authentication::Peer;
use crate::config::{Limits, WireConfig};
use crate::telemetry;
use crate::tls::Tls;

/// The head of a request. Tokens are up to 32 KiB, and filters stand in the address.
const HEAD: usize = 96 * 1024;
/// What is held in memory of one direction of a connection, at most.
const BUFFER: usize = 128 * 1024;
/// Files that the process needs besides its connections.
const OTHER_FILES: u64 = 256;
/// Where nothing says how many files may be open.
const MANY: usize = 10_000;

/// Serves `app` on `listener` until `stop`; then takes no new connections and ends when all are done.
///
/// Each request has [`ConnectInfo<Peer>`] in its extensions.
///
/// # Errors
/// When the socket can no longer be used.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    wire: &WireConfig,
    tls: Option<Arc<Tls>>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (closing, closed) = watch::channel(());
    let shared = Arc::new(Shared { app, limits: wire.limits, tls, open: Open::new(wire) });
    let mut stop = pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    not_accepted(&error).await;
                    continue;
                }
            },
            () = stop.as_mut() => break,
        };
        let address = address.ip().to_canonical();
        // Closed without a word: an answer would cost what the limit is to save.
        let Some(place) = Open::enter(&shared, address) else { continue };
        tokio::spawn(connection(stream, address, place, closed.clone()));
    }
    drop((listener, closed));
    let _ = closing.send(());
    closing.closed().await;
    Ok(())
}

async fn not_accepted(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        // Mostly no file is left. Some will be closed in the meantime.
        tracing::error!(%error, "a connection could not be taken");
        sleep(Duration::from_secs(1)).await;
    }
}

struct Shared {
    app: Router,
    limits: Limits,
    tls: Option<Arc<Tls>>,
    open: Open,
}

/// The connections that are open.
struct Open {
    most: usize,
    most_of_one: usize,
    trusted: crate::authentication::TrustedProxies,
    now: Mutex<Count>,
}

#[derive(Default)]
struct Count {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection among those that may be.
struct Place {
    shared: Arc<Shared>,
    address: IpAddr,
}

impl Open {
    fn new(wire: &WireConfig) -> Self {
        let files = telemetry::most_files().map(|files| files.saturating_sub(OTHER_FILES));
        let possible = files.and_then(|files| usize::try_from(files).ok()).unwrap_or(MANY);
        Self {
            most: wire.limits.connections.unwrap_or(possible).max(1),
            most_of_one: wire.limits.connections_per_address,
            trusted: wire.proxies.clone(),
            now: Mutex::default(),
        }
    }

    fn enter(shared: &Arc<Shared>, address: IpAddr) -> Option<Place> {
        let open = &shared.open;
        let mut now = open.now.lock();
        let of_one = now.by_address.get(&address).copied().unwrap_or(0);
        if now.all >= open.most || (of_one >= open.most_of_one && !open.trusted.trust(address)) {
            return None;
        }
        now.all += 1;
        now.by_address.insert(address, of_one + 1);
        Some(Place { shared: Arc::clone(shared), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut now = self.shared.open.now.lock();
        now.all -= 1;
        if let Some(of_one) = now.by_address.get_mut(&self.address) {
            *of_one -= 1;
            if *of_one == 0 {
                now.by_address.remove(&self.address);
            }
        }
    }
}

async fn connection(stream: TcpStream, address: IpAddr, place: Place, closed: watch::Receiver<()>) {
    // Without it a small answer may wait for the acknowledgement of the last one.
    let _ = stream.set_nodelay(true);
    let shared = Arc::clone(&place.shared);
    match &shared.tls {
        None => requests(stream, address, &shared, closed).await,
        Some(tls) => {
            // A handshake that fails or takes for ever is the client's business.
            if let Ok(Ok(stream)) = timeout(shared.limits.header, tls.accept(stream)).await {
                requests(stream, address, &shared, closed).await;
            }
        }
    }
    drop(place);
}

async fn requests<S>(stream: S, address: IpAddr, shared: &Shared, mut closed: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pace = Arc::new(Pace::new(&shared.limits));
    let service = Served {
        app: shared.app.clone(),
        peer: Peer(address),
        pace: Arc::clone(&pace),
        limits: shared.limits,
    };
    let mut http = http1::Builder::new();
    http.header_read_timeout(None).max_buf_size(BUFFER).max_header_size(HEAD);
    let io = Io::new(stream, Arc::clone(&pace));
    // A connection that becomes a WebSocket is served on by whoever upgraded it, and by no limit here any more.
    let mut running = pin!(http.serve_connection(io, service).with_upgrades());
    let mut look = pin!(sleep(shared.limits.header));
    let mut stopping = false;
    loop {
        tokio::select! {
            // What goes wrong on a connection is its client's doing: it is counted nowhere and told nobody.
            _ = running.as_mut() => return,
            () = look.as_mut() => match pace.verdict() {
                Verdict::Fine(again) => look.as_mut().reset(tokio::time::Instant::now() + again),
                Verdict::Over => return,
            },
            _ = closed.changed(), if !stopping => {
                stopping = true;
                running.as_mut().graceful_shutdown();
            }
        }
    }
}

/// The application as one connection's requests reach it.
struct Served {
    app: Router,
    peer: Peer,
    pace: Arc<Pace>,
    limits: Limits,
}

impl hyper::service::Service<Request<Incoming>> for Served {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.pace.serving();
        let pace = Arc::clone(&self.pace);
        let app = self.app.clone();
        let mut limit = self.limits.request;
        let late = (!request.body().is_end_stream()).then(Late::default);
        let (mut parts, incoming) = request.into_parts();
        parts.extensions.insert(ConnectInfo(self.peer));
        let asked = Asked::of(&parts.method, &parts.uri);
        let body = match &late {
            None => Body::empty(),
            Some(late) => {
                let size = incoming.size_hint();
                limit += time_for(size.exact().unwrap_or(crate::http_stack::LARGEST_BODY as u64));
                Body::new(Patient::new(incoming, self.limits.header, late.clone()))
            }
        };
        let answer = app.oneshot(Request::from_parts(parts, body));
        Box::pin(async move {
            let answer = timeout(limit, answer).await;
            pace.answered();
            Ok(match answer {
                _ if late.is_some_and(|late| late.is_set()) => last(asked.refuse(Why::SlowBody)),
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => last(asked.refuse(Why::TooLong)),
            })
        })
    }
}

/// An answer after which nothing more is read.
fn last(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
