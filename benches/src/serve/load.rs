//! Clients that keep their connection, each with one request under way.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpStream, runtime, task::JoinSet, time::timeout};

use super::Work;
use crate::rounds::at;

/// The length of a vector.
const LENGTH: usize = 384;

/// An answer that takes longer is none.
const LIMIT: Duration = Duration::from_mins(1);

/// What the clients saw.
pub(super) struct Load {
    /// Requests a second, of all clients together.
    pub(super) rate: f64,
    /// The middle of the latencies, in microseconds.
    pub(super) median: f64,
    /// 99 in 100 were quicker, in microseconds.
    pub(super) tail: f64,
}

/// Asks once, and looks whether the answer is right.
pub(super) fn check(port: u16, work: Work) -> Result<()> {
    block_on(async move {
        let mut client = Client::connect(port, work).await?;
        let answer = client.ask(client.body(0)).await?;
        client.look(&answer)
    })
}

/// Asks with `clients` for a while.
#[allow(clippy::cast_precision_loss, reason = "counts")]
pub(super) fn run(port: u16, work: Work, clients: usize, period: Duration) -> Result<Load> {
    block_on(async move {
        let mut tasks = JoinSet::new();
        let begun = Instant::now();
        for number in 0..clients {
            tasks.spawn(ask(port, work, number, begun + period));
        }
        let mut latencies = Vec::new();
        while let Some(one) = tasks.join_next().await {
            latencies.extend(one??);
        }
        ensure!(!latencies.is_empty(), "no request was answered in time");
        Ok(Load {
            rate: latencies.len() as f64 / begun.elapsed().as_secs_f64(),
            median: at(0.5, latencies.clone()),
            tail: at(0.99, latencies),
        })
    })
}

fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

async fn ask(port: u16, work: Work, number: usize, until: Instant) -> Result<Vec<f64>> {
    let mut client = Client::connect(port, work).await?;
    let mut latencies = Vec::new();
    while Instant::now() < until {
        let body = client.body(number * 1_000_000 + latencies.len());
        let begun = Instant::now();
        let answer = client.ask(body).await?;
        latencies.push(begun.elapsed().as_secs_f64() * 1e6);
        if latencies.len() == 1 {
            client.look(&answer)?;
        }
    }
    Ok(latencies)
}

struct Client {
    connection: SendRequest<Full<Bytes>>,
    work: Work,
    address: String,
    /// What `echo` sends, the same each time.
    values: Value,
    echo: Bytes,
}

impl Client {
    async fn connect(port: u16, work: Work) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        // It ends when the connection is dropped; what fails on the way, the request tells.
        tokio::spawn(driver);
        let value = |place: u16| f64::from(place) / 1024.0 - 0.125;
        let values: Value = (0..384).map(value).collect();
        Ok(Self {
            connection,
            work,
            address: format!("127.0.0.1:{port}"),
            echo: json!({ "values": values }).to_string().into(),
            values,
        })
    }

    /// No two texts are the same. `alone.py` makes the same ones.
    fn body(&self, number: usize) -> Bytes {
        match self.work {
            Work::Echo => self.echo.clone(),
            Work::Embed => {
                let text = format!("text {number}: a vessel came into the harbour at dawn");
                json!({ "text": text }).to_string().into()
            }
        }
    }

    async fn ask(&mut self, body: Bytes) -> Result<Bytes> {
        let request = Request::post(format!("/{}", self.work.name()))
            .header("host", &self.address)
            .header("content-type", "application/json")
            .body(Full::new(body))?;
        timeout(LIMIT, async {
            self.connection.ready().await?;
            let answer = self.connection.send_request(request).await?;
            let status = answer.status();
            let body = answer.into_body().collect().await?.to_bytes();
            ensure!(
                status.is_success(),
                "{status}: {}",
                String::from_utf8_lossy(&body)
            );
            Ok(body)
        })
        .await
        .context("no answer within a minute")?
    }

    /// Whether an answer is what it should be.
    fn look(&self, answer: &[u8]) -> Result<()> {
        let answer: Value = serde_json::from_slice(answer)?;
        match self.work {
            Work::Echo => ensure!(answer["values"] == self.values, "not the same values"),
            Work::Embed => {
                let vector = answer["vector"].as_array().context("no vector")?;
                let square = |value: &Value| value.as_f64().unwrap_or(f64::NAN).powi(2);
                let length: f64 = vector.iter().map(square).sum();
                ensure!(vector.len() == LENGTH, "a vector of {}", vector.len());
                ensure!((length - 1.0).abs() < 1e-3, "no unit vector: {length}");
            }
        }
        Ok(())
    }
}
