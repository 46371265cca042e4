//! Precision, recall, F1 and kappa: one number or one row per class of a confusion matrix.

use crate::Confusion;

/// How well one class is found. A measure that is not defined (the class was never predicted, or has no images) is 0,
/// as in scikit-learn; [`Confusion::score`] tells the two apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClassMetrics {
    /// The share of the predictions of this class that were right.
    pub precision: f64,
    /// The share of its images that were recognised.
    pub recall: f64,
    /// The harmonic mean of the two: 2 hits / (images + predictions).
    pub f1: f64,
    /// Its images.
    pub support: usize,
}

/// Means of the measures over the classes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClassAverages {
    /// Mean precision.
    pub precision: f64,
    /// Mean recall.
    pub recall: f64,
    /// Mean F1.
    pub f1: f64,
}

/// All measures of one confusion matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    /// One row per class.
    pub classes: Vec<ClassMetrics>,
    /// Every class counts alike, also one without images.
    pub macro_average: ClassAverages,
    /// Every class counts by its images.
    pub weighted_average: ClassAverages,
    /// The share of images that were classified correctly: also F1, precision and recall of all classes pooled (micro).
    pub accuracy: f64,
    /// Agreement of truth and prediction beyond chance, (p_o − p_e) / (1 − p_e) (Cohen 1960); `None` if both are one
    /// and the same class throughout.
    pub kappa: Option<f64>,
}

impl Confusion {
    /// Precision, recall, F1 and kappa; `None` without images.
    pub fn classification(&self) -> Option<Classification> {
        let n = self.total();
        if n == 0 {
            return None;
        }
        let predictions: Vec<usize> = self.column_totals();
        let class = |c: usize| metrics(self.count(c, c), self.row_total(c), predictions[c]);
        let classes: Vec<ClassMetrics> = (0..self.classes()).map(class).collect();
        let accuracy = (n - self.errors()) as f64 / n as f64;
        let by_chance: f64 =
            classes.iter().zip(&predictions).map(|(c, p)| c.support as f64 * *p as f64).sum();
        let by_chance = by_chance / (n as f64 * n as f64);
        Some(Classification {
            macro_average: averages(&classes, |_| 1.0 / classes.len() as f64),
            weighted_average: averages(&classes, |c| c.support as f64 / n as f64),
            kappa: (by_chance < 1.0).then(|| (accuracy - by_chance) / (1.0 - by_chance)),
            accuracy,
            classes,
        })
    }

    fn column_totals(&self) -> Vec<usize> {
        let mut totals = vec![0; self.classes()];
        for row in self.rows() {
            row.iter().zip(&mut totals).for_each(|(count, total)| *total += count);
        }
        totals
    }
}

fn metrics(hits: usize, support: usize, predictions: usize) -> ClassMetrics {
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    ClassMetrics {
        precision: share(hits, predictions),
        recall: share(hits, support),
        f1: share(2 * hits, support + predictions),
        support,
    }
}

fn averages(classes: &[ClassMetrics], weight: impl Fn(&ClassMetrics) -> f64) -> ClassAverages {
    let mean = |of: fn(&ClassMetrics) -> f64| classes.iter().map(|c| weight(c) * of(c)).sum();
    ClassAverages { precision: mean(|c| c.precision), recall: mean(|c| c.recall), f1: mean(|c| c.f1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(truth: &[u8], predicted: &[u8], classes: usize) -> Classification {
        Confusion::new(truth, predicted, classes).expect("labels in range").classification().expect("images")
    }

    /// Exchanging truth and prediction exchanges precision and recall, and leaves F1 and kappa.
    #[test]
    fn precision_is_the_recall_of_the_other_way_round() {
        let (truth, predicted) = ([0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 1, 1, 1, 0, 2, 1]);
        let (one, other) = (of(&truth, &predicted, 3), of(&predicted, &truth, 3));
        for (a, b) in one.classes.iter().zip(&other.classes) {
            assert_eq!((a.precision, a.recall, a.f1), (b.recall, b.precision, b.f1));
        }
        assert_eq!((one.kappa, one.accuracy), (other.kappa, other.accuracy));
    }

    #[test]
    fn one_class_throughout_has_no_kappa_and_no_images_nothing() {
        assert_eq!(of(&[1, 1], &[1, 1], 2).kappa, None);
        assert_eq!(of(&[1, 1], &[0, 0], 2).kappa, Some(0.0), "one class each, but not the same");
        assert_eq!(Confusion::new(&[], &[], 3).expect("no labels").classification(), None);
    }

    #[test]
    fn the_weighted_recall_is_the_accuracy() {
        let found = of(&[0, 0, 0, 1, 2, 2], &[0, 1, 0, 1, 2, 0], 4);
        assert!((found.weighted_average.recall - found.accuracy).abs() < 1e-15);
    }
}
