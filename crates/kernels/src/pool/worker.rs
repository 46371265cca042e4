//! What the threads of a pool share, and the life of a worker.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::round::{RoundCall, RoundGate, Ticket, pause};

/// Turns of spinning before a worker parks: some tenths of a millisecond.
const SPINS: u32 = 20_000;

/// What the threads of a pool share.
pub(super) struct PoolState {
    pub(super) call: RoundCall,
    pub(super) gate: RoundGate,
    /// Workers that are under way, with all that a new thread allocates.
    pub(super) started: AtomicUsize,
    parked: Vec<AtomicBool>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl PoolState {
    pub(super) fn new(most_threads: usize) -> PoolState {
        PoolState {
            call: RoundCall::default(),
            gate: RoundGate::default(),
            started: AtomicUsize::new(0),
            parked: (0..most_threads).map(|_| AtomicBool::new(false)).collect(),
            panic: Mutex::new(None),
        }
    }

    /// Whether worker `index` is parked and must be woken.
    pub(super) fn take_parked(&self, index: usize) -> bool {
        self.parked[index].swap(false, Ordering::SeqCst)
    }

    /// The panic of a worker, if there was one.
    pub(super) fn take_panic(&self) -> Option<Box<dyn Any + Send>> {
        self.panic().take()
    }

    fn panic(&self) -> MutexGuard<'_, Option<Box<dyn Any + Send>>> {
        self.panic.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The life of worker `index`, which is thread `index + 1` of every round that wants so many.
    pub(super) fn work(&self, index: usize, mut seen: u64) {
        self.started.fetch_add(1, Ordering::Release);
        loop {
            let ticket = self.next_ticket(index, seen);
            if ticket == Ticket::CLOSED {
                return;
            }
            seen = ticket.round();
            if index + 1 >= ticket.threads() || !self.gate.enter(seen) {
                continue;
            }
            // SAFETY: this worker has just entered the gate.
            let job = unsafe { self.call.job() };
            // SAFETY: the job lives until its round ends, which waits for this worker to leave.
            let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { (*job)(index + 1) }));
            if let Err(panic) = outcome {
                *self.panic() = Some(panic);
            }
            self.gate.leave();
        }
    }

    /// Waits for a round after `seen`: first spinning, then parked.
    fn next_ticket(&self, index: usize, seen: u64) -> Ticket {
        let is_new = |ticket: Ticket| ticket == Ticket::CLOSED || ticket.round() != seen;
        for turn in 0..SPINS {
            let ticket = self.call.ticket(Ordering::Acquire);
            if is_new(ticket) {
                return ticket;
            }
            pause(turn);
        }
        loop {
            self.parked[index].store(true, Ordering::SeqCst);
            let ticket = self.call.ticket(Ordering::SeqCst);
            if is_new(ticket) {
                self.parked[index].store(false, Ordering::SeqCst);
                return ticket;
            }
            std::thread::park();
        }
    }
}
