//! The server as its clients see it: vectors, batches, a model that comes and goes, refusals, the end.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Response;

/// Where a test would wait for ever, it fails after this: the first server makes its environment.
const LONG: Duration = Duration::from_mins(5);

struct Server {
    child: Child,
    address: String,
    said: BufReader<ChildStderr>,
    agent: Agent,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let test = std::env::current_exe().expect("this test is a file");
        let built = test
            .ancestors()
            .nth(2)
            .expect("<target>/<profile>/deps/<test>");
        let mut child = Command::new(built.join("examples/embed_server"))
            .args(["--port", "0"])
            .args(arguments)
            .env(
                "IRONBRIDGE_CACHE",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"),
            )
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example is built: cargo build --examples");
        let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            let length = said.read_line(&mut line).expect("it says something");
            assert!(length > 0, "it ended before it listened");
            if let Some(address) = line.trim().strip_prefix("listening on ") {
                break address.to_owned();
            }
        };
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(LONG))
            .build()
            .into();
        Self {
            child,
            address,
            said,
            agent,
        }
    }

    fn post(&self, path: &str, body: &Value) -> Response<ureq::Body> {
        self.agent
            .post(format!("{}{path}", self.address))
            .send_json(body)
            .expect("an answer")
    }

    fn get(&self, path: &str) -> String {
        let answer = self.agent.get(format!("{}{path}", self.address)).call();
        let mut answer = answer.expect("an answer");
        answer.body_mut().read_to_string().expect("text")
    }

    fn embed(&self, text: &str) -> Vec<f64> {
        let mut answer = self.post("/embed", &json!({ "text": text }));
        let body: Value = answer.body_mut().read_json().expect("JSON");
        assert_eq!(answer.status(), 200, "{body}");
        serde_json::from_value(body["vector"].clone()).expect("a vector")
    }

    /// A line of `/metrics`, without its name.
    fn metric(&self, name: &str) -> f64 {
        let all = self.get("/metrics");
        let line = all.lines().find_map(|line| line.strip_prefix(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {all}"));
        line.trim().parse().expect("a number")
    }

    fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        loop {
            let table = self.get("/models");
            if is_so(&table) {
                return;
            }
            assert!(begun.elapsed() < LONG, "never {what}:\n{table}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    #[cfg(unix)]
    fn terminate(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &pid]).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for its end; gives what it said.
    fn end(mut self) -> Vec<String> {
        let said = self.said.by_ref().lines().map_while(Result::ok).collect();
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}: {said:?}");
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn product(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

#[test]
fn it_embeds_texts_in_batches_with_a_model_that_comes_and_goes() {
    let server = Server::start(&["--keep-alive", "0.5", "--timeout", "200"]);
    server.until("unloaded", |table| table.contains("unloaded"));

    // As the model's authors publish it: 0.666.
    let weather = server.embed("The weather is lovely today.");
    let sun = server.embed("It's so sunny outside!");
    assert_eq!(weather.len(), 384);
    assert!((product(&weather, &weather) - 1.0).abs() < 1e-4);
    assert!((product(&weather, &sun) - 0.666).abs() < 1e-3);

    // Many at once are few calls of the model, and each gets its own vector.
    let texts: Vec<String> = (0..48).map(|number| format!("text {number}")).collect();
    let vectors: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = texts
            .iter()
            .map(|text| scope.spawn(|| server.embed(text)))
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().expect("an answer"))
            .collect()
    });
    for (text, vector) in texts.iter().zip(&vectors).step_by(12) {
        assert!(product(&server.embed(text), vector) > 0.9999, "{text}");
    }
    let calls = server.metric(r#"ironbridge_batch_size_count{batcher="embed"}"#);
    let items = server.metric(r#"ironbridge_batch_size_sum{batcher="embed"}"#);
    assert!(
        items >= 54.0 && calls < 40.0,
        "{items} items, {calls} calls"
    );

    // Idle, it goes; asked for, it is there again.
    server.until("unloaded", |table| table.contains("unloaded"));
    server.embed("and once more");
    let loads = server.metric(r#"ironbridge_model_loads_total{model="all-MiniLM-L6-v2"}"#);
    assert!(loads >= 2.0, "{loads} loads");

    let echoed = server.post("/echo", &json!({ "values": [0.5, -1.25, 1e300] }));
    let echoed: Value = echoed.into_body().read_json().expect("JSON");
    assert_eq!(echoed["values"], json!([0.5, -1.25, 1e300]));

    let mut wrong = server.post("/embed", &json!({ "text": 4 }));
    let body: Value = wrong.body_mut().read_json().expect("JSON");
    assert_eq!(wrong.status(), 422, "{body}");
    let error = body["error"].as_str().unwrap_or_default();
    assert!(error.contains("expected a string"), "{body}");
}

#[test]
fn it_refuses_what_it_cannot_do_in_time() {
    let server = Server::start(&["--preload", "--queue", "2", "--max-batch", "1"]);
    let text = "a longer text ".repeat(40);
    let answers: Vec<_> = thread::scope(|scope| {
        let ask = || server.post("/embed", &json!({ "text": text }));
        let clients: Vec<_> = (0..24).map(|_| scope.spawn(ask)).collect();
        clients
            .into_iter()
            .map(|client| client.join().expect("an answer"))
            .collect()
    });
    let with = |status: u16| {
        answers
            .iter()
            .filter(move |answer| answer.status() == status)
    };
    assert_eq!(with(200).count() + with(503).count(), 24);
    assert!(with(200).count() >= 1 && with(503).count() >= 1);
    for refused in with(503) {
        assert_eq!(refused.headers()["retry-after"], "1");
    }

    let hurried = Server::start(&["--timeout", "0.005"]);
    let mut late = hurried.post("/embed", &json!({ "text": "the model is not there yet" }));
    let body: Value = late.body_mut().read_json().expect("JSON");
    assert_eq!(late.status(), 504, "{body}");
}

#[cfg(unix)]
#[test]
fn it_answers_what_was_asked_before_it_ends() {
    let server = Server::start(&["--timeout", "200"]);
    let text = "a longer text ".repeat(20);
    let ask = || server.post("/embed", &json!({ "text": text }));
    let answers: Vec<_> = thread::scope(|scope| {
        // The first one waits for the model, the others with it.
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        server.until("loading", |table| !table.contains("unloaded"));
        thread::sleep(Duration::from_millis(50));
        server.terminate();
        clients
            .into_iter()
            .map(|client| client.join().expect("an answer"))
            .collect()
    });
    for mut answer in answers {
        let body = answer.body_mut().read_to_string().expect("text");
        assert_eq!(answer.status(), 200, "{body}");
    }
    let said = server.end();
    let unloaded = "all-MiniLM-L6-v2: unloaded in ";
    assert!(
        said.iter().any(|line| line.starts_with(unloaded)),
        "{said:?}"
    );
    assert_eq!(said.last().map(String::as_str), Some("ended"), "{said:?}");
}
