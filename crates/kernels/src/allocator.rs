//! What the system's allocator does with large blocks that were freed.

/// From so many bytes on a block is the system's own, and goes back to it at once.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: i32 = 1 << 20;

/// Asks glibc to give freed blocks of a megabyte and more back to the system at once.
///
/// Otherwise it raises that limit by itself to the size of the first large block that is freed, and keeps later ones:
/// after a network of 13 MB of weights the program stayed up to 70 MB larger than what it used. To be called once, at
/// the start; elsewhere than on glibc it does nothing.
pub fn give_back_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn mallopt(parameter: i32, value: i32) -> i32;
        }
        const TRIM_THRESHOLD: i32 = -1;
        const MMAP_THRESHOLD: i32 = -3;
        // SAFETY: glibc's function of this name and type (malloc.h), which takes a lock of its own; the parameters are
        // the header's. That it may refuse a value changes nothing.
        unsafe {
            mallopt(TRIM_THRESHOLD, LARGE);
            mallopt(MMAP_THRESHOLD, LARGE);
        }
    }
}
