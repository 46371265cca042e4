//! A few threads that wait for the next piece of a training step.
//!
//! A step of a small network lasts some 50 µs, less than waking a sleeping thread, so the workers spin for a while before
//! they park. Each thread has a share of the items and helps with the others' when it is done: which thread takes which
//! item is left to chance, therefore an item may only write what is its own, and no result depends on the number of
//! threads.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, Thread};

/// Rounds of spinning before a worker parks: some tenths of a millisecond.
const SPINS: u32 = 20_000;
/// After so many rounds a waiting thread lets others have the core from time to time.
const POLITE_AFTER: u32 = 2_000;
/// The low bits of the ticket hold the number of threads that take part.
const THREADS_BITS: u32 = 16;

type Job = *const (dyn Fn(usize) + Sync);

/// A pool of worker threads; the calling thread always takes part as thread 0.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<(Thread, JoinHandle<()>)>,
    rounds: u64,
    shares: Vec<Taken>,
    /// More than so many workers the system is made to refuse.
    #[cfg(test)]
    most_workers: usize,
}

struct Shared {
    call: Call,
    gate: Gate,
    /// Workers that are under way, with all that a new thread allocates.
    started: AtomicUsize,
    parked: Vec<AtomicBool>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// What workers look at while they wait, and need at once when a round begins: one cache line that travels.
#[repr(align(64))]
struct Call {
    /// The number of the current round, and how many threads take part in it.
    ticket: AtomicU64,
    /// The two words of a `Job`.
    job: [AtomicUsize; 2],
}

/// Lets workers into a round as long as there is work in it. The thread that began it does not wait for those who come
/// too late: where other programs take the cores, the work is done by the threads that have one.
#[repr(align(64))]
struct Gate {
    /// The round, `OPEN`, and how many workers have entered.
    entered: AtomicU64,
    /// How many of them are done.
    left: AtomicU64,
}

const OPEN: u64 = 1 << THREADS_BITS;
const ROUND_SHIFT: u32 = THREADS_BITS + 1;

impl Gate {
    fn open(&self, round: u64) {
        self.left.store(0, Ordering::Relaxed);
        self.entered.store(round << ROUND_SHIFT | OPEN, Ordering::Release);
    }

    /// Whether a worker may take part in this round; it must leave then.
    fn enter(&self, round: u64) -> bool {
        let more = |now: u64| (now >> ROUND_SHIFT == round && now & OPEN != 0).then_some(now + 1);
        self.entered.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    fn leave(&self) {
        self.left.fetch_add(1, Ordering::Release);
    }

    /// Lets nobody in any more, and waits for those inside.
    fn close(&self) {
        let entered = self.entered.fetch_and(!OPEN, Ordering::AcqRel) & (OPEN - 1);
        wait_until(|| self.left.load(Ordering::Acquire) == entered);
    }
}

impl Call {
    /// Offers a job for this ticket.
    fn set(&self, job: &(dyn Fn(usize) + Sync), ticket: u64) {
        // SAFETY: a reference to a trait object is two words; only its lifetime is lost.
        let words = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), [usize; 2]>(job) };
        for (cell, word) in self.job.iter().zip(words) {
            cell.store(word, Ordering::Relaxed);
        }
        self.ticket.store(ticket, Ordering::SeqCst);
    }

    /// The job of the round that was entered.
    fn job(&self) -> Job {
        let words = [0, 1].map(|i| self.job[i].load(Ordering::Relaxed));
        // SAFETY: the words of a reference, stored before the ticket; nobody stores others before this worker has left.
        unsafe { std::mem::transmute::<[usize; 2], Job>(words) }
    }
}

/// How far the items of one thread's share are taken, on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct Taken(AtomicUsize);

/// Items 0..n of a round. Each thread has a share of its own, the same one in every round of as many items, so that what
/// it touched in the last round is still in its cache; when its share is done, it takes from the others'.
struct Deal<'a> {
    taken: &'a [Taken],
    n: usize,
}

impl<'a> Deal<'a> {
    fn new(shares: &'a mut Vec<Taken>, threads: usize, n: usize) -> Deal<'a> {
        if shares.len() < threads {
            shares.resize_with(threads, Taken::default);
        }
        let deal = Deal { taken: &shares[..threads], n };
        for (t, taken) in deal.taken.iter().enumerate() {
            taken.0.store(deal.start(t), Ordering::Relaxed);
        }
        deal
    }

    /// Where the share of thread t starts.
    fn start(&self, t: usize) -> usize {
        t * self.n / self.taken.len()
    }

    /// The next item for thread t; every item is given once.
    fn next(&self, t: usize) -> Option<usize> {
        let threads = self.taken.len();
        (t..t + threads).map(|owner| owner % threads).find_map(|owner| {
            let (taken, end) = (&self.taken[owner].0, self.start(owner + 1));
            // The look before keeps the counters from running on for ever.
            if taken.load(Ordering::Relaxed) >= end {
                return None;
            }
            let i = taken.fetch_add(1, Ordering::Relaxed);
            (i < end).then_some(i)
        })
    }
}

/// The ticket that tells the workers to end.
const CLOSED: u64 = u64::MAX;

/// No machine that toile runs on has more cores than this.
const MOST_THREADS: usize = 1024;

impl Default for Pool {
    fn default() -> Pool {
        Pool::new()
    }
}

impl Pool {
    /// A pool without workers; they are started when first wanted.
    pub fn new() -> Pool {
        let shared = Shared {
            call: Call { ticket: AtomicU64::new(0), job: [AtomicUsize::new(0), AtomicUsize::new(0)] },
            started: AtomicUsize::new(0),
            gate: Gate { entered: AtomicU64::new(0), left: AtomicU64::new(0) },
            parked: (0..MOST_THREADS).map(|_| AtomicBool::new(false)).collect(),
            panic: Mutex::new(None),
        };
        Pool {
            shared: Arc::new(shared),
            workers: Vec::new(),
            rounds: 0,
            shares: Vec::new(),
            #[cfg(test)]
            most_workers: MOST_THREADS,
        }
    }

    /// Calls `job(0)`, and on as many of the other threads t below `threads` as come in time `job(t)` beside it: what
    /// there is to do must be shared out by the jobs themselves. Returns when all have ended.
    ///
    /// # Panics
    /// If a job panics, with its message, after all others have ended.
    fn run(&mut self, threads: usize, job: &(dyn Fn(usize) + Sync)) {
        let threads = threads.clamp(1, MOST_THREADS);
        if threads == 1 {
            return job(0);
        }
        let threads = 1 + self.start_workers(threads - 1);
        if threads == 1 {
            return job(0);
        }
        self.rounds += 1;
        self.shared.gate.open(self.rounds);
        // A worker touches the job between entering and leaving the gate only, and this function does not return, by a
        // panic neither, before the gate is closed and all have left.
        self.shared.call.set(job, self.rounds << THREADS_BITS | threads as u64);
        for (t, (thread, _)) in self.workers.iter().enumerate().take(threads - 1) {
            if self.shared.parked[t].swap(false, Ordering::SeqCst) {
                thread.unpark();
            }
        }
        let own = catch_unwind(AssertUnwindSafe(|| job(0)));
        self.shared.gate.close();
        let theirs = lock(&self.shared.panic).take();
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        if let Some(panic) = theirs {
            resume_unwind(panic);
        }
    }

    /// Calls `work(local, i, item)` for every item, each once, on up to `threads` threads; a thread keeps its local.
    ///
    /// # Panics
    /// If there are fewer locals than threads, or if the work panics.
    pub fn for_each<L: Send, T: Send>(
        &mut self,
        threads: usize,
        locals: &mut [L],
        items: &mut [T],
        work: impl Fn(&mut L, usize, &mut T) + Sync,
    ) {
        let threads = threads.min(items.len()).max(1);
        assert!(locals.len() >= threads, "{} locals for {threads} threads", locals.len());
        let mut shares = std::mem::take(&mut self.shares);
        let deal = Deal::new(&mut shares, threads, items.len());
        let (locals, items) = (Shareable(locals.as_mut_ptr()), Shareable(items.as_mut_ptr()));
        self.run(threads, &|t| {
            // SAFETY: thread t alone uses local t, which exists by the assertion above.
            let local = unsafe { &mut *locals.at(t) };
            while let Some(i) = deal.next(t) {
                // SAFETY: every i below the number of items is dealt to one thread only.
                work(local, i, unsafe { &mut *items.at(i) });
            }
        });
        self.shares = shares;
    }

    /// Calls `work(i, parts)` for every range, with that range of each buffer; an empty buffer gives empty parts.
    ///
    /// # Panics
    /// If the ranges are not ascending and disjoint, or lie outside a buffer, or if the work panics.
    pub fn for_each_range<const N: usize>(
        &mut self,
        threads: usize,
        ranges: &[Range<usize>],
        buffers: [&mut [f32]; N],
        work: impl Fn(usize, [&mut [f32]; N]) + Sync,
    ) {
        let mut end = 0;
        for range in ranges {
            assert!(range.start >= end && range.end >= range.start, "ranges overlap at {range:?}");
            end = range.end;
        }
        for buffer in &buffers {
            assert!(buffer.is_empty() || buffer.len() >= end, "a range ends at {end} of {}", buffer.len());
        }
        let threads = threads.min(ranges.len()).max(1);
        let mut shares = std::mem::take(&mut self.shares);
        let deal = Deal::new(&mut shares, threads, ranges.len());
        let starts = buffers.map(|b| (Shareable(b.as_mut_ptr()), b.is_empty()));
        self.run(threads, &|t| {
            while let Some(i) = deal.next(t) {
                let range = &ranges[i];
                let parts = std::array::from_fn(|b| {
                    let (start, empty) = &starts[b];
                    let (offset, len) = if *empty { (0, 0) } else { (range.start, range.len()) };
                    // SAFETY: inside the buffer and disjoint from every other range (both asserted), and every range is
                    // dealt to one thread only.
                    unsafe { std::slice::from_raw_parts_mut(start.at(offset), len) }
                });
                work(i, parts);
            }
        });
        self.shares = shares;
    }

    /// How many of the wanted workers there are.
    fn start_workers(&mut self, wanted: usize) -> usize {
        while self.workers.len() < wanted {
            let Some(handle) = self.start_worker() else { break };
            self.workers.push((handle.thread().clone(), handle));
        }
        wait_until(|| self.shared.started.load(Ordering::Acquire) == self.workers.len());
        self.workers.len().min(wanted)
    }

    /// None if the system refuses.
    fn start_worker(&self) -> Option<JoinHandle<()>> {
        #[cfg(test)]
        if self.workers.len() >= self.most_workers {
            return None;
        }
        let (shared, index, seen) = (self.shared.clone(), self.workers.len(), self.rounds);
        std::thread::Builder::new()
            .name(format!("toile-{}", index + 1))
            .spawn(move || shared.work(index, seen))
            .ok()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.call.ticket.store(CLOSED, Ordering::SeqCst);
        for (thread, handle) in self.workers.drain(..) {
            thread.unpark();
            // A worker's panic was already handed to the caller of `run`.
            let _ = handle.join();
        }
    }
}

impl Shared {
    /// The life of worker `index`, which is thread `index + 1` of every round that wants so many.
    fn work(&self, index: usize, mut seen: u64) {
        self.started.fetch_add(1, Ordering::Release);
        loop {
            let ticket = self.next_ticket(index, seen);
            if ticket == CLOSED {
                return;
            }
            seen = ticket >> THREADS_BITS;
            let threads = (ticket & ((1 << THREADS_BITS) - 1)) as usize;
            if index + 1 >= threads || !self.gate.enter(seen) {
                continue;
            }
            let job = self.call.job();
            // SAFETY: `run` waits for this worker to leave before the job ends.
            let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { (*job)(index + 1) }));
            if let Err(panic) = outcome {
                *lock(&self.panic) = Some(panic);
            }
            self.gate.leave();
        }
    }

    /// Waits for a round after `seen`: first spinning, then parked.
    fn next_ticket(&self, index: usize, seen: u64) -> u64 {
        let is_new = |ticket: u64| ticket == CLOSED || ticket >> THREADS_BITS != seen;
        for round in 0..SPINS {
            let ticket = self.call.ticket.load(Ordering::Acquire);
            if is_new(ticket) {
                return ticket;
            }
            pause(round);
        }
        loop {
            self.parked[index].store(true, Ordering::SeqCst);
            let ticket = self.call.ticket.load(Ordering::SeqCst);
            if is_new(ticket) {
                self.parked[index].store(false, Ordering::SeqCst);
                return ticket;
            }
            std::thread::park();
        }
    }
}

fn wait_until(done: impl Fn() -> bool) {
    let mut round = 0;
    while !done() {
        pause(round);
        round = round.saturating_add(1);
    }
}

/// A short wait; with more threads than cores, spinning alone would keep the core from the thread that is waited for.
fn pause(round: u32) {
    if round >= POLITE_AFTER && round.is_multiple_of(64) {
        std::thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

struct Shareable<T>(*mut T);

// SAFETY: used only to hand out disjoint `&mut T` to threads, which needs `T: Send`.
unsafe impl<T: Send> Sync for Shareable<T> {}

impl<T> Shareable<T> {
    fn at(&self, i: usize) -> *mut T {
        self.0.wrapping_add(i)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_by_any_number_of_threads() {
        let mut pool = Pool::new();
        for threads in [1, 2, 3, 7, 16, 2] {
            let mut items = vec![0u32; 100];
            let mut locals = vec![0u32; 16];
            pool.for_each(threads, &mut locals, &mut items, |local, i, item| {
                *item += i as u32 + 1;
                *local += 1;
            });
            assert_eq!(items, (1..=100).collect::<Vec<_>>());
            assert_eq!(locals.iter().sum::<u32>(), 100);
        }
    }

    #[test]
    fn ranges_reach_their_part_of_each_buffer() {
        let mut pool = Pool::new();
        let (mut a, mut b) = (vec![1.0; 10], Vec::new());
        pool.for_each_range(3, &[0..4, 5..10], [&mut a, &mut b], |i, [a, b]| {
            assert!(b.is_empty());
            a.fill(i as f32 + 2.0);
        });
        assert_eq!(a, [2.0, 2.0, 2.0, 2.0, 1.0, 3.0, 3.0, 3.0, 3.0, 3.0]);
    }

    #[test]
    #[should_panic(expected = "ranges overlap")]
    fn overlapping_ranges_are_refused() {
        Pool::new().for_each_range(2, &[0..4, 3..5], [&mut [0.0; 8]], |_, _| {});
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_pool_usable() {
        let mut pool = Pool::new();
        for bad in [0, 1, 7] {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                pool.for_each(2, &mut [(); 2], &mut [0; 8], |_, i, _| assert!(i != bad, "item {bad} fails"));
            }));
            assert!(caught.is_err());
        }
        let mut items = [0; 8];
        pool.for_each(2, &mut [(); 2], &mut items, |_, _, item| *item += 1);
        assert_eq!(items, [1; 8]);
    }

    /// It was a panic in the middle of a study.
    #[test]
    fn where_the_system_refuses_threads_those_that_are_there_do_the_work() {
        for most_workers in [0, 1, 2] {
            let mut pool = Pool::new();
            pool.most_workers = most_workers;
            for _ in 0..2 {
                let (mut items, mut locals) = (vec![0u32; 100], vec![0u32; 8]);
                pool.for_each(8, &mut locals, &mut items, |local, i, item| {
                    *item += i as u32 + 1;
                    *local += 1;
                });
                assert_eq!(items, (1..=100).collect::<Vec<_>>());
                assert_eq!(locals[most_workers + 1..].iter().sum::<u32>(), 0);
                let mut values = vec![0.0; 10];
                pool.for_each_range(4, &[0..4, 4..5, 5..10], [&mut values], |i, [part]| part.fill(i as f32));
                assert_eq!(values, [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0]);
            }
        }
    }

    /// Workers sleep between the rounds; whether they come in time or not, the work is done.
    #[test]
    fn nobody_waits_for_workers_that_are_late() {
        let mut pool = Pool::new();
        for _ in 0..3 {
            let mut items = [0; 100];
            pool.for_each(4, &mut [(); 4], &mut items, |_, _, item| *item += 1);
            assert_eq!(items, [1; 100]);
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Both threads are in the round at the same time: each waits for the other's item to be begun.
    #[test]
    fn two_threads_work_at_the_same_time() {
        let (mut pool, begun) = (Pool::new(), AtomicUsize::new(0));
        pool.for_each(2, &mut [(); 2], &mut [0; 2], |_, _, _| {
            begun.fetch_add(1, Ordering::SeqCst);
            wait_until(|| begun.load(Ordering::SeqCst) == 2);
        });
    }
}
