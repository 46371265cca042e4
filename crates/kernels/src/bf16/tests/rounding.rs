//! Rounding to bfloat16 against the arithmetic of f64.

use crate::bf16::{SMALLEST, halves, halves_mut, round, round_each, round_in_place, widen};
use crate::isa::on_each_isa;

use super::{Bits, bits};

/// In f64: the nearest multiple of the unit in the last of eight digits, of two the even one.
fn nearest(x: f32) -> f64 {
    if f64::from(x.abs()) < f64::from(SMALLEST) {
        return 0.0;
    }
    let exponent = ((x.to_bits() >> 23 & 0xff) as i32) - 127;
    let unit = 2f64.powi(exponent - 7);
    let rounded = (f64::from(x) / unit).round_ties_even() * unit;
    if rounded.abs() >= 2f64.powi(128) { f64::INFINITY.copysign(rounded) } else { rounded }
}

fn samples() -> Vec<f32> {
    let mut random = Bits(5);
    let edges =
        [0u32, 1, 0x7f_ffff, 0x80_0000, SMALLEST.to_bits() - 1, SMALLEST.to_bits(), SMALLEST.to_bits() + 1];
    let mut all: Vec<u32> = edges.to_vec();
    for upper in 0..0x8000u32 {
        all.extend([0, 1, 0x7fff, 0x8000, 0x8001, 0xffff].map(|lower| upper << 16 | lower));
    }
    all.extend((0..100_000).map(|_| random.next()));
    all.into_iter().flat_map(|bits| [f32::from_bits(bits), f32::from_bits(bits ^ 1 << 31)]).collect()
}

#[test]
fn a_float_becomes_the_nearest_number_of_eight_digits_and_of_two_the_even_one() {
    for x in samples().into_iter().filter(|x| x.is_finite()) {
        let found = widen(round(x));
        assert_eq!(f64::from(found), nearest(x), "{x:e}");
        assert!(found != 0.0 || found.is_sign_positive(), "{x:e} becomes a zero below zero");
        assert_eq!(round(found), round(x), "rounding twice changes nothing");
    }
    assert_eq!(
        [f32::INFINITY, f32::NEG_INFINITY].map(|x| widen(round(x))),
        [f32::INFINITY, f32::NEG_INFINITY]
    );
    for bits in [0x7fc0_0000, 0x7f80_0001, 0xffff_ffff, 0xff80_0001, 0x7fff_ffff] {
        assert_eq!(round(f32::from_bits(bits)), 0xffc0, "there is one NaN");
    }
}

#[test]
fn vectors_round_as_single_floats_do_on_every_instruction_set() {
    let samples = samples();
    let expected: Vec<u32> = samples.iter().map(|&x| u32::from(round(x)) << 16).collect();
    on_each_isa(|isa| {
        let mut rounded = vec![1.0f32; samples.len()];
        round_each(&samples, &mut rounded);
        let mut same = samples.clone();
        round_in_place(&mut same);
        for (i, x) in samples.iter().enumerate() {
            let found = [rounded[i].to_bits(), same[i].to_bits()];
            assert_eq!(found, [expected[i]; 2], "{isa:?}: {x:e} ({:08x})", x.to_bits());
        }
    });
}

#[test]
fn numbers_that_lie_in_floats_are_their_halves() {
    let mut floats = [0.0f32; 2];
    halves_mut(&mut floats).copy_from_slice(&[0, round(1.5), 0, round(-2.0)]);
    assert_eq!(floats.map(bits), [1.5f32, -2.0].map(bits));
    assert_eq!(halves(&floats), [0, round(1.5), 0, round(-2.0)]);
}
