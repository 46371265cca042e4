//! The queue: which runs wait, which train, and how many threads each may use at this moment.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::schedule::{longest_first, shares};

/// Shared by all trainings of a study. It may grow while they train.
pub(super) struct Queue {
    threads: usize,
    state: Mutex<QueueState>,
}

#[derive(Default)]
struct QueueState {
    /// Place in the plan and work, the next one last.
    waiting: Vec<(usize, f64)>,
    active: Vec<ActiveTraining>,
}

struct ActiveTraining {
    run: usize,
    work: f64,
    left: f64,
    threads: Arc<AtomicUsize>,
}

impl Queue {
    /// Nothing waits yet.
    pub(super) fn new(threads: usize) -> Queue {
        Queue { threads, state: Mutex::default() }
    }

    /// More runs wait, by their places in the plan and their work: the longest of all is the next.
    pub(super) fn add(&self, runs: &[(usize, f64)]) {
        let mut state = self.state();
        let mut all = std::mem::take(&mut state.waiting);
        all.extend(runs);
        all.sort_by_key(|(run, _)| *run);
        let work: Vec<f64> = all.iter().map(|(_, work)| *work).collect();
        state.waiting = longest_first(&work).into_iter().rev().map(|place| all[place]).collect();
        self.share(&state);
    }

    /// How many runs may train side by side.
    pub(super) fn width(&self) -> usize {
        self.threads.min(self.state().waiting.len())
    }

    /// The next run, and the number of threads that it may use: to be read at every step, for it changes.
    pub(super) fn take(&self) -> Option<(usize, Arc<AtomicUsize>)> {
        let mut state = self.state();
        let (run, work) = state.waiting.pop()?;
        let threads = Arc::new(AtomicUsize::new(1));
        state.active.push(ActiveTraining { run, work, left: work, threads: threads.clone() });
        self.share(&state);
        Some((run, threads))
    }

    /// How many runs train at this moment.
    pub(super) fn n_active(&self) -> usize {
        self.state().active.len()
    }

    /// A part of a run is done: `fraction` of its work is left.
    pub(super) fn advance(&self, run: usize, fraction: f64) {
        let mut state = self.state();
        if let Some(active) = state.active.iter_mut().find(|a| a.run == run) {
            active.left = active.work * fraction;
        }
        self.share(&state);
    }

    /// A run has ended: its threads are for the others.
    pub(super) fn end(&self, run: usize) {
        let mut state = self.state();
        state.active.retain(|a| a.run != run);
        self.share(&state);
    }

    fn share(&self, state: &QueueState) {
        // While runs wait, a free thread is for the next of them, which takes it in a moment.
        let reserved = state.waiting.len().min(self.threads.saturating_sub(state.active.len()));
        let left: Vec<f64> = state.active.iter().map(|a| a.left).collect();
        for (active, share) in state.active.iter().zip(shares(&left, self.threads - reserved)) {
            active.threads.store(share, Ordering::Relaxed);
        }
    }

    /// The state is whole between statements, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(runs: &[(usize, f64)], threads: usize) -> Queue {
        let queue = Queue::new(threads);
        queue.add(runs);
        queue
    }

    #[test]
    fn what_is_added_while_others_train_takes_its_place_by_its_work() {
        let queue = queue(&[(0, 5.0), (1, 1.0)], 1);
        assert_eq!(queue.take().unwrap().0, 0);
        queue.add(&[(2, 0.5), (3, 4.0)]);
        queue.end(0);
        let order: Vec<usize> = std::iter::from_fn(|| queue.take().map(|(run, _)| run)).collect();
        assert_eq!(order, [3, 1, 2]);
    }

    #[test]
    fn threads_go_to_the_runs_that_are_left() {
        let queue = queue(&[(0, 1.0), (1, 9.0), (2, 2.0)], 2);
        assert_eq!(queue.width(), 2);
        let (first, of_first) = queue.take().unwrap();
        let (second, of_second) = queue.take().unwrap();
        assert_eq!((first, second), (1, 2));
        queue.end(2);
        assert_eq!(of_first.load(Ordering::Relaxed), 1, "a run still waits for the free thread");
        let (third, _) = queue.take().unwrap();
        assert_eq!((third, of_second.load(Ordering::Relaxed)), (0, 1));
        queue.end(0);
        assert_eq!(of_first.load(Ordering::Relaxed), 2);
        assert!(queue.take().is_none());
    }

    #[test]
    fn a_run_that_is_nearly_done_leaves_threads_to_the_other() {
        let queue = queue(&[(0, 10.0), (1, 8.0)], 3);
        let (_, first) = queue.take().unwrap();
        let (_, second) = queue.take().unwrap();
        assert_eq!((first.load(Ordering::Relaxed), second.load(Ordering::Relaxed)), (2, 1));
        queue.advance(0, 0.1);
        assert_eq!((first.load(Ordering::Relaxed), second.load(Ordering::Relaxed)), (1, 2));
    }

    #[test]
    fn only_the_runs_that_are_asked_for_are_taken() {
        let queue = queue(&[(2, 2.0)], 4);
        assert_eq!(queue.width(), 1);
        assert_eq!(queue.take().unwrap().0, 2);
        assert!(queue.take().is_none());
    }
}
