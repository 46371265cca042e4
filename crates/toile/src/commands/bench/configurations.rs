//! Which runs of a study take the same time: those that differ in nothing but numbers.

use serde_json::Value;
use toile_study::RunPlan;

/// Runs with the same layers, batch size and optimizer, whatever their learning rates, epochs and seeds.
pub(super) struct BenchConfiguration<'a> {
    /// `dense, sgd, 128`; with the first run's name behind it where another configuration is called the same.
    pub name: String,
    /// The first of its runs.
    pub run: &'a RunPlan,
    /// The names of all its runs.
    pub runs: Vec<&'a str>,
    /// The optimizer's name.
    pub optimizer: String,
}

/// The configurations of some runs, in the runs' order.
pub(super) fn configurations(runs: &[RunPlan]) -> Vec<BenchConfiguration<'_>> {
    let mut found: Vec<(Value, BenchConfiguration<'_>)> = Vec::new();
    for run in runs {
        let what = what_takes_time(run);
        match found.iter_mut().find(|(other, _)| *other == what) {
            Some((_, configuration)) if configuration.runs.contains(&run.name.as_str()) => {}
            Some((_, configuration)) => configuration.runs.push(&run.name),
            None => found.push((what, first_of(run))),
        }
    }
    let mut all: Vec<BenchConfiguration<'_>> =
        found.into_iter().map(|(_, configuration)| configuration).collect();
    distinguish(&mut all);
    all
}

fn first_of(run: &RunPlan) -> BenchConfiguration<'_> {
    let optimizer = optimizer_name(&run.settings.to_json());
    let mut name = format!("{}, {optimizer}, {}", run.settings.model, run.settings.batch_size);
    if !run.settings.dtype_policy.is_float32() {
        name += &format!(", {}", run.settings.dtype_policy.name());
    }
    BenchConfiguration { name, run, runs: vec![&run.name], optimizer }
}

fn optimizer_name(settings: &Value) -> String {
    let first = settings["optimizer"].as_object().and_then(|map| map.keys().next());
    first.cloned().unwrap_or_default()
}

/// Layers, batch size, in which numbers, and the optimizer without its learning rate.
fn what_takes_time(run: &RunPlan) -> Value {
    let mut settings = run.settings.to_json();
    let name = optimizer_name(&settings);
    if let Some(optimizer) = settings["optimizer"][&name].as_object_mut() {
        optimizer.remove("learning_rate");
    }
    let what = ["layers", "batch_size", "dtype_policy", "optimizer"];
    what.map(|key| settings[key].take()).into_iter().collect()
}

/// Two configurations may be called the same: momentum is not in the name.
fn distinguish(all: &mut [BenchConfiguration<'_>]) {
    let names: Vec<String> = all.iter().map(|configuration| configuration.name.clone()).collect();
    for configuration in all {
        if names.iter().filter(|name| **name == configuration.name).count() > 1 {
            configuration.name += &format!(" ({})", configuration.run.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toile_study::{PlanOptions, built_in, check, plan};

    fn runs_of(text: &str) -> Vec<RunPlan> {
        let study = check(text, "test.toml", None).unwrap();
        plan(&study, &PlanOptions::default(), &|_| Err(std::io::Error::other("no files"))).unwrap().runs
    }

    #[test]
    fn the_thirteen_runs_of_the_built_in_study_are_nine_configurations() {
        let runs = runs_of(built_in("fashion-mnist").unwrap());
        let found = configurations(&runs);
        let names: Vec<_> = found.iter().map(|c| format!("{}: {}", c.name, c.runs.join("; "))).collect();
        let expected = [
            "dense, sgd, 128: Model 1; Model 2; Model 4",
            "dense, sgd, 256: Model 3",
            "dense, adam, 128: Model 5",
            "dense, adam, 256: Model 6; Model 7",
            "dense, nadam, 256: Model 8",
            "dense, rmsprop, 256: Model 9",
            "deeper, adam, 256: Deeper",
            "cnn, adam, 256: CNN; CNN, 23 epochs",
            "cnn_dropout, adam, 256: CNN with dropout",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn seeds_share_a_line_and_what_costs_time_does_not() {
        let runs = runs_of(
            r#"
            [study]
            name = "some"
            data = "mnist"
            [models.a]
            layers = [{ dense = { units = 10, activation = "softmax" } }]
            [models.b]
            layers = [{ dense = { units = 10, activation = "softmax" } }]
            [defaults]
            epochs = 1
            model = "a"
            [[runs]]
            name = "plain"
            optimizer = { sgd = { learning_rate = 0.1 } }
            seeds = 3
            [[runs]]
            name = "momentum"
            optimizer = { sgd = { learning_rate = 0.1, momentum = 0.9 } }
            [[runs]]
            name = "same layers"
            model = "b"
            optimizer = { sgd = { learning_rate = 0.2 } }
            epochs = 7
            "#,
        );
        assert_eq!(runs.len(), 5);
        let found = configurations(&runs);
        let names: Vec<_> = found.iter().map(|c| (c.name.as_str(), &c.runs[..])).collect();
        let expected: [(&str, &[&str]); 2] =
            [("a, sgd, 32 (plain)", &["plain", "same layers"]), ("a, sgd, 32 (momentum)", &["momentum"])];
        assert_eq!(names, expected);
    }
}
