//! The product of plates against the definition, on every way that this machine has.

use crate::bf16::plates::{PLATE, Products, SIDE, Step, Sum};
use crate::bf16::{ProductWay, on_each_way, round};

use super::{Bits, bits, definition, of_b, of_c};

/// Plates with numbers of these exponents, a few zeros among them.
fn numbers(random: &mut Bits, n: usize, [low, high]: [i32; 2]) -> Vec<u16> {
    let mut number = || if random.next().is_multiple_of(16) { 0 } else { round(random.float(low, high)) };
    (0..n).map(|_| number()).collect()
}

fn steps(a: &[u16], b: &[u16]) -> Vec<Step> {
    let pairs = a.chunks_exact(PLATE).zip(b.chunks_exact(PLATE));
    pairs.map(|(a, b)| Step { a: a.as_ptr(), b: b.as_ptr() }).collect()
}

/// What the definition says of each element.
fn expected(a: &[u16], b: &[u16]) -> Vec<f32> {
    let mut c = vec![0.0; PLATE];
    for row in 0..SIDE {
        for column in 0..SIDE {
            let ks = || (0..a.len() / PLATE).flat_map(|plate| (0..SIDE).map(move |k| (plate * PLATE, k)));
            let of_a: Vec<u16> = ks().map(|(plate, k)| a[plate + row * SIDE + k]).collect();
            let of_b: Vec<u16> = ks().map(|(plate, k)| b[plate + of_b(k, column)]).collect();
            c[of_c(row, column)] = definition(&of_a, &of_b);
        }
    }
    c
}

/// Ordinary numbers, all that is kept of small ones, very large ones, and numbers whose products overflow.
const EXPONENTS: [[i32; 2]; 5] = [[-8, 2], [-50, 60], [-50, -49], [55, 64], [40, 127]];

#[test]
fn every_way_gives_the_bits_of_the_definition() {
    let mut random = Bits(11);
    for exponents in EXPONENTS {
        for n in [1, 2, 3, 9] {
            let (a, b) =
                (numbers(&mut random, n * PLATE, exponents), numbers(&mut random, n * PLATE, exponents));
            let (steps, expected) = (steps(&a, &b), expected(&a, &b));
            on_each_way(|way| {
                let mut c = vec![7.0f32; PLATE];
                // SAFETY: so many plates of A and B, and one of C.
                unsafe { Products::ready().plates(c.as_mut_ptr(), false, &steps) };
                for (at, (found, expected)) in c.iter().zip(&expected).enumerate() {
                    assert_eq!(
                        bits(*found),
                        bits(*expected),
                        "{way:?}, {exponents:?}, {n} steps, element {at}"
                    );
                }
            });
        }
    }
}

#[test]
fn a_sum_may_be_left_and_taken_up_again_anywhere() {
    let mut random = Bits(12);
    let n = 200;
    let (a, b) = (numbers(&mut random, n * PLATE, [-9, 3]), numbers(&mut random, n * PLATE, [-9, 3]));
    let (steps, expected) = (steps(&a, &b), expected(&a, &b));
    on_each_way(|way| {
        let products = Products::ready();
        for cut in [0, 1, 77, n] {
            let mut c = vec![7.0f32; PLATE];
            let mut sum = Sum::to(&products, c.as_mut_ptr(), false);
            // SAFETY: as above.
            unsafe {
                steps[..cut].iter().for_each(|step| sum.add(step.a, step.b));
                sum.finish();
                sum.restart(c.as_mut_ptr(), true);
                steps[cut..].iter().for_each(|step| sum.add(step.a, step.b));
                sum.finish();
            }
            assert!(c.iter().zip(&expected).all(|(c, e)| bits(*c) == bits(*e)), "{way:?}, cut at {cut}");
        }
    });
}

/// A NaN or an infinity stays where it is, on every way.
#[test]
fn what_is_no_number_is_none_in_its_own_row_only() {
    let mut random = Bits(13);
    let (mut a, b) = (numbers(&mut random, PLATE, [-3, 3]), numbers(&mut random, PLATE, [-3, 3]));
    (a[3 * SIDE + 7], a[5 * SIDE + 4], a[6 * SIDE + 4]) = (0xffc0, 0x7f80, 0xff80);
    (a[6 * SIDE + 6], a[8 * SIDE]) = (0x7f80, round(1.0));
    let (steps, expected) = (steps(&a, &b), expected(&a, &b));
    assert!(expected[of_c(3, 0)].is_nan() && expected[of_c(4, 0)].is_finite());
    on_each_way(|way| {
        let mut c = vec![0.0f32; PLATE];
        // SAFETY: a plate each.
        unsafe { Products::ready().plates(c.as_mut_ptr(), false, &steps) };
        assert!(c.iter().zip(&expected).all(|(c, e)| bits(*c) == bits(*e)), "{way:?}");
    });
}

#[test]
fn zeros_and_steps_of_zeros_change_nothing() {
    let mut random = Bits(14);
    let (a, b) = (numbers(&mut random, 2 * PLATE, [-50, 3]), numbers(&mut random, 2 * PLATE, [-50, 3]));
    let nothing = vec![0u16; PLATE];
    let with = [
        Step { a: a.as_ptr(), b: b.as_ptr() },
        Step { a: nothing.as_ptr(), b: nothing.as_ptr() },
        Step { a: a[PLATE..].as_ptr(), b: b[PLATE..].as_ptr() },
    ];
    on_each_way(|way| {
        let by = |steps: &[Step]| {
            let mut c = vec![0.0f32; PLATE];
            // SAFETY: a plate each.
            unsafe { Products::ready().plates(c.as_mut_ptr(), false, steps) };
            c.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(by(&with), by(&[with[0], with[2]]), "{way:?}");
        assert_eq!(by(&[]), vec![0; PLATE], "{way:?}");
    });
}

#[test]
fn a_way_has_one_name_and_the_portable_one_is_always_there() {
    for way in ProductWay::ALL {
        assert_eq!(ProductWay::from_name(way.name()), Some(way));
    }
    assert!(ProductWay::Portable.available() && ProductWay::from_name("tiles").is_none());
    let mut seen = Vec::new();
    on_each_way(|way| seen.push(way));
    let missing: Vec<_> = ProductWay::ALL.into_iter().filter(|way| !seen.contains(way)).collect();
    assert!(
        seen.contains(&ProductWay::Portable) && missing.iter().all(|way| !way.available()),
        "{missing:?}"
    );
}
