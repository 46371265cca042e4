//! The operators that move a window over an image: convolutions and poolings.

use super::operators::{add_product, floats};
use super::{Computed, LANES, Lane, LaneValue, MOST_VALUES, NodeInputs};
use crate::ExchangeError;

/// A window on planes of (channels, height, width).
struct Windows {
    input: [usize; 3],
    size: [usize; 2],
    strides: [usize; 2],
    before: [usize; 2],
    output: [usize; 2],
}

impl Windows {
    fn of(node: &NodeInputs<'_>) -> Result<Windows, ExchangeError> {
        let x = node.value(0)?;
        let Ok(input @ [_, height, width]) = <[usize; 3]>::try_from(&x.shape[..]) else {
            return Err(node.fault(format!("a value of shape {:?} is no image", x.shape)));
        };
        let (size, strides) = (node.sizes::<2>("kernel_shape")?, node.sizes::<2>("strides")?);
        let [top, left, bottom, right] = node.sizes::<4>("pads")?;
        let places = |length: usize, pads: [usize; 2], size: usize, stride: usize| {
            let padded = length.checked_add(pads[0])?.checked_add(pads[1])?;
            Some(padded.checked_sub(size)?.checked_div(stride)? + 1).filter(|places| *places <= MOST_VALUES)
        };
        let output = places(height, [top, bottom], size[0], strides[0]).zip(places(
            width,
            [left, right],
            size[1],
            strides[1],
        ));
        let (rows, columns) =
            output.filter(|_| !size.contains(&0)).ok_or_else(|| node.fault("its window does not fit"))?;
        Ok(Windows { input, size, strides, before: [top, left], output: [rows, columns] })
    }

    /// Along an axis: the place in the input under place `at` of the window that gives place `of` of the output.
    fn under(&self, axis: usize, of: usize, at: usize) -> Option<usize> {
        let place = (of * self.strides[axis] + at).checked_sub(self.before[axis])?;
        (place < self.input[axis + 1]).then_some(place)
    }

    /// Calls `each` with the places under the window that gives place (row, column): in the window, in the plane.
    fn visit(&self, row: usize, column: usize, mut each: impl FnMut(usize, usize)) {
        for i in 0..self.size[0] {
            let Some(y) = self.under(0, row, i) else { continue };
            for j in 0..self.size[1] {
                let Some(x) = self.under(1, column, j) else { continue };
                each(i * self.size[1] + j, y * self.input[2] + x);
            }
        }
    }

    fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let [rows, columns] = self.output;
        (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
    }

    /// Room for so many planes of outputs.
    fn room(&self, node: &NodeInputs<'_>, planes: usize) -> Result<Vec<Lane>, ExchangeError> {
        let size = self.output[0].checked_mul(self.output[1]).and_then(|size| size.checked_mul(planes));
        match size {
            Some(size) if size <= MOST_VALUES => Ok(Vec::with_capacity(size)),
            _ => Err(node.fault("its output is too large")),
        }
    }
}

/// y\[f, place\] = b\[f\] + Σ w\[f, c, at\] x\[c, under place and at\], the channels in as many groups as it says.
pub(super) fn convolution(node: &NodeInputs<'_>) -> Computed {
    let (x, kernel, windows) = (node.value(0)?, node.tensor(1)?, Windows::of(node)?);
    let [channels, height, width] = windows.input;
    let groups = usize::try_from(node.int("group").unwrap_or(1)).unwrap_or(0);
    let [filters, per_group, rows, columns] = kernel.shape[..] else {
        return Err(node.fault(format!("a kernel has the shape {:?}", kernel.shape)));
    };
    let fits = groups > 0
        && filters.is_multiple_of(groups)
        && per_group.checked_mul(groups) == Some(channels)
        && [rows, columns] == windows.size;
    if !fits {
        return Err(node.fault(format!("a kernel of shape {:?} does not fit", kernel.shape)));
    }
    let w = floats(node, kernel, &kernel.shape)?;
    let bias = node.optional(2)?.map(|bias| floats(node, bias, &[filters])).transpose()?;
    let (taps, plane) = (rows * columns, height * width);
    let mut lanes = windows.room(node, filters)?;
    for filter in 0..filters {
        let first = filter / (filters / groups) * per_group;
        let w = &w[filter * per_group * taps..];
        for (row, column) in windows.places() {
            let mut sum = [bias.map_or(0.0, |bias| f64::from(bias[filter])); LANES];
            for c in 0..per_group {
                let (x, w) = (&x.lanes[(first + c) * plane..], &w[c * taps..]);
                windows.visit(row, column, |at, place| add_product(&mut sum, &x[place], f64::from(w[at])));
            }
            lanes.push(sum);
        }
    }
    LaneValue::new(vec![filters, windows.output[0], windows.output[1]], lanes)
}

/// The largest, or the mean, of the pixels that exist under each window.
pub(super) fn pooling(node: &NodeInputs<'_>, is_max: bool) -> Computed {
    let (x, windows) = (node.value(0)?, Windows::of(node)?);
    let [channels, height, width] = windows.input;
    let mut lanes = windows.room(node, channels)?;
    for channel in 0..channels {
        let x = &x.lanes[channel * height * width..];
        for (row, column) in windows.places() {
            let mut pooled = [if is_max { f64::NEG_INFINITY } else { 0.0 }; LANES];
            let mut n = 0;
            windows.visit(row, column, |_, place| {
                n += 1;
                let both = pooled.iter_mut().zip(&x[place]);
                both.for_each(|(pooled, x)| *pooled = if is_max { pooled.max(*x) } else { *pooled + x });
            });
            lanes.push(if is_max { pooled } else { pooled.map(|sum| sum / n as f64) });
        }
    }
    LaneValue::new(vec![channels, windows.output[0], windows.output[1]], lanes)
}
