//! The pool: every item once, panics, threads that are refused or late.

use std::sync::atomic::AtomicUsize;

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
fn a_range_comes_with_its_item() {
    let (mut values, mut items) = (vec![0.0; 10], ["a", "b", "c"].map(String::from));
    for threads in [1, 2, 4] {
        let ranges = [0..4, 4..5, 5..10];
        Pool::new().for_each_range_with(threads, &ranges, [&mut values], &mut items, |i, [part], item| {
            part.fill(i as f32);
            item.push_str(&part.len().to_string());
        });
    }
    assert_eq!(values, [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0]);
    assert_eq!(items, ["a444", "b111", "c555"]);
}

#[test]
#[should_panic(expected = "1 items for 2 ranges")]
fn a_range_without_an_item_is_refused() {
    Pool::new().for_each_range_with(2, &[0..4, 4..5], [&mut [0.0; 8]], &mut [()], |_, _, ()| {});
}

/// A thread that is alone takes its own share first, then those of the others in turn.
#[test]
fn shares_have_as_much_work_each() {
    let dealt = |threads: usize, work: &[usize], t: usize| -> Vec<usize> {
        let mut shares = Vec::new();
        let shares = ItemShares::new(&mut shares, threads, work.iter().copied());
        std::iter::from_fn(|| shares.next(t)).collect()
    };
    // Four large items and three small ones: the small ones lie with the second thread, which shares them.
    let update = [6272, 6272, 6272, 6272, 32, 320, 10];
    assert_eq!(dealt(2, &update, 1), [2, 3, 4, 5, 6, 0, 1]);
    assert_eq!(dealt(2, &[6, 6, 6, 6], 1), [2, 3, 0, 1]);
    assert_eq!(dealt(3, &[1; 7], 1), [2, 3, 4, 5, 6, 0, 1]);
    assert_eq!(dealt(4, &[9, 1, 1], 3), [1, 2, 0]);
    assert_eq!(dealt(2, &[0, 0, 0], 0), [0, 1, 2]);
    assert_eq!(dealt(5, &[], 2), Vec::<usize>::new());
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
