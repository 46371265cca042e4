//! Plain Rust on an array: what every processor can do.

use super::Simd;
use crate::bf16::{round, widen};

/// The portable path, which asks nothing of the processor; slow where it has no fused multiply-add.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

const LANES: usize = 8;
/// A vector, and a truth value per lane.
type Vector = [f32; LANES];
type Mask = [bool; LANES];

macro_rules! lanewise {
    ($f:expr $(, $v:ident)+) => {{
        let mut out = [0.0f32; LANES];
        for i in 0..LANES {
            out[i] = $f($($v[i]),+);
        }
        out
    }};
}

/// The upper 16 bits.
#[inline(always)]
fn upper(x: f32) -> u16 {
    (x.to_bits() >> 16) as u16
}

impl Simd for Portable {
    const LANES: usize = LANES;
    const ROWS: usize = 4;
    type V = Vector;
    type M = Mask;

    #[inline(always)]
    fn splat(self, x: f32) -> Vector {
        [x; LANES]
    }
    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> Vector {
        // SAFETY: the caller gives LANES readable floats.
        unsafe { p.cast::<Vector>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: Vector) {
        // SAFETY: the caller gives LANES writable floats.
        unsafe { p.cast::<Vector>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn load_first(self, p: *const f32, n: usize) -> Vector {
        let mut out = [0.0; LANES];
        for i in 0..n.min(LANES) {
            // SAFETY: the caller gives n readable floats.
            out[i] = unsafe { p.add(i).read() };
        }
        out
    }
    #[inline(always)]
    unsafe fn load_first_or(self, p: *const f32, n: usize, fill: Vector) -> Vector {
        let mut out = fill;
        for i in 0..n.min(LANES) {
            // SAFETY: the caller gives n readable floats.
            out[i] = unsafe { p.add(i).read() };
        }
        out
    }
    #[inline(always)]
    unsafe fn store_first(self, p: *mut f32, v: Vector, n: usize) {
        for i in 0..n.min(LANES) {
            // SAFETY: the caller gives n writable floats.
            unsafe { p.add(i).write(v[i]) };
        }
    }
    #[inline(always)]
    unsafe fn load_u8(self, p: *const u8) -> Vector {
        let mut out = [0.0; LANES];
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller gives LANES readable bytes.
            *o = unsafe { p.add(i).read() } as f32;
        }
        out
    }
    #[inline(always)]
    unsafe fn load_halves(self, p: *const u16) -> Vector {
        // SAFETY: the caller gives LANES readable numbers.
        let halves = unsafe { p.cast::<[u16; LANES]>().read_unaligned() };
        halves.map(widen)
    }
    #[inline(always)]
    unsafe fn load_pairs(self, p: *const u16) -> (Vector, Vector) {
        // SAFETY: the caller gives 2 LANES readable numbers.
        let pairs = unsafe { p.cast::<[[u16; 2]; LANES]>().read_unaligned() };
        (pairs.map(|pair| widen(pair[0])), pairs.map(|pair| widen(pair[1])))
    }
    #[inline(always)]
    unsafe fn store_halves(self, p: *mut u16, v: Vector) {
        // SAFETY: the caller gives LANES writable numbers.
        unsafe { p.cast::<[u16; LANES]>().write_unaligned(v.map(upper)) }
    }
    #[inline(always)]
    unsafe fn store_pairs(self, p: *mut u16, first: Vector, second: Vector) {
        let pairs: [[u16; 2]; LANES] = std::array::from_fn(|i| [upper(first[i]), upper(second[i])]);
        // SAFETY: the caller gives 2 LANES writable numbers.
        unsafe { p.cast::<[[u16; 2]; LANES]>().write_unaligned(pairs) }
    }
    #[inline(always)]
    fn to_halves(self, v: Vector) -> Vector {
        v.map(|x| widen(round(x)))
    }
    #[inline(always)]
    fn prefetch(self, _: *const u8) {}
    #[inline(always)]
    fn prefetch_write(self, _: *const u8) {}
    #[inline(always)]
    fn add(self, a: Vector, b: Vector) -> Vector {
        lanewise!(|x: f32, y: f32| x + y, a, b)
    }
    #[inline(always)]
    fn sub(self, a: Vector, b: Vector) -> Vector {
        lanewise!(|x: f32, y: f32| x - y, a, b)
    }
    #[inline(always)]
    fn mul(self, a: Vector, b: Vector) -> Vector {
        lanewise!(|x: f32, y: f32| x * y, a, b)
    }
    #[inline(always)]
    fn div(self, a: Vector, b: Vector) -> Vector {
        lanewise!(|x: f32, y: f32| x / y, a, b)
    }
    #[inline(always)]
    fn fma(self, a: Vector, b: Vector, c: Vector) -> Vector {
        lanewise!(|x: f32, y: f32, z: f32| x.mul_add(y, z), a, b, c)
    }
    #[inline(always)]
    fn fnma(self, a: Vector, b: Vector, c: Vector) -> Vector {
        lanewise!(|x: f32, y: f32, z: f32| (-x).mul_add(y, z), a, b, c)
    }
    #[inline(always)]
    fn max(self, a: Vector, b: Vector) -> Vector {
        lanewise!(|x: f32, y: f32| if x > y { x } else { y }, a, b)
    }
    #[inline(always)]
    fn min(self, a: Vector, b: Vector) -> Vector {
        lanewise!(|x: f32, y: f32| if x < y { x } else { y }, a, b)
    }
    #[inline(always)]
    fn sqrt(self, a: Vector) -> Vector {
        lanewise!(|x: f32| x.sqrt(), a)
    }
    #[inline(always)]
    fn abs(self, a: Vector) -> Vector {
        lanewise!(|x: f32| x.abs(), a)
    }
    #[inline(always)]
    fn copysign(self, a: Vector, b: Vector) -> Vector {
        lanewise!(|x: f32, y: f32| x.copysign(y), a, b)
    }
    #[inline(always)]
    fn round(self, a: Vector) -> Vector {
        lanewise!(|x: f32| x.round_ties_even(), a)
    }
    #[inline(always)]
    fn exp2_whole(self, n: Vector) -> Vector {
        lanewise!(|x: f32| f32::from_bits(((x as i32 + 127) as u32) << 23), n)
    }
    #[inline(always)]
    fn scale(self, x: Vector, n: Vector) -> Vector {
        // In two steps, of which the first is exact, since 2ⁿ itself may be no float.
        let half = lanewise!(|n: f32| (n * 0.5).round_ties_even(), n);
        let rest = self.sub(n, half);
        self.mul(self.mul(x, self.exp2_whole(half)), self.exp2_whole(rest))
    }
    #[inline(always)]
    fn split_exponent(self, x: Vector) -> (Vector, Vector) {
        let e = lanewise!(|x: f32| ((x.to_bits() >> 23) as i32 - 127) as f32, x);
        (e, lanewise!(|x: f32| f32::from_bits((x.to_bits() & 0x007f_ffff) | 0x3f80_0000), x))
    }
    #[inline(always)]
    fn gt(self, a: Vector, b: Vector) -> Mask {
        std::array::from_fn(|i| a[i] > b[i])
    }
    #[inline(always)]
    fn eq(self, a: Vector, b: Vector) -> Mask {
        std::array::from_fn(|i| a[i] == b[i])
    }
    #[inline(always)]
    fn select(self, m: Mask, a: Vector, b: Vector) -> Vector {
        std::array::from_fn(|i| if m[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    unsafe fn at_least(self, words: *const u32, n: usize, threshold: u32) -> Mask {
        let mut out = [false; LANES];
        for i in 0..n.min(LANES) {
            // SAFETY: the caller gives n readable words.
            out[i] = unsafe { words.add(i).read() } >= threshold;
        }
        out
    }
    #[inline(always)]
    fn nan(self, a: Vector, b: Vector) -> Mask {
        std::array::from_fn(|i| a[i].is_nan() || b[i].is_nan())
    }
    #[inline(always)]
    fn and(self, a: Mask, b: Mask) -> Mask {
        std::array::from_fn(|i| a[i] && b[i])
    }
    #[inline(always)]
    fn or(self, a: Mask, b: Mask) -> Mask {
        std::array::from_fn(|i| a[i] || b[i])
    }
    #[inline(always)]
    fn and_not(self, a: Mask, b: Mask) -> Mask {
        std::array::from_fn(|i| a[i] && !b[i])
    }
    #[inline(always)]
    unsafe fn store_mask(self, p: *mut u8, m: Mask) {
        let byte = (0..LANES).fold(0, |byte, i| byte | u8::from(m[i]) << i);
        // SAFETY: the caller gives one writable byte.
        unsafe { p.write(byte) }
    }
    #[inline(always)]
    unsafe fn load_mask(self, p: *const u8) -> Mask {
        // SAFETY: the caller gives one readable byte.
        let byte = unsafe { p.read() };
        std::array::from_fn(|i| byte >> i & 1 == 1)
    }
}
