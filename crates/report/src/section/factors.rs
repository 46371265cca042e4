//! What each setting did: every two runs of the study file that differ in one setting alone, and the verdict on them.

use toile_judge::{PairVerdict, PairWord, setting_text};
use toile_stats::UndecidedReason;

use super::{CellTone, Reasoned, Section, SectionContext, SectionTable, TableCell, TableColumn, run_anchor};
use crate::format;
use crate::reasoning::Reasoning;
use crate::text;
use crate::view::NAME_LENGTH;

/// Rows beyond are left to `results.json`.
const MOST: usize = 60;

const HOW: &str = "Each row compares two runs that differ in one setting and in nothing else. The change is from the first to the \
                   second, with an interval at 95 % over seeds and images where there are two seeds or more of each; \
                   the verdicts are corrected after Holm for everything that this report compares.";

/// Where seeds are added until the comparisons are decided.
const HOW_IN_A_RACE: &str = "Each row compares two runs that differ in one setting and in nothing else. The change is from the first to \
                             the second, over seeds and images, with the seeds that both had when the comparison was decided; \
                             the interval has the level of that look, and the verdicts are corrected after Holm for everything \
                             that this report compares.";

const UPDATES: &str =
    "* The number of updates differs as well, so that the difference cannot be put down to the batch size.";

/// The section; `None` if no two runs differ in one setting alone.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    of(context.reasoned())
}

/// The same of any results.
pub(super) fn of(Reasoned { reasoning, .. }: Reasoned) -> Option<Section> {
    let recipes = &reasoning.ours.recipes;
    let is_declared = |pair: &&PairVerdict| pair.places.iter().all(|place| recipes[*place].best_of.is_none());
    let of_one =
        reasoning.judgement.pairs.iter().filter(|pair| pair.is_ranked && pair.contrast.only().is_some());
    let mut pairs: Vec<&PairVerdict> = of_one.filter(is_declared).collect();
    let order: Vec<&str> = pairs.iter().filter_map(|pair| pair.contrast.only()).collect();
    let place = |pair: &PairVerdict| order.iter().position(|name| Some(*name) == pair.contrast.only());
    pairs.sort_by_key(|pair| (place(pair), pair.places));
    let has_updates = pairs.iter().any(|pair| is_starred(pair));
    let lines =
        (1..pairs.len()).filter(|i| pairs[*i].contrast.only() != pairs[*i - 1].contrast.only()).collect();
    let rows: Vec<Vec<TableCell>> = pairs.iter().take(MOST).map(|pair| row(reasoning, pair)).collect();
    let quantity = pairs.first()?.quantity.label();
    let columns = vec![
        TableColumn::row_name("Setting"),
        TableColumn::words("From … to").below(),
        TableColumn::words("Runs"),
        TableColumn::numeric(format!("Change in {quantity}")),
        TableColumn::words("The second is").below(),
    ];
    let how = if reasoning.ours.race.is_some() { HOW_IN_A_RACE } else { HOW };
    let notes = std::iter::once(how.to_owned()).chain(has_updates.then(|| UPDATES.to_owned()));
    Some(Section {
        tables: vec![SectionTable { lines, ..SectionTable::new("One change at a time.", columns, rows) }],
        notes: notes.collect(),
        ..Section::new("factors", "What each setting did")
    })
}

/// More epochs are more updates; another batch size is another number of them by the way.
fn is_starred(pair: &PairVerdict) -> bool {
    pair.contrast.has_unequal_updates() && pair.contrast.is_confounded()
}

fn row(reasoning: &Reasoning, pair: &PairVerdict) -> Vec<TableCell> {
    let setting = &pair.contrast.settings[0];
    let value = |value: &Option<serde_json::Value>| {
        value.as_ref().map_or("not stated".to_owned(), |value| text::name(&setting_text(value), 40))
    };
    let star = if is_starred(pair) { "*" } else { "" };
    let names = pair.places.map(|place| text::name(&reasoning.ours.recipes[place].name, NAME_LENGTH));
    let of_second = pair.seen_from(pair.places[1]);
    let word = of_second.word();
    vec![
        TableCell::text(format!("{}{star}", setting.name)),
        TableCell::text(format!("{} … {}", value(&setting.a), value(&setting.b))),
        TableCell {
            link: Some(run_anchor(pair.places[1])),
            ..TableCell::text(format!("“{}” and “{}”", names[0], names[1]))
        },
        change(&of_second),
        TableCell::text(verdict(pair, word)).with_tone(tone(word)),
    ]
}

/// The second run less the first, with its interval.
pub(super) fn change(of_second: &PairVerdict) -> TableCell {
    let Some(difference) = of_second.difference() else { return TableCell::none() };
    let range = of_second.judged.interval.map_or_else(String::new, |interval| {
        format!(" [{} to {}]", format::signed(interval.low), format::signed(interval.high))
    });
    TableCell::number(difference, format!("{}{range}", format::signed(difference)))
}

/// A decided difference stands out.
pub(super) fn tone(word: PairWord) -> CellTone {
    match word {
        PairWord::Better | PairWord::Worse => CellTone::Strong,
        PairWord::Equivalent | PairWord::Undecided => CellTone::Plain,
    }
}

pub(super) fn verdict(pair: &PairVerdict, word: PairWord) -> String {
    use toile_stats::Verdict::Undecided;
    match pair.judged.verdict {
        Undecided { reason: UndecidedReason::TooFewSeeds { seeds: [1, 1] } } => {
            "undecided (one run each)".to_owned()
        }
        Undecided { reason: UndecidedReason::TooFewSeeds { seeds: [a, b] } } => {
            format!("undecided ({a} and {b} runs)")
        }
        Undecided { reason: UndecidedReason::FailedRuns { .. } } => "undecided (runs failed)".to_owned(),
        Undecided { .. } => match pair.more_seeds() {
            Some(more) => format!(
                "undecided: about {} decide it as likely as not",
                format::plural(more, "more seed", "more seeds")
            ),
            None => "undecided: more seeds do not decide it on these images".to_owned(),
        },
        _ => word.name().to_owned(),
    }
}
