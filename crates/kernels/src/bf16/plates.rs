//! The product of plates, one definition and as many ways as there are.
//!
//! A *plate* is 32 × 32 numbers, 2 KB in bfloat16:
//!
//! - of A: 32 rows of 32 k;
//! - of B: 16 pairs of k for the first 16 columns, `[pair][column][k of the pair]`, then those for the last 16;
//! - of C: four tiles of 16 × 16 floats, the upper left one, the upper right one, the lower left one, the lower right
//!   one.
//!
//! C = the sum over the steps of A B, in their order, and per step, for each element
//!
//! ```text
//! c ← c + (E + O)      E: the chain of fused multiply-adds from +0 over the even k, O: that over the odd ones
//! ```
//!
//! which is what TDPBF16PS does by Intel's manual, with nothing left open. c starts at +0: neither bias nor anything
//! else is ever loaded into it, because a number that is subnormal would be lost. Numbers that do not exist are zeros
//! in A and in B; a step of zeros changes nothing, so it may be left out.

use super::dot;
use super::product_way;
use super::tiles::{self, Tiles};
use super::vectors;
use super::way::ProductWay;
use crate::isa::Isa;

/// Rows, columns and k of a plate.
pub(crate) const SIDE: usize = 32;
/// Numbers of a plate.
pub(crate) const PLATE: usize = SIDE * SIDE;

/// A plate of A or B of its own.
#[repr(align(64))]
pub(crate) struct OnePlate(pub [u16; PLATE]);

/// A plate of C, or of another's numbers as floats.
#[repr(align(64))]
pub(crate) struct FloatPlate(pub [f32; PLATE]);

/// Two plates to be multiplied.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Step {
    pub a: *const u16,
    pub b: *const u16,
}

/// A way, ready on this thread: with AMX the tiles are configured as long as it lives.
pub(crate) struct Products {
    way: ProductWay,
    _tiles: Option<Tiles>,
}

impl Products {
    /// The way in use.
    pub(crate) fn ready() -> Products {
        Products::by(product_way())
    }

    /// This way, which must be available.
    fn by(way: ProductWay) -> Products {
        // SAFETY: the way is chosen only where AMX is permitted.
        let tiles = (way == ProductWay::Amx).then(|| unsafe { Tiles::configure() });
        Products { way, _tiles: tiles }
    }

    /// C = the sum over the steps, or where `onward` the sum that goes on from C.
    ///
    /// # Safety
    /// C is a plate of writable floats, each step's A and B are readable plates; C lies in none of them.
    pub(crate) unsafe fn plates(&self, c: *mut f32, onward: bool, steps: &[Step]) {
        if steps.is_empty() {
            if !onward {
                // SAFETY: a plate of floats.
                unsafe { c.write_bytes(0, PLATE) };
            }
            return;
        }
        // SAFETY: the duties above; there is a step, and what the way needs was found on this machine when it was
        // chosen.
        unsafe {
            match self.way {
                ProductWay::Amx => tiles::plates(c, onward, steps),
                ProductWay::Dot => dot::plates(c, onward, steps),
                ProductWay::Avx512 => vectors::plates(Isa::Avx512, c, onward, steps),
                ProductWay::Avx2 => vectors::plates(Isa::Avx2, c, onward, steps),
                ProductWay::Neon => vectors::plates(Isa::Neon, c, onward, steps),
                ProductWay::Portable => super::portable::plates(c, onward, steps),
            }
        }
    }
}

/// Steps that are collected, and multiplied when they are enough.
pub(crate) struct Sum<'p> {
    products: &'p Products,
    c: *mut f32,
    onward: bool,
    steps: [Step; MOST_STEPS],
    n: usize,
}

/// So many steps at a time: what lies between two of them is only that C is stored and loaded.
const MOST_STEPS: usize = 96;

impl<'p> Sum<'p> {
    /// A sum that goes to C, from zero or where `onward` from what is there.
    pub(crate) fn to(products: &'p Products, c: *mut f32, onward: bool) -> Sum<'p> {
        let nothing = Step { a: std::ptr::null(), b: std::ptr::null() };
        Sum { products, c, onward, steps: [nothing; MOST_STEPS], n: 0 }
    }

    /// Starts again, with another C.
    pub(crate) fn restart(&mut self, c: *mut f32, onward: bool) {
        (self.c, self.onward, self.n) = (c, onward, 0);
    }

    /// Adds the product of two plates.
    ///
    /// # Safety
    /// As for [`Products::plates`]; both are readable until `finish`.
    #[inline(always)]
    pub(crate) unsafe fn add(&mut self, a: *const u16, b: *const u16) {
        if self.n == MOST_STEPS {
            // SAFETY: the duty above.
            unsafe { self.finish() };
            self.onward = true;
            self.n = 0;
        }
        self.steps[self.n] = Step { a, b };
        self.n += 1;
    }

    /// Leaves the sum in C.
    ///
    /// # Safety
    /// As for [`Products::plates`].
    #[inline(always)]
    pub(crate) unsafe fn finish(&mut self) {
        // SAFETY: the duty above.
        unsafe { self.products.plates(self.c, self.onward, &self.steps[..self.n]) };
    }
}

/// Whether a way gives the bits of the portable one on some numbers of all sizes.
pub(super) fn agrees(way: ProductWay) -> bool {
    let mut state = 1u32;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let exponent = 127 - 24 + (state >> 8) % 48;
        super::round(f32::from_bits(state & 0x8000_0000 | exponent << 23 | state >> 9 & 0x7f_ffff))
    };
    let plates: Vec<u16> = (0..8 * PLATE).map(|_| number()).collect();
    let step = |i: usize| Step { a: plates[i * PLATE..].as_ptr(), b: plates[(i + 4) * PLATE..].as_ptr() };
    let steps = [0, 1, 2, 3].map(step);
    let by = |way: ProductWay| {
        let mut c = vec![0.0f32; PLATE];
        // SAFETY: four plates each of A and B, and one of C.
        unsafe { Products::by(way).plates(c.as_mut_ptr(), false, &steps) };
        c.into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    by(way) == by(ProductWay::Portable)
}
