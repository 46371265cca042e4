//! A block of floats that starts on a cache line, allocated once and zeroed.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

const ALIGNMENT: usize = 64;
/// Floats of a cache line.
const LINE: usize = ALIGNMENT / size_of::<f32>();

/// Like `Vec<f32>` of a fixed length, aligned to 64 bytes so that no vector straddles a cache line.
///
/// The allocator is asked for a line more than is needed, not for aligned memory: glibc before 2.38 does not use freed
/// aligned blocks again, and the memory of a program that makes the same buffers again and again grows.
pub struct Buffer {
    start: NonNull<f32>,
    /// Floats between what was allocated and `start`.
    skipped: usize,
    len: usize,
}

// SAFETY: a Buffer owns its floats alone, like a Box.
unsafe impl Send for Buffer {}
// SAFETY: shared access only reads.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// `len` zeros.
    pub fn new(len: usize) -> Buffer {
        let layout = Buffer::layout(len);
        // SAFETY: the layout is never of size 0.
        let Some(whole) = NonNull::new(unsafe { alloc(layout) }.cast::<f32>()) else {
            handle_alloc_error(layout)
        };
        let skipped = whole.as_ptr().align_offset(ALIGNMENT);
        assert!(skipped < LINE, "floats are aligned as floats");
        // SAFETY: less than a line is skipped, and the block is a line longer than `len` floats.
        let start = unsafe { whole.add(skipped) };
        // SAFETY: `len` floats lie behind `start` within the block.
        unsafe { start.write_bytes(0, len) };
        Buffer { start, skipped, len }
    }

    fn layout(len: usize) -> Layout {
        len.checked_add(LINE).and_then(|n| Layout::array::<f32>(n).ok()).expect("a buffer larger than memory")
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: the block that was allocated in `new` with the same layout.
        unsafe { dealloc(self.start.sub(self.skipped).as_ptr().cast(), Buffer::layout(self.len)) }
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: `len` initialised floats, alive as long as self.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above, and borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Buffer {
        let mut copy = Buffer::new(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Buffer({} floats)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_zeros_from_a_cache_line_on_and_its_copy_too() {
        for len in [0, 1, 15, 16, 17, 1000, 100_003] {
            let mut buffer = Buffer::new(len);
            assert_eq!((buffer.len(), buffer.as_ptr() as usize % ALIGNMENT), (len, 0));
            assert!(buffer.iter().all(|float| float.to_bits() == 0));
            buffer.iter_mut().enumerate().for_each(|(i, float)| *float = i as f32);
            let copy = buffer.clone();
            assert_eq!((&copy[..], copy.as_ptr() as usize % ALIGNMENT), (&buffer[..], 0));
        }
    }
}
