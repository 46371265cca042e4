//! Values of the tests, in rows and in plates.

use crate::bf16::{ValueForm, halves, halves_mut};
use crate::buffer::Buffer;

use super::twin::{to_plates, to_rows};
use super::{Bits, bits};

pub(super) fn floats(random: &mut Bits, n: usize, [low, high]: [i32; 2]) -> Vec<f32> {
    (0..n).map(|_| if random.next().is_multiple_of(9) { 0.0 } else { random.float(low, high) }).collect()
}

pub(super) fn buffer(floats: &[f32]) -> Buffer {
    let mut buffer = Buffer::new(floats.len());
    buffer.copy_from_slice(floats);
    buffer
}

/// Values of so many images in a form.
pub(super) fn in_form(
    form: ValueForm,
    rows: &[f32],
    images: usize,
    [pixels, channels]: [usize; 2],
) -> Buffer {
    if form == ValueForm::Rows {
        return buffer(rows);
    }
    let plates = to_plates(rows, images, pixels, channels);
    let mut buffer = Buffer::new(plates.len() / 2);
    halves_mut(&mut buffer).copy_from_slice(&plates);
    buffer
}

/// And back.
pub(super) fn out_of_form(
    form: ValueForm,
    values: &[f32],
    images: usize,
    [pixels, channels]: [usize; 2],
) -> Vec<f32> {
    match form {
        ValueForm::Rows => values.to_vec(),
        ValueForm::Plates => to_rows(halves(values), images, pixels, channels),
    }
}

#[track_caller]
pub(super) fn same(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(bits(*found), bits(*expected), "{what}, number {i}: {found:e}, not {expected:e}");
    }
}
