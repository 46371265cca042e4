//! Where a function of one variable is zero: under the statistics that are given by an equation.

/// Steps after which any interval of doubles would have been bisected to its last bit.
const MAX_STEPS: usize = 2_000;

/// A root of the continuous function `f` between `low` and `high`, to the last bits of a double.
///
/// Bisection, quickened by inverse quadratic interpolation where that is safe (Chandrupatla 1997). `None` unless `f`
/// has different signs at the two ends, or is zero at one; also where it is not a number there.
pub(crate) fn root(f: impl Fn(f64) -> f64, low: f64, high: f64) -> Option<f64> {
    let (mut a, mut b) = (low, high);
    let (mut fa, mut fb) = (f(a), f(b));
    if fa == 0.0 || fb == 0.0 {
        return Some(if fa == 0.0 { a } else { b });
    }
    if fa.is_nan() || fb.is_nan() || (fa > 0.0) == (fb > 0.0) {
        return None;
    }
    let mut step = 0.5;
    for _ in 0..MAX_STEPS {
        let x = a + step * (b - a);
        let fx = f(x);
        let (c, fc);
        if (fx > 0.0) == (fa > 0.0) {
            (c, fc) = (a, fa);
        } else {
            (c, fc) = (b, fb);
            (b, fb) = (a, fa);
        }
        (a, fa) = (x, fx);
        let nearest = if fa.abs() < fb.abs() { a } else { b };
        let limit = (2.0 * f64::EPSILON * nearest.abs() + f64::MIN_POSITIVE) / (b - a).abs();
        if fa == 0.0 || limit > 0.5 {
            return Some(if fa == 0.0 { a } else { nearest });
        }
        step = interpolated([a, b, c], [fa, fb, fc]).clamp(limit, 1.0 - limit);
    }
    Some(a)
}

/// The share of the way from a to b at which the inverse parabola through three points is zero; ½ where it is not safe.
fn interpolated([a, b, c]: [f64; 3], [fa, fb, fc]: [f64; 3]) -> f64 {
    let (xi, phi) = ((a - b) / (c - b), (fa - fb) / (fc - fb));
    if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
        let t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb);
        if t.is_finite() {
            return t;
        }
    }
    0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_found_to_the_last_bits() {
        let found = root(|x| x * x - 2.0, 0.0, 2.0).expect("a change of sign");
        assert!((found - 2.0f64.sqrt()).abs() <= 4.0 * f64::EPSILON, "{found}");
        let flat = root(|x| (x - 0.3).powi(9), -10.0, 10.0).expect("a change of sign");
        assert!((flat - 0.3).abs() < 1e-15, "{flat}");
        let far = root(|x| x.ln() + 500.0, 1e-300, 1.0).expect("a change of sign");
        assert!((far.ln() + 500.0).abs() < 1e-12, "{far}");
    }

    #[test]
    fn a_jump_and_an_infinite_end_are_bisected() {
        assert_eq!(root(|x| if x < 0.25 { -1.0 } else { 1.0 }, 0.0, 1.0), Some(0.25));
        let found = root(|x| if x < 0.5 { x - 0.125 } else { f64::INFINITY }, 0.0, 1.0);
        assert!((found.expect("a change of sign") - 0.125).abs() < 1e-16);
    }

    #[test]
    fn no_change_of_sign_is_no_root() {
        assert_eq!(root(|x| x * x + 1.0, -1.0, 1.0), None);
        assert_eq!(root(|_| f64::NAN, -1.0, 1.0), None);
        assert_eq!((root(|x| x, 0.0, 1.0), root(|x| x, -1.0, 0.0)), (Some(0.0), Some(0.0)));
    }
}
