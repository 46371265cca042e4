//! Sections about results of another program: those of a study that need nothing but results, and what only results
//! have: their ranking, the comparisons, the runs.

use std::collections::BTreeSet;

use toile_judge::{Judgement, PairVerdict, PairWord, Quantity, Recipe, Severity, setting_text};

use super::factors::{change, tone, verdict};
use super::{
    Fact, Reasoned, Section, SectionTable, TableCell, TableColumn, claims, factors, findings, judged_runs,
    ranking, run_anchor,
};
use crate::format::{self, plural};
use crate::reasoning::Reasoning;
use crate::text;
use crate::view::{Estimate, KeyFigure, NAME_LENGTH};

/// Decided comparisons beyond, and undecided ones, are left to `--json`.
const MOST_DECIDED: usize = 2_000;
const MOST_UNDECIDED: usize = 200;
/// The longest sentence that is shown.
const LENGTH: usize = 700;
/// The longest line of settings.
const SETTINGS: usize = 300;

const RANKING: &str = "All runs by name, mean ± standard deviation over the runs of a name.";

const COMPARED: &str = "The difference is that of the first less the second, with an interval at 95 % over seeds and images, which is \
                        not corrected. p and the verdict are, after Holm, for all comparisons of this report: p is of no \
                        difference, and for equivalent ones of a difference as large as the margin.";

/// The sections, in their order.
pub(crate) fn sections(reasoned: Reasoned) -> Vec<Section> {
    let reasoning = reasoned.reasoning;
    let all = [
        Some(summary(reasoning)),
        factors::of(reasoned),
        ranked(reasoning),
        claims::of(reasoned),
        findings::of(reasoned),
        comparisons(reasoning),
        judged_runs::of(reasoning),
    ];
    all.into_iter().flatten().collect()
}

fn summary(reasoning: &Reasoning) -> Section {
    let results = &reasoning.ours;
    let runs: usize = results.recipes.iter().map(|recipe| recipe.runs.len()).sum();
    let pairs = distinct(reasoning);
    let decided = pairs.iter().filter(|pair| pair.word() != PairWord::Undecided).count();
    let judged = pairs.len();
    let figure =
        |value: String, label: &str, detail: String| KeyFigure { value, label: label.into(), detail };
    let mut figures = vec![figure(
        format::count(runs as u64),
        if runs == 1 { "run" } else { "runs" },
        format!("of {}", plural(results.recipes.len(), "name", "names")),
    )];
    if judged > 0 {
        let of = format!("of {}", plural(judged, "comparison", "comparisons"));
        figures.push(figure(format::count(decided as u64), "decided", of));
    }
    let claims = &reasoning.judgement.claims;
    if !claims.is_empty() {
        let supported = claims.iter().filter(|one| one.verdict == toile_judge::ClaimVerdict::Supported);
        let of = format!("of {}", plural(claims.len(), "claim", "claims"));
        figures.push(figure(supported.count().to_string(), "supported", of));
    }
    let alarms = reasoning.judgement.findings.iter().filter(|one| one.severity == Severity::Alarm).count();
    if alarms > 0 {
        figures.push(figure(alarms.to_string(), "alarms", "see the findings".into()));
    }
    Section {
        key_figures: figures,
        findings: reasoning.groups_sentences("Train each again with other seeds."),
        facts: facts(reasoning),
        ..Section::new("summary", "Summary")
    }
}

/// What is known of the data, and by what is judged.
fn facts(reasoning: &Reasoning) -> Vec<Fact> {
    let results = &reasoning.ours;
    let count = |n: Option<usize>| n.map_or_else(|| "not stated".to_owned(), |n| format::count(n as u64));
    let quantity = reasoning.judgement.groups.quantity;
    let ranked = quantity.map_or("nothing: no run has a number", Quantity::label);
    let fact = |label, value| Fact { label, value, is_code: false };
    vec![
        fact("Training images", count(results.n_train)),
        fact("Validation images", count(results.n_validation)),
        fact("Test images", count(results.n_test)),
        fact("Classes", count(results.classes)),
        fact("Ranked by", ranked.to_owned()),
        fact("Equivalent within", format!("{} of accuracy", format::setting(results.equivalence))),
    ]
}

/// What the runs are ranked by, then the other numbers that a ranking shows, as far as any run has them.
pub(super) fn quantities(reasoning: &Reasoning) -> Vec<Quantity> {
    use Quantity::{TestAccuracy, TestLoss, TrainSeconds, ValAccuracy, ValLoss};
    let first = reasoning.judgement.groups.quantity;
    let others = [TestAccuracy, TestLoss, ValAccuracy, ValLoss, TrainSeconds];
    let others = others.into_iter().filter(|one| Some(*one) != first);
    let is_known = |one: &Quantity| reasoning.ours.recipes.iter().any(|recipe| recipe.mean(*one).is_some());
    first.into_iter().chain(others).filter(is_known).collect()
}

/// Mean and spread of a number over the runs of a name.
pub(super) fn estimate(recipe: &Recipe, quantity: Quantity) -> TableCell {
    let estimate = Estimate::of(recipe.values(quantity).into_iter().map(Some));
    match quantity {
        Quantity::TrainSeconds => TableCell::maybe(estimate.map(|seconds| seconds.mean), format::duration),
        _ => TableCell::estimate(estimate.as_ref()),
    }
}

/// The head of a column of numbers.
pub(super) fn column(quantity: Quantity) -> TableColumn {
    TableColumn::numeric(text::sentence_case(quantity.label()))
}

/// The groups from the best down, then what has no group.
fn ranked(reasoning: &Reasoning) -> Option<Section> {
    let quantities = quantities(reasoning);
    let differing = differing(&reasoning.ours.recipes);
    let groups = &reasoning.judgement.groups;
    let has_groups = reasoning.has_groups();
    let number = |i: usize| has_groups.then_some(i + 1);
    let grouped = groups.groups.iter().enumerate();
    let mut order: Vec<(Option<usize>, usize)> =
        grouped.flat_map(|(i, group)| group.iter().map(move |place| (number(i), *place))).collect();
    order.extend(groups.unranked.iter().map(|place| (None, *place)));
    let row = |(number, place): &(Option<usize>, usize)| {
        let recipe = &reasoning.ours.recipes[*place];
        let ended = recipe.ended().count();
        let runs = match recipe.runs.len() {
            all if all == ended => all.to_string(),
            all => format!("{ended} of {all}"),
        };
        let name = TableCell {
            link: Some(run_anchor(*place)),
            ..TableCell::text(text::name(&recipe.name, NAME_LENGTH))
        };
        let first = [
            TableCell::count(number.map(|number| number as u64)),
            name,
            TableCell::text(settings_line(&differing, recipe)),
        ];
        let numbers = quantities.iter().map(|quantity| estimate(recipe, *quantity));
        first.into_iter().chain(numbers).chain([TableCell::number(ended as f64, runs)]).collect()
    };
    let columns =
        [TableColumn::numeric("Group"), TableColumn::row_name("Run"), TableColumn::words("Settings").below()]
            .into_iter()
            .chain(quantities.iter().map(|quantity| column(*quantity)))
            .chain([TableColumn::numeric("Runs")]);
    let rows = order.iter().map(row).collect();
    let lines = (1..order.len()).filter(|i| order[*i].0 != order[i - 1].0).collect();
    let label = quantities.first()?.label();
    let notes = match has_groups {
        true => std::iter::once(ranking::GROUPS.to_owned()).chain(reasoning.within_groups()).collect(),
        false => vec![format!("The runs stand in the order of their {label}, which is not established.")],
    };
    Some(Section {
        tables: vec![SectionTable { lines, ..SectionTable::new(RANKING, columns.collect(), rows) }],
        notes,
        ..Section::new("ranking", "Ranking")
    })
}

/// The names of the settings in which any two recipes differ.
pub(super) fn differing(recipes: &[Recipe]) -> BTreeSet<&str> {
    let names = recipes.iter().flat_map(|recipe| recipe.settings.keys().map(String::as_str));
    let differs =
        |name: &&str| recipes.iter().any(|one| one.settings.get(*name) != recipes[0].settings.get(*name));
    names.collect::<BTreeSet<&str>>().into_iter().filter(differs).collect()
}

/// The settings of a recipe in which the recipes differ, on one line; all, if they differ in none.
pub(super) fn settings_line(differing: &BTreeSet<&str>, own: &Recipe) -> String {
    let other: Vec<_> = own.settings.iter().filter(|(name, _)| differing.contains(name.as_str())).collect();
    let shown = if other.is_empty() { own.settings.iter().collect() } else { other };
    let words = shown.iter().map(|(name, value)| format!("{name} {}", setting_text(value)));
    text::name(&words.collect::<Vec<_>>().join(" · "), SETTINGS)
}

/// The comparisons, each once: what a claim compares the ranking may have compared already.
fn distinct(reasoning: &Reasoning) -> Vec<&PairVerdict> {
    let mut seen = BTreeSet::new();
    let is_new = |pair: &&PairVerdict| {
        let [a, b] = pair.places;
        seen.insert((a.min(b), a.max(b), pair.quantity))
    };
    reasoning.judgement.pairs.iter().filter(is_new).collect()
}

/// All decided pairs with their intervals, and the undecided ones with what would decide them.
fn comparisons(reasoning: &Reasoning) -> Option<Section> {
    let pairs = distinct(reasoning);
    let (open, decided): (Vec<&PairVerdict>, Vec<&PairVerdict>) =
        pairs.iter().copied().partition(|pair| pair.word() == PairWord::Undecided);
    let said = format!(
        "Of {}, {} decided and {} undecided.",
        plural(pairs.len(), "comparison", "comparisons"),
        format::count(decided.len() as u64),
        format::count(open.len() as u64)
    );
    let notes = |all: usize, most: usize| {
        let more = all.saturating_sub(most);
        let note =
            (more > 0).then(|| format!("{} more are in the answer of --json.", format::count(more as u64)));
        note.into_iter().collect::<Vec<String>>()
    };
    let rows = |pairs: &[&PairVerdict], most: usize| -> Vec<Vec<TableCell>> {
        pairs.iter().take(most).map(|pair| row(reasoning, pair)).collect()
    };
    let of_decided = SectionTable {
        notes: notes(decided.len(), MOST_DECIDED),
        ..SectionTable::new("All that are decided.", columns(), rows(&decided, MOST_DECIDED))
    };
    let words = plural(open.len(), "comparison is undecided", "comparisons are undecided");
    let of_open = SectionTable {
        is_detail: true,
        is_narrow: false,
        notes: notes(open.len(), MOST_UNDECIDED),
        ..SectionTable::folded(words, "What would decide them.", columns(), rows(&open, MOST_UNDECIDED))
    };
    let tables = [(decided.len(), of_decided), (open.len(), of_open)].into_iter();
    (!pairs.is_empty()).then(|| Section {
        paragraphs: vec![said],
        tables: tables.filter(|(n, _)| *n > 0).map(|(_, table)| table).collect(),
        notes: vec![COMPARED.to_owned()],
        ..Section::new("comparisons", "Comparisons")
    })
}

fn columns() -> Vec<TableColumn> {
    vec![
        TableColumn::row_name("Runs"),
        TableColumn::words("Number").below(),
        TableColumn::numeric("Difference"),
        TableColumn::numeric("p").below(),
        TableColumn::words("The first is"),
        TableColumn::words("Why").below(),
    ]
}

fn row(reasoning: &Reasoning, pair: &PairVerdict) -> Vec<TableCell> {
    let names = pair.places.map(|place| text::name(&reasoning.ours.recipes[place].name, NAME_LENGTH));
    let word = pair.word();
    let p = match word {
        PairWord::Equivalent => pair.judged.p_equivalent_adjusted,
        _ => pair.judged.p_adjusted,
    };
    vec![
        TableCell::text(format!("“{}” and “{}”", names[0], names[1])),
        TableCell::text(pair.quantity.label()),
        change(pair),
        TableCell::maybe(p, probability),
        TableCell::text(verdict(pair, word)).with_tone(tone(word)),
        TableCell::text(text::name(&Judgement::sentence(&reasoning.ours, pair), LENGTH)),
    ]
}

/// Three decimals; smaller ones are not told apart.
fn probability(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}
