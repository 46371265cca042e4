//! Seeded, named, counter-based random streams: the only source of random numbers in toile.
//!
//! A value is a function of (seed, stream name, stream index, position) and of nothing else. So it does not matter
//! which thread asks, in which order, or what else was drawn: adding a dropout layer does not move the shuffle.
//!
//! ```
//! use toile_rng::Seed;
//! let seed = Seed::new(7);
//! let mut order: Vec<u32> = (0..5).collect();
//! seed.stream("shuffle", 3).shuffle(&mut order); // epoch 3; the same order on every machine
//! assert_eq!(seed.stream("shuffle", 3).next_u32(), seed.stream("shuffle", 3).next_u32());
//! ```
//!
//! The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011),
//! checked against the known answers of its authors.
#![warn(unreachable_pub)]

mod normal;
mod philox;

pub use philox::philox4x32_10;

/// The root of all random numbers of a run: one number, from which named streams are derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(u64);

impl Seed {
    /// A seed from the number that the study file states.
    pub fn new(seed: u64) -> Seed {
        Seed(seed)
    }

    /// The number itself, for records.
    pub fn value(self) -> u64 {
        self.0
    }

    /// The stream of this name and index (an epoch, a layer, a trial): independent of every other stream.
    pub fn stream(self, name: &str, index: u64) -> Stream {
        let key = mix(self.0 ^ mix(fnv1a(name)));
        Stream { key: [key as u32, (key >> 32) as u32], index, block: 0, buffer: [0; 4], left: 0 }
    }

    /// A seed of its own for a named part, for example one repetition of a run.
    pub fn derive(self, name: &str, index: u64) -> Seed {
        Seed(mix(mix(self.0 ^ mix(fnv1a(name))) ^ index))
    }
}

/// A reproducible sequence of random numbers; any position can also be read directly with [`Stream::block`].
#[derive(Clone, Debug)]
pub struct Stream {
    key: [u32; 2],
    index: u64,
    block: u64,
    buffer: [u32; 4],
    left: usize,
}

impl Stream {
    /// The four words at a position, without moving the stream: element `4 * position ..` of the sequence.
    #[inline]
    pub fn block(&self, position: u64) -> [u32; 4] {
        let (p, i) = (position, self.index);
        philox4x32_10([p as u32, (p >> 32) as u32, i as u32, (i >> 32) as u32], self.key)
    }

    /// The next 32 random bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if self.left == 0 {
            self.buffer = self.block(self.block);
            self.block += 1;
            self.left = 4;
        }
        self.left -= 1;
        self.buffer[3 - self.left]
    }

    /// The next 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let low = self.next_u32() as u64;
        low | (self.next_u32() as u64) << 32
    }

    /// Uniform on the 2²⁴ multiples of 2⁻²⁴ in [0, 1).
    #[inline]
    pub fn uniform_f32(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 * (1.0 / (1 << 24) as f32)
    }

    /// Uniform on the 2⁵³ multiples of 2⁻⁵³ in [0, 1).
    #[inline]
    pub fn uniform_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform on 0..`bound`, without bias (Lemire 2019, rejection). `bound` must not be 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "a random number below 0 was asked for");
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = self.next_u32() as u64 * bound as u64;
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// Puts the elements into a uniformly random order (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i as u32 + 1) as usize;
            items.swap(i, j);
        }
    }
}

/// Stafford's finaliser "Mix13": every input bit moves every output bit.
fn mix(z: u64) -> u64 {
    let z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// FNV-1a over the bytes of a name.
fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ b as u64).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_other_names_or_indices_differ() {
        let seed = Seed::new(1);
        let words = |name, index| {
            let mut s = seed.stream(name, index);
            [s.next_u64(), s.next_u64()]
        };
        let all = [words("shuffle", 0), words("shuffle", 1), words("dropout", 0), words("dropout", 1)];
        for i in 0..all.len() {
            for j in 0..i {
                assert_ne!(all[i], all[j]);
            }
        }
    }

    #[test]
    fn a_position_read_directly_equals_the_sequence() {
        let mut stream = Seed::new(99).stream("dropout", 5);
        let direct = stream.block(3);
        let sequence: Vec<u32> = (0..16).map(|_| stream.next_u32()).collect();
        assert_eq!(direct, sequence[12..16]);
    }

    /// Chi-square with 9 degrees of freedom: 27.9 is its 0.999 quantile.
    #[test]
    fn below_is_uniform() {
        let mut stream = Seed::new(3).stream("test", 0);
        let mut counts = [0f64; 10];
        for _ in 0..100_000 {
            counts[stream.below(10) as usize] += 1.0;
        }
        let chi2: f64 = counts.iter().map(|c| (c - 1e4).powi(2) / 1e4).sum();
        assert!(chi2 < 27.9, "chi-square {chi2}");
    }

    #[test]
    fn a_shuffle_keeps_every_element_and_is_frozen_for_ever() {
        let mut order: Vec<u32> = (0..10).collect();
        Seed::new(7).stream("shuffle", 1).shuffle(&mut order);
        let mut sorted = order.clone();
        sorted.sort();
        assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        assert_eq!(order, [8, 4, 2, 0, 1, 9, 7, 5, 3, 6]);
    }

    #[test]
    fn uniform_stays_below_one_and_has_its_mean() {
        let mut stream = Seed::new(11).stream("test", 0);
        let values: Vec<f64> = (0..100_000).map(|_| stream.uniform_f32() as f64).collect();
        assert!(values.iter().all(|v| (0.0..1.0).contains(v)));
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!((mean - 0.5).abs() < 4.0 * (1.0 / 12.0f64 / 1e5).sqrt(), "mean {mean}");
    }
}
