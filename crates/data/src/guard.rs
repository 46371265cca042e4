//! Calls into libraries that panic over damaged bytes.

use std::cell::Cell;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in a call whose panic will be an error about a file. A hook for panics has nothing to print
/// then.
pub fn panic_becomes_an_error() -> bool {
    IS_GUARDED.get()
}

/// What a call gives, or nothing if it panics. What it was working on must not be used after that.
#[cfg(any(test, feature = "parquet"))]
pub(crate) fn call<T>(call: impl FnOnce() -> T) -> Option<T> {
    let was = IS_GUARDED.replace(true);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call));
    IS_GUARDED.set(was);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_leaves_no_trace() {
        assert_eq!(call(panic_becomes_an_error), Some(true));
        assert_eq!(call(|| [1, 2][std::hint::black_box(3)]), None);
        assert!(!panic_becomes_an_error());
    }
}
