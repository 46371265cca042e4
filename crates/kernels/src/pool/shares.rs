//! Which thread takes which item of a round.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How far the items of one thread's share are taken, and where it ends, on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
pub(super) struct ShareProgress {
    next: AtomicUsize,
    end: usize,
}

/// Items 0..n of a round. Each thread has a share of its own, the same one in every round of the same items, so that
/// what it touched in the last round is still in its cache; when its share is done, it takes from the others'.
pub(super) struct ItemShares<'a> {
    shares: &'a [ShareProgress],
}

impl<'a> ItemShares<'a> {
    /// Shares of as much work each, `work` being that of every item; an item is not cut.
    pub(super) fn new(
        shares: &'a mut Vec<ShareProgress>,
        threads: usize,
        work: impl Iterator<Item = usize> + Clone,
    ) -> ItemShares<'a> {
        if shares.len() < threads {
            shares.resize_with(threads, ShareProgress::default);
        }
        let whole: usize = work.clone().sum();
        let (mut work, mut item, mut done) = (work.peekable(), 0, 0usize);
        for (t, share) in shares[..threads].iter_mut().enumerate() {
            *share.next.get_mut() = item;
            let (parts, rest) = (whole / threads, whole % threads);
            let end = (t + 1) * parts + (t + 1) * rest / threads;
            // An item of which more than half lies in this share belongs to it.
            while let Some(more) = work.next_if(|more| done + more / 2 < end || t + 1 == threads) {
                (item, done) = (item + 1, done + more);
            }
            share.end = item;
        }
        ItemShares { shares: &shares[..threads] }
    }

    /// The next item for thread t; every item is given once.
    pub(super) fn next(&self, t: usize) -> Option<usize> {
        let threads = self.shares.len();
        (t..t + threads).map(|owner| owner % threads).find_map(|owner| {
            let ShareProgress { next, end } = &self.shares[owner];
            // The look before keeps the counters from running on for ever.
            if next.load(Ordering::Relaxed) >= *end {
                return None;
            }
            let i = next.fetch_add(1, Ordering::Relaxed);
            (i < *end).then_some(i)
        })
    }
}
