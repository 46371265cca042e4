//! Why no further training begins: the user, or an error in one of the threads.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether to stop as soon as possible.
pub(crate) struct StopSignal<'a> {
    /// Set by the user.
    asked: &'a AtomicBool,
    /// One thread has met an error that the others would meet as well.
    broken: AtomicBool,
}

impl<'a> StopSignal<'a> {
    /// Nothing is broken yet.
    pub(crate) fn new(asked: &'a AtomicBool) -> StopSignal<'a> {
        StopSignal { asked, broken: AtomicBool::new(false) }
    }

    /// Whether the user or an error says so.
    pub(crate) fn is_set(&self) -> bool {
        self.is_asked() || self.broken.load(Ordering::Relaxed)
    }

    /// Whether the user says so.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Says that an error was met.
    pub(crate) fn breaks(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }
}
