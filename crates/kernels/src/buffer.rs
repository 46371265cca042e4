//! A block of floats that starts on a cache line, allocated once and zeroed.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::Arc;

const ALIGNMENT: usize = 64;
/// Floats of a cache line.
const LINE: usize = ALIGNMENT / size_of::<f32>();

/// Like `Vec<f32>` of a fixed length, aligned to 64 bytes so that no vector straddles a cache line.
pub struct Buffer {
    start: NonNull<f32>,
    len: usize,
    /// What it lies in, with others that were made together with it.
    _memory: Arc<FloatMemory>,
}

/// Memory of the system's allocator, which goes back when the last buffer in it is dropped.
///
/// The allocator is asked for a line more than is needed, not for aligned memory: glibc before 2.38 does not use freed
/// aligned blocks again, and the memory of a program that makes the same buffers again and again grows.
struct FloatMemory {
    start: NonNull<f32>,
    layout: Layout,
}

// SAFETY: nothing is reached through it but by the buffers, of which each owns its floats alone.
unsafe impl Send for FloatMemory {}
// SAFETY: as above.
unsafe impl Sync for FloatMemory {}

impl Drop for FloatMemory {
    fn drop(&mut self) {
        // SAFETY: the memory that was allocated with this layout.
        unsafe { dealloc(self.start.as_ptr().cast(), self.layout) }
    }
}

// SAFETY: a Buffer owns its floats alone, like a Box.
unsafe impl Send for Buffer {}
// SAFETY: shared access only reads.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// `len` zeros.
    pub fn new(len: usize) -> Buffer {
        let [buffer] = Buffer::together([len]);
        buffer
    }

    /// Zeros of these lengths, one buffer after the other in one piece of memory: what is used together shares the
    /// large pages that a piece of some megabytes may get, which none of its parts would.
    pub fn together<const N: usize>(lens: [usize; N]) -> [Buffer; N] {
        let mut buffers = Buffer::all_together(&lens).into_iter();
        lens.map(|_| buffers.next().expect("a buffer per length"))
    }

    /// The same of any number of buffers.
    pub fn all_together(lens: &[usize]) -> Vec<Buffer> {
        const TOO_LARGE: &str = "a buffer larger than memory";
        let lines = |len: usize| len.checked_next_multiple_of(LINE);
        let whole = lens.iter().try_fold(LINE, |sum, &len| sum.checked_add(lines(len)?)).expect(TOO_LARGE);
        let layout = Layout::array::<f32>(whole).expect(TOO_LARGE);
        // SAFETY: the layout is never of size 0.
        let Some(start) = NonNull::new(unsafe { alloc(layout) }.cast::<f32>()) else {
            handle_alloc_error(layout)
        };
        let memory = Arc::new(FloatMemory { start, layout });
        let mut at = start.as_ptr().align_offset(ALIGNMENT);
        assert!(at < LINE, "floats are aligned as floats");
        let buffer = |&len: &usize| {
            // SAFETY: the lines of this buffer and of those before it, with less than a line that was skipped, lie
            // within the memory.
            let start = unsafe { start.add(at) };
            at += len.next_multiple_of(LINE);
            // Here, not where it is first used: what is announced is taken, and no step waits for the system. Of the
            // whole memory the compiler would make an allocation of zeros, which takes none of it.
            // SAFETY: `len` floats lie behind `start` within the memory.
            unsafe { start.write_bytes(0, len) };
            Buffer { start, len, _memory: memory.clone() }
        };
        lens.iter().map(buffer).collect()
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
    fn buffers_that_are_made_together_do_not_overlap_and_outlive_each_other() {
        let lens = [5, 0, 16, 100_003, 1];
        let mut buffers = Buffer::all_together(&lens);
        for (i, buffer) in buffers.iter_mut().enumerate() {
            assert_eq!((buffer.len(), buffer.as_ptr() as usize % ALIGNMENT), (lens[i], 0));
            assert!(buffer.iter().all(|float| float.to_bits() == 0), "what another one wrote");
            buffer.fill(i as f32 + 1.0);
        }
        let last = buffers.pop().unwrap();
        assert!(
            buffers.iter().enumerate().all(|(i, buffer)| buffer.iter().all(|&float| float == i as f32 + 1.0))
        );
        drop(buffers);
        assert_eq!(last[..], [5.0]);
        assert!(Buffer::all_together(&[]).is_empty());
    }

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
