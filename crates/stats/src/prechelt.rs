//! Prechelt's measures of a learning curve: how far validation loss has risen, against how much training still gains.

use crate::sample::are_finite;

/// The measures at the last strip end of a curve ("Early stopping, but when?", 1998).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prechelt {
    /// Generalisation loss in percent: 100 (validation loss / its least so far − 1).
    pub gl: f64,
    /// Progress of training in per mille: 1000 (Σ training loss of the strip / (k min of the strip) − 1).
    pub progress: f64,
    /// `gl / progress`; `None` without progress.
    pub pq: Option<f64>,
    /// Successive strip ends, counted back from the last, at which validation loss is above that of the strip before.
    pub up: usize,
}

/// Prechelt's measures of the losses per epoch, in strips of `strip` epochs that end at epochs k, 2k, …
///
/// A raw curve is noisy, so that its least value is low by luck: do not read `gl` without the scatter of epochs.
/// `None` without a whole strip, for curves of different length, or losses that are not finite and above 0.
pub fn prechelt(train_loss: &[f64], val_loss: &[f64], strip: usize) -> Option<Prechelt> {
    let is_loss = |x: &[f64]| are_finite(x) && x.iter().all(|loss| *loss > 0.0);
    if train_loss.len() != val_loss.len() || !is_loss(train_loss) || !is_loss(val_loss) {
        return None;
    }
    let strips = val_loss.len().checked_div(strip).filter(|strips| *strips > 0)?;
    let end = strips * strip;
    let least = |x: &[f64]| x.iter().copied().fold(f64::INFINITY, f64::min);
    let gl = 100.0 * (val_loss[end - 1] / least(&val_loss[..end]) - 1.0);
    let last = &train_loss[end - strip..end];
    let progress = 1000.0 * (last.iter().sum::<f64>() / (strip as f64 * least(last)) - 1.0);
    let rises = |i: &usize| val_loss[i * strip - 1] > val_loss[(i - 1) * strip - 1];
    let up = (2..=strips).rev().take_while(rises).count();
    Some(Prechelt { gl, progress, pq: (progress > 0.0).then(|| gl / progress), up })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_that_rises_twice_after_its_least_is_seen() {
        let found = prechelt(&[0.5, 0.4, 0.3, 0.2], &[0.6, 0.5, 0.55, 0.6], 1).expect("four strips");
        assert_eq!((found.up, found.pq), (2, None), "a strip of one epoch has no progress");
        assert!((found.gl - 20.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_curve_has_no_measures() {
        assert_eq!((prechelt(&[], &[], 5), prechelt(&[0.5], &[0.5], 0)), (None, None));
        assert_eq!((prechelt(&[0.5], &[0.5, 0.4], 1), prechelt(&[0.5], &[f64::NAN], 1)), (None, None));
        assert_eq!(prechelt(&[0.5; 5], &[0.0; 5], 5), None, "nothing is a share of no loss");
    }
}
