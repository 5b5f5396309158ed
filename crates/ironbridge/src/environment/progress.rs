//! Telling a person what is being made: a spinner on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Whether making an environment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Progress {
    /// On standard error: a spinner where that is a terminal, else a line at the beginning and the end.
    #[default]
    Auto,
    /// Not at all.
    Silent,
}

/// One piece of long work, shown.
pub(super) struct Reporter {
    began: Instant,
    shown: Shown,
}

enum Shown {
    Spinner(ProgressBar),
    Lines,
    Nothing,
}

impl Reporter {
    pub(super) fn begin(progress: Progress, what: &str) -> Self {
        let shown = match progress {
            Progress::Silent => Shown::Nothing,
            Progress::Auto if io::stderr().is_terminal() => {
                let spinner = ProgressBar::new_spinner();
                if let Ok(style) =
                    ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg}")
                {
                    spinner.set_style(style);
                }
                spinner.set_prefix(what.to_owned());
                spinner.enable_steady_tick(Duration::from_millis(120));
                Shown::Spinner(spinner)
            }
            Progress::Auto => {
                say(what);
                Shown::Lines
            }
        };
        Self {
            began: Instant::now(),
            shown,
        }
    }

    /// What is being done at the moment.
    pub(super) fn step(&self, step: &str) {
        if let Shown::Spinner(spinner) = &self.shown {
            spinner.set_message(step.to_owned());
        }
    }

    /// The end, where it went well.
    pub(super) fn done(self, what: &str) {
        let message = format!("{what} in {:.1} s", self.began.elapsed().as_secs_f64());
        match &self.shown {
            Shown::Spinner(spinner) => {
                spinner.finish_and_clear();
                say(&message);
            }
            Shown::Lines => say(&message),
            Shown::Nothing => {}
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        if let Shown::Spinner(spinner) = &self.shown {
            spinner.finish_and_clear();
        }
    }
}

/// A line for the person; one that cannot be written is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "ironbridge: {line}");
}
