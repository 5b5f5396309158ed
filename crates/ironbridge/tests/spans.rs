//! Spans of `tracing` follow calls to Python's threads: what a coroutine or a function logs is told in the span in which its
//! future was made.

#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::{Arc, Mutex, PoisonError};

use futures::executor::block_on;
use futures::future::join_all;
use ironbridge::{Interpreter, Result};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, util::SubscriberInitExt};

#[ironbridge::module("spans")]
trait Logging {
    async fn sleeps(&self, word: &str) -> Result<()>;
    async fn works(&self, word: &str) -> Result<()>;
    fn works_here(&self, word: &str) -> Result<()>;
}

const SOURCE: &str = "
import asyncio, logging
log = logging.getLogger('spans')
log.setLevel(logging.INFO)

async def sleeps(word):
    log.info('begins %s', word)
    await asyncio.sleep(0.02)
    await asyncio.create_task(later(word))

async def later(word):
    await asyncio.sleep(0.01)
    log.info('ends %s', word)

def works(word):
    log.info('works %s', word)

works_here = works
";

/// Every event, with the name of the span it came in.
type Told = Arc<Mutex<Vec<(String, String)>>>;

struct Recorder(Told);

impl<S> Layer<S> for Recorder
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut name = Text(String::new());
        attributes.record(&mut name);
        let span = context.span(id).unwrap();
        span.extensions_mut().insert(name);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "python.logging" {
            return;
        }
        let span = context.lookup_current();
        let name = span.map(|span| span.extensions().get::<Text>().unwrap().0.clone());
        let mut text = Text(String::new());
        event.record(&mut text);
        let mut told = self.0.lock().unwrap();
        told.push((name.unwrap_or_default(), text.0));
    }
}

/// The message of an event, the name of a span.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if ["message", "name"].contains(&field.name()) {
            value.clone_into(&mut self.0);
        }
    }
}

#[test]
fn what_a_call_logs_is_told_in_its_span() -> Result<()> {
    let told = Told::default();
    tracing_subscriber::registry()
        .with(Recorder(told.clone()))
        .init();
    Interpreter::builder()
        .route_output_to_tracing(true)
        .start()?;
    let logging = Logging::loader().source(SOURCE).load()?;

    let words = ["red", "green", "blue"];
    let calls = words.iter().flat_map(|word| {
        // Made in the span, and polled outside of it.
        let span = tracing::info_span!(target: "spans", "request", name = word);
        span.in_scope(|| {
            logging.works_here(word).unwrap();
            [logging.sleeps(word), logging.works(word)]
        })
    });
    let calls: Vec<_> = calls.collect();
    for outcome in block_on(join_all(calls)) {
        outcome?;
    }
    block_on(logging.works("alone"))?;

    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    told.sort();
    let mut expected = vec![(String::new(), "works alone".to_owned())];
    for word in words {
        for what in ["begins", "ends", "works", "works"] {
            expected.push((word.to_owned(), format!("{what} {word}")));
        }
    }
    expected.sort();
    assert_eq!(told, expected);
    Ok(())
}
