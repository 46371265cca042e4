//! Proper scores of probabilities: the Brier score and the negative log-likelihood.

/// Rows of one number per class, and the true class of each row; nothing unless they fit.
///
/// `None` without rows, without classes, where the lists do not fit, for a label that is not below `classes`, or
/// numbers that are not finite.
pub(crate) fn labelled_rows<'a>(
    rows: &'a [f64],
    classes: usize,
    labels: &'a [u8],
) -> Option<impl Iterator<Item = (&'a [f64], usize)> + Clone> {
    let fits = classes > 0 && !labels.is_empty() && labels.len().checked_mul(classes) == Some(rows.len());
    let known = labels.iter().all(|label| usize::from(*label) < classes);
    let finite = rows.iter().all(|v| v.is_finite());
    (fits && known && finite)
        .then(|| rows.chunks(classes).zip(labels.iter().map(|label| usize::from(*label))))
}

/// The multi-class Brier score: the mean over images of Σ_k (p_k − y_k)², from 0 to 2, not halved (Brier 1950).
///
/// `probabilities` holds `classes` numbers per image, image after image. `None` without images, where the lists do not
/// fit, for a label that is not below `classes`, or a number outside 0 to 1.
pub fn brier_score(probabilities: &[f64], classes: usize, labels: &[u8]) -> Option<f64> {
    let rows = labelled_rows(probabilities, classes, labels).filter(|_| are_probabilities(probabilities))?;
    let one = |(row, label): (&[f64], usize)| -> f64 {
        row.iter().enumerate().map(|(k, p)| (p - f64::from(u8::from(k == label))).powi(2)).sum()
    };
    Some(rows.map(one).sum::<f64>() / labels.len() as f64)
}

/// The negative log-likelihood: the mean over images of −ln p of the true class, in nats; infinite if one of these is
/// 0.
///
/// Shapes and `None` as for [`brier_score`].
pub fn negative_log_likelihood(probabilities: &[f64], classes: usize, labels: &[u8]) -> Option<f64> {
    let rows = labelled_rows(probabilities, classes, labels).filter(|_| are_probabilities(probabilities))?;
    // Of certainty 0, and not the −0 that −ln 1 is.
    Some(rows.map(|(row, label)| 0.0 - row[label].ln()).sum::<f64>() / labels.len() as f64)
}

/// The negative log-likelihood of softmax(logits), in nats: finite however large the logits are.
///
/// Shapes and `None` as for [`brier_score`], with any finite numbers.
pub fn negative_log_likelihood_of_logits(logits: &[f64], classes: usize, labels: &[u8]) -> Option<f64> {
    let rows = labelled_rows(logits, classes, labels)?;
    Some(rows.map(|(row, label)| surprise(row, label, 1.0)).sum::<f64>() / labels.len() as f64)
}

/// −ln of the softmax of b z at `label`, from the largest down: ln Σ exp(b (z_k − top)) + b (top − z_label).
pub(crate) fn surprise(row: &[f64], label: usize, b: f64) -> f64 {
    let top = largest(row);
    row.iter().map(|z| (b * (z - top)).exp()).sum::<f64>().ln() + b * (top - row[label])
}

pub(crate) fn largest(row: &[f64]) -> f64 {
    row.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Whether all lie between 0 and 1.
pub(crate) fn are_probabilities(p: &[f64]) -> bool {
    p.iter().all(|p| (0.0..=1.0).contains(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_and_the_worst_forecast_are_the_ends_of_the_scale() {
        let (sure, wrong) = ([1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]);
        assert_eq!((brier_score(&sure, 2, &[0, 1]), brier_score(&wrong, 2, &[0, 1])), (Some(0.0), Some(2.0)));
        assert_eq!(negative_log_likelihood(&sure, 2, &[0, 1]), Some(0.0));
        assert_eq!(negative_log_likelihood(&wrong, 2, &[0, 1]), Some(f64::INFINITY));
    }

    #[test]
    fn logits_may_be_shifted_and_be_enormous() {
        let one = negative_log_likelihood_of_logits(&[2.0, 1.0, 0.0], 3, &[1]).expect("an image");
        let far =
            negative_log_likelihood_of_logits(&[1e15 + 2.0, 1e15 + 1.0, 1e15], 3, &[1]).expect("an image");
        assert!((one - far).abs() < 1e-12, "{one} {far}");
        assert_eq!(negative_log_likelihood_of_logits(&[1e300, -1e300], 2, &[1]), Some(2e300));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (rows, classes, labels) in [
            (&[][..], 2, &[][..]),
            (&[0.5, 0.5], 2, &[2]),
            (&[0.5, 0.5], 2, &[0, 1]),
            (&[0.5, f64::NAN], 2, &[0]),
            (&[], 0, &[]),
        ] {
            assert_eq!(brier_score(rows, classes, labels), None);
            assert_eq!(negative_log_likelihood(rows, classes, labels), None);
            assert_eq!(negative_log_likelihood_of_logits(rows, classes, labels), None);
        }
        assert_eq!(
            (brier_score(&[1.5, -0.5], 2, &[0]), negative_log_likelihood(&[2.0], 1, &[0])),
            (None, None)
        );
    }
}
