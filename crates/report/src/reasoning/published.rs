//! The published table by itself, as results of one run each.

use std::collections::BTreeSet;

use toile_judge::{Recipe, Results, Run};
use toile_record::{Epoch, Published, Records};
use toile_study::{CheckedSearch, CheckedStudy};

use super::{on_the_data, ours};
use crate::facts::published_numbers;
use crate::plan::PlanSettings;

/// The table; `None` if nothing was published.
pub(super) fn results(records: &Records, study: &CheckedStudy) -> Option<Results> {
    let mut recipes = Vec::new();
    let mut rows = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for run in &records.runs {
        let Some(published) = &run.published else { continue };
        let is_declared = study.runs.iter().any(|declared| declared.name == run.name);
        let row = published_numbers(Some(published)).map(|number| number.map(f64::to_bits));
        // One row of the table is one run, whatever is tried to reproduce it.
        if !is_declared || !seen.insert(run.name.as_str()) || !rows.insert(row) {
            continue;
        }
        recipes.push(Recipe {
            name: run.name.clone(),
            settings: ours::settings(&run.model, &PlanSettings::new(&run.plan)),
            parameters: run.summary.rows.iter().map(|row| row.parameters).collect(),
            runs: vec![of_row(published, run.plan["epochs"].as_u64().unwrap_or(1) as usize)],
            ..Recipe::default()
        });
    }
    recipes.extend(study.searches.iter().filter_map(|search| of_search(records, search)));
    (!recipes.is_empty()).then(|| on_the_data(&records.study.data, Some(study), recipes))
}

/// What a search fixes is stated; what it has searched is not.
fn of_search(records: &Records, search: &CheckedSearch) -> Option<Recipe> {
    let published = Published::from(search.table.published?);
    let found = records.searches.iter().find(|found| found.search.name == search.table.name)?;
    let settings = ours::searched(&found.search).fixed;
    let runs = vec![of_row(&published, 1)];
    Some(Recipe { name: search.table.name.clone(), settings, runs, ..Recipe::default() })
}

fn of_row(published: &Published, epochs: usize) -> Run {
    let row = Epoch {
        epoch: epochs.max(1),
        loss: published.loss,
        accuracy: published.accuracy,
        val_loss: published.val_loss,
        val_accuracy: published.val_accuracy,
        learning_rate: f64::NAN,
        ..Epoch::default()
    };
    let has_row = [row.loss, row.accuracy, row.val_loss, row.val_accuracy].iter().any(Option::is_some);
    Run {
        epochs: if has_row { vec![row] } else { Vec::new() },
        test_accuracy: published.test_accuracy,
        test_loss: published.test_loss,
        ..Run::default()
    }
}
