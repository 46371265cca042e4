//! How many threads the engine may use.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads the engine may use: a plain number, or one that may change while a model trains. The results do not
/// depend on it; 0 is 1.
#[derive(Clone, Copy, Debug)]
pub enum Threads<'a> {
    /// So many from the start to the end.
    Fixed(usize),
    /// So many as the number says at each update.
    Shared(&'a AtomicUsize),
}

impl From<usize> for Threads<'_> {
    fn from(threads: usize) -> Self {
        Threads::Fixed(threads)
    }
}

impl<'a> From<&'a AtomicUsize> for Threads<'a> {
    fn from(threads: &'a AtomicUsize) -> Self {
        Threads::Shared(threads)
    }
}

impl Threads<'_> {
    /// How many they are now; at least one.
    pub(crate) fn now(self) -> usize {
        let threads = match self {
            Threads::Fixed(threads) => threads,
            Threads::Shared(threads) => threads.load(Ordering::Relaxed),
        };
        threads.max(1)
    }
}
