//! Medians over interleaved rounds: each round times every subject of a row once, so that what disturbs the machine
//! disturbs all of them alike.

use std::{borrow::Cow, time::Instant};

use serde::Serialize;

/// The number after `--rounds`, or a default.
pub(crate) fn from_arguments() -> anyhow::Result<usize> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--rounds");
    match arguments.nth(1) {
        Some(rounds) => Ok(rounds.parse()?),
        None => Ok(41),
    }
}

/// One line of the table.
#[derive(Serialize)]
pub(crate) struct Row {
    suite: &'static str,
    #[serde(rename = "row")]
    name: Cow<'static, str>,
    subject: Cow<'static, str>,
    /// Of one call, in `unit`.
    median: f64,
    unit: &'static str,
    /// `median` by `floor`.
    ratio: f64,
    /// The row's first subject, measured in the same process and rounds.
    floor: f64,
}

/// A way to do what the row names: runs it the given number of times.
pub(crate) struct Subject<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnMut(u32) + 'a>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(name: &'static str, mut once: impl FnMut() + 'a) -> Self {
        let run = move |times| (0..times).for_each(|_| once());
        Self {
            name,
            run: Box::new(run),
        }
    }
}

/// Times the subjects, the first of which is the floor.
pub(crate) fn measure(
    suite: &'static str,
    name: &'static str,
    rounds: usize,
    times: u32,
    mut subjects: Vec<Subject<'_>>,
) -> Vec<Row> {
    for subject in &mut subjects {
        (subject.run)(times / 10 + 1);
    }
    let mut samples = vec![Vec::with_capacity(rounds); subjects.len()];
    for _ in 0..rounds {
        for (subject, samples) in subjects.iter_mut().zip(&mut samples) {
            let begun = Instant::now();
            (subject.run)(times);
            samples.push(begun.elapsed().as_secs_f64() * 1e9 / f64::from(times));
        }
    }
    let names = subjects.iter().map(|subject| (subject.name, "ns"));
    rows(suite, name, names, samples)
}

/// A way to do what the row names, which measures itself: gives what was seen, in `unit`.
pub(crate) struct Sampled<'a> {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) run: Box<dyn FnMut() -> Vec<f64> + 'a>,
}

/// Takes a quantile of what each subject saw in a round; the first subject is the floor.
pub(crate) fn quantile(
    suite: &'static str,
    name: &'static str,
    quantile: f64,
    rounds: usize,
    mut subjects: Vec<Sampled<'_>>,
) -> Vec<Row> {
    let mut samples = vec![Vec::with_capacity(rounds); subjects.len()];
    for _ in 0..rounds {
        for (subject, samples) in subjects.iter_mut().zip(&mut samples) {
            samples.push(at(quantile, (subject.run)()));
        }
    }
    let names = subjects.iter().map(|subject| (subject.name, subject.unit));
    rows(suite, name, names, samples)
}

fn rows(
    suite: &'static str,
    name: &'static str,
    subjects: impl Iterator<Item = (&'static str, &'static str)>,
    samples: Vec<Vec<f64>>,
) -> Vec<Row> {
    let medians: Vec<f64> = samples.into_iter().map(|all| at(0.5, all)).collect();
    let floor = medians[0];
    let row = |((subject, unit), median): ((&'static str, _), _)| Row {
        suite,
        name: name.into(),
        subject: subject.into(),
        median,
        unit,
        ratio: median / floor,
        floor,
    };
    subjects.zip(medians).map(row).collect()
}

/// The medians of what subjects gave in each round, by name; the first subject is the floor.
pub(crate) fn of_samples(
    suite: &'static str,
    name: &str,
    unit: &'static str,
    samples: Vec<(String, Vec<f64>)>,
) -> Vec<Row> {
    let medians: Vec<(String, f64)> = samples
        .into_iter()
        .map(|(subject, all)| (subject, at(0.5, all)))
        .collect();
    let floor = medians.first().map_or(f64::NAN, |(_, median)| *median);
    let row = |(subject, median)| Row {
        suite,
        name: name.to_owned().into(),
        subject: Cow::Owned(subject),
        median,
        unit,
        ratio: median / floor,
        floor,
    };
    medians.into_iter().map(row).collect()
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few thousand samples"
)]
pub(crate) fn at(quantile: f64, mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len() - 1;
    samples[(last as f64 * quantile).round() as usize]
}
