//! The reach of a difference that varies with seeds and with images, and the tail at which it reaches a number.

use crate::distribution::{normal_upper, student_upper};
use crate::root::root;
use crate::{normal_cdf, student_cdf};

/// √(t²_{tail,df} P + z²_{tail} G): the half-widths of the seed part P and the image part G, squared and added.
pub(crate) fn reach(tail: f64, seed_part: f64, image_part: f64, df: Option<f64>) -> f64 {
    let t = df.filter(|df| seed_part > 0.0 && *df > 0.0).map_or(0.0, |df| student_upper(tail, df));
    let z = if image_part > 0.0 { normal_upper(tail) } else { 0.0 };
    (t * t * seed_part + z * z * image_part).sqrt()
}

/// The tail, from 0 to ½, whose reach is `size`, which is above 0; one of the parts is above 0 too.
///
/// The unknown is t and not the tail: it lies between 0 and size / √P, the tail follows from it directly, and so does
/// z from the tail.
pub(crate) fn tail_of_reach(size: f64, seed_part: f64, image_part: f64, df: Option<f64>) -> f64 {
    let Some(df) = df.filter(|df| seed_part > 0.0 && *df > 0.0) else {
        return normal_cdf(-size / image_part.sqrt());
    };
    let most = size / seed_part.sqrt();
    if image_part == 0.0 {
        return student_cdf(-most, df);
    }
    let excess = |t: f64| {
        let z = normal_upper(student_cdf(-t, df));
        t * t * seed_part + z * z * image_part - size * size
    };
    // Where the image part is less than rounding, t is the whole of it.
    student_cdf(-root(excess, 0.0, most).unwrap_or(most), df)
}
