//! What the system's allocator does with large blocks: of which pages they are, and where they go when they are freed.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, which asks Linux for pages of two megabytes for blocks in which such pages find room.
///
/// A shuffled batch is read from all over the data set. With pages of four kilobytes each image costs a walk through
/// the page tables, which inside a virtual machine are tables of tables. Where the system has no large pages, or
/// refuses them, nothing changes. For programs: `#[global_allocator] static ALLOCATOR: LargePages = LargePages;`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LargePages;

/// Bytes of a large page on most machines; where they are larger, asking for less than one is harmless.
const LARGE_PAGE: usize = 2 << 20;
/// Bytes of a page; elsewhere than on x86 they may be more.
const SMALL_PAGE: usize = if cfg!(target_arch = "x86_64") { 4 << 10 } else { 64 << 10 };

// SAFETY: every block is the system's allocator's own; what is asked of the system for its pages changes no content.
unsafe impl GlobalAlloc for LargePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's duties are those of the system's allocator.
        ask_for_large_pages(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        ask_for_large_pages(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        ask_for_large_pages(unsafe { System.realloc(block, layout, size) }, size)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Asks for large pages for a block that has room for one; gives the block back.
#[inline]
fn ask_for_large_pages(block: *mut u8, size: usize) -> *mut u8 {
    #[cfg(target_os = "linux")]
    if size >= LARGE_PAGE && !block.is_null() {
        unsafe extern "C" {
            fn madvise(start: *mut u8, bytes: usize, advice: i32) -> i32;
        }
        const HUGE_PAGE: i32 = 14;
        // From the page on in which the block begins, behind some bytes of the allocator: newer systems begin a piece
        // of memory of this size on a large page.
        let before = block.addr() % SMALL_PAGE;
        // SAFETY: Linux' function of this name and type (madvise(2)); the advice leaves all content alone. That it may
        // be refused, or find nothing there, changes nothing.
        unsafe { madvise(block.wrapping_sub(before), before + size, HUGE_PAGE) };
    }
    block
}

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
