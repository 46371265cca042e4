//! Inputs that both sides of a comparison compute: images, labels, initial weights.
//!
//! `../golden/formulas.py` is the same in Python, where Keras is asked. Everything rests on one 32-bit integer hash;
//! weights are made in f64 and rounded once to f32, so both sides hold the same bits.

#![allow(dead_code)] // each test program uses a part

/// `lowbias32` of Chris Wellons' hash prospector.
pub fn hash32(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
    x ^ (x >> 16)
}

fn fnv1a(name: &str) -> u32 {
    name.bytes().fold(0x811C_9DC5, |h, byte| (h ^ byte as u32).wrapping_mul(0x0100_0193))
}

/// The label of an example.
pub fn label(example: u32, classes: usize) -> u8 {
    (hash32(example.wrapping_add(0x51ED_0000)) % classes as u32) as u8
}

/// The pixels of an example: a prototype of its class (0..127) plus noise (0..127).
pub fn image(example: u32, size: usize, classes: usize) -> Vec<u8> {
    let (label, size) = (label(example, classes) as u32, size as u32);
    let pixel = |place: u32| {
        let prototype = hash32((label * size + place).wrapping_add(0x00A0_0000)) >> 25;
        let noise = hash32((example * size + place).wrapping_add(0x7B00_0000)) >> 25;
        (prototype + noise) as u8
    };
    (0..size).map(pixel).collect()
}

/// The features of an example, of both signs: a mean of its class in [-1, 1) plus noise, twelve uniform numbers less 6,
/// nearly a standard normal one. All sums are exact in f64.
pub fn features(example: u32, size: usize, classes: usize) -> Vec<f32> {
    let (label, size) = (label(example, classes) as u32, size as u32);
    let uniform = |hashed: u32| (hash32(hashed) >> 8) as f64 / 16_777_216.0;
    let feature = |place: u32| {
        let mean = 2.0 * uniform((label * size + place).wrapping_add(0x00F0_0000)) - 1.0;
        let start = (example * size + place).wrapping_mul(12).wrapping_add(0x0C00_0000);
        let noise: f64 = (0..12).map(|k| uniform(start.wrapping_add(k))).sum();
        (mean + noise - 6.0) as f32
    };
    (0..size).map(feature).collect()
}

/// n numbers on the multiples of 2⁻²³ in [-1, 1), named after a tensor.
fn signs(name: &str, n: usize) -> impl Iterator<Item = f64> {
    let start = hash32(fnv1a(name));
    (0..n as u32).map(move |k| (hash32(start.wrapping_add(k)) >> 8) as f64 / 8_388_608.0 - 1.0)
}

/// The initial value of a tensor: kernels within Glorot's limit, the others small and not zero.
pub fn weight(name: &str, shape: &[usize]) -> Vec<f32> {
    let u = signs(name, shape.iter().product());
    match name.split_once('.').expect("tensors are named `layer.role`").1 {
        role if role.ends_with("kernel") => {
            let (area, fans) = shape.split_at(shape.len() - 2);
            let limit = (6.0 / (area.iter().product::<usize>() * (fans[0] + fans[1])) as f64).sqrt();
            u.map(|u| (limit * u) as f32).collect()
        }
        "gamma" => u.map(|u| (1.0 + 0.25 * u) as f32).collect(),
        "moving_variance" => u.map(|u| (1.0 + 0.5 * u) as f32).collect(),
        "bias" | "beta" | "moving_mean" => u.map(|u| (0.125 * u) as f32).collect(),
        role => panic!("a tensor of an unknown role: {role}"),
    }
}

/// Which elements of a tensor of n are recorded: all, or `most` of them spread by the golden ratio.
pub fn places(n: usize, most: usize) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    (0..most as u32).map(|j| ((j.wrapping_mul(0x9E37_79B1) as u64 * n as u64) >> 32) as usize).collect()
}
