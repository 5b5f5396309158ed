//! HTTP: `POST /embed`, `POST /echo`, `GET /models`, `GET /metrics`, `GET /health`.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::rejection::JsonRejection;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use ironbridge::ErrorKind;
use ironbridge::memory::{self, Device};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::service::Service;

/// What every request sees.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) service: Arc<Service>,
    pub(crate) metrics: PrometheusHandle,
}

/// The routes.
pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/embed", post(embed))
        .route("/echo", post(echo))
        .route("/models", get(models))
        .route("/metrics", get(metrics))
        .route("/health", get(async || "ok\n"))
        .layer(middleware::from_fn(measure))
        .with_state(app)
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Vector {
    vector: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Values {
    values: Vec<f64>,
}

async fn embed(
    State(app): State<App>,
    text: Result<Json<Text>, JsonRejection>,
) -> Result<Json<Vector>, Failure> {
    let Json(Text { text }) = text?;
    let vector = app.service.embed(text).await?;
    // NumPy's own memory, read where it is.
    let vector = vector.iter().copied().collect();
    Ok(Json(Vector { vector }))
}

async fn echo(
    State(app): State<App>,
    values: Result<Json<Values>, JsonRejection>,
) -> Result<Json<Values>, Failure> {
    let Json(Values { values }) = values?;
    let values = app.service.echo(values).await?;
    let values = values.iter().copied().collect();
    Ok(Json(Values { values }))
}

/// The table of models, for people.
async fn models(State(app): State<App>) -> String {
    format!("{}\n", app.service.models().table())
}

/// What Prometheus reads: of requests, of batches and of models.
async fn metrics(State(app): State<App>) -> String {
    if let Ok(used) = memory::used_by_process(Device::Host) {
        #[allow(clippy::cast_precision_loss, reason = "bytes")]
        metrics::gauge!("process_resident_memory_bytes").set(used.as_u64() as f64);
    }
    app.metrics.run_upkeep();
    app.metrics.render()
}

/// Counts requests, and how long they take.
async fn measure(path: MatchedPath, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let response = next.run(request).await;
    let path: Arc<str> = path.as_str().into();
    let status = response.status().as_str().to_owned();
    metrics::counter!("http_requests_total", "path" => path.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("http_request_seconds", "path" => path).record(begun.elapsed());
    response
}

/// A request that was not answered: what a client is told.
enum Failure {
    Python(ironbridge::Error),
    Request(JsonRejection),
}

impl From<ironbridge::Error> for Failure {
    fn from(error: ironbridge::Error) -> Self {
        Self::Python(error)
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::Request(rejection)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Self::Request(rejection) => (rejection.status(), rejection.body_text()),
            Self::Python(error) => {
                let status = status_of(error.kind());
                if status == StatusCode::INTERNAL_SERVER_ERROR {
                    // The whole story is for those who run the server.
                    eprintln!("{error:#}");
                }
                (status, error.to_string())
            }
        };
        let answer = (status, Json(json!({ "error": message })));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return ([(header::RETRY_AFTER, "1")], answer).into_response();
        }
        answer.into_response()
    }
}

fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        // Another time, or another server, may do.
        ErrorKind::QueueFull | ErrorKind::Cancelled | ErrorKind::OutOfMemory | ErrorKind::Model => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
