//! Several objectives: the front of trials that no other dominates, and the area that it covers.

use crate::Direction;

/// The indices of the points that no other point dominates, in ascending order.
///
/// A point dominates another if it is as good for every objective and better for one; equal points do not dominate each
/// other. Points with a NaN are left out.
pub fn pareto_front(points: &[Vec<f64>], directions: &[Direction]) -> Vec<usize> {
    let losses: Vec<Vec<f64>> = points.iter().map(|point| losses(point, directions)).collect();
    let mut order: Vec<usize> =
        (0..points.len()).filter(|&i| losses[i].iter().all(|loss| !loss.is_nan())).collect();
    // A point that dominates another comes before it in this order.
    order.sort_by(|&a, &b| losses[a].partial_cmp(&losses[b]).unwrap_or(std::cmp::Ordering::Equal));
    let mut front: Vec<usize> = Vec::new();
    for i in order {
        if !front.iter().any(|&other| dominates(&losses[other], &losses[i])) {
            front.push(i);
        }
    }
    front.sort_unstable();
    front
}

/// The area between the points and a reference point that is worse than they for both objectives. Points that are not
/// better than it for both, or hold a NaN, add nothing.
pub fn hypervolume_2d(points: &[[f64; 2]], reference: [f64; 2], directions: [Direction; 2]) -> f64 {
    let loss = |point: &[f64; 2]| [directions[0].loss(point[0]), directions[1].loss(point[1])];
    let [right, mut top] = loss(&reference);
    let mut inside: Vec<[f64; 2]> = points.iter().map(loss).filter(|point| point[0] < right).collect();
    inside.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut area = 0.0;
    for [x, y] in inside {
        if y < top {
            area += (right - x) * (top - y);
            top = y;
        }
    }
    area
}

/// All values so that smaller is better.
pub(crate) fn losses(values: &[f64], directions: &[Direction]) -> Vec<f64> {
    values.iter().zip(directions).map(|(&value, direction)| direction.loss(value)).collect()
}

/// Whether `a` is nowhere worse than `b`, and somewhere better.
pub(crate) fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}
