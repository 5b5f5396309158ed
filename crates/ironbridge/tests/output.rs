//! Python's streams and log records as events of `tracing`.

#![allow(clippy::unwrap_used, clippy::too_many_lines, missing_docs)]

mod children;

use std::{
    fmt::{self, Write as _},
    process::ExitCode,
    sync::{Arc, Mutex},
    thread,
};

use children::{python, run, say};
use ironbridge::Interpreter;
use tracing::{Event, Metadata, field::Visit, span};

fn main() -> ExitCode {
    children::main(
        &[
            ("lines_become_events", || {
                run("lines")
                    .with_code(0)
                    .said("INFO python.stdout | one\nINFO python.stdout | two halves\nWARN python.stderr | oops\n")
                    .quietly();
            }),
            ("unfinished_lines_come_at_the_end", || {
                run("unfinished")
                    .with_code(0)
                    .said("INFO python.stdout | no newline")
                    .quietly();
            }),
            ("records_become_events", || {
                run("records")
                    .with_code(0)
                    .said("TRACE python.logging | fine logger=a.b")
                    .said("DEBUG python.logging | bugs 3 logger=a.b")
                    .said("INFO python.logging | told")
                    .said("WARN python.logging | careful")
                    .said("ERROR python.logging | failed")
                    .said("ZeroDivisionError: division by zero")
                    .said("line=")
                    .quietly();
            }),
            ("streams_behave_as_streams", || {
                run("behaviour")
                    .with_code(0)
                    .said("INFO python.stdout | é from bytes")
                    .quietly();
            }),
            ("threads_do_not_mix_lines", || {
                run("threads")
                    .with_code(0)
                    .said("whole lines: 800")
                    .quietly();
            }),
            ("restored_on_request", || {
                run("restored")
                    .with_code(0)
                    .said("INFO python.stdout | routed\nplain\n")
                    .quietly();
            }),
        ],
        &[
            ("lines", || {
                subscribe();
                Interpreter::builder()
                    .route_output_to_tracing(true)
                    .start()
                    .unwrap();
                python(concat!(
                    "import sys\n",
                    "print('one')\n",
                    "print('two', end=' '); print('halves')\n",
                    "print('oops', file=sys.stderr)\n",
                ))
                .unwrap();
            }),
            ("unfinished", || {
                subscribe();
                Interpreter::builder()
                    .route_output_to_tracing(true)
                    .start()
                    .unwrap();
                python("print('10%\\r20%\\rno newline', end='', flush=True)").unwrap();
            }),
            ("records", || {
                subscribe();
                Interpreter::get()
                    .unwrap()
                    .route_output_to_tracing()
                    .unwrap();
                python(concat!(
                    "import logging\n",
                    "logging.getLogger().setLevel(1)\n",
                    "log = logging.getLogger('a.b')\n",
                    "log.log(5, 'fine'); log.debug('bugs %d', 3); log.info('told'); log.warning('careful')\n",
                    "try:\n    1 / 0\n",
                    "except ZeroDivisionError:\n    log.exception('failed')\n",
                ))
                .unwrap();
            }),
            ("behaviour", || {
                subscribe();
                Interpreter::get()
                    .unwrap()
                    .route_output_to_tracing()
                    .unwrap();
                python(concat!(
                    "import sys, os\n",
                    "out = sys.stdout\n",
                    "assert out.write('ab\\n') == 3\n",
                    "assert out.fileno() == 1 and not out.isatty() and out.encoding == 'utf-8'\n",
                    "assert out.writable() and not out.readable() and not out.closed\n",
                    "try:\n    out.write(b'x'); raise AssertionError\n",
                    "except TypeError: pass\n",
                    "data = 'é from bytes\\n'.encode()\n",
                    "out.buffer.write(data[:1]); out.buffer.write(data[1:])\n",
                    "out.write('lone \\udc80 surrogate\\n')\n",
                ))
                .unwrap();
            }),
            ("threads", || {
                let events = collect();
                Interpreter::builder()
                    .route_output_to_tracing(true)
                    .start()
                    .unwrap();
                thread::scope(|scope| {
                    for number in 0..8 {
                        scope.spawn(move || {
                            python(&format!(
                                "for _ in range(100): print({number}, end=''); print('-', {number})"
                            ))
                            .unwrap();
                        });
                    }
                });
                let events = events.lock().unwrap();
                let whole = (0..8)
                    .map(|number| {
                        let line = format!("INFO python.stdout | {number}- {number}");
                        events.iter().filter(|event| **event == line).count()
                    })
                    .sum::<usize>();
                say(&format!("whole lines: {whole}"));
            }),
            ("restored", || {
                subscribe();
                let interpreter = Interpreter::get().unwrap();
                interpreter.route_output_to_tracing().unwrap();
                interpreter.route_output_to_tracing().unwrap();
                python("print('routed', end='')").unwrap();
                interpreter.restore_output().unwrap();
                python("import sys, logging; print('plain'); assert sys.stdout is sys.__stdout__")
                    .unwrap();
                python("assert not logging.getLogger().handlers").unwrap();
            }),
        ],
    )
}

/// Prints events on stdout.
fn subscribe() {
    install(|line| say(&line));
}

/// Gathers events.
fn collect() -> Arc<Mutex<Vec<String>>> {
    let events = Arc::new(Mutex::new(Vec::new()));
    let target = events.clone();
    install(move |line| target.lock().unwrap().push(line));
    events
}

fn install(sink: impl Fn(String) + Send + Sync + 'static) {
    tracing::subscriber::set_global_default(Subscriber(sink)).unwrap();
}

struct Subscriber<F>(F);

impl<F: Fn(String) + Send + Sync + 'static> tracing::Subscriber for Subscriber<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("python")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        (self.0)(format!(
            "{} {} | {}{}",
            metadata.level(),
            metadata.target(),
            text.message,
            text.fields
        ));
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            write!(self.message, "{value:?}").unwrap();
        } else {
            write!(self.fields, " {}={value:?}", field.name()).unwrap();
        }
    }

    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            write!(self.fields, " {}={value}", field.name()).unwrap();
        }
    }
}
