//! The paragraphs of a run: what changed against the nearest earlier run, what that did, what its curves show, what to
//! try next.

use std::collections::BTreeMap;

use toile_judge::{Contrast, Judgement, NamedFinding, PairVerdict, Recipe, Severity};

use crate::reasoning::Reasoning;
use crate::text;
use crate::view::NAME_LENGTH;

/// The longest sentence that is shown.
const LENGTH: usize = 700;

/// Settings that a sentence names; where more differ the runs are not neighbours.
const MOST_CHANGES: usize = 4;

/// The paragraphs of each run.
pub(super) fn of_runs(reasoning: &Reasoning) -> Vec<Vec<String>> {
    let found = findings(reasoning);
    found.iter().enumerate().map(|(place, found)| of_run(reasoning, place, found)).collect()
}

fn of_run(reasoning: &Reasoning, place: usize, found: &[(&NamedFinding, usize)]) -> Vec<String> {
    let shown: Vec<String> =
        found.iter().map(|(finding, seeds)| statement(reasoning, place, finding, *seeds)).collect();
    let gravest = found
        .iter()
        .max_by_key(|(finding, _)| finding.severity)
        .filter(|(finding, _)| finding.severity > Severity::Note);
    let next = gravest.map(|(finding, _)| format!("Next: {}", text::name(&finding.advice, LENGTH)));
    let paragraphs = [change(reasoning, place), Some(shown.join(" ")), next];
    paragraphs.into_iter().flatten().filter(|paragraph| !paragraph.is_empty()).collect()
}

/// Of each run what is to be said of its seeds, each finding once, with how many of them show it; the gravest first.
pub(super) fn findings(reasoning: &Reasoning) -> Vec<Vec<(&NamedFinding, usize)>> {
    let recipes = &reasoning.ours.recipes;
    let places: BTreeMap<&str, usize> =
        recipes.iter().enumerate().map(|(place, recipe)| (recipe.name.as_str(), place)).collect();
    let mut all: Vec<Vec<(&NamedFinding, usize)>> = vec![Vec::new(); recipes.len()];
    for finding in &reasoning.judgement.findings {
        let Some(place) = finding.run.as_deref().and_then(|run| places.get(run)) else { continue };
        let found = &mut all[*place];
        match found.iter_mut().find(|(known, _)| known.finding == finding.finding) {
            Some((_, seeds)) => *seeds += 1,
            None => found.push((finding, 1)),
        }
    }
    all.iter_mut().for_each(|found| found.sort_by_key(|(finding, _)| std::cmp::Reverse(finding.severity)));
    all
}

fn statement(reasoning: &Reasoning, place: usize, finding: &NamedFinding, seeds: usize) -> String {
    let runs = reasoning.ours.recipes[place].runs.len();
    let statement = text::name(&finding.statement, LENGTH);
    match finding.seed.filter(|_| runs > 1) {
        Some(seed) if seeds < runs => {
            format!("{statement} (So in {seeds} of {runs} seeds; the numbers are of seed {seed}.)")
        }
        Some(seed) => format!("{statement} (So in all {runs} seeds; the numbers are of seed {seed}.)"),
        None => statement,
    }
}

/// What changed against the earlier run that differs least, and what that did.
fn change(reasoning: &Reasoning, place: usize) -> Option<String> {
    let recipes = &reasoning.ours.recipes;
    let own = &recipes[place];
    if own.best_of.is_some() {
        return chosen(own);
    }
    let earlier = recipes[..place].iter().enumerate().filter(|(_, recipe)| recipe.best_of.is_none());
    let contrast = |(before, recipe): (usize, &Recipe)| (before, Contrast::of(&reasoning.ours, recipe, own));
    // Of equally near ones the latest, which is the one that a reader has just seen.
    let (before, contrast) = earlier.map(contrast).min_by_key(|(before, contrast)| {
        (contrast.settings.len(), usize::from(contrast.has_unequal_updates()), std::cmp::Reverse(*before))
    })?;
    if contrast.settings.len() > MOST_CHANGES {
        return None;
    }
    let name = text::name(&recipes[before].name, NAME_LENGTH);
    let changed = match contrast.settings.is_empty() {
        true => format!("It has the settings of “{name}”."),
        false => format!(
            "Against “{name}”, the nearest earlier run, {} changed.",
            text::name(&contrast.words(), LENGTH)
        ),
    };
    let is_pair = |pair: &&PairVerdict| pair.is_ranked && pair.places == [before, place];
    let verdict = reasoning.judgement.pairs.iter().find(is_pair);
    let verdict = verdict.map(|pair| text::name(&Judgement::sentence(&reasoning.ours, pair), LENGTH));
    let confounded = match contrast.is_confounded() {
        true => " More than one thing changed, so that no single one of them is the cause.",
        false => "",
    };
    Some(format!("{changed} {}{confounded}", verdict.unwrap_or_default()))
}

/// A configuration that a search has chosen.
fn chosen(own: &Recipe) -> Option<String> {
    let trials = own.best_of.filter(|trials| *trials > 1)?;
    let luck = toile_stats::expected_maximum_of_noise(trials as u64)?;
    Some(format!(
        "It is the best of {trials} trials by validation: if all of them were equal, the best would look better than it is by {luck:.1} \
         standard errors there. The test part had no say in the choice."
    ))
}
