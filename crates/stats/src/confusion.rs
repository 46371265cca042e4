//! The confusion matrix: how often a classifier predicts which class for which.

/// Counts of (true class, predicted class).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    counts: Vec<usize>,
}

/// One ordered pair of different classes, and how often the second was predicted for the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfusedPair {
    /// The true class.
    pub truth: usize,
    /// The class that was predicted.
    pub predicted: usize,
    /// How often.
    pub count: usize,
}

/// How well one class is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassScore {
    /// The share of its images that were recognised; `None` if it has no images.
    pub recall: Option<f64>,
    /// The share of its predictions that were right; `None` if it was never predicted.
    pub precision: Option<f64>,
}

impl Confusion {
    /// Counts the pairs. `None` if the lists differ in length or a label is not below `classes`.
    pub fn new(truth: &[u8], predicted: &[u8], classes: usize) -> Option<Self> {
        if truth.len() != predicted.len() {
            return None;
        }
        let mut counts = vec![0; classes * classes];
        for (&t, &p) in truth.iter().zip(predicted) {
            let (t, p) = (usize::from(t), usize::from(p));
            if t >= classes || p >= classes {
                return None;
            }
            counts[t * classes + p] += 1;
        }
        Some(Self { classes, counts })
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How often `predicted` was predicted for `truth`.
    pub fn count(&self, truth: usize, predicted: usize) -> usize {
        self.counts[truth * self.classes + predicted]
    }

    /// One row per true class.
    pub fn rows(&self) -> impl Iterator<Item = &[usize]> {
        self.counts.chunks(self.classes.max(1))
    }

    /// How many images have the class `truth`.
    pub fn row_total(&self, truth: usize) -> usize {
        (0..self.classes).map(|p| self.count(truth, p)).sum()
    }

    /// How many images were counted.
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// How many of them were wrong.
    pub fn errors(&self) -> usize {
        self.total() - (0..self.classes).map(|c| self.count(c, c)).sum::<usize>()
    }

    /// Recall and precision of `class`.
    pub fn score(&self, class: usize) -> ClassScore {
        let hits = self.count(class, class) as f64;
        let column: usize = (0..self.classes).map(|t| self.count(t, class)).sum();
        let part = |whole: usize| (whole > 0).then(|| hits / whole as f64);
        ClassScore { recall: part(self.row_total(class)), precision: part(column) }
    }

    /// The `n` pairs of different classes confused most often, most frequent first; equal counts in label order.
    pub fn most_confused(&self, n: usize) -> Vec<ConfusedPair> {
        let mut pairs: Vec<ConfusedPair> = (0..self.classes * self.classes)
            .map(|i| ConfusedPair {
                truth: i / self.classes,
                predicted: i % self.classes,
                count: self.counts[i],
            })
            .filter(|pair| pair.truth != pair.predicted && pair.count > 0)
            .collect();
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.count));
        pairs.truncate(n);
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sklearn.metrics.confusion_matrix` of the same lists, by hand: rows are the truth.
    fn three_classes() -> Confusion {
        Confusion::new(&[0, 0, 0, 1, 1, 2, 2, 2], &[0, 1, 1, 1, 1, 0, 2, 1], 3).expect("labels in range")
    }

    #[test]
    fn rows_are_the_truth_and_columns_the_prediction() {
        let matrix = three_classes();
        assert_eq!(matrix.rows().collect::<Vec<_>>(), [[1, 2, 0], [0, 2, 0], [1, 1, 1]]);
        assert_eq!((matrix.total(), matrix.errors(), matrix.row_total(2)), (8, 4, 3));
    }

    #[test]
    fn recall_looks_along_the_row_and_precision_down_the_column() {
        let score = three_classes().score(1);
        assert_eq!((score.recall, score.precision), (Some(1.0), Some(0.4)));
        let empty = Confusion::new(&[0], &[0], 2).expect("in range").score(1);
        assert_eq!((empty.recall, empty.precision), (None, None));
    }

    #[test]
    fn the_most_confused_pairs_come_first_and_ties_in_label_order() {
        let pairs = three_classes().most_confused(2);
        assert_eq!(pairs[0], ConfusedPair { truth: 0, predicted: 1, count: 2 });
        assert_eq!(pairs[1], ConfusedPair { truth: 2, predicted: 0, count: 1 });
    }

    #[test]
    fn labels_out_of_range_and_lists_of_different_length_are_refused() {
        assert_eq!(Confusion::new(&[0, 3], &[0, 1], 3), None);
        assert_eq!(Confusion::new(&[0], &[0, 1], 3), None);
        assert_eq!(Confusion::new(&[], &[], 0).map(|c| (c.total(), c.rows().count())), Some((0, 0)));
    }
}
