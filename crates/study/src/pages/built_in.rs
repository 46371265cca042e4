//! The studies that come with toile, and the file that `toile init` writes.

/// Name and text of each study that is built in.
const STUDIES: [(&str, &str); 3] = [
    ("fashion-mnist", include_str!("../../studies/fashion-mnist.toml")),
    ("quick", include_str!("../../studies/quick.toml")),
    ("drawn-garments", include_str!("../../studies/drawn-garments.toml")),
];

/// The text of a study that comes with toile.
pub fn built_in(name: &str) -> Option<&'static str> {
    STUDIES.iter().find(|(of, _)| *of == name).map(|(_, text)| *text)
}

/// The names of the studies that come with toile. Without a name, `toile run` runs the first.
pub fn built_in_names() -> Vec<&'static str> {
    STUDIES.iter().map(|(name, _)| *name).collect()
}

/// A study file to begin with, full of comments.
pub fn starter() -> &'static str {
    include_str!("starter.toml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, PlanOptions, check, plan};

    fn planned(text: &str) -> Plan {
        let study = check(text, "study.toml", None).unwrap_or_else(|faults| panic!("{faults}"));
        plan(&study, &PlanOptions::default(), &|_| unreachable!("no file is read")).unwrap()
    }

    #[test]
    fn every_built_in_study_passes_the_check_under_its_own_name() {
        for name in built_in_names() {
            assert_eq!(planned(built_in(name).unwrap()).study, name);
        }
        assert_eq!(built_in("slow"), None);
    }

    #[test]
    fn the_starter_file_passes_the_check() {
        assert_eq!(planned(starter()).runs.len(), 2);
    }

    /// The lines that are commented out in the starter file must be valid without their `#`.
    #[test]
    fn the_starter_file_passes_the_check_with_every_suggestion_taken() {
        let is_setting = |line: &str| {
            let rest = line.trim_start_matches("# ");
            line.starts_with("# ") && (rest.starts_with(['[', '{', '"', ']', ' ']) || rest.contains(" = "))
        };
        let text: Vec<&str> =
            starter().lines().map(|line| if is_setting(line) { &line[2..] } else { line }).collect();
        let study = planned(&text.join("\n"));
        assert_eq!(study.runs.len(), 10, "two runs, five seeds");
        assert!(study.runs[5].published.is_some());
        assert_eq!(study.runs[0].settings.callbacks.len(), 1);
    }

    /// The table of the published study.
    #[test]
    fn the_fashion_mnist_study_holds_the_published_runs() {
        let plan = planned(built_in("fashion-mnist").unwrap());
        let first = plan.runs.iter().filter(|run| run.settings.seed == 7);
        assert_eq!(
            (plan.runs.len(), plan.seeds),
            (53, 5),
            "five seeds, one for the three convolutional networks"
        );
        let found: Vec<(&str, usize, usize, Option<f64>)> = first
            .map(|run| {
                let published = run.published.unwrap();
                (run.name.as_str(), run.settings.batch_size, run.settings.epochs, published.test_accuracy)
            })
            .collect();
        let table = [
            ("Model 1", 128, 5, 0.729),
            ("Model 2", 128, 50, 0.822),
            ("Model 3", 256, 50, 0.799),
            ("Model 4", 128, 50, 0.867),
            ("Model 5", 128, 50, 0.876),
            ("Model 6", 256, 50, 0.875),
            ("Model 7", 256, 50, 0.814),
            ("Model 8", 256, 50, 0.876),
            ("Model 9", 256, 50, 0.877),
            ("Deeper", 256, 50, 0.881),
            ("CNN", 256, 10, 0.916),
            ("CNN, 23 epochs", 256, 23, 0.916),
            ("CNN with dropout", 256, 10, 0.911),
        ];
        assert_eq!(found, table.map(|(name, batch, epochs, test)| (name, batch, epochs, Some(test))));
        assert_eq!(plan.split.fraction, 0.1);
        assert_eq!(plan.split.how.to_string(), "last");
    }
}
