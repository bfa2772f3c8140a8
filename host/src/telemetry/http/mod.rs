//! The address at which metrics, health and status are to be had: plain GETs over HTTP/1.1, answered by one thread of its own.
//!
//! Whoever asks can cost the host nothing but that thread: so many connections at once, so many bytes and lines of a request's
//! head, so much time for the head and for all of it; one request a connection. Answers hold no secret and no record.

mod endpoints;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};

pub use self::endpoints::{ENDPOINTS, Endpoint};
use super::counting::Telemetry;
use super::log::events;
use crate::limits::{HTTP_CONNECTIONS, HTTP_HEAD_BYTES, HTTP_HEAD_LINES, HTTP_HEAD_SECONDS, HTTP_SECONDS};

/// How long to wait when the system has no connection to give, for want of file descriptors for example.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// How long answers that are under way may take once the server is stopped.
const GRACE: Duration = Duration::from_secs(1);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can't be listened on.
    #[error("metrics and health can't be served on {address}: {cause}; choose another `listen` under [telemetry]")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        cause: io::Error,
    },
    /// The operating system gives no thread, or none of what its runtime needs.
    #[error("the thread that serves metrics and health can't be started: {0}")]
    Start(io::Error),
}

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Serves on an address, from now until the server is stopped.
///
/// # Errors
/// The address is taken or not this machine's, or the operating system gives no thread.
pub fn serve(address: SocketAddr, telemetry: Telemetry) -> Result<Server, ServeError> {
    let listen = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        listener.local_addr().map(|address| (listener, address))
    };
    let (listener, address) = listen().map_err(|cause| ServeError::Listen { address, cause })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ServeError::Start)?;
    let (stop, stopped) = oneshot::channel();
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener).map_err(ServeError::Start)?
    };
    let work = move || {
        runtime.block_on(async move {
            let open = Arc::new(Semaphore::new(HTTP_CONNECTIONS));
            let accepting = tokio::spawn(accept(listener, telemetry, Arc::clone(&open)));
            // An error means that nobody can stop the server any more, which is as good as being stopped.
            let _ = stopped.await;
            accepting.abort();
            // What has not been answered by then is cut off with the runtime.
            let _ = timeout(GRACE, open.acquire_many(HTTP_CONNECTIONS as u32)).await;
        });
    };
    let thread = std::thread::Builder::new().name("telemetry-http".into()).spawn(work).map_err(ServeError::Start)?;
    events::telemetry_listening(&address);
    Ok(Server { address, stop: Some(stop), thread: Some(thread) })
}

impl Server {
    /// The address that is listened on; of port 0, the port that was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts nothing more, lets answers that are under way be finished for a second, and ends.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only where the thread has ended already, by a panic that its message told of.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn accept(listener: tokio::net::TcpListener, telemetry: Telemetry, open: Arc<Semaphore>) {
    let app = endpoints::router(&telemetry);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            telemetry.dropped_connection("not-accepted");
            sleep(ACCEPT_AGAIN).await;
            continue;
        };
        // Closed at once: whoever is within the number is not kept waiting behind those who are beyond it.
        let Ok(permit) = Arc::clone(&open).try_acquire_owned() else {
            telemetry.dropped_connection("too-many");
            continue;
        };
        let (app, telemetry) = (app.clone(), telemetry.clone());
        tokio::spawn(async move {
            if let Some(reason) = answer(stream, app).await {
                telemetry.dropped_connection(reason);
            }
            drop(permit);
        });
    }
}

/// Answers one request; gives why it was not answered.
async fn answer(stream: TcpStream, app: Router) -> Option<&'static str> {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HTTP_HEAD_SECONDS))
        .max_headers(HTTP_HEAD_LINES)
        .max_buf_size(HTTP_HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    match timeout(Duration::from_secs(HTTP_SECONDS), connection).await {
        Err(_) => Some("too-slow"),
        Ok(Err(error)) if error.is_timeout() => Some("too-slow"),
        // hyper has answered 400 or 431.
        Ok(Err(error)) if error.is_parse() => Some("malformed"),
        Ok(Err(_)) => Some("broken-off"),
        Ok(Ok(())) => None,
    }
}
