//! Figures of searches: what they leave out or move, and that they say so.

use crate::common;

use common::searches::{search, tpe};
use common::with;
use toile_record::*;
use toile_report::view;

fn searched() -> Records {
    common::searched(common::records(1))
}

/// Values far below the axis must not pass for values at its end, and a reader must know which epoch counts.
#[test]
fn learning_curves_say_what_lies_on_the_edge_and_which_epoch_counts() {
    let mut found = search("s", 0, tpe(), 30, 0.0, false);
    for trial in found.trials.iter_mut().filter(|trial| trial.state == State::Complete) {
        trial.intermediate = (1..=10).map(|step| (step, 0.9 + 0.001 * step as f64)).collect();
        trial.values = vec![0.91];
    }
    let of = |found: &SearchRecords| {
        view(&with(found.clone())).searches.sections[0].curves.clone().expect("curves")
    };
    let all = of(&found);
    assert_eq!(all.step_name, "epoch");
    assert!(all.note.contains(" The last epoch of a trial counts."), "{}", all.note);
    let lowest = all.curves.iter().flat_map(|curve| &curve.points).map(|point| point.1).fold(1.0, f64::min);
    assert!(lowest < all.range.low, "pruned trials end lower");
    let end = format!(" Values below {} lie on the lower edge.", (1e4 * all.range.low).round() / 1e4);
    assert!(all.note.contains(&end), "{} is not in {}", end, all.note);
    found.trials[0].values = vec![0.905];
    assert!(
        of(&found).note.contains(" The epoch whose weights are kept counts: in 1 of "),
        "{}",
        of(&found).note
    );
    found.search.seeds = 2;
    let of_two = of(&found);
    assert!(of_two.step_name == "step" && !of_two.note.contains("counts:"), "{}", of_two.note);
    found.search.seeds = 1;
    found.trials.iter_mut().for_each(|trial| trial.intermediate.iter_mut().for_each(|step| step.1 = 0.9));
    assert!(!of(&found).note.contains("edge"), "nothing lies outside");
}

/// The estimate leaves pruned trials out, so the picture must show where they are.
#[test]
fn two_parameters_together_show_the_pruned_trials_and_say_how_far_the_estimate_reaches() {
    let all = view(&searched());
    let joint = &all.searches.sections[0];
    assert!(joint.contours.iter().any(|one| one.spots.iter().any(|spot| spot.is_pruned)));
    for one in &joint.contours {
        let pruned = one.spots.iter().filter(|spot| spot.is_pruned).count();
        assert_eq!(one.spots.len() - pruned, one.n, "every complete trial, and the pruned ones next to them");
    }
    for words in ["further than 10 % of the axes", "pruned trials, which the shade does not count"] {
        assert!(joint.contour_note.contains(words), "{words}: {}", joint.contour_note);
    }
}
