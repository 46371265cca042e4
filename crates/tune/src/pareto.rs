//! Several objectives: which points dominate which, and how much of the space a set dominates. Smaller is better.
//!
//! The rules, ties included, are those of Optuna 5.0 (`study/_multi_objective.py`, `_hypervolume`), which follow "A
//! Fast Way of Calculating Exact Hypervolumes" (While, Bradstreet, Barone 2012) and "Greedy Hypervolume Subset
//! Selection in Low Dimensions" (Guerreiro, Fonseca, Paquete 2016).

use std::cmp::Ordering;
use std::cmp::Ordering::Equal;

/// The losses of one trial, one for each objective.
pub(crate) type LossVector = Vec<f64>;

fn lexical(a: &LossVector, b: &LossVector) -> Ordering {
    let pairs = a.iter().zip(b).map(|(a, b)| a.partial_cmp(b).unwrap_or(Equal));
    pairs.fold(Equal, Ordering::then)
}

/// The different points in lexical order: the index at which each first occurs, and for each point its index among
/// them.
fn distinct(points: &[LossVector]) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&i, &j| lexical(&points[i], &points[j]));
    let (mut first, mut index_of) = (Vec::<usize>::new(), vec![0; points.len()]);
    for i in order {
        if first.last().is_none_or(|&last| lexical(&points[last], &points[i]) != Equal) {
            first.push(i);
        }
        index_of[i] = first.len() - 1;
    }
    (first, index_of)
}

/// Which of points in lexical order, all different, no other dominates. A point can only be dominated by one before it.
fn is_front(points: &[&LossVector]) -> Vec<bool> {
    let mut front: Vec<&LossVector> = Vec::new();
    let dominates = |a: &LossVector, b: &LossVector| a.iter().zip(b).all(|(a, b)| a <= b);
    points
        .iter()
        .map(|point| {
            // The newest is the nearest, so the likeliest to dominate.
            let free = !front.iter().rev().any(|other| dominates(other, point));
            if free {
                front.push(point);
            }
            free
        })
        .collect()
}

/// The rank of each point: 0 for those that none dominates, 1 for those that only rank 0 does, and so on. Once `enough`
/// different points are ranked, the others share the next rank.
pub(crate) fn ranks(points: &[LossVector], enough: usize) -> Vec<usize> {
    let (first, index_of) = distinct(points);
    let mut ranks = vec![0; first.len()];
    let mut left: Vec<usize> = (0..first.len()).collect();
    let mut rank = 0;
    while !left.is_empty() && first.len() - left.len() < enough {
        let free = is_front(&left.iter().map(|&i| &points[first[i]]).collect::<Vec<_>>());
        let mut free = free.iter();
        left.retain(|&i| {
            ranks[i] = rank;
            !free.next().expect("one answer for each")
        });
        rank += 1;
    }
    left.iter().for_each(|&i| ranks[i] = rank);
    index_of.iter().map(|&i| ranks[i]).collect()
}

/// The volume between the points and `reference`, which none of them exceeds.
pub(crate) fn hypervolume(points: &[LossVector], reference: &[f64]) -> f64 {
    let volume = sliced(points.iter().map(Vec::as_slice).collect(), reference);
    if volume.is_finite() { volume } else { f64::INFINITY }
}

/// By slices along the last objective: between two neighbouring values the points below count, with one objective
/// fewer.
fn sliced(mut points: Vec<&[f64]>, reference: &[f64]) -> f64 {
    let last = reference.len() - 1;
    let best = |points: &[&[f64]]| points.iter().map(|point| point[0]).fold(reference[0], f64::min);
    if last == 0 {
        return reference[0] - best(&points);
    }
    points.sort_by(|a, b| a[last].partial_cmp(&b[last]).unwrap_or(Equal));
    if last == 1 {
        return staircase(&points, reference);
    }
    let ends = points.iter().skip(1).map(|point| point[last]).chain([reference[last]]);
    let depths = points.iter().zip(ends).map(|(point, end)| end - point[last]).enumerate();
    depths
        .filter(|&(_, depth)| depth > 0.0)
        .map(|(i, depth)| depth * sliced(points[..=i].to_vec(), &reference[..last]))
        .sum()
}

/// Two objectives, points sorted by the second.
fn staircase(points: &[&[f64]], reference: &[f64]) -> f64 {
    let (mut area, mut edge) = (0.0, reference[0]);
    for point in points {
        if point[0] < edge {
            area += (edge - point[0]) * (reference[1] - point[1]);
            edge = point[0];
        }
    }
    area
}

/// The indices of `size` points that together dominate much: greedily, one after the other, the first of equals.
///
/// With several equal points all different ones come first, the repetitions last.
pub(crate) fn subset(points: &[LossVector], size: usize, reference: &[f64]) -> Vec<usize> {
    if size >= points.len() {
        return (0..points.len()).collect();
    }
    let (first, _) = distinct(points);
    if first.len() < size {
        let repeated = (0..points.len()).filter(|i| !first.contains(i));
        return first.iter().copied().chain(repeated.take(size - first.len())).collect();
    }
    let different: Vec<&LossVector> = first.iter().map(|&i| &points[i]).collect();
    let chosen = match reference.len() {
        _ if reference.iter().any(|x| !x.is_finite()) || first.len() == size => (0..size).collect(),
        2 => subset_of_two_objectives(&different, size, reference),
        _ => subset_of_many_objectives(&different, size, reference),
    };
    chosen.into_iter().map(|i| first[i]).collect()
}

/// Points in lexical order are a staircase: the gain of one is a rectangle that its chosen neighbours bound.
fn subset_of_two_objectives(points: &[&LossVector], size: usize, reference: &[f64]) -> Vec<usize> {
    let mut left: Vec<(usize, [f64; 2])> =
        (0..points.len()).map(|i| (i, [reference[0], reference[1]])).collect();
    let mut chosen = Vec::with_capacity(size);
    for _ in 0..size {
        let gains = left.iter().map(|&(i, corner)| (corner[0] - points[i][0]) * (corner[1] - points[i][1]));
        let place = first_largest(gains);
        let (taken, _) = left.remove(place);
        left[..place].iter_mut().for_each(|(_, corner)| corner[0] = corner[0].min(points[taken][0]));
        left[place..].iter_mut().for_each(|(_, corner)| corner[1] = corner[1].min(points[taken][1]));
        chosen.push(taken);
    }
    chosen
}

/// The gain of a point can only shrink as others are chosen, so that it is computed again only where the old one is
/// above the best.
fn subset_of_many_objectives(points: &[&LossVector], size: usize, reference: &[f64]) -> Vec<usize> {
    let alone = |point: &LossVector| reference.iter().zip(point).map(|(r, x)| r - x).product::<f64>();
    let mut gains: Vec<f64> = points.iter().map(|point| alone(point)).collect();
    let (mut chosen, mut set, mut volume) = (Vec::<usize>::new(), Vec::<LossVector>::new(), 0.0);
    while chosen.len() < size {
        let best = first_largest(gains.iter().copied());
        volume += gains[best];
        chosen.push(best);
        set.push(points[best].clone());
        gains[best] = f64::NEG_INFINITY;
        update_gains(&mut gains, points, &mut set, volume, reference);
    }
    chosen
}

fn update_gains(
    gains: &mut [f64],
    points: &[&LossVector],
    set: &mut Vec<LossVector>,
    volume: f64,
    reference: &[f64],
) {
    let mut order: Vec<usize> = (0..points.len()).filter(|&i| gains[i] > f64::NEG_INFINITY).collect();
    order.sort_by(|&i, &j| gains[j].total_cmp(&gains[i]));
    let mut best = 0.0;
    for i in order {
        if gains[i] < best {
            continue;
        }
        set.push(points[i].clone());
        let gain = hypervolume(set, reference) - volume;
        set.pop();
        gains[i] = if gain.is_nan() { f64::INFINITY } else { gain };
        best = f64::max(best, gains[i]);
    }
}

fn first_largest(values: impl Iterator<Item = f64>) -> usize {
    let better = |best: (usize, f64), next: (usize, f64)| if next.1 > best.1 { next } else { best };
    values.enumerate().reduce(better).map_or(0, |(place, _)| place)
}

/// A point that all others dominate, at a tenth of its distance to 0 behind the worst of each objective.
pub(crate) fn reference_point(points: &[LossVector]) -> Vec<f64> {
    let objectives = points.first().map_or(0, Vec::len);
    let worst = (0..objectives).map(|k| points.iter().map(|p| p[k]).fold(f64::NEG_INFINITY, f64::max));
    worst.map(|x| f64::max(1.1 * x, 0.9 * x)).map(|x| if x == 0.0 { 1e-12 } else { x }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points from a lattice, so with ties and repetitions if it is small.
    fn lattice(n: usize, objectives: usize, side: u32, salt: u64) -> Vec<LossVector> {
        let mut stream = toile_rng::Seed::new(salt).stream("points", 0);
        (0..n).map(|_| (0..objectives).map(|_| stream.below(side) as f64).collect()).collect()
    }

    /// By definition: a point's rank is one more than the largest of those that dominate it.
    fn naive_ranks(points: &[LossVector]) -> Vec<usize> {
        let dominates = |a: &LossVector, b: &LossVector| a != b && a.iter().zip(b).all(|(a, b)| a <= b);
        let mut ranks = vec![0; points.len()];
        for _ in 0..points.len() {
            for i in 0..points.len() {
                let above = (0..points.len()).filter(|&j| dominates(&points[j], &points[i]));
                ranks[i] = above.map(|j| ranks[j] + 1).max().unwrap_or(0);
            }
        }
        ranks
    }

    #[test]
    fn ranks_are_those_of_the_definition() {
        for objectives in 1..4 {
            let points = lattice(40, objectives, 6, 7);
            assert_eq!(ranks(&points, usize::MAX), naive_ranks(&points));
        }
    }

    #[test]
    fn ranking_stops_when_enough_are_ranked() {
        let points = lattice(40, 2, 6, 9);
        let (all, some) = (ranks(&points, usize::MAX), ranks(&points, 5));
        let last = *some.iter().max().expect("points");
        assert!(last < *all.iter().max().expect("points"));
        assert!(all.iter().zip(&some).all(|(all, some)| *some == (*all).min(last)));
    }

    /// The lattice's unit cubes, counted.
    #[test]
    fn the_hypervolume_is_what_is_dominated() {
        for objectives in 1..5 {
            let points = lattice(12, objectives, 6, 3);
            let mut cubes = 0;
            for cube in 0..6usize.pow(objectives as u32) {
                let corner: LossVector =
                    (0..objectives).map(|k| (cube / 6usize.pow(k as u32) % 6) as f64).collect();
                cubes += points.iter().any(|p| p.iter().zip(&corner).all(|(p, c)| p <= c)) as usize;
            }
            assert_eq!(hypervolume(&points, &vec![6.0; objectives]), cubes as f64);
        }
    }

    /// Each step takes the first point, in lexical order, that adds most.
    #[test]
    fn the_subset_is_greedy() {
        for objectives in 2..5 {
            let all = lattice(200, objectives, 60, 21);
            let ranks = ranks(&all, usize::MAX);
            let members = |rank: &usize| ranks.iter().filter(|&r| r == rank).count();
            let widest = (0..20).max_by_key(members).expect("ranks");
            let points: Vec<LossVector> =
                (0..200).filter(|&i| ranks[i] == widest).map(|i| all[i].clone()).collect();
            let reference = vec![60.0; objectives];
            let (first, _) = distinct(&points);
            let mut set: Vec<LossVector> = Vec::new();
            let mut naive = Vec::new();
            let size = first.len() / 2;
            assert!(size > 3);
            for _ in 0..size {
                let gain = |&i: &usize| {
                    let with: Vec<LossVector> = set.iter().cloned().chain([points[i].clone()]).collect();
                    hypervolume(&with, &reference)
                };
                let left: Vec<usize> = first.iter().copied().filter(|i| !naive.contains(i)).collect();
                let best = left[first_largest(left.iter().map(gain))];
                naive.push(best);
                set.push(points[best].clone());
            }
            assert_eq!(subset(&points, size, &reference), naive);
        }
    }
}
