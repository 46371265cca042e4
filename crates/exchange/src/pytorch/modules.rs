//! Which modules of `nn.Sequential` compute a network, each with its tensors.

use toile_nn::{
    Activation, DescribedLayer, ImageShape, Layer, ModelDescription, PlacedWindow, Shape, Tensor,
};

use crate::InputKind;
use crate::layout::{PIXEL, channels_first, filters_first, takes_rows};

/// A module, with all that its Python line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TorchKind {
    /// Bytes, channels last, become floats, channels first.
    FromPixels,
    Linear {
        inputs: usize,
        units: usize,
    },
    Conv {
        channels: usize,
        filters: usize,
        groups: usize,
        window: PlacedWindow,
    },
    MaxPool(PlacedWindow),
    AveragePool(PlacedWindow),
    GlobalAverage,
    /// Over planes (2d) or rows (1d).
    Normalize {
        channels: usize,
        planes: bool,
        epsilon: f32,
        momentum: f32,
    },
    /// In PyTorch's order: planes.
    Flatten,
    /// In our order: pixels.
    ToRows,
    Dropout(f32),
    Activation(Activation),
}

/// A module and its tensors, by their last name, in PyTorch's layout.
#[derive(Clone, Debug)]
pub(super) struct TorchModule {
    pub kind: TorchKind,
    /// The layer that it belongs to: `2.conv2d`.
    pub layer: String,
    pub tensors: Vec<(&'static str, Vec<usize>, Vec<f32>)>,
}

/// The modules of a network.
pub(super) fn modules(model: &ModelDescription, input: InputKind) -> Vec<TorchModule> {
    let mut builder = ModuleBuilder { modules: Vec::new(), planes: None, layer: "images".into() };
    if input == InputKind::Uint8 {
        builder.add(TorchKind::FromPixels);
    }
    if takes_rows(model) {
        builder.flatten(model.image, &model.layers);
    }
    for (i, layer) in model.layers.iter().enumerate() {
        builder.layer = format!("{i}.{}", layer.layer.name());
        builder.layer(layer, &model.layers[i..]);
    }
    builder.modules
}

struct ModuleBuilder {
    modules: Vec<TorchModule>,
    /// The image of which the rows are the planes, one after the other, and not the pixels.
    planes: Option<ImageShape>,
    layer: String,
}

impl ModuleBuilder {
    fn add(&mut self, kind: TorchKind) {
        self.add_with(kind, Vec::new());
    }

    fn add_with(&mut self, kind: TorchKind, tensors: Vec<(&'static str, Vec<usize>, Vec<f32>)>) {
        self.modules.push(TorchModule { kind, layer: self.layer.clone(), tensors });
    }

    /// Rows in the order of planes, if a dense layer follows that can take them so.
    fn flatten(&mut self, image: ImageShape, following: &[DescribedLayer]) {
        let planes_are_pixels = image.channels == 1 || image.height * image.width == 1;
        let is_taken = following.iter().any(|layer| layer.layer.units().is_some());
        match is_taken || planes_are_pixels {
            true => self.add(TorchKind::Flatten),
            false => self.add(TorchKind::ToRows),
        }
        self.planes = Some(image).filter(|_| is_taken && !planes_are_pixels);
    }

    fn layer(&mut self, described: &DescribedLayer, following: &[DescribedLayer]) {
        let of = |kind: &str| described.tensor(kind);
        let bias = of("bias").map(|bias| ("bias", bias.shape.clone(), bias.values.clone()));
        let window = described.window.unwrap_or(PIXEL);
        match &described.layer {
            Layer::Dense(_) => self.dense(described, bias),
            Layer::Conv2D(_) => self.convolution(of("kernel"), false, window, bias),
            Layer::DepthwiseConv2D(_) => self.convolution(of("kernel"), true, window, bias),
            Layer::SeparableConv2D(_) => {
                self.convolution(of("depthwise_kernel"), true, window, None);
                self.convolution(of("pointwise_kernel"), false, PIXEL, bias);
            }
            Layer::MaxPooling2D(_) => self.add(TorchKind::MaxPool(window)),
            Layer::AveragePooling2D(_) => self.add(TorchKind::AveragePool(window)),
            Layer::GlobalAveragePooling2D(_) => self.add(TorchKind::GlobalAverage),
            Layer::Flatten(_) => {
                if let Shape::Image(image) = described.input {
                    self.flatten(image, following);
                }
            }
            Layer::Dropout(settings) => self.add(TorchKind::Dropout(settings.rate)),
            Layer::BatchNormalization(settings) => {
                self.normalize(described, settings.epsilon, settings.momentum);
            }
            Layer::Activation(_) => {}
        }
        if described.layer.activation() != Activation::Linear {
            self.add(TorchKind::Activation(described.layer.activation()));
        }
    }

    /// Where value i of our rows lies in those here.
    fn places(&self, n: usize) -> Vec<usize> {
        match self.planes {
            Some(ImageShape { height, width, channels }) if height * width * channels == n => {
                (0..n).map(|i| i % channels * height * width + i / channels).collect()
            }
            _ => (0..n).collect(),
        }
    }

    /// (inputs, units) becomes (units, inputs), the inputs in the order of the rows here.
    fn dense(&mut self, described: &DescribedLayer, bias: Option<(&'static str, Vec<usize>, Vec<f32>)>) {
        let Some(kernel) = described.tensor("kernel") else { return };
        let (inputs, units) = (kernel.shape[0], kernel.shape[1]);
        let mut values = vec![0.0; inputs * units];
        for (ours, place) in self.places(inputs).into_iter().enumerate() {
            for unit in 0..units {
                values[unit * inputs + place] = kernel.values[ours * units + unit];
            }
        }
        self.planes = None;
        let tensors = std::iter::once(("weight", vec![units, inputs], values)).chain(bias).collect();
        self.add_with(TorchKind::Linear { inputs, units }, tensors);
    }

    /// A kernel over all channels at once, or, depthwise, over each by itself.
    fn convolution(
        &mut self,
        kernel: Option<&Tensor>,
        depthwise: bool,
        window: PlacedWindow,
        bias: Option<(&'static str, Vec<usize>, Vec<f32>)>,
    ) {
        let Some(kernel) = kernel else { return };
        let channels = kernel.shape[2];
        let (groups, (shape, values)) = match depthwise {
            true => (channels, channels_first(kernel)),
            false => (1, filters_first(kernel)),
        };
        let kind = TorchKind::Conv { channels, filters: shape[0], groups, window };
        self.add_with(kind, std::iter::once(("weight", shape, values)).chain(bias).collect());
    }

    fn normalize(&mut self, described: &DescribedLayer, epsilon: f32, momentum: f32) {
        let planes = matches!(described.input, Shape::Image(_));
        let channels = described.input.channels();
        let places = if planes { (0..channels).collect() } else { self.places(channels) };
        let placed = |(name, kind): (&'static str, &str)| {
            let tensor = described.tensor(kind)?;
            let mut values = vec![0.0; channels];
            places.iter().zip(&tensor.values).for_each(|(place, value)| values[*place] = *value);
            Some((name, vec![channels], values))
        };
        let names = [
            ("weight", "gamma"),
            ("bias", "beta"),
            ("running_mean", "moving_mean"),
            ("running_var", "moving_variance"),
        ];
        let tensors = names.into_iter().filter_map(placed).collect();
        self.add_with(TorchKind::Normalize { channels, planes, epsilon, momentum }, tensors);
    }
}
