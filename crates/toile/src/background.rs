//! Work in a thread of its own, one job after the other, with a rest between them: what takes long holds nobody up, and
//! does not eat a core.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// The next job waits so many times as long as the last one took.
const REST: u32 = 10;

/// A thread that works.
pub(crate) struct Background<J, A> {
    jobs: Sender<(u64, J)>,
    done: Receiver<(u64, A, Duration)>,
    /// The number of the last job.
    last: u64,
    /// Whether its answer is still to come.
    is_busy: bool,
    not_before: Instant,
}

impl<J: Send + 'static, A: Send + 'static> Background<J, A> {
    /// # Errors
    /// If there is no thread for it.
    pub(crate) fn start(
        name: &str,
        mut work: impl FnMut(J) -> A + Send + 'static,
    ) -> std::io::Result<Background<J, A>> {
        let (jobs, wanted) = channel::<(u64, J)>();
        let (told, done) = channel();
        std::thread::Builder::new().name(name.into()).spawn(move || {
            while let Ok(mut job) = wanted.recv() {
                // Only the latest is worth an answer.
                while let Ok(later) = wanted.try_recv() {
                    job = later;
                }
                let begun = Instant::now();
                let answer = work(job.1);
                if told.send((job.0, answer, begun.elapsed())).is_err() {
                    return;
                }
            }
        })?;
        Ok(Background { jobs, done, last: 0, is_busy: false, not_before: Instant::now() })
    }

    /// Whether a job can begin: at once where that `is_pressing`, else when the thread has rested.
    pub(crate) fn is_free(&self, is_pressing: bool) -> bool {
        !self.is_busy && (is_pressing || Instant::now() >= self.not_before)
    }

    /// Gives it a job, in the place of one that it still has.
    pub(crate) fn begin(&mut self, job: J) {
        self.last += 1;
        // A thread that is gone has said where it broke: what was known before stands.
        self.is_busy = self.jobs.send((self.last, job)).is_ok();
    }

    /// What comes of the job that it has, is of no use any more.
    pub(crate) fn forget(&mut self) {
        self.last += 1;
        self.is_busy = false;
    }

    /// What has come of the last job, if that is over; where it `is_pressing`, it is waited for.
    pub(crate) fn take(&mut self, is_pressing: bool) -> Option<A> {
        while self.is_busy {
            let done = match is_pressing {
                true => self.done.recv().ok(),
                false => match self.done.try_recv() {
                    Err(std::sync::mpsc::TryRecvError::Empty) => return None,
                    done => done.ok(),
                },
            };
            let Some((number, answer, took)) = done else { break };
            self.not_before = Instant::now() + took * REST;
            if number == self.last {
                self.is_busy = false;
                return Some(answer);
            }
        }
        self.is_busy = false;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_that_to_the_last_job_that_was_not_forgotten() {
        let mut background = Background::start("doubles", |n: u32| 2 * n).expect("a thread");
        assert_eq!(background.take(true), None, "nothing was asked");
        background.begin(1);
        assert!(!background.is_free(true));
        background.begin(2);
        assert_eq!(background.take(true), Some(4));
        assert!(background.is_free(true));
        background.begin(3);
        background.forget();
        assert_eq!(background.take(true), None);
        background.begin(5);
        assert_eq!(background.take(true), Some(10));
    }

    #[test]
    fn a_thread_that_broke_leaves_nobody_waiting() {
        let mut background = Background::start("breaks", |n: u32| assert!(n > 0)).expect("a thread");
        background.begin(0);
        assert_eq!(background.take(true), None);
        assert!(background.is_free(true));
    }
}
