//! Convolutions on plates against the definition, on every way that this machine has.

use crate::bf16::{PlateBackward, PlateConv, PlateForms, PlateForward, ValueForm, on_each_way, round, widen};
use crate::buffer::Buffer;
use crate::conv::{ConvShape, Epilogue};

use super::Bits;
use super::twin::Twin;
use super::values::{buffer, floats, in_form, out_of_form, same};

const ROWS: PlateForms = PlateForms { input: ValueForm::Rows, output: ValueForm::Rows };
const PLATES: PlateForms = PlateForms { input: ValueForm::Plates, output: ValueForm::Plates };

/// A shape; `pad` zeros on each side.
fn shape(
    [height, width]: [usize; 2],
    [channels, filters]: [usize; 2],
    kernel: [usize; 2],
    strides: [usize; 2],
    pad: [usize; 2],
) -> ConvShape {
    let out = |size: usize, i: usize| (size + 2 * pad[i] - kernel[i]) / strides[i] + 1;
    ConvShape {
        height,
        width,
        channels,
        filters,
        kernel,
        strides,
        pad_top: pad[0],
        pad_left: pad[1],
        out_height: out(height, 0),
        out_width: out(width, 1),
    }
}

fn shapes() -> Vec<ConvShape> {
    vec![
        shape([5, 5], [1, 3], [3, 3], [1, 1], [0, 0]),
        shape([6, 7], [1, 33], [3, 2], [2, 1], [1, 1]),
        shape([4, 5], [3, 32], [3, 3], [1, 1], [1, 1]),
        shape([5, 4], [8, 5], [3, 3], [1, 2], [1, 0]),
        shape([4, 4], [9, 4], [2, 2], [2, 2], [0, 0]),
        shape([5, 6], [32, 32], [3, 3], [1, 1], [0, 0]),
        shape([4, 4], [40, 33], [3, 3], [1, 1], [1, 1]),
        shape([7, 5], [33, 20], [2, 3], [3, 2], [1, 2]),
        shape([3, 3], [64, 70], [1, 1], [1, 1], [0, 0]),
        shape([2, 3], [20, 7], [4, 5], [1, 1], [3, 3]),
        shape([1, 1], [70, 40], [1, 1], [1, 1], [0, 0]),
    ]
}

/// A layer with numbers, and what the definition says of it.
struct Case {
    shape: ConvShape,
    epilogue: Epilogue,
    forms: PlateForms,
    images: usize,
    x: Vec<f32>,
    kernel: Vec<f32>,
    bias: Vec<f32>,
    d_y: Vec<f32>,
    /// Output; gradients of input, kernel, bias.
    y: Vec<f32>,
    gradients: [Vec<f32>; 3],
}

impl Case {
    fn new(shape: ConvShape, epilogue: Epilogue, forms: PlateForms, images: usize) -> Case {
        let random = &mut Bits(shape.channels as u64 + 100 * images as u64);
        let x = floats(random, images * shape.height * shape.width * shape.channels, [-6, 1]);
        let kernel =
            floats(random, shape.kernel[0] * shape.kernel[1] * shape.channels * shape.filters, [-7, 0]);
        let bias = floats(random, shape.filters, [-6, 0]);
        let twin = Twin::new(shape, images, &x, &kernel);
        let mut z = twin.forward(shape.channels <= 8);
        z.iter_mut().enumerate().for_each(|(i, z)| *z += bias[i % shape.filters]);
        let [height, width] = output(&shape, epilogue);
        let mut d_y = floats(random, images * height * width * shape.filters, [-12, -3]);
        let (y, d_z) = if forms.output == ValueForm::Rows {
            (z, d_y.clone())
        } else {
            d_y.iter_mut().for_each(|d| *d = widen(round(*d)));
            after(&shape, epilogue, images, &z, &d_y)
        };
        let mut gradients = twin.backward(&d_z);
        if forms.input == ValueForm::Plates {
            gradients[0].iter_mut().for_each(|d| *d = widen(round(*d)));
        }
        Case { shape, epilogue, forms, images, x, kernel, bias, d_y, y, gradients }
    }

    fn check(&self, what: &str) {
        let (conv, shape, images) =
            (PlateConv::new(self.shape, self.epilogue, self.forms), &self.shape, self.images);
        let [height, width] = output(shape, self.epilogue);
        let (inputs, outputs) =
            ([shape.height * shape.width, shape.channels], [height * width, shape.filters]);
        let x = in_form(self.forms.input, &self.x, images, inputs);
        let [mut w, mut w_back] = conv.derived_lens().map(Buffer::new);
        conv.derive(0, &self.kernel, &mut w);
        conv.derive(1, &self.kernel, &mut w_back);
        let dirty = |n: usize| buffer(&vec![f32::NAN; n]);
        let (mut y, mut scratch) = (dirty(conv.output_len(images)), dirty(conv.scratch_len()));
        let mut masks = vec![0xffu8; self.forms.output.room(images) * conv.masks_len()];
        for masks in [&mut [][..], &mut masks] {
            let (bias, x, y) = (Some(&self.bias[..]), &x[..], &mut y[..]);
            conv.forward(PlateForward { images, x, derived: &w, bias, y, masks, scratch: &mut scratch });
        }
        same(what, &out_of_form(self.forms.output, &y, images, outputs), &self.y);
        let d_y = in_form(self.forms.output, &self.d_y, images, outputs);
        for wanted in [true, false] {
            let mut scratch = dirty(conv.scratch_len());
            let [mut d_x, mut d_kernel, mut sums] = [x.len(), self.kernel.len(), conv.sums_len()].map(dirty);
            let mut d_bias = vec![f32::NAN; shape.filters];
            conv.backward(PlateBackward {
                images,
                x: &x,
                masks: &masks,
                d_y: &d_y,
                derived: if wanted { &w_back } else { &[] },
                d_x: wanted.then_some(&mut d_x[..]),
                sums: &mut sums,
                d_kernel: &mut d_kernel,
                d_bias: wanted.then_some(&mut d_bias[..]),
                scratch: &mut scratch,
            });
            same(&format!("{what}: d_kernel"), &d_kernel, &self.gradients[1]);
            if wanted {
                let d_x = out_of_form(self.forms.input, &d_x, images, inputs);
                same(&format!("{what}: d_x"), &d_x, &self.gradients[0]);
                same(&format!("{what}: d_bias"), &d_bias, &self.gradients[2]);
            }
        }
    }
}

fn output(shape: &ConvShape, epilogue: Epilogue) -> [usize; 2] {
    let unit = if epilogue.max_pool { 2 } else { 1 };
    [shape.out_height / unit, shape.out_width / unit]
}

/// ReLU, pooling and rounding, and dZ from the gradient of what comes out, each as written.
fn after(
    shape: &ConvShape,
    epilogue: Epilogue,
    images: usize,
    z: &[f32],
    d_y: &[f32],
) -> (Vec<f32>, Vec<f32>) {
    let at = |image: usize, i: usize, j: usize, f: usize| {
        ((image * shape.out_height + i) * shape.out_width + j) * shape.filters + f
    };
    let activated = |z: f32| if epilogue.relu && z <= 0.0 { 0.0 } else { z };
    let alive = |z: f32| !epilogue.relu || z > 0.0;
    let ([height, width], side) = (output(shape, epilogue), if epilogue.max_pool { 2 } else { 1 });
    let (mut y, mut d_z) = (Vec::new(), vec![0.0; z.len()]);
    for image in 0..images {
        for i in 0..height {
            for j in 0..width {
                for f in 0..shape.filters {
                    let window =
                        (0..side * side).map(|p| at(image, i * side + p / side, j * side + p % side, f));
                    let window: Vec<usize> = window.collect();
                    let most = window.iter().map(|&p| activated(z[p])).fold(f32::NEG_INFINITY, f32::max);
                    let first = window.iter().find(|&&p| activated(z[p]) == most).expect("one of them");
                    if alive(most) {
                        d_z[*first] = d_y[y.len()];
                    }
                    y.push(widen(round(most)));
                }
            }
        }
    }
    (y, d_z)
}

#[test]
fn convolutions_of_rows_have_the_bits_of_the_definition() {
    for shape in shapes() {
        for images in [1, 33] {
            let case = Case::new(shape, Epilogue::default(), ROWS, images);
            on_each_way(|way| case.check(&format!("{way:?}, {images} images, {shape:?}")));
        }
    }
}

#[test]
fn convolutions_of_plates_with_relu_and_pooling_have_the_bits_of_the_definition() {
    for shape in shapes() {
        let input = if PlateConv::takes_plates(&shape) { ValueForm::Plates } else { ValueForm::Rows };
        let forms = PlateForms { input, ..PLATES };
        for (relu, max_pool) in [(false, false), (true, false), (false, true), (true, true)] {
            if max_pool && shape.out_height.min(shape.out_width) < 2 {
                continue;
            }
            let (epilogue, images) = (Epilogue { relu, max_pool }, if relu { 35 } else { 6 });
            let case = Case::new(shape, epilogue, forms, images);
            on_each_way(|way| case.check(&format!("{way:?}, {epilogue:?}, {shape:?}")));
        }
    }
}

/// Wide enough for several bands of rows and several segments of a row.
#[test]
fn bands_and_segments_leave_no_trace() {
    let wide = shape([9, 40], [34, 64], [3, 3], [1, 1], [1, 1]);
    for forms in [ROWS, PLATES] {
        let max_pool = forms == PLATES;
        let case = Case::new(wide, Epilogue { relu: max_pool, max_pool }, forms, 3);
        on_each_way(|way| case.check(&format!("{way:?}, {forms:?}")));
    }
    let few = shape([30, 30], [2, 64], [5, 5], [1, 1], [2, 2]);
    let case = Case::new(
        few,
        Epilogue { relu: true, max_pool: false },
        PlateForms { input: ValueForm::Rows, ..PLATES },
        2,
    );
    on_each_way(|way| case.check(&format!("{way:?}, few channels")));
}
