//! Searches in Markdown: the same tables and sentences as on the page, and a line of blocks for the best so far.

use super::{MarkdownWriter, blocks};
use crate::format;
use crate::text::escape_markdown as escape;
use crate::view::{ReportView, SEARCH_HEADER, SearchView};

/// All searches; nothing if there are none.
pub fn searches(out: &mut MarkdownWriter, view: &ReportView) {
    let searches = &view.searches;
    if searches.sections.is_empty() {
        return;
    }
    out.heading("Searches");
    let rows: Vec<Vec<String>> = searches
        .rows
        .iter()
        .map(|row| {
            std::iter::once(searches.sections[row.search].name.clone())
                .chain(row.cells.iter().cloned())
                .collect()
        })
        .collect();
    out.table("llrlrrrrrr", &SEARCH_HEADER.map(str::to_owned), &rows);
    searches.sections.iter().for_each(|search| section(out, search));
}

fn section(out: &mut MarkdownWriter, search: &SearchView) {
    let state = search.unfinished.as_ref().map_or_else(String::new, |state| format!(" ({state})"));
    out.paragraph(&format!("### {}{}", escape(&search.name), escape(&state)));
    if let Some(note) = &search.note {
        out.paragraph(&escape(note));
    }
    search.sentences.iter().for_each(|sentence| out.item(&escape(sentence)));
    best_so_far(out, search);
    out.end_list();
    search.warnings.iter().for_each(|warning| out.paragraph(&format!("**{}**", escape(warning))));
    chosen(out, search);
    if !search.top.rows.is_empty() {
        out.paragraph(&escape(&search.top_caption()));
        out.table(&"r".repeat(search.top.header.len()), &search.top.header, &search.top.rows);
    }
    importance(out, search);
    how(out, search);
}

fn importance(out: &mut MarkdownWriter, search: &SearchView) {
    let importance = &search.importance;
    out.paragraph(&escape(&importance.note));
    if importance.shares.is_empty() {
        return;
    }
    let header = ["Parameter", "Importance", "95 %"].map(str::to_owned);
    let row = |share: &crate::view::Share| {
        let (low, high) = share.interval;
        vec![
            share.name.clone(),
            format::percent(share.value),
            format!("{} to {}", format::percent(low), format::percent(high)),
        ]
    };
    let rows: Vec<Vec<String>> = importance.shares.iter().map(row).collect();
    out.table("lrr", &header, &rows);
}

fn best_so_far(out: &mut MarkdownWriter, search: &SearchView) {
    for (history, metric) in search.histories.iter().zip(&search.metrics) {
        let last = history.last as usize;
        let at =
            |number: f64| history.best.iter().take_while(|step| step.0 <= number).last().map(|step| step.1);
        let line: Vec<f64> =
            (0..=last.min(49)).filter_map(|i| at((i * last / last.clamp(1, 49)) as f64)).collect();
        if let (Some(first), Some(best)) = (line.first(), line.last()) {
            let (first, best) = (metric.text(*first), metric.text(*best));
            out.item(&format!("Best {} so far: {first} → {best} `{}`", escape(&metric.name), blocks(&line)));
        }
    }
}

fn chosen(out: &mut MarkdownWriter, search: &SearchView) {
    let Some(chosen) = &search.chosen else { return };
    out.paragraph(&format!(
        "The chosen configuration, trained once more as “{}”. {}",
        escape(&chosen.name),
        escape(&chosen.sentence)
    ));
    let header = ["Metric", "ours", "published", "difference"].map(str::to_owned);
    let rows: Vec<Vec<String>> = chosen.rows.iter().map(|row| row.to_vec()).collect();
    out.table("lrrr", &header, &rows);
}

fn how(out: &mut MarkdownWriter, search: &SearchView) {
    let rows: Vec<Vec<String>> =
        search.facts.iter().map(|fact| vec![fact.label.to_owned(), fact.value.clone()]).collect();
    out.table("ll", &[String::new(), String::new()], &rows);
    let header = ["Parameter", "Range", "Scale", "When"].map(str::to_owned);
    let row = |row: &crate::view::SpaceRow| {
        vec![row.name.clone(), row.range.clone(), row.scale.clone(), row.condition.clone()]
    };
    let rows: Vec<Vec<String>> = search.space.iter().map(row).collect();
    out.table("llll", &header, &rows);
}
