//! Leases: a worker's hold on its runs and trials, renewed by a thread of its own, and what waits to be written for
//! them.
//!
//! A worker that loses its lease (it was stopped for too long, or cut off) finds out at its next heartbeat, and drops
//! the trial: another worker has it. What it still tries to write is refused by the store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use toile_record::End;
use toile_store::{Claim, Report, Store, StoreError, TrialResult};

use crate::stop::StopSignal;

/// The hold on one trial.
pub(crate) struct Lease {
    /// Without the checkpoint, which whoever goes on from it takes.
    pub claim: Claim,
    checkpoint: Mutex<Option<Vec<u8>>>,
    pending: Mutex<Vec<Report>>,
    /// Held while something is written for the trial, so that reports come in order.
    writing: Mutex<()>,
    lost: AtomicBool,
}

/// All leases of a worker, and its way to the store.
pub(crate) struct Leases<'a> {
    storage: &'a Store,
    held: Mutex<Vec<Arc<Lease>>>,
    over: Bell,
    stop: &'a StopSignal<'a>,
    waits: &'a (dyn Fn(&StoreError) + Sync),
}

/// How soon, and then how often, a worker that waits for others looks again.
pub(crate) const LOOKS: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(500)];

/// So many workers in a row may die with a training before an epoch of it has ended; then it is given up.
pub(crate) const MOST_DEATHS: usize = 3;

/// What is recorded of a training that was given up.
pub(crate) fn deadly() -> End {
    let why = format!(
        "{MOST_DEATHS} workers died with it, one after the other, before an epoch had ended: it may need more memory than they had"
    );
    End::Refused { why }
}

/// The longest pause before a server is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The pauses of a wait for a locked file, all together; each attempt itself waits for some ten seconds more.
const LONGEST_WAIT: Duration = Duration::from_secs(100);

/// Once the user wants to stop, a server is asked for some three seconds more: until the pauses have grown to this.
const LAST_PAUSE: Duration = Duration::from_secs(3);

impl Lease {
    /// The last checkpoint of an earlier attempt: the first time it is asked for.
    pub(crate) fn take_checkpoint(&self) -> Option<Vec<u8>> {
        lock(&self.checkpoint).take()
    }

    /// Whether another worker has the trial now.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// The store has refused to write for it: another worker has the trial.
    pub(crate) fn lose(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    /// Something to be written when the writer comes by. Of the checkpoints that wait only the last one is of use.
    pub(crate) fn report(&self, report: Report) {
        let mut pending = lock(&self.pending);
        if report.checkpoint.is_some() {
            pending.iter_mut().for_each(|earlier| earlier.checkpoint = None);
        }
        pending.push(report);
    }

    /// What could not be written waits again, before what came after it.
    fn keep(&self, reports: Vec<Report>) {
        lock(&self.pending).splice(..0, reports);
    }
}

impl<'a> Leases<'a> {
    /// None are held yet. `waits` is told when the store cannot be reached and is asked again.
    pub(crate) fn new(
        storage: &'a Store,
        stop: &'a StopSignal<'a>,
        waits: &'a (dyn Fn(&StoreError) + Sync),
    ) -> Leases<'a> {
        Leases { storage, held: Mutex::default(), over: Bell::default(), stop, waits }
    }

    /// Holds a trial from now on.
    pub(crate) fn hold(&self, mut claim: Claim) -> Arc<Lease> {
        let checkpoint = Mutex::new(claim.checkpoint.take());
        let lease = Arc::new(Lease {
            claim,
            checkpoint,
            pending: Mutex::default(),
            writing: Mutex::default(),
            lost: AtomicBool::new(false),
        });
        lock(&self.held).push(lease.clone());
        lease
    }

    /// Gives up a hold; what waits is no longer written.
    pub(crate) fn release(&self, lease: &Arc<Lease>) {
        lock(&self.held).retain(|held| !Arc::ptr_eq(held, lease));
    }

    /// Writes what waits, then the end of the trial. False if the trial was lost: nothing of the end is written.
    pub(crate) fn finish(&self, lease: &Arc<Lease>, ending: &TrialResult) -> Result<bool, StoreError> {
        self.settle(lease, |storage| storage.finish(&lease.claim, ending))
    }

    /// Writes what waits, then puts the trial back into the queue.
    pub(crate) fn put_back(&self, lease: &Arc<Lease>, checkpoint: Option<&[u8]>) -> Result<bool, StoreError> {
        self.settle(lease, |storage| storage.put_back(&lease.claim, checkpoint))
    }

    fn settle(
        &self,
        lease: &Arc<Lease>,
        last: impl Fn(&Store) -> Result<bool, StoreError>,
    ) -> Result<bool, StoreError> {
        let result = self.write(lease).and_then(|kept| {
            let _writing = lock(&lease.writing);
            if kept { self.patiently(|| last(self.storage)) } else { Ok(false) }
        });
        self.release(lease);
        result
    }

    /// Writes what waits for a trial.
    fn write(&self, lease: &Lease) -> Result<bool, StoreError> {
        let _writing = lock(&lease.writing);
        let reports = std::mem::take(&mut *lock(&lease.pending));
        if reports.is_empty() || lease.is_lost() {
            return Ok(!lease.is_lost());
        }
        let kept = self.patiently(|| self.storage.report(&lease.claim, &reports));
        match kept {
            Ok(true) => {}
            Ok(false) => lease.lose(),
            Err(_) => lease.keep(reports),
        }
        kept
    }

    /// Asks again while the store cannot be reached, with growing pauses. A server is given up only if the user wants
    /// to stop; a file that stays locked also after a while: whoever holds it may be gone for good.
    pub(crate) fn patiently<T>(&self, ask: impl Fn() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut pauses = Pauses::of(self.storage);
        loop {
            match ask() {
                Err(error) if error.is_transient() => {
                    (self.waits)(&error);
                    let pause = pauses.next(self.stop.is_set()).filter(|_| !error.is_given_up());
                    let Some(pause) = pause else { return Err(error) };
                    self.rest(pause);
                }
                other => return other,
            }
        }
    }

    /// A pause that ends when the user, or an error, says that it is time to stop.
    fn rest(&self, pause: Duration) {
        const LOOK: Duration = Duration::from_millis(50);
        let stops_anyway = self.stop.is_set();
        let mut left = pause;
        while !left.is_zero() && (stops_anyway || !self.stop.is_set()) {
            std::thread::sleep(left.min(LOOK));
            left = left.saturating_sub(LOOK);
        }
    }

    /// The writer's life: every quarter of a second, whatever waits. Errors are met again, and told, where the trial
    /// ends.
    pub(crate) fn write_along(&self) {
        while self.over.pause(Duration::from_millis(250)) {
            for lease in self.all() {
                let _ = self.write(&lease);
            }
        }
    }

    /// The keeper's life: a heartbeat for each trial every `interval`, on a connection of its own.
    pub(crate) fn keep(&self, storage: &Store, interval: Duration) {
        while self.over.pause(interval) {
            for lease in self.all() {
                // A server that does not answer may still believe us: only its own word ends the lease.
                if storage.heartbeat(&lease.claim).is_ok_and(|kept| !kept) && self.is_held(&lease) {
                    lease.lose();
                }
            }
        }
    }

    /// Ends the writer and the keeper.
    pub(crate) fn end(&self) {
        self.over.ring();
    }

    fn all(&self) -> Vec<Arc<Lease>> {
        lock(&self.held).clone()
    }

    fn is_held(&self, lease: &Arc<Lease>) -> bool {
        lock(&self.held).iter().any(|held| Arc::ptr_eq(held, lease))
    }
}

/// Tells threads that look after something now and then that it is over.
#[derive(Default)]
pub(crate) struct Bell {
    has_rung: Mutex<bool>,
    wake: Condvar,
}

impl Bell {
    /// It is over.
    pub(crate) fn ring(&self) {
        *lock(&self.has_rung) = true;
        self.wake.notify_all();
    }

    /// Whether there is more to do after a pause.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let wait = self.wake.wait_timeout_while(lock(&self.has_rung), time, |has_rung| !*has_rung);
        !*wait.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The pauses between one attempt to reach a store and the next: they grow, and they end.
pub struct Pauses {
    next: Duration,
    /// All of them so far, and at most.
    waited: Duration,
    most: Duration,
}

impl Pauses {
    /// A server is asked for ever, a file for some time: whoever holds it may be gone for good.
    pub fn of(storage: &Store) -> Pauses {
        Pauses::new(if storage.is_server() { Duration::MAX } else { LONGEST_WAIT })
    }

    fn new(most: Duration) -> Pauses {
        Pauses { next: Duration::from_millis(50), waited: Duration::ZERO, most }
    }

    /// The next pause; `stops`: the user wants to stop. `None`: it is given up.
    pub fn next(&mut self, stops: bool) -> Option<Duration> {
        if self.waited >= self.most || (stops && self.next >= LAST_PAUSE) {
            return None;
        }
        let pause = self.next;
        self.waited += pause;
        self.next = (pause * 2).min(LONGEST_PAUSE);
        Some(pause)
    }
}

/// The state is whole between statements: a panic elsewhere does not spoil it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(most: Duration, stops: impl Fn(usize) -> bool) -> Vec<u64> {
        let mut pauses = Pauses::new(most);
        (0..1000).map_while(|i| pauses.next(stops(i))).map(|pause| pause.as_millis() as u64).collect()
    }

    #[test]
    fn a_server_is_asked_for_ever_and_a_locked_file_for_some_time() {
        let file = all(LONGEST_WAIT, |_| false);
        assert_eq!(file[..9], [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert!((100_000..105_000).contains(&file.iter().sum::<u64>()), "{file:?}");
        assert_eq!(all(Duration::MAX, |_| false).len(), 1000);
    }

    #[test]
    fn who_wants_to_stop_waits_for_seconds_only() {
        assert_eq!(all(Duration::MAX, |_| true).iter().sum::<u64>(), 3150);
        assert_eq!(all(Duration::MAX, |i| i >= 20).len(), 20, "the pauses are long by then");
    }
}
