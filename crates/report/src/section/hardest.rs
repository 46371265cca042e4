//! The class that each run finds hardest.

use super::confusion::measure;
use super::{Section, SectionContext, SectionTable, TableCell, TableColumn};
use crate::format;
use crate::text;
use crate::view::{ClassScores, RunGroup};

const HOW: &str = "The hardest class of a run is the one with the lowest recall on the test images, over all its seeds. It is named \
                   only where the 95 % interval of its recall (Wilson) lies below that of all other classes together.";

/// The part; `None` where no run has a class that is harder than the others.
pub(super) fn part(context: &SectionContext) -> Option<Section> {
    let drawn = context.drawn();
    let scored: Vec<(&RunGroup, &ClassScores)> =
        drawn.iter().filter_map(|group| Some((*group, &group.confused.as_ref()?.scores))).collect();
    let sentence = sentence(&scored)?;
    let numeric = ["its recall", "its F1", "macro F1"].map(TableColumn::numeric);
    let columns = [TableColumn::row_name("Run"), TableColumn::words("Hardest class")];
    let table = SectionTable::folded(
        "The hardest class of each run",
        "The class with the lowest recall, and the mean of F1 over all classes.",
        columns.into_iter().chain(numeric).collect(),
        scored.iter().map(|(group, scores)| row(group, scores)).collect(),
    );
    Some(Section {
        paragraphs: vec![sentence],
        tables: vec![table],
        notes: vec![HOW.to_owned()],
        ..Section::part("The hardest class")
    })
}

fn row(group: &RunGroup, scores: &ClassScores) -> Vec<TableCell> {
    let hardest = scores.hardest.map(|class| &scores.classes[class]);
    vec![
        TableCell { link: Some(group.anchor.clone()), ..TableCell::text(&group.name) },
        hardest.map_or_else(TableCell::none, |class| TableCell::text(&class.class)),
        measure(hardest.and_then(|class| class.recall.as_ref())),
        measure(hardest.and_then(|class| class.f1.as_ref())),
        measure(scores.macro_average.f1.as_ref()),
    ]
}

/// `The hardest class is “Shirt” in 17 runs (recall 0.551 to 0.724); in 1 run no class stands out.`
fn sentence(scored: &[(&RunGroup, &ClassScores)]) -> Option<String> {
    let mut found: Vec<(&str, Vec<f64>)> = Vec::new();
    for (_, scores) in scored {
        let Some(class) = scores.hardest.map(|class| &scores.classes[class]) else { continue };
        let recall = class.recall.as_ref().map_or(0.0, |recall| recall.mean);
        match found.iter_mut().find(|(name, _)| *name == class.class) {
            Some((_, recalls)) => recalls.push(recall),
            None => found.push((&class.class, vec![recall])),
        }
    }
    found.sort_by_key(|(_, recalls)| std::cmp::Reverse(recalls.len()));
    let words = |(name, recalls): &(&str, Vec<f64>)| {
        let low = recalls.iter().copied().fold(f64::INFINITY, f64::min);
        let high = recalls.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = if recalls.len() == 1 { format!("{low:.3}") } else { format!("{low:.3} to {high:.3}") };
        format!("“{name}” in {} (recall {range})", format::plural(recalls.len(), "run", "runs"))
    };
    let named: usize = found.iter().map(|(_, recalls)| recalls.len()).sum();
    let rest = match scored.len() - named {
        0 => String::new(),
        n => format!("; in {} no class stands out", format::plural(n, "run", "runs")),
    };
    let parts: Vec<String> = found.iter().map(words).collect();
    (!parts.is_empty()).then(|| format!("The hardest class is {}{rest}.", text::listed(&parts)))
}
