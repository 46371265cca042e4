//! The report of another program's results: it says what the judgement says, in every form, whatever the names hold.

use toile_judge::plain::{PlainRecords, read};
use toile_judge::{PairVerdict, PairWord, judge, ranked_quantity};
use toile_report::JudgedReport;
use toile_report::section::{Section, SectionTable};

/// Four recipes of three runs, with epochs, images, claims, and names that are hard to print.
const RECORDS: &str = include_str!("../../toile/tests/judged/records.json");

fn report_of(text: &str) -> JudgedReport {
    let PlainRecords { results, claims } = read(text).expect("plain records");
    let judgement = judge(&results, &claims, ranked_quantity(&results));
    JudgedReport::new("records.json", "0.0.0", results, judgement)
}

fn section<'a>(report: &'a JudgedReport, id: &str) -> &'a Section {
    report.sections().iter().find(|section| section.id == id).unwrap_or_else(|| panic!("no section {id}"))
}

fn texts(table: &SectionTable, column: usize) -> Vec<&str> {
    table.rows.iter().map(|row| row[column].text.as_str()).collect()
}

#[test]
fn it_has_the_sections_of_a_study_that_need_results_alone() {
    let report = report_of(RECORDS);
    let ids: Vec<&str> = report.sections().iter().map(|section| section.id.as_str()).collect();
    assert_eq!(ids, ["summary", "factors", "ranking", "claims", "findings", "comparisons", "runs"]);
    for said in [report.html(), report.markdown(), report.latex()] {
        assert!(said.contains("Written by toile 0.0.0 from plain records."));
        assert!(!said.contains("study file") && !said.contains("results.json"), "words of a study");
        assert!(JudgedReport::is_report(said.as_bytes()));
    }
}

/// The ranking and the comparisons are those of the judgement, number by number.
#[test]
fn ranking_and_comparisons_are_those_of_the_judgement() {
    let PlainRecords { results, claims } = read(RECORDS).expect("plain records");
    let judgement = judge(&results, &claims, ranked_quantity(&results));
    let report = JudgedReport::new("r", "0", results.clone(), judgement.clone());
    let ranking = &section(&report, "ranking").tables[0];
    let order: Vec<&str> =
        judgement.groups.groups.iter().flatten().map(|place| results.recipes[*place].name.as_str()).collect();
    assert_eq!(texts(ranking, 1), order);
    assert_eq!(ranking.lines.len(), judgement.groups.groups.len() - 1, "a line between two groups");
    assert_eq!(ranking.columns[3].title, "Test accuracy");
    let mut seen = Vec::new();
    let mut is_new = |pair: &&PairVerdict| {
        let is_known = seen.contains(&(pair.places, pair.quantity));
        seen.push((pair.places, pair.quantity));
        !is_known
    };
    let decided = judgement.pairs.iter().filter(|pair| pair.word() != PairWord::Undecided);
    let decided: Vec<&PairVerdict> = decided.filter(|pair| is_new(pair)).collect();
    let table = &section(&report, "comparisons").tables[0];
    for (pair, row) in decided.iter().zip(&table.rows) {
        assert_eq!(row[2].value, pair.difference());
        assert!(row[2].text.contains(" to "), "an interval: {}", row[2].text);
        assert_eq!(row[4].text, pair.word().name());
    }
    assert_eq!(table.rows.len(), decided.len());
    let verdicts: Vec<&str> = judgement.claims.iter().map(|claim| claim.verdict.name()).collect();
    assert_eq!(texts(&section(&report, "claims").tables[0], 1), verdicts);
}

#[test]
fn runs_tell_their_findings_and_have_curves_where_there_are_epochs() {
    let report = report_of(RECORDS);
    let runs = &section(&report, "runs").parts;
    assert_eq!(runs.len(), 4);
    assert!(runs.iter().all(|run| run.figures.len() == 2));
    assert!(runs[2].paragraphs.join(" ").contains("alidation loss"), "{:?}", runs[2].paragraphs);
    let bare = r#"{"format": 1, "runs": [{"name": "a", "test": {"accuracy": 0.5}}, {"name": "b", "test": {"accuracy": 0.6}}]}"#;
    let report = report_of(bare);
    assert!(section(&report, "runs").parts.iter().all(|run| run.figures.is_empty()));
    assert!(section(&report, "summary").findings.join(" ").contains("Train each again with other seeds."));
    assert!(!report.markdown().contains("Curves show"));
}

#[test]
fn names_are_text_in_every_form() {
    let report = report_of(RECORDS);
    let (html, tex) = (report.html(), report.latex());
    assert!(!html.contains("<b>SGD</b>") && html.contains("&lt;b&gt;SGD&lt;/b&gt;"));
    let body = tex.split_once("\\begin{document}\n\\raggedbottom").expect("a document").1;
    for command in ["\\input", "\\write18", "\\usepackage"] {
        assert!(!body.contains(command), "{command}");
    }
    assert!(body.contains("\\toilechar{6A21}{模}") && body.contains("\\toilechar{1F680}{🚀}"));
    assert!(body.trim_end().ends_with("\\end{document}"));
}

#[test]
fn many_names_are_told_in_brief_and_the_same_file_gives_the_same_bytes() {
    let run = |i: usize| {
        format!(
            r#"{{"name": "r{i}", "epochs": [{{"epoch": 1, "loss": 1}}, {{"epoch": 2, "loss": 0.5}}], "test": {{"accuracy": 0.{}}}}}"#,
            500 + i
        )
    };
    let runs: Vec<String> = (0..60).map(run).collect();
    let text = format!(r#"{{"format": 1, "runs": [{}]}}"#, runs.join(","));
    let report = report_of(&text);
    let runs = section(&report, "runs");
    assert!(runs.paragraphs[0].contains("here 60") && runs.parts.iter().all(|run| run.figures.is_empty()));
    let undecided = &section(&report, "comparisons").tables[0];
    assert_eq!((undecided.rows.len(), undecided.notes.len()), (200, 1), "of 1,770 pairs");
    assert_eq!(report.html(), report_of(&text).html());
}
