//! What is to be had, once: paths, answers and their documentation.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use crate::telemetry::counting::Telemetry;
use crate::telemetry::metrics::Form;
use crate::telemetry::status::{Alive, Ready, Status};

/// The media type of JSON.
const JSON: &str = "application/json";
/// The media type of a line for people.
const TEXT: &str = "text/plain; charset=utf-8";

/// A path and what is to be had there.
pub struct Endpoint {
    /// The path.
    pub path: &'static str,
    /// What is to be had there, in Markdown.
    pub doc: &'static str,
    answer: fn(&Telemetry, &HeaderMap) -> Answer,
}

/// Status, media type and body of an answer.
type Answer = (StatusCode, &'static str, String);

/// Everything that is to be had, in the order of the reference page.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/metrics",
        doc: "The metrics below, as OpenMetrics 1.0 for whoever accepts it (Prometheus does), else in Prometheus' older text form.",
        answer: metrics,
    },
    Endpoint {
        path: "/healthz",
        doc: "Whether the process is alive and its loops move. 200 if so; 503 where a part stands still or was ended by a panic: `dead` \
              names it. Start the process again then.",
        answer: healthz,
    },
    Endpoint {
        path: "/readyz",
        doc: "Whether the host does what it is there for: policies are in force, every required sink accepts findings, every source can \
              be reached. 200 if so; 503 if not: `reasons` says what is missing. Restarting does not help.",
        answer: readyz,
    },
    Endpoint {
        path: "/status",
        doc: "All of it for people and tools: version, digest of the configuration, each policy with version, digest, mode, last \
              refusal and its rules' sums, sources, sinks, and the one sum of records.",
        answer: status,
    },
];

pub(super) fn router(telemetry: &Telemetry) -> Router {
    let mut router = Router::new();
    for endpoint in ENDPOINTS {
        let telemetry = telemetry.clone();
        let handler = move |headers: HeaderMap| {
            let answer = (endpoint.answer)(&telemetry, &headers);
            std::future::ready(counted(&telemetry, endpoint.path, answer))
        };
        router = router.route(endpoint.path, get(handler));
    }
    let other = |status: StatusCode, text: String| {
        let telemetry = telemetry.clone();
        move || std::future::ready(counted(&telemetry, "other", (status, TEXT, text.clone())))
    };
    let paths: Vec<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    router
        .fallback(other(StatusCode::NOT_FOUND, format!("not here; ask for {}\n", paths.join(", "))))
        .method_not_allowed_fallback(other(StatusCode::METHOD_NOT_ALLOWED, "nothing can be changed here; use GET\n".to_owned()))
}

fn metrics(telemetry: &Telemetry, headers: &HeaderMap) -> Answer {
    let form = Form::accepted(headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()));
    match telemetry.snapshot().exposition(form) {
        Ok(text) => (StatusCode::OK, form.content_type(), text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("the metrics can't be written: {error}\n")),
    }
}

fn healthz(telemetry: &Telemetry, _: &HeaderMap) -> Answer {
    let alive = Alive::of(telemetry.health().report());
    telemetry.tell_dead(alive.dead());
    json(alive.dead().is_empty(), &alive)
}

fn readyz(telemetry: &Telemetry, _: &HeaderMap) -> Answer {
    let ready = Ready::of(&telemetry.snapshot());
    json(ready.is_ready(), &ready)
}

fn status(telemetry: &Telemetry, _: &HeaderMap) -> Answer {
    json(true, &Status::of(&telemetry.snapshot()))
}

fn json(is_good: bool, value: &impl Serialize) -> Answer {
    let status = if is_good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match serde_json::to_string_pretty(value) {
        Ok(text) => (status, JSON, text + "\n"),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("the answer can't be written: {error}\n")),
    }
}

fn counted(telemetry: &Telemetry, endpoint: &'static str, (status, media_type, body): Answer) -> Response {
    telemetry.request(endpoint, status.as_u16());
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
