//! McNemar's test: two classifiers on the same images.

use crate::binomial::fair_coins;

/// What the images say on which exactly one of two networks A and B is right.
///
/// A statement about these *two networks*, not about their recipes: another seed is another network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct McNemar {
    /// Images that only A classifies correctly.
    pub only_a: u64,
    /// Images that only B classifies correctly.
    pub only_b: u64,
    /// All images.
    pub images: u64,
    /// Two-sided p: 2 P(X ≤ min), at most 1, for X of `only_a + only_b` fair coins. 1 if no image differs.
    pub exact: f64,
    /// The exact p less half of what it counts twice or fully at the observed number: nearer to its level, and the one
    /// to be reported (Fagerland, Lydersen and Laake 2013). 1 if no image differs.
    pub mid_p: f64,
    /// Accuracy of A less accuracy of B.
    pub difference: f64,
    /// The standard error of the difference over images: √(b + c − (b − c)²/n) / n.
    pub se: f64,
}

/// McNemar's test from the counts. `None` without images, or with more differing images than there are.
pub fn mcnemar(only_a: u64, only_b: u64, images: u64) -> Option<McNemar> {
    let differ = only_a.checked_add(only_b).filter(|differ| images > 0 && *differ <= images)?;
    let (point, below) = fair_coins(only_a.min(only_b), differ);
    let mid_p = if only_a == only_b { 1.0 - 0.5 * point } else { 2.0 * below - point };
    let (n, d) = (images as f64, only_a as f64 - only_b as f64);
    Some(McNemar {
        only_a,
        only_b,
        images,
        exact: (2.0 * below).min(1.0),
        mid_p: if differ == 0 { 1.0 } else { mid_p },
        difference: d / n,
        se: (differ as f64 - d * d / n).max(0.0).sqrt() / n,
    })
}

/// McNemar's test from one value per image, in the same order: whether A and whether B classified it correctly.
///
/// `None` for lists of different length or without images.
pub fn mcnemar_of(a: &[bool], b: &[bool]) -> Option<McNemar> {
    if a.len() != b.len() {
        return None;
    }
    let only = |x: &[bool], y: &[bool]| x.iter().zip(y).filter(|(x, y)| **x && !**y).count() as u64;
    mcnemar(only(a, b), only(b, a), a.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanging_the_networks_changes_the_sign_only() {
        for (b, c) in [(204, 208), (0, 5), (6, 6), (0, 0)] {
            let (one, other) = (mcnemar(b, c, 1000).expect("images"), mcnemar(c, b, 1000).expect("images"));
            assert_eq!((one.exact, one.mid_p, one.se), (other.exact, other.mid_p, other.se));
            assert_eq!(one.difference, -other.difference);
        }
    }

    #[test]
    fn it_is_counted_from_the_images_themselves() {
        let (a, b) = ([true, true, false, true], [true, false, true, false]);
        let found = mcnemar_of(&a, &b).expect("four images");
        assert_eq!((found.only_a, found.only_b, found.difference), (2, 1, 0.25));
        assert_eq!((mcnemar_of(&a, &b[..3]), mcnemar_of(&[], &[])), (None, None));
    }

    #[test]
    fn more_differing_images_than_images_are_refused() {
        assert_eq!((mcnemar(3, 3, 5), mcnemar(0, 0, 0), mcnemar(u64::MAX, 1, 5)), (None, None, None));
    }
}
