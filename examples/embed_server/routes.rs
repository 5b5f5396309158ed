//! HTTP: `POST /embed`, `POST /echo`, `GET /models`, `GET /metrics`, `GET /health`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use ironbridge::ErrorKind;
use ironbridge::arrays::{Array1, Element};
use ironbridge::memory::{self, Device};
use metrics_exporter_prometheus::PrometheusHandle;
use ndarray::ArrayView1;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;

use crate::service::Service;

/// What every request sees.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) service: Arc<Service>,
    pub(crate) metrics: PrometheusHandle,
    /// What a request may take.
    pub(crate) timeout: Duration,
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

#[derive(Deserialize)]
struct Values {
    values: Vec<f64>,
}

async fn embed(State(app): State<App>, body: Bytes) -> Result<Response, Failure> {
    let Text { text } = serde_json::from_slice(&body)?;
    let vector = in_time(app.timeout, app.service.embed(text)).await?;
    numbers("vector", &vector)
}

async fn echo(State(app): State<App>, body: Bytes) -> Result<Response, Failure> {
    let Values { values } = serde_json::from_slice(&body)?;
    let values = in_time(app.timeout, app.service.echo(values)).await?;
    numbers("values", &values)
}

/// Late, a request leaves its batch. (`Submission::timeout` is for programs without a runtime, which have no timers.)
async fn in_time<T>(
    limit: Duration,
    answer: impl Future<Output = ironbridge::Result<T>>,
) -> Result<T, Failure> {
    let answer = tokio::time::timeout(limit, answer).await;
    answer
        .map_err(|_| Failure::Late(limit))?
        .map_err(Failure::Python)
}

/// `{"name": [numbers]}`, written from NumPy's own memory.
fn numbers<T: Serialize + Element>(name: &str, numbers: &Array1<T>) -> Result<Response, Failure> {
    struct Each<'a, T>(ArrayView1<'a, T>);

    impl<T: Serialize> Serialize for Each<'_, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(&self.0)
        }
    }

    let mut body = Vec::with_capacity(16 + 12 * numbers.len());
    let mut writer = serde_json::Serializer::new(&mut body);
    writer.collect_map([(name, Each(numbers.view()))])?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
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
    Request(serde_json::Error),
    Late(Duration),
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Request(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Self::Request(error) if error.is_data() => {
                (StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            Self::Request(error) => (StatusCode::BAD_REQUEST, error.to_string()),
            Self::Late(limit) => (
                StatusCode::GATEWAY_TIMEOUT,
                format!("there was no answer within {limit:?}"),
            ),
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
