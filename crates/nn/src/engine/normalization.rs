//! Batch normalisation, the one operation that sees the whole batch: what the chunks found is brought together three
//! times a step.

use std::ops::Range;

use toile_kernels::norm;

/// A batch-normalisation layer ready to run.
pub(crate) struct Normalization {
    pub channels: usize,
    /// Positions per image (height × width, or 1).
    pub positions: usize,
    pub momentum: f32,
    pub epsilon: f32,
    pub gamma: Range<usize>,
    pub beta: Range<usize>,
    pub moving_mean: Range<usize>,
    pub moving_variance: Range<usize>,
}

/// What the whole batch says, between two phases.
#[derive(Clone)]
pub(crate) struct Moments {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
    pub inverse_deviation: Vec<f32>,
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
    pub mean_d_gamma: Vec<f32>,
    pub mean_d_beta: Vec<f32>,
}

impl Moments {
    pub(crate) fn new(channels: usize) -> Moments {
        let zeros = vec![0.0; channels];
        Moments {
            mean: zeros.clone(),
            variance: zeros.clone(),
            inverse_deviation: zeros.clone(),
            scale: zeros.clone(),
            shift: zeros.clone(),
            mean_d_gamma: zeros.clone(),
            mean_d_beta: zeros,
        }
    }
}

impl Normalization {
    /// The sums of one chunk, for the mean.
    pub(crate) fn sum(&self, x: &[f32], sums: &mut [f32]) {
        norm::column_sum(x, self.channels, sums);
    }

    /// Adds the chunks' sums in their order and divides by the number of values per channel.
    pub(crate) fn mean<'a>(
        &self,
        images: usize,
        chunks: impl Iterator<Item = &'a [f32]>,
        moments: &mut Moments,
    ) {
        self.add_up(images, chunks, &mut moments.mean);
    }

    fn add_up<'a>(&self, images: usize, chunks: impl Iterator<Item = &'a [f32]>, out: &mut [f32]) {
        out.fill(0.0);
        for sums in chunks {
            out.iter_mut().zip(sums).for_each(|(o, s)| *o += s);
        }
        let n = (images * self.positions) as f32;
        out.iter_mut().for_each(|o| *o /= n);
    }

    /// The squared deviations of one chunk, for the variance.
    pub(crate) fn deviation(&self, x: &[f32], moments: &Moments, sums: &mut [f32]) {
        norm::column_sum_squared_deviation(x, self.channels, &moments.mean, sums);
    }

    /// The variance of the batch (biased, as in Keras), and what follows from it.
    pub(crate) fn variance<'a>(
        &self,
        images: usize,
        chunks: impl Iterator<Item = &'a [f32]>,
        moments: &mut Moments,
        weights: &[f32],
    ) {
        self.add_up(images, chunks, &mut moments.variance);
        self.scale_and_shift(moments, weights);
    }

    /// The step of the moving averages after a batch.
    pub(crate) fn move_averages(&self, moments: &Moments, weights: &mut [f32]) {
        let pairs = [(&self.moving_mean, &moments.mean), (&self.moving_variance, &moments.variance)];
        for (moving, batch) in pairs {
            for (moving, batch) in weights[moving.clone()].iter_mut().zip(batch) {
                *moving = *moving * self.momentum + batch * (1.0 - self.momentum);
            }
        }
    }

    /// For inference: the moving averages in place of the batch's.
    pub(crate) fn use_moving(&self, moments: &mut Moments, weights: &[f32]) {
        moments.mean.copy_from_slice(&weights[self.moving_mean.clone()]);
        moments.variance.copy_from_slice(&weights[self.moving_variance.clone()]);
        self.scale_and_shift(moments, weights);
    }

    fn scale_and_shift(&self, moments: &mut Moments, weights: &[f32]) {
        for c in 0..self.channels {
            moments.inverse_deviation[c] = 1.0 / (moments.variance[c] + self.epsilon).sqrt();
            let scale = weights[self.gamma.start + c] * moments.inverse_deviation[c];
            moments.scale[c] = scale;
            moments.shift[c] = weights[self.beta.start + c] - moments.mean[c] * scale;
        }
    }

    /// y = x × scale + shift
    pub(crate) fn normalize(&self, x: &[f32], moments: &Moments, y: &mut [f32]) {
        norm::normalize(x, self.channels, &moments.scale, &moments.shift, y);
    }

    /// One chunk's part of the gradients with respect to γ and β.
    pub(crate) fn backward_sums(&self, x: &[f32], d_y: &[f32], moments: &Moments, d_weights: &mut [f32]) {
        let (gamma, beta) = two_parts(d_weights, self.gamma.clone(), self.beta.clone());
        norm::batch_norm_backward_sums(
            x,
            &moments.mean,
            &moments.inverse_deviation,
            d_y,
            self.channels,
            gamma,
            beta,
        );
    }

    /// The means of those gradients over the batch, which the gradient with respect to x needs.
    pub(crate) fn backward_means<'a>(
        &self,
        images: usize,
        slots: impl Iterator<Item = &'a [f32]> + Clone,
        moments: &mut Moments,
    ) {
        let gammas = slots.clone().map(|slot| &slot[self.gamma.clone()]);
        self.add_up(images, gammas, &mut moments.mean_d_gamma);
        let betas = slots.map(|slot| &slot[self.beta.clone()]);
        self.add_up(images, betas, &mut moments.mean_d_beta);
    }

    /// Turns the gradient with respect to y into that with respect to x, in place.
    pub(crate) fn backward(&self, x: &[f32], d_y: &mut [f32], moments: &Moments, weights: &[f32]) {
        norm::batch_norm_backward(
            x,
            &moments.mean,
            &moments.inverse_deviation,
            &weights[self.gamma.clone()],
            &moments.mean_d_gamma,
            &moments.mean_d_beta,
            d_y,
        );
    }
}

/// Two disjoint parts of a slice, the first before the second.
pub(crate) fn two_parts(all: &mut [f32], a: Range<usize>, b: Range<usize>) -> (&mut [f32], &mut [f32]) {
    let (left, right) = all.split_at_mut(b.start);
    (&mut left[a], &mut right[..b.end - b.start])
}
