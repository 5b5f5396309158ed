//! Counting pieces, on several threads.
//!
//! A long text is cut where that changes nothing; short ones are gathered until there are enough to share out. Each thread
//! has a table of its own.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::cut;
use super::table::{Look, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::pattern::Pattern;

/// A thread takes about so many bytes at a time.
const SHARE: usize = 1 << 18;
/// Short texts are gathered until they are so long together.
const GATHER: usize = 8 << 20;
/// A thread looks after so many pieces whether all have been asked to stop.
const PIECES: u32 = 1 << 16;
/// How often is looked whether to stop, while others work.
const LOOK: Duration = Duration::from_millis(20);

/// Told how many bytes are counted, after each share.
pub(super) type Report<'a> = &'a mut dyn FnMut(u64) -> Result<()>;

/// Counts the pieces of texts.
pub(super) struct Counter {
    pattern: Pattern,
    /// One for each thread.
    tables: Vec<Table>,
    /// Short texts that are not counted yet, and where each ends.
    gathered: Vec<u8>,
    ends: Vec<usize>,
    done: u64,
}

impl Counter {
    pub(super) fn new(pattern: Pattern, threads: usize) -> Self {
        let tables = std::iter::repeat_with(Table::default);
        Self {
            pattern,
            tables: tables.take(threads.max(1)).collect(),
            gathered: Vec::new(),
            ends: Vec::new(),
            done: 0,
        }
    }

    /// How many bytes were counted, and are gathered.
    pub(super) fn done(&self) -> u64 {
        self.done + self.gathered.len() as u64
    }

    /// Counts a text, or keeps it until there are more.
    pub(super) fn feed(&mut self, text: &[u8], report: Report<'_>) -> Result<()> {
        if text.len() < SHARE * self.tables.len() {
            self.gathered.extend_from_slice(text);
            self.ends.push(self.gathered.len());
            if self.gathered.len() >= GATHER {
                return self.feed_rest(report);
            }
            return Ok(());
        }
        let mut shares = Vec::new();
        self.share(text, &mut shares);
        self.count(&shares, report)
    }

    /// Counts the texts that were kept.
    pub(super) fn feed_rest(&mut self, report: Report<'_>) -> Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        let ends = std::mem::take(&mut self.ends);
        let mut start = 0;
        // Of texts one after the other a share is made, but a piece never goes over an end.
        let texts: Vec<&[u8]> = ends
            .into_iter()
            .map(|end| &gathered[std::mem::replace(&mut start, end)..end])
            .collect();
        let mut shares: Vec<&[&[u8]]> = Vec::new();
        let mut rest = &texts[..];
        while !rest.is_empty() {
            let mut bytes = 0;
            let long = rest.iter().position(|text| {
                bytes += text.len();
                bytes >= SHARE
            });
            let (share, others) = rest.split_at(long.map_or(rest.len(), |at| at + 1));
            shares.push(share);
            rest = others;
        }
        self.count(&shares, report)
    }

    /// The last place at which a text may be cut, not before `from`.
    pub(super) fn last_cut(&self, text: &[u8], from: usize) -> Option<usize> {
        if !self.pattern.is_known() {
            return None;
        }
        // In steps from the end, since only the first from somewhere is known.
        let mut at = text.len();
        while at > from {
            at = at.saturating_sub(1 << 12).max(from);
            let found = cut::place(text, at);
            if found < text.len() {
                return Some(found);
            }
        }
        None
    }

    /// Cuts a text into parts that are counted alone.
    fn share<'t>(&self, mut text: &'t [u8], shares: &mut Vec<[&'t [u8]; 1]>) {
        while self.pattern.is_known() && text.len() > SHARE {
            let (share, rest) = text.split_at(cut::place(text, SHARE));
            shares.push([share]);
            text = rest;
        }
        shares.push([text]);
    }

    fn count<'t, S: AsRef<[&'t [u8]]> + Sync>(
        &mut self,
        shares: &[S],
        report: Report<'_>,
    ) -> Result<()> {
        let work = Work {
            pattern: &self.pattern,
            shares,
            next: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        };
        let before = self.done;
        let Some((own, others)) = self.tables.split_first_mut() else {
            return Ok(());
        };
        let outcome = thread::scope(|scope| {
            let (sender, ended) = mpsc::channel();
            for table in others.iter_mut().take(shares.len().saturating_sub(1)) {
                let (work, sender) = (&work, sender.clone());
                scope.spawn(move || {
                    let outcome = work.run(table, &mut |_| Ok(()));
                    if outcome.is_err() {
                        work.stop.store(true, Ordering::Relaxed);
                    }
                    // The receiver lives as long as the scope.
                    let _ = sender.send(outcome);
                });
            }
            drop(sender);
            let mut told = |done: usize| report(before + done as u64);
            let mut outcome = work.run(own, &mut told);
            loop {
                if outcome.is_err() {
                    work.stop.store(true, Ordering::Relaxed);
                }
                match ended.recv_timeout(LOOK) {
                    // What made the others stop is told, not that they did.
                    Ok(Err(error)) if is_first(&outcome, &error) => outcome = Err(error),
                    Ok(_) => {}
                    Err(RecvTimeoutError::Timeout) => {
                        if outcome.is_ok() {
                            outcome = told(work.done.load(Ordering::Relaxed));
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => return outcome,
                }
            }
        });
        self.done += work.done.into_inner() as u64;
        outcome?;
        report(self.done)
    }

    /// All counts in one table.
    pub(super) fn finish(self, look: Look<'_>) -> Result<Table> {
        let mut tables = self.tables;
        // The greatest takes in the others.
        tables.sort_by_key(Table::size);
        let mut all = tables.pop().unwrap_or_default();
        for table in tables {
            all.join(table, look)?;
        }
        Ok(all)
    }
}

/// Whether an error is what made all stop.
fn is_first(outcome: &Result<()>, error: &Error) -> bool {
    match outcome {
        Ok(()) => true,
        Err(known) => {
            known.kind() == ErrorKind::Interrupted && error.kind() != ErrorKind::Interrupted
        }
    }
}

/// What threads share.
struct Work<'a, S> {
    pattern: &'a Pattern,
    shares: &'a [S],
    next: AtomicUsize,
    /// Bytes.
    done: AtomicUsize,
    stop: AtomicBool,
}

impl<'t, S: AsRef<[&'t [u8]]>> Work<'_, S> {
    /// Takes shares as long as there are some.
    fn run(&self, table: &mut Table, told: &mut dyn FnMut(usize) -> Result<()>) -> Result<()> {
        while let Some(share) = self.shares.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            for text in share.as_ref() {
                let mut pieces = 0;
                self.pattern.for_each_piece::<Error>(text, |piece| {
                    table.count(piece);
                    pieces += 1;
                    if pieces == PIECES {
                        pieces = 0;
                        self.look(told)?;
                    }
                    Ok(())
                })?;
                self.done.fetch_add(text.len(), Ordering::Relaxed);
            }
            self.look(told)?;
        }
        Ok(())
    }

    fn look(&self, told: &mut dyn FnMut(usize) -> Result<()>) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            // Whoever set it says why.
            return Err(Error::new(ErrorKind::Interrupted, "another thread stopped"));
        }
        told(self.done.load(Ordering::Relaxed))
    }
}
