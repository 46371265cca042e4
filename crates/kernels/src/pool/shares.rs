//! Which thread takes which item of a round.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How far the items of one thread's share are taken, on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
pub(super) struct ShareProgress(AtomicUsize);

/// Items 0..n of a round. Each thread has a share of its own, the same one in every round of as many items, so that
/// what it touched in the last round is still in its cache; when its share is done, it takes from the others'.
pub(super) struct ItemShares<'a> {
    taken: &'a [ShareProgress],
    n: usize,
}

impl<'a> ItemShares<'a> {
    pub(super) fn new(shares: &'a mut Vec<ShareProgress>, threads: usize, n: usize) -> ItemShares<'a> {
        if shares.len() < threads {
            shares.resize_with(threads, ShareProgress::default);
        }
        let items = ItemShares { taken: &shares[..threads], n };
        for (t, taken) in items.taken.iter().enumerate() {
            taken.0.store(items.start(t), Ordering::Relaxed);
        }
        items
    }

    /// Where the share of thread t starts.
    fn start(&self, t: usize) -> usize {
        t * self.n / self.taken.len()
    }

    /// The next item for thread t; every item is given once.
    pub(super) fn next(&self, t: usize) -> Option<usize> {
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
