//! Dense layers on plates against the definition, on every way that this machine has.

use crate::bf16::{
    DenseBackward, IMAGES, PlateDense, PlateForms, PlateForward, ValueForm, halves_mut, on_each_way, round,
    widen,
};
use crate::buffer::Buffer;
use crate::conv::ConvShape;

use super::Bits;
use super::twin::Twin;
use super::values::{buffer, floats, in_form, out_of_form, same};

/// One pixel.
fn shape(inputs: usize, units: usize) -> ConvShape {
    ConvShape {
        height: 1,
        width: 1,
        channels: inputs,
        filters: units,
        kernel: [1, 1],
        strides: [1, 1],
        pad_top: 0,
        pad_left: 0,
        out_height: 1,
        out_width: 1,
    }
}

fn check(inputs: usize, units: usize, images: usize, relu: bool, forms: PlateForms) {
    let random = &mut Bits(inputs as u64 * 7 + units as u64);
    let x = floats(random, images * inputs, [-6, 1]);
    let (kernel, bias) = (floats(random, inputs * units, [-7, 0]), floats(random, units, [-5, 0]));
    let mut d_y = floats(random, images * units, [-12, -3]);
    if forms.output == ValueForm::Plates {
        d_y.iter_mut().for_each(|d| *d = widen(round(*d)));
    }
    let twin = Twin::new(shape(inputs, units), images, &x, &kernel);
    let z: Vec<f32> = twin.forward(false).iter().enumerate().map(|(i, z)| z + bias[i % units]).collect();
    let d_z: Vec<f32> = d_y.iter().zip(&z).map(|(d, z)| if relu && *z <= 0.0 { 0.0 } else { *d }).collect();
    let rounded = |x: f32| if forms.output == ValueForm::Plates { widen(round(x)) } else { x };
    let y_expected: Vec<f32> = z.iter().map(|&z| rounded(if relu && z <= 0.0 { 0.0 } else { z })).collect();
    let [mut d_x_expected, d_kernel_expected, d_bias_expected] = twin.backward(&d_z);
    if forms.input == ValueForm::Plates {
        d_x_expected.iter_mut().for_each(|d| *d = widen(round(*d)));
    }
    let dense = PlateDense::new(inputs, units, relu, forms);
    on_each_way(|way| {
        let what = format!("{way:?}, {inputs} x {units}, {images} images, {forms:?}");
        let dirty = |n: usize| buffer(&vec![f32::NAN; n]);
        let (x, d_y) =
            (in_form(forms.input, &x, images, [1, inputs]), in_form(forms.output, &d_y, images, [1, units]));
        let [mut w, mut w_back] = dense.derived_lens().map(Buffer::new);
        dense.derive(0, &kernel, &mut w);
        dense.derive(1, &kernel, &mut w_back);
        let (mut y, mut scratch) = (dirty(dense.output_len(images)), dirty(dense.scratch_len()));
        let mut masks = vec![0xff; forms.output.room(images) * dense.masks_len()];
        dense.forward(PlateForward {
            images,
            x: &x,
            derived: &w,
            bias: Some(&bias),
            y: &mut y,
            masks: &mut masks,
            scratch: &mut scratch,
        });
        same(&what, &out_of_form(forms.output, &y, images, [1, units]), &y_expected);
        let room = images.next_multiple_of(IMAGES);
        let [mut x_turned, mut d_z] = dense.factor_lens().map(|len| dirty(room * len));
        let (mut d_x, mut d_bias) = (dirty(x.len()), vec![f32::NAN; units]);
        dense.backward(DenseBackward {
            images,
            x: &x,
            masks: &masks,
            d_y: &d_y,
            derived: &w_back,
            d_x: Some(&mut d_x),
            factors: [&mut x_turned, &mut d_z],
            d_bias: Some(&mut d_bias),
            scratch: &mut scratch,
        });
        same(&what, &out_of_form(forms.input, &d_x, images, [1, inputs]), &d_x_expected);
        same(&what, &d_bias, &d_bias_expected);
        let factors = || std::iter::once(([&x_turned[..], &d_z[..]], images));
        for start in (0..inputs).step_by(64) {
            let rows = start..(start + 64).min(inputs);
            let mut gradient = dirty(rows.len() * units);
            dense.kernel_gradient(rows.clone(), factors(), &mut gradient);
            same(&what, &gradient, &d_kernel_expected[rows.start * units..rows.end * units]);
        }
    });
}

#[test]
fn dense_layers_have_the_bits_of_the_definition() {
    for (inputs, units) in [(1, 1), (5, 3), (31, 33), (64, 32), (100, 70)] {
        for input in [ValueForm::Rows, ValueForm::Plates] {
            for (output, relu) in
                [(ValueForm::Rows, false), (ValueForm::Plates, false), (ValueForm::Plates, true)]
            {
                for images in [1, 32, 45] {
                    check(inputs, units, images, relu, PlateForms { input, output });
                }
            }
        }
    }
}

#[test]
fn a_kernels_gradient_goes_on_from_chunk_to_chunk() {
    let forms = PlateForms { input: ValueForm::Rows, output: ValueForm::Rows };
    let dense = PlateDense::new(40, 6, false, forms);
    let random = &mut Bits(3);
    let numbers: Vec<u16> = (0..4 * 2048 + 4 * 1024).map(|_| round(random.float(-5, 1))).collect();
    let mut floats = vec![0.0; numbers.len() / 2];
    halves_mut(&mut floats).copy_from_slice(&numbers);
    let (x, d_z) = floats.split_at(4 * 1024);
    let of = |parts: &[std::ops::Range<usize>]| {
        let factors = parts.iter().map(|part| {
            let [a, b] = [&x[part.start * 1024..part.end * 1024], &d_z[part.start * 512..part.end * 512]];
            ([a, b], 32 * part.len())
        });
        let mut gradient = vec![f32::NAN; 240];
        dense.kernel_gradient(0..40, factors, &mut gradient);
        gradient.into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    on_each_way(|way| assert_eq!(of(std::slice::from_ref(&(0..4))), of(&[0..1, 1..3, 3..4]), "{way:?}"));
}
