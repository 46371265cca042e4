//! The claims of the study file: each with its verdict by the published table alone, and by our own runs.

use toile_judge::{ClaimVerdict, WeighedClaim};

use super::{
    CellTone, Reasoned, ResultSource, Section, SectionContext, SectionTable, TableCell, TableColumn,
};
use crate::format::plural;
use crate::text;

/// The longest sentence of a claim that is shown.
const LENGTH: usize = 400;

/// All verdicts, in the order in which they are counted.
const VERDICTS: [ClaimVerdict; 6] = [
    ClaimVerdict::Supported,
    ClaimVerdict::Contradicted,
    ClaimVerdict::Confounded,
    ClaimVerdict::Undecided,
    ClaimVerdict::UndecidedFromOneRun,
    ClaimVerdict::NotTestable,
];

/// What the verdicts mean, with the words for by what they are given.
fn how(by: &str) -> String {
    format!(
        "A claim about settings is supported or contradicted{by} only if three seeds or more of each show it over seeds and \
         images, corrected after Holm for everything that this report compares. Undecided means that chance can explain what is \
         seen; confounded, that more than one setting was changed; not testable, that what would have to be measured was not."
    )
}

/// The section; `None` if the study file makes no claim.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    of(context.reasoned())
}

/// The same of any results.
pub(super) fn of(Reasoned { reasoning, source }: Reasoned) -> Option<Section> {
    let ours = &reasoning.judgement.claims;
    if ours.is_empty() {
        return None;
    }
    let published = reasoning.published.as_ref().map(|(_, judgement)| &judgement.claims);
    let rows = ours.iter().enumerate().map(|(i, claim)| row(claim, published.map(|all| &all[i]))).collect();
    let mut columns = vec![TableColumn::row_name("Claim")];
    columns.extend(published.map(|_| TableColumn::words("By the published table")));
    let [verdict, caption, by] = match source {
        ResultSource::Study => ["By our runs", "The claims of the study file, in its order.", " by our runs"],
        ResultSource::File => ["Verdict", "The claims, in their order.", ""],
    };
    columns.push(TableColumn::words(verdict));
    columns.push(TableColumn::words("Why").below());
    let by_table = published.map(|all| format!("By the published table alone: {}.", counts(all)));
    let said = match source {
        ResultSource::Study => format!("By our own runs: {}.", counts(ours)),
        ResultSource::File => format!("{}.", text::sentence_case(&counts(ours))),
    };
    Some(Section {
        paragraphs: by_table.into_iter().chain([said]).collect(),
        tables: vec![SectionTable::new(caption, columns, rows)],
        notes: vec![how(by)],
        ..Section::new("claims", "Claims")
    })
}

/// `20 supported, 11 contradicted`
pub(super) fn counts(claims: &[WeighedClaim]) -> String {
    let count = |verdict: ClaimVerdict| claims.iter().filter(|claim| claim.verdict == verdict).count();
    let parts = VERDICTS.into_iter().filter(|verdict| count(*verdict) > 0);
    let parts: Vec<String> = parts.map(|verdict| format!("{} {}", count(verdict), verdict.name())).collect();
    format!("of {}, {}", plural(claims.len(), "claim", "claims"), parts.join(", "))
}

fn row(ours: &WeighedClaim, published: Option<&WeighedClaim>) -> Vec<TableCell> {
    let says = ours.says.as_deref().unwrap_or(&ours.id);
    let mut cells = vec![TableCell { link: None, ..TableCell::text(text::name(says, LENGTH)) }];
    cells.extend(published.map(verdict));
    cells.push(verdict(ours));
    cells.push(TableCell::text(text::name(&why(ours, published), 2 * LENGTH)));
    cells
}

fn verdict(claim: &WeighedClaim) -> TableCell {
    let tone = match claim.verdict {
        ClaimVerdict::Contradicted => CellTone::Outside,
        _ => CellTone::Plain,
    };
    TableCell { tone, ..TableCell::text(claim.verdict.name()) }
}

/// The reason of our runs; that of the table too where it is another.
fn why(ours: &WeighedClaim, published: Option<&WeighedClaim>) -> String {
    match published.filter(|published| published.why != ours.why) {
        Some(published) => format!("Table: {} Ours: {}", published.why, ours.why),
        None => ours.why.clone(),
    }
}
