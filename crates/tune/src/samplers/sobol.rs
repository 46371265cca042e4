//! Sobol's sequence: points that fill the space evenly, whatever number of them there is.
//!
//! Every parameter has a dimension of its own, by its position in the space, whether it exists in a trial or not. The
//! direction numbers are those of Joe and Kuo ("Constructing Sobol sequences with better two-dimensional projections",
//! 2008, new-joe-kuo-6), the points come in the order of the Gray code as in SciPy. They are scrambled as by Owen
//! ("Randomly permuted (t, m, s)-nets", 1995): each binary digit is flipped or not by a random bit that depends on the
//! digits before it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_rng::Seed;

use super::random::{at_fraction, value};
use super::{SamplingAlgorithm, assign};
use crate::{Direction, Params, SamplingContext, Space};

/// Sobol's sequence, scrambled by the search's seed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SobolSampler {}

impl SamplingAlgorithm for SobolSampler {
    fn suggest(&self, context: &SamplingContext) -> Params {
        suggest(context)
    }

    fn supports(&self, _directions: &[Direction], _space: &Space) -> Result<(), String> {
        Ok(())
    }

    fn title(&self) -> &'static str {
        "Sobol’s sequence"
    }

    fn n_startup_trials(&self) -> usize {
        0
    }

    fn is_single_objective(&self) -> bool {
        false
    }

    fn is_random(&self) -> bool {
        false
    }

    fn is_exhaustive(&self) -> bool {
        false
    }

    fn yields_to_grid(&self) -> bool {
        true
    }

    fn repeats_optuna(&self) -> bool {
        false
    }
}

/// Binary digits of a coordinate: such a fraction is exact in an `f64`.
const DIGITS: u32 = 52;

/// One line per dimension from the second on: the polynomial's coefficients as a binary number, then the first
/// direction numbers.
const DIRECTIONS: &str = include_str!("sobol_directions.txt");

/// The point of the trial's number. Parameters beyond the table's 512 are drawn at random.
pub(super) fn suggest(context: &SamplingContext) -> Params {
    assign(context, |param| {
        let dimension = context.space.params.iter().position(|other| other.name == param.name);
        match dimension.and_then(directions) {
            Some(directions) => {
                let digits = coordinate(&directions, context.number as u64);
                let digits = scrambled(digits, context.seed.derive("sobol", 0), &param.name);
                at_fraction(&param.distribution, fraction(digits))
            }
            None => value(context, param),
        }
    })
}

fn fraction(digits: u64) -> f64 {
    digits as f64 / (1u64 << DIGITS) as f64
}

/// The direction numbers v₁ v₂ … of a dimension, as multiples of 2^-`DIGITS`.
fn directions(dimension: usize) -> Option<Vec<u64>> {
    if dimension == 0 {
        return Some((1..=DIGITS).map(|j| 1 << (DIGITS - j)).collect());
    }
    let mut numbers =
        DIRECTIONS.lines().nth(dimension)?.split(' ').map(|word| word.parse::<u64>().expect("a number"));
    let polynomial = numbers.next()?;
    let mut m: Vec<u64> = numbers.collect();
    let degree = m.len();
    for j in degree..DIGITS as usize {
        // m(j) = m(j-d) ⊕ 2^d m(j-d) ⊕ the sum of 2^k a(k) m(j-k) for 0 < k < d
        let terms = (1..degree).filter(|k| polynomial >> (degree - k) & 1 == 1).map(|k| m[j - k] << k);
        let next = terms.fold(m[j - degree] ^ m[j - degree] << degree, |sum, term| sum ^ term);
        m.push(next);
    }
    Some(m.iter().zip(1..).map(|(m, j)| m << (DIGITS - j)).collect())
}

/// The digits of a point's coordinate.
fn coordinate(directions: &[u64], index: u64) -> u64 {
    let gray = index ^ index >> 1;
    let chosen = directions.iter().enumerate().filter(|(j, _)| gray >> j & 1 == 1);
    chosen.fold(0, |digits, (_, direction)| digits ^ direction)
}

/// Each digit flipped or not, by a random bit that its place and the digits before it choose.
fn scrambled(digits: u64, seed: Seed, name: &str) -> u64 {
    (0..DIGITS).fold(0, |scrambled, place| {
        let before = digits >> (DIGITS - place);
        let flip = seed.stream(name, place as u64).block(before)[0] & 1;
        let digit = digits >> (DIGITS - 1 - place) & 1;
        scrambled << 1 | (digit ^ flip as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SciPy's `qmc.Sobol(64, scramble=False)`, by `tests/golden/make_sobol.py`: rows of the point's number, dimension,
    /// coordinate.
    #[test]
    fn unscrambled_points_are_those_of_scipy() {
        let golden = include_str!("../../tests/golden/sobol.txt");
        let mut points = 0;
        for line in golden.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let mut next = || words.next().expect("three words");
            let index: u64 = next().parse().expect("a number");
            let dimension: usize = next().parse().expect("a number");
            let expected: f64 = next().parse().expect("a coordinate");
            let found = fraction(coordinate(&directions(dimension).expect("in the table"), index));
            assert!(
                (found - expected).abs() < 1e-12,
                "point {index}, dimension {dimension}: {found}, {expected}"
            );
            points += 1;
        }
        assert!(points > 1000);
    }

    #[test]
    fn the_table_ends_where_it_says() {
        assert!(directions(511).is_some());
        assert!(directions(512).is_none());
    }

    /// Among the first 2ᵏ points every interval of length 2⁻ᵏ holds exactly one coordinate, scrambled or not.
    #[test]
    fn scrambled_points_are_still_stratified() {
        for dimension in [0, 1, 7, 300] {
            let directions = directions(dimension).expect("in the table");
            let mut cells = [0; 256];
            for index in 0..256 {
                let digits = scrambled(coordinate(&directions, index), Seed::new(5), "x");
                cells[(digits >> (DIGITS - 8)) as usize] += 1;
            }
            assert_eq!(cells, [1; 256]);
        }
    }

    /// Two dimensions: every rectangle of a sixteenth by a sixteenth holds one of 256 points of the first two
    /// dimensions.
    #[test]
    fn scrambling_keeps_the_net_of_two_dimensions() {
        let both = [directions(0).expect("first"), directions(1).expect("second")];
        let mut cells = [0; 256];
        for index in 0..256 {
            let [a, b] = [0, 1]
                .map(|k| scrambled(coordinate(&both[k], index), Seed::new(5), ["x", "y"][k]) >> (DIGITS - 4));
            cells[(16 * a + b) as usize] += 1;
        }
        assert_eq!(cells, [1; 256]);
    }
}
