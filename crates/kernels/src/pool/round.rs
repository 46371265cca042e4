//! A round of work: what the workers are called to, and the gate through which they enter and leave it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// After so many turns a waiting thread lets others have the core from time to time.
const POLITE_AFTER: u32 = 2_000;
/// The low bits of a ticket hold the number of threads that take part.
const THREADS_BITS: u32 = 16;
/// The ticket that makes the workers end.
const CLOSED: u64 = u64::MAX;

/// What a worker is called to: a round and its number of threads, or the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl Ticket {
    pub(super) const CLOSED: Ticket = Ticket(CLOSED);

    pub(super) fn new(round: u64, threads: usize) -> Ticket {
        Ticket(round << THREADS_BITS | threads as u64)
    }

    pub(super) fn round(self) -> u64 {
        self.0 >> THREADS_BITS
    }

    pub(super) fn threads(self) -> usize {
        (self.0 & ((1 << THREADS_BITS) - 1)) as usize
    }
}

/// A job whose lifetime is lost: it lives as long as its round.
pub(super) type PoolJob = *const (dyn Fn(usize) + Sync);

/// What workers look at while they wait, and need at once when a round begins: one cache line that travels.
#[derive(Default)]
#[repr(align(64))]
pub(super) struct RoundCall {
    ticket: AtomicU64,
    /// The two words of a `PoolJob`.
    job: [AtomicUsize; 2],
}

impl RoundCall {
    /// Offers a job for this ticket.
    pub(super) fn set(&self, job: &(dyn Fn(usize) + Sync), ticket: Ticket) {
        // SAFETY: a reference to a trait object is two words, and any words are numbers; only its lifetime is lost.
        let words = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), [usize; 2]>(job) };
        for (cell, word) in self.job.iter().zip(words) {
            cell.store(word, Ordering::Relaxed);
        }
        self.ticket.store(ticket.0, Ordering::SeqCst);
    }

    /// Calls all workers to end.
    pub(super) fn close(&self) {
        self.ticket.store(CLOSED, Ordering::SeqCst);
    }

    /// The ticket of the current round.
    pub(super) fn ticket(&self, ordering: Ordering) -> Ticket {
        Ticket(self.ticket.load(ordering))
    }

    /// The job of a round.
    ///
    /// # Safety
    /// The calling worker has entered the gate of a round, and not left it.
    pub(super) unsafe fn job(&self) -> PoolJob {
        let words = [0, 1].map(|i| self.job[i].load(Ordering::Relaxed));
        // SAFETY: the words of a reference, stored before the ticket; no others are stored before this worker has left.
        unsafe { std::mem::transmute::<[usize; 2], PoolJob>(words) }
    }
}

/// Lets workers into a round as long as there is work in it. The thread that began it does not wait for those who come
/// too late: where other programs take the cores, the work is done by the threads that have one.
#[derive(Default)]
#[repr(align(64))]
pub(super) struct RoundGate {
    /// The round, `OPEN`, and how many workers have entered.
    entered: AtomicU64,
    /// How many of them are done.
    left: AtomicU64,
}

const OPEN: u64 = 1 << THREADS_BITS;
const ROUND_SHIFT: u32 = THREADS_BITS + 1;

impl RoundGate {
    pub(super) fn open(&self, round: u64) {
        self.left.store(0, Ordering::Relaxed);
        self.entered.store(round << ROUND_SHIFT | OPEN, Ordering::Release);
    }

    /// Whether a worker may take part in this round; it must leave then.
    pub(super) fn enter(&self, round: u64) -> bool {
        let more = |now: u64| (now >> ROUND_SHIFT == round && now & OPEN != 0).then_some(now + 1);
        self.entered.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    pub(super) fn leave(&self) {
        self.left.fetch_add(1, Ordering::Release);
    }

    /// Lets no thread in any more, and waits for those inside.
    pub(super) fn close(&self) {
        let entered = self.entered.fetch_and(!OPEN, Ordering::AcqRel) & (OPEN - 1);
        wait_until(|| self.left.load(Ordering::Acquire) == entered);
    }
}

pub(super) fn wait_until(done: impl Fn() -> bool) {
    let mut turn = 0;
    while !done() {
        pause(turn);
        turn = turn.saturating_add(1);
    }
}

/// A short wait; with more threads than cores, spinning alone would keep the core from the thread that is waited for.
pub(super) fn pause(turn: u32) {
    if turn >= POLITE_AFTER && turn.is_multiple_of(64) {
        std::thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}
