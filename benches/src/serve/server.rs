//! A server in a process group of its own.

use std::{
    net::TcpListener,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::{Served, Work, load};

/// How long a server may take until it answers.
const START: Duration = Duration::from_mins(1);

pub(super) struct Server {
    name: String,
    child: Child,
    port: u16,
}

impl Server {
    /// Starts it, waits until it answers rightly, and stops it until its turn.
    pub(super) fn start(how: &Served, work: Work) -> Result<Self> {
        let port = free_port()?;
        let fill = |argument: &String| {
            argument
                .replace("{work}", work.name())
                .replace("{port}", &port.to_string())
        };
        let (program, arguments) = how.command.split_first().context("an empty command")?;
        let child = Command::new(fill(program))
            .args(arguments.iter().map(fill))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .process_group(0)
            .spawn()
            .with_context(|| format!("{program} cannot be run"))?;
        let mut server = Self {
            name: how.name.clone(),
            child,
            port,
        };
        let begun = Instant::now();
        while let Err(error) = load::check(port, work) {
            if let Some(status) = server.child.try_wait()? {
                bail!("it ended: {status}");
            }
            if begun.elapsed() > START {
                return Err(error.context("it does not answer"));
            }
            thread::sleep(Duration::from_millis(200));
        }
        server.pause()?;
        Ok(server)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn pause(&self) -> Result<()> {
        self.signal("STOP")
    }

    pub(super) fn resume(&self) -> Result<()> {
        self.signal("CONT")
    }

    /// The resident sets of its processes together, in MiB.
    #[allow(clippy::cast_precision_loss, reason = "MiB")]
    pub(super) fn resident(&self) -> Result<f64> {
        let mut system = System::new()?;
        let kind = ProcessRefreshKind::nothing().with_memory().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        let root = Pid::from_u32(self.child.id());
        let is_below = |mut pid: Pid| {
            while pid != root {
                match system.process(pid).and_then(sysinfo::Process::parent) {
                    Some(parent) => pid = parent,
                    None => return false,
                }
            }
            true
        };
        let bytes: u64 = system
            .processes()
            .iter()
            .filter(|&(&pid, _)| is_below(pid))
            .map(|(_, process)| process.memory())
            .sum();
        Ok(bytes as f64 / f64::from(1 << 20))
    }

    fn signal(&self, name: &str) -> Result<()> {
        let group = format!("-{}", self.child.id());
        let status = Command::new("kill")
            .args(["-s", name, "--", &group])
            .status()?;
        if !status.success() {
            bail!("{}: its processes are gone", self.name);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Some that were gone already leave nothing to be done.
        let _ = self.signal("KILL");
        let _ = self.child.wait();
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
