//! The state of models as a table.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use comfy_table::{Table, presets};

use super::loading::Progress;
use super::state::{Entry, Phase, State, sizes};
use crate::error::Error;
use crate::memory::Device;

/// How a model stands.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ModelState {
    /// It is not loaded, and nobody wants it.
    Unloaded,
    /// Somebody wants it, and it waits for room.
    Queued,
    /// Its loader runs; how far it is, where it told.
    Loading(Option<Progress>),
    /// It is there.
    Loaded,
    /// It is on its way out.
    Unloading,
    /// Its last load failed.
    #[non_exhaustive]
    Failed {
        /// Until the next attempt is allowed.
        retry_after: Duration,
    },
}

impl fmt::Display for ModelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unloaded => f.write_str("unloaded"),
            Self::Queued => f.write_str("waits for room"),
            Self::Loading(None) => f.write_str("loading"),
            Self::Loading(Some(progress)) => write!(f, "loading: {progress}"),
            Self::Loaded => f.write_str("loaded"),
            Self::Unloading => f.write_str("unloading"),
            Self::Failed { retry_after } => write!(f, "failed, again in {retry_after:.0?}"),
        }
    }
}

/// A model, at a moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ModelRow {
    /// Its name.
    pub name: Arc<str>,
    /// How it stands.
    pub state: ModelState,
    /// What it is counted with on each device, or will be, where that is known.
    pub bytes: Vec<(Device, ByteSize)>,
    /// Leases that are out.
    pub leases: usize,
    /// Callers that wait for it.
    pub waiting: usize,
    /// For how long nobody has had it, where it is loaded.
    pub idle: Option<Duration>,
    /// Whether it is never evicted.
    pub pinned: bool,
    /// How often it was loaded.
    pub loads: u64,
    /// Why its last load failed, where none has come since.
    pub failure: Option<Arc<Error>>,
}

/// What models take of a device that has a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetRow {
    /// The device.
    pub device: Device,
    /// What is taken, and set aside for loads under way.
    pub used: ByteSize,
    /// What may be taken.
    pub budget: ByteSize,
}

/// All models, at a moment. Displays as a table.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ModelTable {
    /// The models, in the order in which they were added.
    pub models: Vec<ModelRow>,
    /// The devices with budgets.
    pub budgets: Vec<BudgetRow>,
}

impl ModelTable {
    pub(super) fn of(state: &State) -> Self {
        let budgets = state.budgets.iter().map(|(device, budget)| BudgetRow {
            device: *device,
            used: ByteSize::b(state.taken(*device)),
            budget: ByteSize::b(*budget),
        });
        Self {
            models: state.entries.iter().map(row).collect(),
            budgets: budgets.collect(),
        }
    }

    /// The row of a model.
    pub fn get(&self, name: &str) -> Option<&ModelRow> {
        self.models.iter().find(|row| &*row.name == name)
    }
}

fn row(entry: &Entry) -> ModelRow {
    let (state, bytes, idle) = match &entry.phase {
        Phase::Absent => (absent(entry), known(entry), None),
        Phase::Queued { .. } => (ModelState::Queued, known(entry), None),
        Phase::Loading(_) => (
            ModelState::Loading(entry.progress.clone()),
            known(entry),
            None,
        ),
        Phase::Loaded(loaded) => (
            ModelState::Loaded,
            sizes(&loaded.bytes),
            loaded.idle_since.map(|since| since.elapsed()),
        ),
        Phase::Unloading(unload) => (ModelState::Unloading, sizes(&unload.bytes), None),
    };
    ModelRow {
        name: entry.name().clone(),
        state,
        bytes,
        leases: entry.leases.len(),
        waiting: entry.waiting.len(),
        idle,
        pinned: entry.pinned,
        loads: entry.loads,
        failure: entry
            .failure
            .as_ref()
            .map(|failure| failure.told.error.clone()),
    }
}

fn absent(entry: &Entry) -> ModelState {
    match &entry.failure {
        Some(failure) => ModelState::Failed {
            retry_after: failure
                .until
                .map(|until| until.saturating_duration_since(std::time::Instant::now()))
                .unwrap_or_default(),
        },
        None => ModelState::Unloaded,
    }
}

/// What it says it takes, or was found to.
fn known(entry: &Entry) -> Vec<(Device, ByteSize)> {
    let needs = entry.spec.needs.iter();
    let known = needs.filter_map(|need| {
        let size = need.size.or(entry.measured.get(&need.device).copied())?;
        Some((need.device, ByteSize::b(size)))
    });
    known.collect()
}

impl fmt::Display for ModelTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table
            .load_preset(presets::UTF8_HORIZONTAL_ONLY)
            .set_header([
                "model", "state", "memory", "leases", "waiting", "idle", "loads",
            ]);
        for row in &self.models {
            let pin = if row.pinned { " (pinned)" } else { "" };
            let memory = row.bytes.iter();
            let memory: Vec<_> = memory.map(|(on, size)| format!("{on} {size}")).collect();
            let state = match &row.failure {
                Some(error) => format!("{}\n{}", row.state, cut(&error.to_string())),
                None => row.state.to_string(),
            };
            table.add_row([
                format!("{}{pin}", row.name),
                state,
                memory.join("\n"),
                row.leases.to_string(),
                row.waiting.to_string(),
                row.idle
                    .map(|idle| format!("{idle:.0?}"))
                    .unwrap_or_default(),
                row.loads.to_string(),
            ]);
        }
        write!(f, "{table}")?;
        for row in &self.budgets {
            write!(f, "\n{}: {} of {}", row.device, row.used, row.budget)?;
        }
        Ok(())
    }
}

/// The beginning of a line that has no end of room.
fn cut(line: &str) -> String {
    const LONGEST: usize = 60;

    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
