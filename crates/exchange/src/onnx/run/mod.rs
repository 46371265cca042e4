//! Computes a graph in f64, by plain loops that share nothing with the engine: the honest check of an export.
//!
//! Sixteen images go through together, side by side in the innermost place, so that every loop is simple and still
//! fast. Whatever a graph says that does not fit is an error: the graph may come from a file.

mod operators;
mod whole;
mod windows;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::ValueRanges;
use super::graph::{OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor};
use crate::ExchangeError;

/// Images that are computed together.
const LANES: usize = 16;

/// One number of each of the images.
type Lane = [f64; LANES];

/// No value of one image may be larger than this.
const MOST_VALUES: usize = 1 << 26;

/// A value of the graph: of one image `shape`, row-major.
struct LaneValue {
    shape: Vec<usize>,
    lanes: Vec<Lane>,
}

/// All values of a graph, by name.
type LaneValues<'a> = BTreeMap<&'a str, LaneValue>;

type Computed = Result<LaneValue, ExchangeError>;

impl LaneValue {
    fn new(shape: Vec<usize>, lanes: Vec<Lane>) -> Computed {
        match shape.iter().try_fold(1, |product: usize, size| product.checked_mul(*size)) {
            Some(size) if size == lanes.len() => Ok(LaneValue { shape, lanes }),
            _ => Err(ExchangeError::new(format!("{} numbers do not fill the shape {shape:?}", lanes.len()))),
        }
    }
}

/// A node with what it computes from, or what is wrong with it.
struct NodeInputs<'a> {
    node: &'a OnnxNode,
    tensors: &'a BTreeMap<&'a str, &'a OnnxTensor>,
    values: &'a BTreeMap<&'a str, LaneValue>,
}

impl<'a> NodeInputs<'a> {
    fn fault(&self, what: impl std::fmt::Display) -> ExchangeError {
        ExchangeError::new(format!("the node `{}` ({}): {what}", self.node.name, self.node.operator))
    }

    fn name(&self, place: usize) -> Result<&'a str, ExchangeError> {
        let name = self.node.inputs.get(place).map(String::as_str);
        name.ok_or_else(|| self.fault(format!("it has {} inputs", self.node.inputs.len())))
    }

    /// The input at this place, which was computed.
    fn value(&self, place: usize) -> Result<&'a LaneValue, ExchangeError> {
        let name = self.name(place)?;
        self.values.get(name).ok_or_else(|| self.fault(format!("the value `{name}` is not known")))
    }

    /// The input at this place, which is a tensor, if there is one.
    fn optional(&self, place: usize) -> Result<Option<&'a OnnxTensor>, ExchangeError> {
        let Some(name) = self.node.inputs.get(place).map(String::as_str) else { return Ok(None) };
        let tensor = self.tensors.get(name).copied();
        tensor.map(Some).ok_or_else(|| self.fault(format!("the tensor `{name}` is not known")))
    }

    fn tensor(&self, place: usize) -> Result<&'a OnnxTensor, ExchangeError> {
        self.optional(place)?.ok_or_else(|| self.fault("a tensor is missing"))
    }

    fn attribute(&self, name: &str) -> Option<&'a OnnxAttribute> {
        self.node.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn int(&self, name: &str) -> Option<i64> {
        match self.attribute(name) {
            Some(OnnxAttribute::Int(value)) => Some(*value),
            _ => None,
        }
    }

    fn float(&self, name: &str, default: f32) -> f64 {
        match self.attribute(name) {
            Some(OnnxAttribute::Float(value)) => f64::from(*value),
            _ => f64::from(default),
        }
    }

    /// So many sizes.
    fn sizes<const N: usize>(&self, name: &str) -> Result<[usize; N], ExchangeError> {
        let sizes = match self.attribute(name) {
            Some(OnnxAttribute::Ints(values)) => {
                values.iter().map(|value| usize::try_from(*value).ok()).collect::<Option<Vec<usize>>>()
            }
            _ => None,
        };
        let sizes = sizes.and_then(|sizes| <[usize; N]>::try_from(sizes).ok());
        sizes.ok_or_else(|| self.fault(format!("`{name}` is not {N} sizes")))
    }
}

impl OnnxGraph {
    /// The outputs of the graph in f64 for these images (bytes, whole images one after the other), on so many threads.
    ///
    /// A graph that takes floats gets b / 255, rounded to f32.
    ///
    /// # Errors
    /// If the graph does not fit itself or the images; it names the node.
    pub fn run(&self, images: &[u8], threads: usize) -> Result<Vec<f64>, ExchangeError> {
        Ok(self.blocks(images, threads, &|values, n| self.rows(values, n))?.concat())
    }

    /// The least and the largest number of each value over these images.
    ///
    /// # Errors
    /// As [`OnnxGraph::run`].
    pub fn ranges(&self, images: &[u8], threads: usize) -> Result<ValueRanges, ExchangeError> {
        let mut all = ValueRanges::new();
        for block in self.blocks(images, threads, &|values, n| Ok(ranges(values, n)))? {
            for (name, [least, most]) in block {
                let range = all.entry(name).or_insert([least, most]);
                *range = [range[0].min(least), range[1].max(most)];
            }
        }
        Ok(all)
    }

    /// Computes the images in blocks of up to [`LANES`], and gives what `of` makes of the values of each, in order.
    fn blocks<T: Send>(
        &self,
        images: &[u8],
        threads: usize,
        of: &(dyn Fn(&LaneValues<'_>, usize) -> Result<T, ExchangeError> + Sync),
    ) -> Result<Vec<T>, ExchangeError> {
        let size = self.input.1.iter().try_fold(1, |product: usize, size| product.checked_mul(*size));
        let Some(size) = size.filter(|size| (1..=MOST_VALUES).contains(size)) else {
            return Err(ExchangeError::new(format!("the input has the shape {:?}", self.input.1)));
        };
        if !images.len().is_multiple_of(size) {
            let message = format!("{} bytes are no whole images of {size}", images.len());
            return Err(ExchangeError::new(message));
        }
        let blocks: Vec<&[u8]> = images.chunks(LANES * size).collect();
        let constants = whole::constants(self)?;
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                let Some(block) = blocks.get(i) else { return done };
                let values = self.block(block, size, &constants);
                done.push((i, values.and_then(|values| of(&values, block.len() / size))));
            }
        };
        let mut done: Vec<_> = thread::scope(|scope| {
            let handles: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            handles.into_iter().flat_map(|handle| handle.join().unwrap_or_default()).collect()
        });
        done.sort_by_key(|(i, _)| *i);
        let made: Vec<T> = done.into_iter().map(|(_, made)| made).collect::<Result<_, _>>()?;
        if made.len() != blocks.len() {
            return Err(ExchangeError::new("the graph could not be computed"));
        }
        Ok(made)
    }

    /// Every value for up to [`LANES`] images.
    fn block<'a>(
        &'a self,
        images: &[u8],
        size: usize,
        constants: &'a [OnnxTensor],
    ) -> Result<LaneValues<'a>, ExchangeError> {
        let number = |byte: u8| match self.input_is_bytes {
            true => f64::from(byte),
            false => f64::from(f32::from(byte) / 255.0),
        };
        let lane = |at: usize| {
            let mut lane = [0.0; LANES];
            lane.iter_mut().zip(images.chunks(size)).for_each(|(x, image)| *x = number(image[at]));
            lane
        };
        let tensors = self.tensors.iter().chain(constants).map(|tensor| (tensor.name.as_str(), tensor));
        let tensors: BTreeMap<&str, &OnnxTensor> = tensors.collect();
        let mut values = BTreeMap::new();
        let input = LaneValue::new(self.input.1.clone(), (0..size).map(lane).collect())?;
        values.insert(self.input.0.as_str(), input);
        for node in self.nodes.iter().filter(|node| !tensors.contains_key(node.name.as_str())) {
            let value = operators::compute(&NodeInputs { node, tensors: &tensors, values: &values })?;
            values.insert(node.name.as_str(), value);
        }
        Ok(values)
    }

    /// The rows of outputs of so many images.
    fn rows(&self, values: &LaneValues<'_>, n: usize) -> Result<Vec<f64>, ExchangeError> {
        let Some(output) = values.get(self.output.0.as_str()).filter(|value| value.shape == self.output.1)
        else {
            let (name, shape) = &self.output;
            return Err(ExchangeError::new(format!("no node gives the output `{name}` of shape {shape:?}")));
        };
        Ok((0..n).flat_map(|i| output.lanes.iter().map(move |lane| lane[i])).collect())
    }
}

/// Over the first `n` images of each value.
fn ranges(values: &LaneValues<'_>, n: usize) -> ValueRanges {
    let range = |value: &LaneValue| {
        let numbers = value.lanes.iter().flat_map(|lane| &lane[..n]);
        numbers.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], x| [least.min(*x), most.max(*x)])
    };
    values.iter().map(|(name, value)| ((*name).to_owned(), range(value))).collect()
}
