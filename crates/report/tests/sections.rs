//! Sections: what "Settings beside results" holds, and that every face shows it.

use crate::common;

use serde_json::json;
use toile_record::ReadingRecord;
use toile_report::section::{Section, SectionTable};
use toile_report::{html, markdown, view};

fn settings(sections: &[Section]) -> &SectionTable {
    let section = sections.iter().find(|section| section.id == "settings").expect("the section");
    &section.tables[0]
}

fn titles(table: &SectionTable) -> Vec<&str> {
    table.columns.iter().map(|column| column.title.as_str()).collect()
}

/// Who looks at numbers of own pictures must see what the pictures went through.
#[test]
fn the_set_up_says_how_own_data_were_read() {
    let mut records = common::records(1);
    let data = &mut records.study.data;
    data.reading = ReadingRecord {
        format: "folders of pictures in a ZIP archive".into(),
        decoders: vec!["png 0.18".into(), "zune-jpeg 0.5".into()],
        notes: vec!["2 of 90 pictures: turned as EXIF says".into(), "<b>left out</b>: `a.txt`".into()],
    };
    data.split.how = "own".into();
    let facts = [
        ("Read as", "folders of pictures in a ZIP archive, by png 0.18 and zune-jpeg 0.5"),
        ("Notes", "2 of 90 pictures: turned as EXIF says; <b>left out</b>: `a.txt`"),
    ];
    let view = view(&records);
    let setup = view.sections.iter().find(|section| section.id == "setup").expect("the section");
    for (label, value) in facts {
        assert!(
            setup.facts.iter().any(|fact| (fact.label, fact.value.as_str()) == (label, value)),
            "{:?}",
            setup.facts
        );
    }
    let split = setup.facts.iter().find(|fact| fact.label == "Split").expect("the split");
    assert!(split.value.starts_with("the data's own part for validation: "), "{}", split.value);
    assert!(html(&view).contains("&lt;b&gt;left out") || html(&view).contains("&#60;b&#62;left out"));
}

/// By the table of the made-up study: models, optimizers, rates, batches and epochs differ; β₁ and β₂ are the same
/// wherever an optimizer has them. Where epochs or batches differ, updates do: 50 · ⌈54,000 / 128⌉.
#[test]
fn there_is_one_column_per_setting_that_differs_and_the_accuracies_follow() {
    let view = view(&common::records(2));
    let table = settings(&view.sections);
    assert_eq!(
        titles(table),
        [
            "Run",
            "model",
            "optimizer",
            "optimizer.learning_rate",
            "batch_size",
            "epochs",
            "updates",
            "Validation accuracy",
            "Test accuracy"
        ]
    );
    let texts: Vec<&str> = table.rows[3][..7].iter().map(|cell| cell.text.as_str()).collect();
    assert_eq!(texts, ["Model 4", "dense", "sgd", "0.1", "128", "50", "21100"]);
    assert_eq!(table.rows.len(), view.groups.len());
    let is_numeric: Vec<bool> = table.columns.iter().map(|column| column.is_numeric).collect();
    assert_eq!(is_numeric, [false, false, false, true, true, true, true, true, true]);
}

#[test]
fn every_number_is_there_as_value_and_as_text() {
    let view = view(&common::records(3));
    let ours = view.groups[3].comparison.columns[5].ours.as_ref().expect("three seeds");
    let row = &settings(&view.sections).rows[3];
    assert_eq!((row[3].value, row[4].value), (Some(0.1), Some(128.0)));
    assert_eq!((row[8].value, row[8].sd, row[8].text.clone()), (Some(ours.mean), ours.sd, ours.text()));
    let json = serde_json::to_value(view.section("settings")).expect("sections serialise");
    assert_eq!(
        json["tables"][0]["rows"][3][3],
        json!({"text": "0.1", "value": 0.1, "sd": null, "link": null})
    );
}

#[test]
fn a_setting_that_only_one_of_the_runs_changes_gets_its_column() {
    let mut records = common::records(1);
    records.runs[4].plan["optimizer"]["adam"]["clipnorm"] = json!(1.0);
    let view = view(&records);
    let table = settings(&view.sections);
    let place = titles(table).iter().position(|title| *title == "optimizer.clipnorm").expect("a column");
    let texts: Vec<&str> = table.rows[3..6].iter().map(|row| row[place].text.as_str()).collect();
    assert_eq!(texts, ["none", "1", "none"]);
}

#[test]
fn runs_that_differ_in_nothing_have_no_section() {
    let mut records = common::records(2);
    records.runs.truncate(2);
    assert_eq!(view(&records).section("settings"), None);
    records.runs.clear();
    assert_eq!(view(&records).section("settings"), None);
}

#[test]
fn both_faces_show_every_cell_and_every_note() {
    let view = view(&common::interrupted(2));
    let (page, text) = (html(&view), markdown(&view));
    let section = view.section("settings").expect("the section");
    assert!(page.contains("<section id=\"settings\"") && page.contains("<a href=\"#settings\">"));
    let page = page.split("<section id=\"settings\"").nth(1).and_then(|rest| rest.split("</section>").next());
    let page = page.expect("the section on the page");
    let text = text.split("## Settings beside results").nth(1).and_then(|rest| rest.split("\n## ").next());
    let text = text.expect("the section in Markdown").replace('\\', "");
    for cell in section.tables[0].rows.iter().flatten() {
        assert!(
            page.contains(&format!(">{}<", cell.text)) && text.contains(&format!("| {} |", cell.text)),
            "{cell:?}"
        );
    }
    for note in &section.notes {
        assert!(page.contains(note) && text.contains(note), "{note}");
    }
    assert!(page.contains("–"), "a run without a complete seed has a dash");
}

/// A plan of another form has the settings that it says, and neither a name nor a value in it can break a face.
#[test]
fn a_plan_that_cannot_be_read_shows_what_it_can() {
    let mut records = common::records(1);
    records.runs[0].plan = json!({"optimizer": "<i>|x|</i>", "batch_size": [1, 2], "brand_new": 7});
    records.runs[1].plan = json!(null);
    records.runs[2].plan["brand_new"] = json!(8);
    let view = view(&records);
    let table = settings(&view.sections);
    assert!(titles(table).contains(&"brand_new"));
    assert!(
        html(&view).contains("&#60;i&#62;|x|&#60;/i&#62;") && markdown(&view).contains("&lt;i&gt;\\|x\\|")
    );
}

#[test]
fn settings_beyond_a_dozen_are_named_below() {
    let mut records = common::records(1);
    for i in 0..20 {
        records.runs[0].plan[format!("extra_{i:02}")] = json!(i);
        records.runs[1].plan[format!("extra_{i:02}")] = json!(i + 1);
    }
    let view = view(&records);
    assert_eq!(settings(&view.sections).columns.len(), 1 + 12 + 2);
    let note = view.section("settings").and_then(|section| section.notes.last()).expect("a note");
    assert!(note.starts_with("14 more differ and are in results.csv: extra_06, extra_07"), "{note}");
}

/// All sections and the parts inside them.
fn with_parts(sections: &[Section]) -> Vec<&Section> {
    sections.iter().flat_map(|section| std::iter::once(section).chain(with_parts(&section.parts))).collect()
}

#[test]
fn the_page_is_made_of_sections_in_this_order() {
    let view = view(&common::searched(common::records(1)));
    let ids: Vec<&str> = view.sections.iter().map(|section| section.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "summary", "factors", "learning", "ranking", "findings", "overview", "settings", "labels",
            "searches", "setup", "runs"
        ]
    );
    let page = html(&view);
    let found: Vec<&str> =
        page.split("<section id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(
        found,
        [
            "summary", "factors", "learning", "ranking", "findings", "overview", "settings", "labels",
            "searches", "setup", "runs", "reading", "file"
        ]
    );
    let parts = |id: &str| view.section(id).map_or(0, |section| section.linked_parts().count());
    assert_eq!((parts("runs"), parts("searches")), (view.groups.len(), view.searches.sections.len()));
    assert!(with_parts(&view.sections).iter().all(|section| section.version > 0));
}

/// A figure needs no cell to be read by a program, and a cell of numbers has its number, unless there is none.
#[test]
fn every_numeric_cell_has_a_value_or_a_dash() {
    let view = view(&common::searched(common::interrupted(2)));
    let mut n = 0;
    for section in with_parts(&view.sections) {
        let drawn = section.figures.iter().filter_map(|figure| figure.table.as_ref());
        for table in section.tables.iter().chain(drawn) {
            for row in table.rows.iter().chain(&table.total) {
                assert_eq!(row.len(), table.columns.len(), "{}: {row:?}", table.caption);
                let numeric = table.columns.iter().zip(row).filter(|(column, _)| column.is_numeric);
                for (column, cell) in numeric {
                    // An interval is two numbers, a category is a word.
                    let is_word = column.title == "95 %" || table.caption.contains("best trials");
                    let has_none = matches!(cell.text.as_str(), "–" | "");
                    assert!(is_word || has_none || cell.value.is_some(), "{}: {cell:?}", column.title);
                    n += usize::from(cell.value.is_some());
                }
            }
        }
    }
    assert!(n > 1_000, "{n} numbers");
    let json = serde_json::to_string(&view.sections).expect("sections serialise");
    assert!(json.contains("\"version\":1") && json.contains("Confusion on the test set"));
}
