//! The report as LaTeX: whole, in order, and without a command that is not ours. `.ci/check-latex.sh` compiles it.

use crate::common;

use std::collections::BTreeSet;

use toile_record::Records;
use toile_report::section::{FigurePicture, Section};
use toile_report::{ExportInput, Exporter, LatexExporter, PROCEDURAL_NOTICE, ReportView, view};

/// Every command that may occur behind the preamble.
const COMMANDS: &[&str] = &[
    "addlinespace",
    "allowbreak",
    "approx",
    "begin",
    "beta",
    "bfseries",
    "bigskip",
    "bottomrule",
    "caption",
    "cdot",
    "char",
    "circ",
    "definecolor",
    "diamond",
    "dots",
    "draw",
    "end",
    "endfirsthead",
    "endhead",
    "endlastfoot",
    "ensuremath",
    "fill",
    "footnotesize",
    "hspace",
    "includegraphics",
    "input",
    "item",
    "itshape",
    "label",
    "le",
    "ge",
    "linewidth",
    "medskip",
    "midrule",
    "mu",
    "multicolumn",
    "newline",
    "node",
    "par",
    "path",
    "pm",
    "raggedbottom",
    "renewcommand",
    "rightarrow",
    "scriptsize",
    "section",
    "setlength",
    "small",
    "strut",
    "subsection",
    "subsubsection",
    "surd",
    "tabcolsep",
    "tableofcontents",
    "vspace",
    "textasciicircum",
    "textasciitilde",
    "textbackslash",
    "textbar",
    "textbf",
    "textgreater",
    "textit",
    "textless",
    "texttt",
    "tikzset",
    "uparrow",
    "times",
    "toprule",
    "ttfamily",
];

/// A name that would do harm if any of it were read by TeX, and would be lost if any of it could not be printed.
const HOSTILE: &str =
    "\\input{/etc/passwd} \\write18{id} a_b%c&d$e#f{g}h~i^j ^^5cend} µ≤±− 模型 🚀 é [x] * \"q\" `r' -- |<>";

fn files(records: &Records) -> Vec<(String, String)> {
    let view = view(records);
    let files = LatexExporter.files(ExportInput { records, view: &view });
    let is_text = |path: &str| path.ends_with(".tex");
    // What the preamble defines is a template, and no report.
    files
        .filter(|file| is_text(&file.path) && file.path != "latex/preamble.tex")
        .map(|file| (file.path, String::from_utf8(file.bytes).expect("UTF-8")))
        .collect()
}

fn file<'a>(files: &'a [(String, String)], path: &str) -> &'a str {
    files.iter().find(|(own, _)| own == path).map_or_else(|| panic!("no {path}"), |(_, text)| text)
}

/// What TeX would trip over: an environment or a brace that is not closed, a sign that only TeX reads, a command that
/// is not ours, a character outside of ASCII that is not given to `\toilechar`.
fn faults(text: &str) -> Vec<String> {
    let text = text.split_once("\\begin{document}").map_or(text, |(_, body)| body);
    let text = text.strip_suffix("\\end{document}\n").unwrap_or(text);
    let mut faults = Vec::new();
    // What is open: `{`, or the name of an environment.
    let mut open: Vec<String> = Vec::new();
    let mut rest = text;
    let mut last = String::new();
    while let Some(c) = rest.chars().next() {
        let before = &text[..text.len() - rest.len()];
        rest = &rest[c.len_utf8()..];
        match c {
            '%' => rest = rest.find('\n').map_or("", |end| &rest[end..]),
            '{' => open.push("{".into()),
            '}' if open.pop().as_deref() != Some("{") => {
                faults.push(format!("a brace too many after {last}"))
            }
            '}' => {}
            '\\' => {
                let length = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                let name = rest[..length.max(1)].to_owned();
                rest = &rest[name.len()..];
                if length == 0 {
                    let is_ours =
                        matches!(name.as_str(), "\\" | "{" | "}" | "$" | "&" | "#" | "%" | "_" | "," | " ");
                    faults.extend((!is_ours).then(|| format!("\\{name}")));
                } else if let ("begin" | "end", Some((of, after))) = (name.as_str(), argument(rest)) {
                    rest = after;
                    match name == "begin" {
                        true => open.push(of.to_owned()),
                        false if open.pop().as_deref() == Some(of) => {}
                        false => faults.push(format!("the end of {of} out of place")),
                    }
                } else if !COMMANDS.contains(&name.as_str()) && !name.starts_with("toile") {
                    faults.push(format!("\\{name} is not ours"));
                }
                last = name;
            }
            '&' if !open.iter().any(|one| one == "tabular" || one == "longtable") => faults.push("&".into()),
            '^' | '_' if !before.ends_with("\\ensuremath{") => faults.push(c.into()),
            '$' | '#' => faults.push(c.into()),
            c if !c.is_ascii() => {
                let given = format!("\\toilechar{{{:04X}}}{{", u32::from(c));
                faults
                    .extend((!before.ends_with(&given)).then(|| format!("{c} is not given to \\toilechar")));
            }
            _ => {}
        }
    }
    faults.extend(open.iter().map(|one| format!("{one} is not closed")));
    faults
}

/// `{name}rest`
fn argument(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('{')?.split_once('}')
}

/// What is printed of escaped text.
fn printed(latex: &str) -> String {
    let mut text = latex.replace("\\toilebreak{}", "");
    for (command, sign) in [
        ("\\ensuremath{-}", "−"),
        ("\\ensuremath{\\mu}", "µ"),
        ("\\ensuremath{\\le}", "≤"),
        ("\\ensuremath{\\pm}", "±"),
        ("\\textasciicircum{}", "^"),
        ("\\textasciitilde{}", "~"),
        ("\\textless{}", "<"),
        ("\\textgreater{}", ">"),
        ("\\textbar{}", "|"),
        ("\\toilequote{}", "\""),
        ("\\toilegrave{}", "`"),
        ("{[}", "["),
        ("{]}", "]"),
        ("{*}", "*"),
        ("-{}", "-"),
        ("\\ensuremath{\\cdot}", "·"),
        ("``", "“"),
        ("''", "”"),
        ("\\dots{}", "…"),
        ("\\%", "%"),
        ("\\&", "&"),
        ("\\$", "$"),
        ("\\ensuremath{\\rightarrow}", "→"),
        ("\\ensuremath{\\times}", "×"),
        ("\\ensuremath{\\ge}", "≥"),
        ("\\ensuremath{\\approx}", "≈"),
        ("\\ensuremath{\\surd}", "√"),
        ("\\#", "#"),
        ("\\_", "_"),
    ] {
        text = text.replace(command, sign);
    }
    while let Some(at) = text.find("\\toilechar{") {
        let c = text[at..].split(['{', '}']).nth(3).unwrap_or_default().to_owned();
        let length = text[at..].match_indices('}').nth(1).map_or(text.len() - at, |(end, _)| end + 1);
        text.replace_range(at..at + length, &c);
    }
    text.replace("\\{", "{").replace("\\}", "}").replace("\\textbackslash{}", "\\")
}

#[test]
fn every_file_is_whole_and_holds_no_command_but_ours() {
    let samples = [
        common::records(3),
        common::interrupted(2),
        common::searched(common::records(1)),
        common::procedural(common::records(1)),
    ];
    for records in &samples {
        let files = files(records);
        for (path, text) in &files {
            assert_eq!(faults(text), Vec::<String>::new(), "{path}");
        }
        let report = file(&files, "latex/report.tex");
        let inputs: BTreeSet<&str> =
            report.split("\\input{").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
        let parts: BTreeSet<&str> = files
            .iter()
            .filter_map(|(path, _)| path.strip_prefix("latex/")?.strip_suffix(".tex"))
            .filter(|path| *path != "report")
            .collect();
        let read: BTreeSet<&str> = inputs.into_iter().filter(|path| *path != "preamble").collect();
        assert_eq!(read, parts, "what is there is read, and the other way round");
    }
}

/// The check above would find what it looks for.
#[test]
fn each_kind_of_fault_is_found() {
    for (text, found) in [
        ("\\textbf{a", "{ is not closed"),
        ("a}", "a brace too many after "),
        ("\\begin{tabular}{l}\\end{table}", "the end of table out of place"),
        ("\\write18{a}", "\\write is not ours"),
        ("100$", "$"),
        ("a & b", "&"),
        ("x_1", "_"),
        ("é", "é is not given to \\toilechar"),
    ] {
        assert_eq!(faults(text).first().map(String::as_str), Some(found), "{text}");
    }
    assert_eq!(faults("100\\% % $ & \\write\n\\ensuremath{_1}"), Vec::<String>::new());
}

#[test]
fn hostile_names_come_out_as_text_and_nothing_of_them_is_lost() {
    let mut records = common::records(1);
    records.study.name = HOSTILE.into();
    records.study.question = Some(format!("{HOSTILE}\n\n\\end{{quote}}"));
    records.study.file = format!("name = '{HOSTILE}'\n\\end{{document}}\n  % not a comment\n");
    records.runs[0].name = HOSTILE.into();
    records.runs[0].model = HOSTILE.into();
    records.runs[0].note = Some(HOSTILE.into());
    records.study.data.class_names[3] = HOSTILE.into();
    let files = files(&records);
    for (path, text) in &files {
        assert_eq!(faults(text), Vec::<String>::new(), "{path}");
        assert!(!text.contains("\\input{/"), "{path}");
    }
    let report = file(&files, "latex/report.tex");
    let title = report.lines().find_map(|line| line.strip_prefix("\\toiletitle{")).expect("a title");
    let shown = printed(title.strip_suffix('}').expect("closed"));
    assert!(HOSTILE.starts_with(shown.trim_end_matches('…')) && shown.chars().count() > 80, "{shown}");
    assert!(report.contains("~~\\%\\ not\\ a\\ comment"));
    let ranking = printed(file(&files, "latex/tables/ranking.tex"));
    assert!(ranking.contains("\\input{/etc/passwd} \\write18{id} a_b%c&d$e#f{g}h~i^j"), "{ranking}");
}

/// Each number and word of a table that stands on the page.
fn assert_cells(section: &Section, all: &str) {
    for table in section.tables.iter().filter(|table| !table.is_detail) {
        for cell in table.rows.iter().flatten() {
            assert!(all.contains(&cell.text), "`{}` of `{}` is not in LaTeX", cell.text, table.caption);
        }
    }
    section.parts.iter().for_each(|part| assert_cells(part, all));
}

#[test]
fn tables_hold_every_cell_of_the_page_as_it_is_written_there() {
    let records = common::searched(common::records(2));
    let files = files(&records);
    let tables = files.iter().filter(|(path, _)| path.starts_with("latex/tables/"));
    let all: String = tables.map(|(_, text)| printed(text).replace("--", "–")).collect();
    view(&records).sections.iter().for_each(|section| assert_cells(section, &all));
}

fn charts(section: &Section) -> Vec<&str> {
    let own = section.figures.iter().filter_map(|figure| match &figure.picture {
        FigurePicture::Svg(svg) => Some(svg.as_str()),
        FigurePicture::Png { .. } => None,
    });
    own.chain(section.parts.iter().flat_map(charts)).collect()
}

fn all_charts(view: &ReportView) -> Vec<&str> {
    view.sections.iter().flat_map(charts).collect()
}

#[test]
fn charts_hold_every_label_of_the_page() {
    let records = common::searched(common::records(2));
    let view = view(&records);
    let files = files(&records);
    let figures: Vec<&String> =
        files.iter().filter(|(path, _)| path.starts_with("latex/figures/")).map(|(_, text)| text).collect();
    let labels = |text: &str, mark: &str| text.matches(mark).count();
    let on_page: usize = all_charts(&view).iter().map(|svg| labels(svg, "<text")).sum();
    let on_paper: usize = figures.iter().map(|text| labels(text, "\\node[")).sum();
    assert_eq!(on_page, on_paper);
    assert_eq!(all_charts(&view).len(), figures.len());
    assert!(figures.iter().all(|text| text.contains("\\path[")), "an empty chart");
}

#[test]
fn drawn_data_are_called_so_in_every_table_and_figure() {
    for (path, text) in files(&common::procedural(common::records(1))) {
        if path.starts_with("latex/tables/") || path.starts_with("latex/figures/") {
            assert!(text.contains(PROCEDURAL_NOTICE), "{path}");
        }
    }
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let records = common::records(2);
    assert_eq!(files(&records), files(&records));
}
