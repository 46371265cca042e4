//! Class maps: where in an image a network finds what speaks for a class (Grad-CAM).

use toile_kernels::conv::Piece;
use toile_kernels::{Buffer, gather};
use toile_rng::Seed;

use crate::engine::{
    Backward, BufferSizes, Buffers, ChunkContext, Moments, Op, Program, Weights, moments, use_moving,
};
use crate::summary::numbered_names;
use crate::{ImageShape, Inputs, Layer, Model, Shape};

/// Images that go through the network together.
const IMAGES: usize = 8;

/// Maps of some images, each of `height` × `width` cells, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassMaps {
    /// The layer that is looked at, as in the model's summary: `conv2d_1`.
    pub layer: String,
    /// Rows of a map.
    pub height: usize,
    /// Cells of a row.
    pub width: usize,
    /// Map after map. No value is below 0; only those of one map can be compared with each other.
    pub maps: Vec<f32>,
}

impl ClassMaps {
    /// The map of one image, by its place among them.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn of(&self, image: usize) -> &[f32] {
        let cells = self.height * self.width;
        &self.maps[image * cells..][..cells]
    }
}

/// The map of each of these images for one class, `classes[i]` for the i-th (Selvaraju et al. 2017, equations 1 and 2):
///
/// ```text
/// map = relu(Σₖ αₖ Aₖ),   αₖ = the mean over all places of ∂ logit / ∂ Aₖ
/// ```
///
/// A is what comes out of the last convolution, with the batch normalisation and the activation that follow it at once;
/// the logit is the class' value before the softmax. Inference mode. `None` where no layer is a convolution.
///
/// `images` holds whole images, one after the other, as for [`predict`](crate::predict()).
///
/// # Panics
/// If the values are not those of one image for each class, or a class is not one of the model's.
pub fn grad_cam<'i>(model: &Model, images: impl Into<Inputs<'i>>, classes: &[u8]) -> Option<ClassMaps> {
    let images = images.into();
    let size = model.image.values();
    assert_eq!(images.len(), classes.len() * size, "one class for each image of {size} values");
    assert!(classes.iter().all(|class| usize::from(*class) < model.classes()), "a class of the model");
    let (layer, ImageShape { height, width, channels }) = model.looks_at()?;
    let mut pass = ExplainingPass::new(model, layer);
    let mut maps = Vec::with_capacity(classes.len() * height * width);
    let indices: Vec<u32> = (0..classes.len() as u32).collect();
    for (indices, classes) in indices.chunks(IMAGES).zip(classes.chunks(IMAGES)) {
        pass.forward(images, indices);
        pass.backward(classes);
        for (a, gradient) in pass.looked_at() {
            maps.extend(class_map(a, gradient, channels));
        }
    }
    let layer = numbered_names(&model.layers).swap_remove(layer);
    Some(ClassMaps { layer, height, width, maps })
}

impl Model {
    /// The layer whose output class maps are made of, and its shape.
    fn looks_at(&self) -> Option<(usize, ImageShape)> {
        let last = self.layers.iter().rposition(Layer::is_convolution)?;
        let completes = |layer: &&Layer| layer.completes_convolution();
        let layer = last + self.layers[last + 1..].iter().take_while(completes).count();
        match self.shapes[layer + 1] {
            Shape::Image(shape) => Some((layer, shape)),
            Shape::Flat(_) => None,
        }
    }
}

/// relu(Σₖ αₖ Aₖ) of one image, in f64 until the end.
fn class_map(a: &[f32], gradient: &[f32], channels: usize) -> Vec<f32> {
    let places = (a.len() / channels.max(1)) as f64;
    let mut alpha = vec![0.0; channels];
    for place in gradient.chunks_exact(channels) {
        alpha.iter_mut().zip(place).for_each(|(alpha, g)| *alpha += f64::from(*g) / places);
    }
    let cell = |place: &[f32]| place.iter().zip(&alpha).map(|(a, alpha)| f64::from(*a) * alpha).sum::<f64>();
    a.chunks_exact(channels).map(|place| cell(place).max(0.0) as f32).collect()
}

/// A few images on their way through all operations and back to the layer that is looked at. Nothing is trained: a
/// batch normalisation is a scale and a shift, and dropout does nothing.
struct ExplainingPass<'m> {
    weights: &'m [f32],
    program: Program,
    derived: Buffer,
    moments: Vec<Moments>,
    /// The last operation of the layer that is looked at.
    end: usize,
    images: usize,
    /// Before the first operation, then after each.
    activations: Vec<Buffer>,
    memory: Vec<OperationMemory>,
    gradient: Buffer,
    gradient_before: Buffer,
    /// What nobody asks for.
    d_weights: Buffer,
}

/// The memory that one operation asks for.
struct OperationMemory {
    keep: Buffer,
    masks: Vec<u8>,
    sums: Buffer,
    scratch: Buffer,
    words: Vec<u32>,
    /// What nobody asks for.
    factors: [Buffer; 2],
}

impl OperationMemory {
    fn new(op: &Op) -> OperationMemory {
        let sizes = match op {
            Op::Plain(operation) => operation.buffer_sizes(IMAGES),
            Op::Normalize(_) => BufferSizes::default(),
        };
        OperationMemory {
            keep: Buffer::new(sizes.keep * IMAGES),
            masks: vec![0; sizes.masks * IMAGES],
            sums: Buffer::new(sizes.sums),
            scratch: Buffer::new(sizes.scratch),
            words: vec![0; sizes.words],
            factors: op
                .product()
                .filter(|p| p.plates.is_some())
                .map_or([0; 2], |p| p.factor_lens(IMAGES))
                .map(Buffer::new),
        }
    }

    fn lend(&mut self) -> (Buffers<'_>, [&mut [f32]; 2]) {
        let OperationMemory { keep, masks, sums, scratch, words, factors } = self;
        let [x, d_z] = factors;
        (Buffers { keep, masks, sums, scratch, words }, [x, d_z])
    }
}

impl<'m> ExplainingPass<'m> {
    fn new(model: &'m Model, layer: usize) -> ExplainingPass<'m> {
        let (program, weights) = (model.layer_by_layer(IMAGES), &model.weights[..]);
        let mut derived = Buffer::new(program.derived_len);
        for (piece, range) in program.derived.iter().zip(&program.derived_ranges) {
            if let Op::Plain(op) = &program.ops[piece.op] {
                op.derive(piece.part, weights, &mut derived[range.clone()]);
            }
        }
        let mut moments = moments(&program);
        use_moving(&program, &mut moments, weights);
        let widest = program.sizes.iter().copied().max().unwrap_or(0) * IMAGES;
        ExplainingPass {
            moments,
            end: program.layers.iter().rposition(|of| *of <= layer).unwrap_or(0),
            images: 0,
            activations: program.sizes.iter().map(|size| Buffer::new(size * IMAGES)).collect(),
            memory: program.ops.iter().map(OperationMemory::new).collect(),
            gradient: Buffer::new(widest),
            gradient_before: Buffer::new(widest),
            d_weights: Buffer::new(weights.len()),
            weights,
            program,
            derived,
        }
    }

    fn context(&self) -> ChunkContext {
        ChunkContext { images: self.images, first: 0, step: 0, seed: Seed::new(0), training: false }
    }

    /// Values of all images before an operation.
    fn values(&self, op: usize) -> usize {
        self.program.sizes[op] * self.images
    }

    fn forward(&mut self, images: Inputs<'_>, indices: &[u32]) {
        let size = self.program.sizes[0];
        self.images = indices.len();
        let n = self.values(0);
        gather::gather_images(images.values(), size, indices, &mut self.activations[0][..n]);
        for op in 0..self.program.ops.len() {
            let (context, n, after) = (self.context(), self.values(op), self.values(op + 1));
            let weights = Weights { values: self.weights, derived: &self.derived };
            let (before, behind) = self.activations.split_at_mut(op + 1);
            let (x, y) = (&before[op][..n], &mut behind[0][..after]);
            match &self.program.ops[op] {
                Op::Plain(operation) => operation.forward(&context, weights, x, y, self.memory[op].lend().0),
                Op::Normalize(op_) => op_.normalize(x, &self.moments[op], y),
            }
        }
    }

    /// From the logit of each image's class down to the layer that is looked at.
    fn backward(&mut self, classes: &[u8]) {
        let last = self.program.ops.len();
        let n = self.values(last);
        self.gradient[..n].fill(0.0);
        for (row, class) in self.gradient[..n].chunks_exact_mut(self.program.classes).zip(classes) {
            row[usize::from(*class)] = 1.0;
        }
        for op in (self.end + 1..last).rev() {
            self.backward_op(op);
        }
    }

    /// The gradient with respect to what goes into an operation.
    fn backward_op(&mut self, op: usize) {
        let (context, n, after) = (self.context(), self.values(op), self.values(op + 1));
        let weights = Weights { values: self.weights, derived: &self.derived };
        match &self.program.ops[op] {
            Op::Plain(operation) => {
                let (buffers, factors) = self.memory[op].lend();
                let pass = Backward {
                    factors,
                    x: &self.activations[op][..n],
                    y: &self.activations[op + 1][..after],
                    d_y: &mut self.gradient[..after],
                    d_x: Some(&mut self.gradient_before[..n]),
                    d_weights: &mut self.d_weights,
                    piece: Piece { first: true, last: true },
                };
                operation.backward(&context, weights, pass, buffers);
                std::mem::swap(&mut self.gradient, &mut self.gradient_before);
            }
            Op::Normalize(normalization) => {
                let scale = &self.moments[op].scale;
                for place in self.gradient[..n].chunks_exact_mut(normalization.channels) {
                    place.iter_mut().zip(scale).for_each(|(gradient, scale)| *gradient *= scale);
                }
            }
        }
    }

    /// Of each image what comes out of the layer, and the gradient with respect to it.
    fn looked_at(&self) -> impl Iterator<Item = (&[f32], &[f32])> {
        let (size, n) = (self.program.sizes[self.end + 1], self.values(self.end + 1));
        self.activations[self.end + 1][..n].chunks_exact(size).zip(self.gradient[..n].chunks_exact(size))
    }
}
