//! Damaged inputs, the same in every run.

use toile_rng::Stream;

/// How many inputs the tests of one file try together: 100,000, or as many as `TOILE_MUTATIONS` says.
pub fn inputs() -> usize {
    std::env::var("TOILE_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000)
}

/// Damages an input: some bytes, some numbers, parts that are cut, doubled or taken from another one.
pub fn damage(random: &mut Stream, mut bytes: Vec<u8>, other: &[u8]) -> Vec<u8> {
    const NUMBERS: [u64; 10] =
        [0, 1, 2, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, u64::MAX];
    for _ in 0..1 + random.below(4) {
        let len = bytes.len() as u32;
        if len == 0 {
            return bytes;
        }
        let at = random.below(len) as usize;
        let to = (at + 1 + random.below(len.min(64)) as usize).min(bytes.len());
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next_u32() as u8,
            2 => {
                let width = [1, 2, 4, 8][random.below(4) as usize];
                let number = NUMBERS[random.below(10) as usize];
                let mut number = number.to_le_bytes()[..width].to_vec();
                if random.below(2) == 0 {
                    number.reverse();
                }
                for (byte, new) in bytes[at..].iter_mut().zip(number) {
                    *byte = new;
                }
            }
            3 => drop(bytes.drain(at..to)),
            4 => {
                let copy = bytes[at..to].to_vec();
                bytes.splice(at..at, copy);
            }
            5 => bytes.truncate(at),
            6 => {
                let from = random.below(other.len().max(1) as u32) as usize;
                let part = other.get(from..(from + to - at).min(other.len())).unwrap_or(&[]).to_vec();
                bytes.splice(at..to, part);
            }
            _ => bytes[at..to].fill([0, 0x20, b'9', b'/', 0xff][random.below(5) as usize]),
        }
    }
    bytes
}
