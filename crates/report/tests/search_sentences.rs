//! What is said of a search's best trial: equal ones, neighbours, chance, values that are no accuracies.

use crate::common;

use common::searches::{search, tpe};
use common::with;
use toile_record::*;
use toile_report::view;

/// 18,446,744,073,709,551,615 others were said to lie near; equal ones were said to be no rivals, and ranked by number.
#[test]
fn equal_trials_are_counted_and_share_their_rank() {
    let mut found = search("s", 0, tpe(), 13, 0.0, false);
    let values = [1.0, 0.9, 1.0, f64::NAN, 1.0].into_iter().chain([0.5; 8]);
    for (trial, value) in found.trials.iter_mut().zip(values) {
        (trial.state, trial.values) = (State::Complete, vec![value]);
    }
    let view = view(&with(found.clone()));
    let search = &view.searches.sections[0];
    let text = search.sentences.join(" ");
    assert!(
        text.contains("2 other trials have the same value; of equal trials the first is named."),
        "{text}"
    );
    assert!(
        text.contains("11 complete trials after it did not better it."),
        "the one at NaN has no say: {text}"
    );
    let ranks: Vec<&str> = search.top.rows.iter().map(|row| row[0].text.as_str()).collect();
    assert_eq!(ranks[..4], ["1", "1", "1", "4"]);
    let said = view.summary.sentences.join(" ");
    assert!(said.contains("trial 0 and 2 others."), "{said}");
    found.trials.truncate(1);
    found.search.n_trials = 1;
    let view = toile_report::view(&with(found));
    let said =
        format!("{} {}", view.summary.sentences.join(" "), view.searches.sections[0].sentences.join(" "));
    assert!(said.contains("1 of 1 trial): best") && !said.contains("other trial"), "{said}");
}

/// 6,000 validation images of which 639 are of one class: 0.1065; Wilson's interval of 0.11 begins at 0.1023.
#[test]
fn a_search_whose_best_trial_is_at_chance_does_not_praise_it() {
    let mut found = search("s", 0, tpe(), 3, 0.0, false);
    for (trial, value) in found.trials.iter_mut().zip([0.1, 0.11, 0.09]) {
        (trial.state, trial.values) = (State::Complete, vec![value]);
    }
    let at_chance = view(&with(found.clone()));
    let said = format!(
        "{} {}",
        at_chance.summary.sentences.join(" "),
        at_chance.searches.sections[0].sentences.join(" ")
    );
    assert!(
        said.contains("highest") && said.contains("which is at chance") && !said.contains("Best is"),
        "{said}"
    );
    assert!(at_chance.searches.sections[0].warnings[0].starts_with("Even the best trial, 1, shows nothing"));
    found.trials[2].values = vec![0.8];
    let sound = view(&with(found));
    assert!(sound.searches.sections[0].sentences.join(" ").contains("Best is trial 2"));
    assert_eq!(sound.searches.chance().count(), 0);
}

/// Another program may report per cent under the same name.
#[test]
fn an_accuracy_that_is_no_fraction_is_not_shown_as_one_in_silence() {
    let mut found = search("s", 0, tpe(), 2, 0.0, false);
    for (trial, value) in found.trials.iter_mut().zip([0.9, 87.3]) {
        (trial.state, trial.values) = (State::Complete, vec![value]);
    }
    let said = view(&with(found)).searches.sections[0].warnings.join(" ");
    assert!(
        said.contains("1 trial has an accuracy that is no fraction from 0 to 1 (trial 1: 87.3000)"),
        "{said}"
    );
}

/// Where only one trial has a value, no other could have come near.
#[test]
fn trials_without_a_value_are_no_neighbours() {
    let mut found = search("s", 0, tpe(), 3, 0.0, false);
    for (trial, value) in found.trials.iter_mut().zip([0.9, f64::NAN, f64::INFINITY]) {
        (trial.state, trial.values) = (State::Complete, vec![value]);
    }
    let sentences = view(&with(found)).searches.sections[0].sentences.join(" ");
    assert!(!sentences.contains("other trial") && !sentences.contains("did not better"), "{sentences}");
}
