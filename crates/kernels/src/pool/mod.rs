//! A few threads that wait for the next piece of a training step.
//!
//! A step of a small network lasts some 50 µs, less than waking a sleeping thread, so the workers spin for a while
//! before they park. Each thread has a share of the items and helps with the others' when it is done: which thread
//! takes which item is left to chance, therefore an item may only write what is its own, and no result depends on the
//! number of threads.

mod round;
mod shares;
#[cfg(test)]
mod tests;
mod worker;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{JoinHandle, Thread};

use round::{Ticket, wait_until};
use shares::{ItemShares, ShareProgress};
use worker::PoolState;

/// No machine that toile runs on has more cores than this.
const MOST_THREADS: usize = 1024;

/// A pool of worker threads; the calling thread always takes part as thread 0.
pub struct Pool {
    state: Arc<PoolState>,
    workers: Vec<(Thread, JoinHandle<()>)>,
    rounds: u64,
    shares: Vec<ShareProgress>,
    /// More than so many workers the system is made to refuse.
    #[cfg(test)]
    most_workers: usize,
}

impl Default for Pool {
    fn default() -> Pool {
        Pool::new()
    }
}

impl Pool {
    /// A pool without workers; they are started when first wanted.
    pub fn new() -> Pool {
        Pool {
            state: Arc::new(PoolState::new(MOST_THREADS)),
            workers: Vec::new(),
            rounds: 0,
            shares: Vec::new(),
            #[cfg(test)]
            most_workers: MOST_THREADS,
        }
    }

    /// Calls `job(0)`, and at the same time `job(t)` on as many of the other threads t below `threads` as come in time:
    /// what there is to do must be shared out by the jobs themselves. Returns when all have ended.
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
        self.state.gate.open(self.rounds);
        // A worker touches the job between entering and leaving the gate only, and this function does not return, by a
        // panic neither, before the gate is closed and all have left.
        self.state.call.set(job, Ticket::new(self.rounds, threads));
        for (t, (thread, _)) in self.workers.iter().enumerate().take(threads - 1) {
            if self.state.take_parked(t) {
                thread.unpark();
            }
        }
        let own = catch_unwind(AssertUnwindSafe(|| job(0)));
        self.state.gate.close();
        let theirs = self.state.take_panic();
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
        let dealt = ItemShares::new(&mut shares, threads, items.iter().map(|_| 1));
        let (locals, items) = (SharedPointer(locals.as_mut_ptr()), SharedPointer(items.as_mut_ptr()));
        self.run(threads, &|t| {
            // SAFETY: thread t alone uses local t, which exists by the assertion above.
            let local = unsafe { &mut *locals.at(t) };
            while let Some(i) = dealt.next(t) {
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
        let mut nothing = vec![(); ranges.len()];
        self.for_each_range_with(threads, ranges, buffers, &mut nothing, |i, parts, ()| work(i, parts));
    }

    /// Calls `work(i, parts, item)` for every range, with that range of each buffer and the range's item; an empty
    /// buffer gives empty parts.
    ///
    /// # Panics
    /// If the ranges are not ascending and disjoint, or lie outside a buffer, if there are not as many items as ranges,
    /// or if the work panics.
    pub fn for_each_range_with<const N: usize, T: Send>(
        &mut self,
        threads: usize,
        ranges: &[Range<usize>],
        buffers: [&mut [f32]; N],
        items: &mut [T],
        work: impl Fn(usize, [&mut [f32]; N], &mut T) + Sync,
    ) {
        assert!(items.len() == ranges.len(), "{} items for {} ranges", items.len(), ranges.len());
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
        let dealt = ItemShares::new(&mut shares, threads, ranges.iter().map(Range::len));
        let starts = buffers.map(|b| (SharedPointer(b.as_mut_ptr()), b.is_empty()));
        let items = SharedPointer(items.as_mut_ptr());
        self.run(threads, &|t| {
            while let Some(i) = dealt.next(t) {
                let range = &ranges[i];
                let parts = std::array::from_fn(|b| {
                    let (start, empty) = &starts[b];
                    let (offset, len) = if *empty { (0, 0) } else { (range.start, range.len()) };
                    // SAFETY: inside the buffer and disjoint from every other range (both asserted), and every range is
                    // dealt to one thread only.
                    unsafe { std::slice::from_raw_parts_mut(start.at(offset), len) }
                });
                // SAFETY: there is an item for every range (asserted), and every range is dealt to one thread only.
                work(i, parts, unsafe { &mut *items.at(i) });
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
        wait_until(|| self.state.started.load(Ordering::Acquire) == self.workers.len());
        self.workers.len().min(wanted)
    }

    /// None if the system refuses.
    fn start_worker(&self) -> Option<JoinHandle<()>> {
        #[cfg(test)]
        if self.workers.len() >= self.most_workers {
            return None;
        }
        let (state, index, seen) = (self.state.clone(), self.workers.len(), self.rounds);
        std::thread::Builder::new()
            .name(format!("toile-{}", index + 1))
            .spawn(move || state.work(index, seen))
            .ok()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.state.call.close();
        for (thread, handle) in self.workers.drain(..) {
            thread.unpark();
            // A worker's panic was already handed to the caller of `run`.
            let _ = handle.join();
        }
    }
}

/// The start of a slice of which each thread takes other elements.
struct SharedPointer<T>(*mut T);

// SAFETY: used only to hand out disjoint `&mut T` to threads, which needs `T: Send`.
unsafe impl<T: Send> Sync for SharedPointer<T> {}

impl<T> SharedPointer<T> {
    fn at(&self, i: usize) -> *mut T {
        self.0.wrapping_add(i)
    }
}
