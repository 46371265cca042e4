//! Who trains when, and on how many threads.
//!
//! Small networks gain little from a second core, so as many runs as there are threads train side by side, the longest
//! first. When no run waits any more, those that are left share the threads that have become free, in proportion to
//! the work that they still have. So a study of one run has the whole machine from the start, and the long run at the
//! end of a study does not leave cores idle. As long as a run on `n` threads is at most `n` times as fast as on one,
//! no run would end the study sooner by having more threads while others wait.
//!
//! Work is in any unit that is the same for all runs. Only time depends on the schedule, never a result.

/// How many threads each active run gets: at least one each, the rest to whoever would end last.
pub fn shares(work_left: &[f64], threads: usize) -> Vec<usize> {
    let mut shares = vec![1; work_left.len()];
    let time = |run: usize, shares: &[usize]| work_left[run] / shares[run] as f64;
    for _ in work_left.len()..threads {
        let last = (0..shares.len()).max_by(|&a, &b| time(a, &shares).total_cmp(&time(b, &shares)));
        let Some(last) = last else { break };
        shares[last] += 1;
    }
    shares
}

/// The order in which runs start: most work first; among equals the order of the study file.
pub fn longest_first(work: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..work.len()).collect();
    order.sort_by(|&a, &b| work[b].total_cmp(&work[a]).then(a.cmp(&b)));
    order
}

/// What is known of a run's speed before it starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Seconds on one thread.
    pub seconds: f64,
    /// How many times as fast it is on all threads of the machine.
    pub speedup: f64,
}

impl Pace {
    /// Speed on `n` of `threads` threads, as a multiple of one; straight between what is known.
    fn speed(&self, n: usize, threads: usize) -> f64 {
        if threads <= 1 {
            return 1.0;
        }
        1.0 + (self.speedup - 1.0) * (n - 1) as f64 / (threads - 1) as f64
    }
}

/// How long the runs take together, on `threads` threads, under the rules above.
pub fn study_seconds(runs: &[Pace], threads: usize) -> f64 {
    let seconds: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
    let mut waiting: Vec<usize> = longest_first(&seconds).into_iter().rev().collect();
    let mut active: Vec<(usize, f64)> = Vec::new();
    let mut now = 0.0;
    loop {
        while active.len() < threads.max(1) {
            let Some(run) = waiting.pop() else { break };
            active.push((run, seconds[run]));
        }
        if active.is_empty() {
            return now;
        }
        let left: Vec<f64> = active.iter().map(|a| a.1).collect();
        let speeds: Vec<f64> =
            active.iter().zip(shares(&left, threads)).map(|(a, n)| runs[a.0].speed(n, threads)).collect();
        let step = left.iter().zip(&speeds).map(|(left, speed)| left / speed).fold(f64::INFINITY, f64::min);
        now += step;
        active.iter_mut().zip(&speeds).for_each(|(a, speed)| a.1 -= step * speed);
        let smallest = seconds.iter().fold(0.0f64, |a, &b| a.max(b)) * 1e-12;
        active.retain(|a| a.1 > smallest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study(seconds: &[f64], threads: usize, speedup: f64) -> f64 {
        study_seconds(&seconds.iter().map(|&seconds| Pace { seconds, speedup }).collect::<Vec<_>>(), threads)
    }

    #[test]
    fn a_run_alone_has_all_threads() {
        assert_eq!(shares(&[5.0], 4), [4]);
        assert_eq!(study(&[8.0], 4, 4.0), 2.0);
        assert_eq!(study(&[8.0], 4, 1.0), 8.0);
    }

    #[test]
    fn every_run_has_a_thread_and_the_longest_has_the_rest() {
        assert_eq!(shares(&[1.0, 1.0, 1.0], 3), [1, 1, 1]);
        assert_eq!(shares(&[40.0, 10.0, 1.0], 6), [4, 1, 1]);
        assert_eq!(shares(&[1.0, 2.0], 1), [1, 1]);
        assert_eq!(shares(&[], 8), Vec::<usize>::new());
    }

    #[test]
    fn the_longest_starts_first() {
        assert_eq!(longest_first(&[1.0, 3.0, 2.0, 3.0]), [1, 3, 2, 0]);
    }

    #[test]
    fn with_perfect_threads_a_study_takes_its_work_over_its_threads() {
        assert_eq!(study(&[100.0, 1.0, 1.0], 2, 2.0), 51.0);
        assert!((study(&[8.0; 5], 4, 4.0) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn with_useless_threads_the_longest_run_decides() {
        assert_eq!(study(&[6.0, 3.0, 3.0], 2, 1.0), 6.0);
        assert_eq!(study(&[6.0, 3.0, 3.0], 1, 1.0), 12.0);
    }

    /// The claim at the top of this file, for the mixture of the published study: three long runs and ten short ones.
    #[test]
    fn side_by_side_never_ends_later_than_one_after_another() {
        let seconds = [230.0, 100.0, 100.0, 6.0, 5.0, 5.0, 5.0, 4.0, 4.0, 4.0, 4.0, 4.0, 1.0];
        for threads in [1, 2, 3, 4, 8, 16, 64] {
            for efficiency in [0.0, 0.3, 0.7, 1.0] {
                let speedup = 1.0 + (threads - 1) as f64 * efficiency;
                let one_by_one: f64 = seconds.iter().map(|s| s / speedup).sum();
                let side_by_side = study(&seconds, threads, speedup);
                assert!(side_by_side <= one_by_one * (1.0 + 1e-9), "{threads} threads, {efficiency}");
            }
        }
    }

    #[test]
    fn an_empty_study_takes_no_time() {
        assert_eq!(study(&[], 4, 2.0), 0.0);
    }
}
