//! A ranking with lines: groups whose inner order is not established.
//!
//! Being "not different" is not transitive, so it is never made into "equal". A line is drawn only where every recipe
//! above is better than every one below: lines give an ordered partition, and never contradict each other.

use std::ops::Range;

/// The groups of a ranking, by ranks from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankGroups {
    /// The groups from the top down: the ranks between two lines. The first is what may be called best.
    pub groups: Vec<Range<usize>>,
    /// Pairs inside a group of which the first is better than the second, in the order given.
    pub within: Vec<(usize, usize)>,
}

/// The places of the recipes by their mean, the largest first; equal means in the order given, NaN last.
///
/// For a loss give the negated means.
pub fn order_by_mean(means: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..means.len()).collect();
    let key = |i: &usize| if means[*i].is_nan() { f64::NEG_INFINITY } else { means[*i] };
    order.sort_by(|a, b| {
        means[*a]
            .is_nan()
            .cmp(&means[*b].is_nan())
            .then(key(b).partial_cmp(&key(a)).unwrap_or(std::cmp::Ordering::Equal))
    });
    order
}

/// Draws the lines of a ranking of `count` recipes; `better` holds the pairs of ranks (better, worse) with that
/// verdict.
///
/// `None` for a rank that is not below `count`, or a pair whose better one stands below the worse one.
pub fn rank_groups(count: usize, better: &[(usize, usize)]) -> Option<RankGroups> {
    if better.iter().any(|(above, below)| above >= below || *below >= count) {
        return None;
    }
    let mut is_better = vec![false; count * count];
    better.iter().for_each(|(above, below)| is_better[above * count + below] = true);
    let all_better =
        |line: usize| (0..line).all(|i| is_better[i * count + line..(i + 1) * count].iter().all(|b| *b));
    let mut lines: Vec<usize> = (0..count).filter(|line| *line == 0 || all_better(*line)).collect();
    lines.push(count);
    let groups: Vec<Range<usize>> = lines.windows(2).map(|pair| pair[0]..pair[1]).collect();
    let together = |pair: &(usize, usize)| groups.iter().any(|g| g.contains(&pair.0) && g.contains(&pair.1));
    let within = better.iter().copied().filter(together).collect();
    Some(RankGroups { groups, within })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_mean_comes_first_and_what_has_none_last() {
        assert_eq!(order_by_mean(&[0.5, f64::NAN, 0.7, 0.5, f64::NEG_INFINITY]), [2, 0, 3, 4, 1]);
        assert_eq!(order_by_mean(&[]), [] as [usize; 0]);
    }

    #[test]
    fn no_recipes_have_no_groups() {
        assert_eq!(rank_groups(0, &[]), Some(RankGroups { groups: vec![], within: vec![] }));
    }

    #[test]
    fn pairs_that_cannot_be_are_refused() {
        assert_eq!(
            (rank_groups(2, &[(1, 0)]), rank_groups(2, &[(0, 2)]), rank_groups(2, &[(1, 1)])),
            (None, None, None)
        );
    }

    /// Whatever the pairs: each rank is in one group, groups follow each other, and every pair across a line is better.
    #[test]
    fn lines_are_an_ordered_partition_for_every_set_of_pairs() {
        let pairs: Vec<(usize, usize)> = (0..4).flat_map(|i| (i + 1..4).map(move |j| (i, j))).collect();
        for set in 0..1u32 << pairs.len() {
            let better: Vec<_> = (0..pairs.len()).filter(|i| set >> i & 1 == 1).map(|i| pairs[i]).collect();
            let found = rank_groups(4, &better).expect("ranks below 4");
            let ranks: Vec<usize> = found.groups.iter().cloned().flatten().collect();
            assert_eq!(ranks, [0, 1, 2, 3]);
            let group = |rank: usize| found.groups.iter().position(|g| g.contains(&rank));
            for pair in &pairs {
                let apart = group(pair.0) != group(pair.1);
                assert!(!apart || better.contains(pair), "{better:?}");
                assert_eq!(!apart && better.contains(pair), found.within.contains(pair));
            }
        }
    }
}
