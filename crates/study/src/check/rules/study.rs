//! Rules of the study as a whole: its data, its split, its number of runs.

use super::runs::has_validation;
use crate::check::DataShape;
use crate::check::data_shape::known_names;
use crate::check::draft::Draft;
use crate::check::faults::quote;
use crate::check::suggest;
use crate::check::tree::Node;
use crate::check::walk::Walk;
use crate::file::{ValidationSplit, default};
use toile_record::Seeds;

/// The most runs of a study, repetitions counted.
pub(crate) const MAX_RUNS: usize = 10_000;

/// What is said of a race in a study that holds no images back.
pub(crate) const RACE_NEEDS_VALIDATION: &str =
    "seeds are added until comparisons are decided on validation images, and the study has none";

pub(super) fn check(draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    data(draft, walk);
    split(draft, shape, walk);
    race(draft, walk);
    size(draft, walk);
}

/// The data is a name of the catalogue or a path. A misspelt name must not be taken for a folder.
fn data(draft: &Draft, walk: &mut Walk) {
    let name = draft.study.data.path();
    options(draft, walk);
    if name.is_empty() || is_path(name) || known_names().contains(&name) {
        return;
    }
    let help = format!(
        "{}; a folder of your own has a slash: `./{}`",
        suggest::help(name, &known_names()),
        quote(name)
    );
    walk.fault(&place(draft).span, format!("unknown data set `{}`", quote(name)), help);
}

/// Where the file names its data: a text, or the path in a table.
fn place<'a>(draft: &Draft<'a>) -> &'a Node {
    let data = draft.root.at(&["study", "data"]);
    data.get("path").unwrap_or(data)
}

/// Named sets are read as they are; and there is one way to validate.
fn options(draft: &Draft, walk: &mut Walk) {
    let (table, data) = (draft.study.data.table(), draft.root.at(&["study", "data"]));
    if known_names().contains(&table.path.as_str()) && !table.is_plain() {
        let message = format!("`{}` is read as it is published", quote(&table.path));
        walk.fault(
            &data.span,
            message,
            "leave out all but `path`; the other settings are for data of your own",
        );
    }
    if table.resize.is_some() && table.size.is_none() {
        walk.fault(&data.span, "`resize` needs `size`", "for example `size = [28, 28]`");
    }
    if draft.study.data.has_own_validation() && draft.study.validation_split.is_some() {
        let split = &draft.root.at(&["study", "validation_split"]).span;
        let help = "leave out one of the two: the data's own part is used, or a part of the training images";
        walk.fault(
            split,
            "`validation = \"own\"` of the data and `validation_split` exclude each other",
            help,
        );
    }
}

/// A folder is written with a slash, so it cannot be confused with a name.
fn is_path(name: &str) -> bool {
    name.contains(['/', '\\']) || name.starts_with('.')
}

/// Both parts must have an image.
fn split(draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    let (Some(split), Some(shape)) = (draft.study.validation_split, shape) else { return };
    let fraction = split.fraction();
    let n_train = toile_data::n_train(shape.images, fraction, split.how());
    if fraction > 0.0 && (n_train == 0 || n_train >= shape.images) {
        let part = if n_train == 0 { "training" } else { "validation" };
        let path: &[_] = match split {
            ValidationSplit::Fraction(_) => &["study", "validation_split"],
            ValidationSplit::Table(_) => &["study", "validation_split", "fraction"],
        };
        let message = format!("a fraction of {fraction} leaves no image for {part}");
        walk.fault(
            &draft.root.at(path).span,
            message,
            format!("the data has {} training images", shape.images),
        );
    }
}

/// A race begins with what every run has, and is judged on validation images.
fn race(draft: &Draft, walk: &mut Walk) {
    let Some(race) = draft.study.seeds.and_then(|seeds| Seeds::from(seeds).race()) else { return };
    let place = |path: &[&str]| draft.root.at(path).span.clone();
    if race.at_most < race.at_least {
        let message = format!("`at_most` is {}, below `at_least`, {}", race.at_most, race.at_least);
        walk.fault(&place(&["study", "seeds"]), message, "seeds are added from `at_least` to `at_most`");
    }
    if !has_validation(draft) {
        walk.fault(
            &place(&["study", "seeds"]),
            RACE_NEEDS_VALIDATION,
            "hold some back: `validation_split = 0.1`",
        );
    }
}

fn size(draft: &Draft, walk: &mut Walk) {
    let of_study = draft.study.seeds.map_or(default::SEEDS, |seeds| Seeds::from(seeds).at_least());
    let seeds = |own: Option<usize>| own.or(draft.defaults.seeds).unwrap_or(of_study);
    let runs: usize = draft.runs.iter().map(|run| seeds(run.settings.seeds)).sum();
    if runs > MAX_RUNS {
        let message =
            format!("a study has at most {MAX_RUNS} runs, repetitions counted; this one has {runs}");
        walk.fault(&draft.root.at(&["study"]).span, message, "lower `seeds`, or make several studies of it");
    }
}
