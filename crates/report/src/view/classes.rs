//! How well a run finds each class, over its seeds: precision, recall, F1, and the class that it finds hardest.

use toile_stats::{ClassAverages, ClassMetrics, Classification, Confusion, wilson};

use super::Estimate;

/// How well each class is found. A measure that is not defined, as the precision of a class that is never predicted, is
/// 0, as in scikit-learn.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassScores {
    /// One per class, in label order.
    pub classes: Vec<ClassRow>,
    /// The mean over the classes, each counting alike; its images are those of all.
    pub macro_average: ClassRow,
    /// The class with the lowest recall, where that says something.
    pub hardest: Option<usize>,
}

/// How well one class is found: each the mean over the seeds, with their spread.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRow {
    /// Its name.
    pub class: String,
    /// The part of its predictions that were right.
    pub precision: Option<Estimate>,
    /// The part of its images that were recognised; `None` if it has none.
    pub recall: Option<Estimate>,
    /// The harmonic mean of the two, of each seed.
    pub f1: Option<Estimate>,
    /// Its images.
    pub images: usize,
}

/// The scores over one matrix per seed; `None` without seeds or images.
pub(super) fn class_scores(seeds: &[&Confusion], names: &[String]) -> Option<ClassScores> {
    let all: Vec<Classification> = seeds.iter().filter_map(|matrix| matrix.classification()).collect();
    let first = all.first()?;
    let images = |class: usize| first.classes[class].support;
    let classes = (0..first.classes.len()).map(|class| {
        let of = |pick: fn(&ClassMetrics) -> f64| {
            let has_images = images(class) > 0;
            Estimate::of(all.iter().map(|seed| has_images.then(|| pick(&seed.classes[class]))))
        };
        ClassRow {
            class: names.get(class).cloned().unwrap_or_default(),
            precision: of(|one| one.precision),
            recall: of(|one| one.recall),
            f1: of(|one| one.f1),
            images: images(class),
        }
    });
    let mean = |pick: fn(&ClassAverages) -> f64| {
        Estimate::of(all.iter().map(|seed| Some(pick(&seed.macro_average))))
    };
    let macro_average = ClassRow {
        class: "Macro average".to_owned(),
        precision: mean(|one| one.precision),
        recall: mean(|one| one.recall),
        f1: mean(|one| one.f1),
        images: first.classes.iter().map(|class| class.support).sum(),
    };
    Some(ClassScores { classes: classes.collect(), macro_average, hardest: hardest(seeds) })
}

/// The class with the lowest recall over all seeds, if its interval (Wilson, 95 %, of as many images as the class has)
/// lies below that of all other classes together.
fn hardest(seeds: &[&Confusion]) -> Option<usize> {
    let first = seeds.first()?;
    let n = |class: usize| first.row_total(class);
    let mean_hits = |class: usize| {
        seeds.iter().map(|matrix| matrix.count(class, class)).sum::<usize>() as f64 / seeds.len() as f64
    };
    let with_images: Vec<usize> = (0..first.classes()).filter(|class| n(*class) > 0).collect();
    let recall = |class: &usize| mean_hits(*class) / n(*class) as f64;
    let lowest = *with_images.iter().min_by(|a, b| recall(a).total_cmp(&recall(b)))?;
    let rest = with_images.iter().copied().filter(|class| *class != lowest);
    let (hits, of) = rest.fold((0.0, 0), |(hits, of), class| (hits + mean_hits(class), of + n(class)));
    let own = wilson(mean_hits(lowest).round() as usize, n(lowest), 0.95)?;
    let others = wilson((hits.round() as usize).min(of), of, 0.95)?;
    (own.high < others.low).then_some(lowest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).to_vec()
    }

    /// `sklearn.metrics.precision_recall_fscore_support([0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 1, 1, 1, 0, 2, 1])`.
    #[test]
    fn one_seed_has_the_numbers_of_scikit_learn_and_no_spread() {
        let seed = Confusion::new(&[0, 0, 0, 1, 1, 2, 2, 2], &[0, 1, 1, 1, 1, 0, 2, 1], 3).expect("labels");
        let found = class_scores(&[&seed], &names()).expect("images");
        let of = |row: &ClassRow| {
            [&row.precision, &row.recall, &row.f1].map(|one| one.as_ref().expect("seeds").mean)
        };
        for (row, expected) in found.classes.iter().zip([
            ([0.5, 0.333_333, 0.4], 3),
            ([0.4, 1.0, 0.571_429], 2),
            ([1.0, 0.333_333, 0.5], 3),
        ]) {
            assert!(of(row).iter().zip(expected.0).all(|(a, b)| (a - b).abs() < 1e-6), "{row:?}");
            assert_eq!(row.images, expected.1);
        }
        let macro_average = of(&found.macro_average);
        assert!(
            macro_average.iter().zip([0.633_333, 0.555_556, 0.490_476]).all(|(a, b)| (a - b).abs() < 1e-6)
        );
        assert_eq!(found.hardest, None, "eight images tell nothing");
        assert!(found.classes[0].f1.as_ref().is_some_and(|f1| f1.sd.is_none()));
    }

    #[test]
    fn several_seeds_have_a_mean_and_a_spread() {
        let truth = [0, 0, 1, 1];
        let seeds =
            [[0, 0, 1, 1], [0, 1, 1, 1]].map(|found| Confusion::new(&truth, &found, 3).expect("labels"));
        let found = class_scores(&[&seeds[0], &seeds[1]], &names()).expect("images");
        let recall = found.classes[0].recall.as_ref().expect("two seeds");
        assert!(
            (recall.mean - 0.75).abs() < 1e-12
                && (recall.sd.expect("two") - 0.5f64.sqrt() / 2.0).abs() < 1e-12
        );
        assert_eq!((&found.classes[2].recall, found.classes[2].images), (&None, 0), "a class without images");
        assert_eq!(class_scores(&[], &names()), None);
    }

    #[test]
    fn the_hardest_class_is_named_where_chance_does_not_explain_it() {
        let truth: Vec<u8> = (0..300).map(|i| (i % 3) as u8).collect();
        let wrong_every = |every: usize| -> Vec<u8> {
            truth.iter().enumerate().map(|(i, t)| if *t == 1 && i % every == 1 { 2 } else { *t }).collect()
        };
        let of = |found: Vec<u8>| {
            class_scores(&[&Confusion::new(&truth, &found, 3).expect("labels")], &names()).expect("images")
        };
        assert_eq!(of(wrong_every(6)).hardest, Some(1), "50 of 100 are wrong");
        assert_eq!(of(wrong_every(300)).hardest, None, "one of 100");
    }
}
