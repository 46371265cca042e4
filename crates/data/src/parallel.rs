//! Some threads for reading: items in, results out, in the same order.

use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, scope};

/// More than these only wait for memory.
const THREADS: usize = 4;

/// `work` of each item, on a few threads.
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    map_on(THREADS, items, work)
}

/// `work` of each item, on at most so many threads. Where the system refuses a thread, those that are there do its
/// share.
pub(crate) fn map_on<T: Send, R: Send>(
    threads: usize,
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(items.len());
    let (waiting, done) = (Mutex::new(items.into_iter().enumerate()), Mutex::new(Vec::new()));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let help = || {
        while let Some((place, item)) = next() {
            let result = work(item);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((place, result));
        }
    };
    scope(|scope| {
        (1..threads).for_each(|_| _ = Builder::new().spawn_scoped(scope, help));
        help();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_come_in_the_order_of_the_items() {
        for n in [0, 1, 3, 100] {
            assert_eq!(super::map((0..n).collect(), |i| i * i), (0..n).map(|i| i * i).collect::<Vec<i32>>());
        }
    }
}
