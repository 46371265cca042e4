//! The reference page: every table, key, choice, default and range of the study file, as Markdown.
//!
//! It is made from the schema that the check walks along, and is committed as `docs/study-file.md`.

use std::fmt::Write;

use serde_json::Value;

use super::list::example;
use crate::check::grids::schema::is_setting;
use crate::check::groups::{ChoiceGroup, GROUPS, group_of};
use crate::check::sample;
use crate::check::schema::{self, SchemaChoice};
use crate::check::walk::range_in_words;

const HEAD: &str = "\
<!-- Made from the code by `toile schema --markdown`; change the doc comments there. -->

# The study file

A study is one TOML file: a question, the data, the models, and the runs that train them. It is checked as a whole
before anything starts: every fault is shown at once, with its place and the name that was probably meant. Names and
defaults are those of Keras 3 wherever Keras has them.

A choice whose settings all have defaults may be written by its name alone: `\"flatten\"` is `{ flatten = {} }`, and
`optimizer = \"adam\"` is `{ adam = {} }`.

The loss is computed from the last layer's values before its softmax.

Settings that have been renamed are still read by their earlier names, and parameters of searches are called by these:
of schedules `steps` (`decay_steps`), `rate` (`decay_rate`) and `end` (`end_learning_rate`).

A whole study file:

```toml
";

/// The reference page as Markdown.
pub fn reference_page() -> String {
    let mut page = String::from(HEAD);
    page.push_str(crate::starter());
    page.push_str("```\n\n`toile schema` prints a JSON Schema of all this, for completion in editors.\n");
    tables(&mut page);
    for group in &GROUPS {
        section(&mut page, group);
    }
    page
}

/// The tables of the file.
fn tables(page: &mut String) {
    let parts = [
        ("[study]", "StudyTable", ""),
        (
            "[models.NAME]",
            "ModelTable",
            "A model that begins with a dense layer takes the image as one row of values.",
        ),
        ("[[runs]]", "RunTable", "A setting that a run does not have is taken from `[defaults]`."),
        (
            "[[grid]]",
            "GridTable",
            "It also has the settings of a run and `initial_weights`, each with one value or a list of values.",
        ),
        (
            "[[searches]]",
            "SearchTable",
            "A search also has the settings of a run, those of `[defaults]`; only they may be [ranges](#ranges).",
        ),
        (
            "[defaults]",
            "RunSettings",
            "The same keys as in `[[runs]]`, without those of a single run. Searches use them too, except `seeds`.",
        ),
        (
            "[[claims]]",
            "ClaimTable",
            "The report weighs each claim twice: by the published numbers alone, and by the runs of the study. docs/judge.md \
             says how.",
        ),
        ("fact", "FactTable", ""),
        ("procedure", "ProcedureTable", ""),
        ("published", "PublishedTable", ""),
        (
            "data",
            "DataTable",
            "As a table; a text alone is the name or the path. docs/data.md shows the forms of data.",
        ),
        (
            "validation_split",
            "ValidationSplitTable",
            "As a table; a number alone is the fraction, taken from the end.",
        ),
        (
            "seeds",
            "RaceTable",
            "As a table; a number alone is how often. docs/judge.md says how it is decided.",
        ),
    ];
    for (title, definition, remark) in parts {
        let schema = schema::definition(definition);
        let description = schema::text(schema, "description");
        let _ = writeln!(page, "\n## `{title}`\n\n{}", description);
        if !remark.is_empty() {
            let _ = writeln!(page, "{remark}");
        }
        if definition == "RunSettings" {
            let names: Vec<String> =
                schema::properties(schema).keys().map(|key| format!("`{key}`")).collect();
            let _ = writeln!(page, "\n{}", names.join(", "));
        } else {
            keys(page, schema);
        }
        match definition {
            "GridTable" => page.push_str(GRIDS),
            "SearchTable" => ranges(page),
            _ => {}
        }
    }
}

const GRIDS: &str = "
```toml
[[grid]]
optimizer = [\"sgd\", \"adam\"]          # or tables, as in a run
learning_rate = [0.1, 0.01, 0.001]   # of each of these optimizers
batch_size = [32, 128]
epochs = 20                          # one value is the same for all
```

These are twelve runs, each like a run that is written out: it has the same id, the report shows it, and `[[claims]]` may
name it. The runs are in the order of nested loops; the first of these settings that the grid has is the outermost loop,
the last changes fastest, wherever they stand in the file: `model`, `optimizer`, `learning_rate`, `schedule`, `batch_size`,
`epochs`, `shuffle`, `dtype_policy`, `loss`, `label_smoothing`, `class_weight`, `callbacks`, `initial_weights`, `seed`, `seeds`.

A run's name is made of what varies, in this order: `sgd, learning_rate 0.1, batch_size 32`. A model and an optimizer stand
there by their names alone; a second table of one name is told apart by its settings: `sgd momentum 0.9`. A `name` is a
template: `name = \"{optimizer} at {learning_rate}\"` must hold all that varies, so that no two runs have one name.

`callbacks` is a list itself, so that several values of it are a list of lists:
`callbacks = [[], [{ early_stopping = { patience = 5 } }]]`. Several values of a setting that is a table are a list of tables:
`class_weight = [{}, { 6 = 2.0 }]`. A list is never empty, and holds no value twice. `learning_rate` is for optimizers that
set none themselves, those of the grid or that of `[defaults]`. A grid has at most 1,000 runs. A run with published
numbers is written as `[[runs]]`.
";

const RANGES: &str = "
## Ranges

In a search, any setting may be a range instead of a value, also inside other settings. So may everything in the layers
of a model, which can then be used by searches only.

```toml
batch_size = { choices = [32, 64, 128] }
label_smoothing = { low = 0.0, high = 0.2, step = 0.05 }
optimizer = { choices = [
  \"adam\",
  { sgd = { learning_rate = { low = 1e-5, high = 0.1, log = true } } },
] }
model = { choices = [\"dense\", \"cnn\"] }
```

The bounds and every choice must be valid values of the setting: `{ low = 0, high = 64 }` is no range of batch sizes.
Ranges inside a choice belong to it: here, only trials with `sgd` have its learning rate, and only trials with `cnn`
have the ranges in the layers of that model. The ranges of a repetition belong to the trials that have this repetition.

Each range is a parameter of the search. Its name is the path to it, with dots: `batch_size`, `optimizer`,
`optimizer.sgd.learning_rate`, `layers.3.dropout.rate`, `layers.2.repeat.times`, and for the first layer of the second
repetition `layers.2.repeat.2.1.dense.units`. Positions in lists count from 1. If `model` itself is searched, the names
of its parameters begin with the model's: `cnn.layers.3.dropout.rate`. A choice is named by its value, a table by its
only key; a second table with the same key is `sgd 2`. `fixed` and `first` use these names:

```toml
fixed = { optimizer.sgd.learning_rate = 0.01 }
first = [{ batch_size = 128, optimizer = \"adam\" }, { optimizer.sgd.learning_rate = 0.1 }]
```
";

/// What may replace a value in searches.
fn ranges(page: &mut String) {
    page.push_str(RANGES);
    for (title, definition) in [("low, high", "NumberRange"), ("choices", "ChoiceRange")] {
        let schema = schema::definition(definition);
        let _ = writeln!(page, "\n### `{{ {title} }}`\n\n{}", schema::text(schema, "description"));
        keys(page, schema);
    }
}

/// A group of choices: a table if they are names only, else a part for each.
fn section(page: &mut String, group: &ChoiceGroup) {
    let schema = schema::definition(group.definition);
    let choices = schema::choices(schema).expect("a group is an enum");
    let _ = writeln!(page, "\n## {}\n\n{}", group.title, schema::text(schema, "description"));
    let has_settings =
        |choice: &SchemaChoice| choice.content.is_some_and(|c| schema::resolve(c).0["type"] == "object");
    if choices.iter().any(has_settings) {
        choices.iter().for_each(|choice| part(page, choice));
    } else {
        let _ = writeln!(page, "\n| name | meaning |\n| --- | --- |");
        for choice in choices {
            let name = if choice.content.is_some() { example(&choice) } else { choice.name.to_string() };
            let _ = writeln!(page, "| `{name}` | {} |", cell(choice.description));
        }
    }
}

/// One choice: its description, how it is written, its keys.
fn part(page: &mut String, choice: &SchemaChoice) {
    let _ = writeln!(page, "\n### `{}`\n\n{}", choice.name, choice.description);
    let content = choice.content.map(schema::resolve);
    if let Some((schema, _)) = content {
        let details = schema::text(schema, "description");
        if schema["type"] == "object" && !details.is_empty() && details != choice.description {
            let _ = writeln!(page, "\n{}", details);
        }
    }
    let _ = writeln!(page, "\n```toml\n{}\n```", example(choice));
    match content {
        Some((schema, _)) if schema["type"] == "object" => keys(page, schema),
        Some((_, Some(definition))) => {
            let _ = writeln!(page, "\nIts value is one of the {}.", link(definition).unwrap_or_default());
        }
        _ => {}
    }
}

/// The keys of a table.
fn keys(page: &mut String, schema: &'static Value) {
    let properties = schema::properties(schema);
    if properties.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n| key | value | default | meaning |\n| --- | --- | --- | --- |");
    for (key, property) in properties {
        let is_of_trials = property["x-ranges"] == true && properties.contains_key("sampler");
        if is_of_trials || (is_setting(property) && key != "learning_rate") {
            continue; // a setting of trials or of grids is described with the runs
        }
        let default = match property.get("default") {
            _ if schema::is_required(schema, key) => "required".to_string(),
            Some(default) => format!("`{}`", default_in_toml(default)),
            None => "–".to_string(),
        };
        let mut meaning = cell(schema::text(property, "description"));
        if let (None, Some(sample)) = (property.get("default"), sample::of(key)) {
            let _ = write!(meaning, " Example: `{key} = {sample}`");
        }
        let _ = writeln!(page, "| `{key}` | {} | {default} | {meaning} |", type_in_words(property));
    }
}

/// "whole number, at least 1", "one of the [activations](#activations)".
fn type_in_words(property: &'static Value) -> String {
    let (schema, definition) = schema::resolve(property);
    if schema["x-values"] == true {
        return "table of values".to_string();
    }
    if let Some(link) = definition.and_then(link) {
        return link;
    }
    if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
        return options.iter().map(type_in_words).collect::<Vec<_>>().join(", or ");
    }
    match schema::text(schema, "type") {
        "string" => "string".to_string(),
        "boolean" => "true or false".to_string(),
        "integer" => format!("whole number{}", range(schema)),
        "number" => format!("number{}", range(schema)),
        "array" => list_in_words(schema),
        "object" if schema.get("additionalProperties").is_some_and(Value::is_object) => {
            format!("table of {}", type_in_words(&schema["additionalProperties"]))
        }
        "object" => "table".to_string(),
        "" => "any value that is valid there".to_string(),
        other => other.to_string(),
    }
}

fn list_in_words(schema: &'static Value) -> String {
    let items = type_in_words(&schema["items"]);
    match (schema.get("minItems"), schema.get("maxItems")) {
        _ if schema::is_pair(schema) => format!("list of 2: {items}; or one number for both"),
        (Some(least), Some(most)) if least == most => format!("list of {least}: {items}"),
        _ => format!("list: {items}"),
    }
}

/// The range of a number, without the bound that all sizes have.
fn range(schema: &'static Value) -> String {
    let mut shown = schema.clone();
    if shown["maximum"] == toile_nn::MOST_VALUES {
        shown.as_object_mut().expect("a schema is an object").remove("maximum");
    }
    match range_in_words(&shown) {
        range if range.is_empty() => range,
        range => format!(", {range}"),
    }
}

/// The section that describes a type.
fn link(definition: &str) -> Option<String> {
    let title = group_of(definition)?.title.to_lowercase();
    Some(format!("[{title}](#{})", title.replace(' ', "-")))
}

/// A default as the file would write it.
fn default_in_toml(default: &Value) -> String {
    match default {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(default_in_toml).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".to_string(),
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("{key} = {}", default_in_toml(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

/// A doc comment inside a table's cell: on one line.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_reference_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/study-file.md");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let page = reference_page();
        let differing = committed.lines().zip(page.lines()).find(|(old, new)| old != new);
        let command = "toile schema --markdown > docs/study-file.md";
        assert!(committed == page, "docs/study-file.md is out of date, run `{command}`: {differing:#?}");
    }

    #[test]
    fn every_name_of_the_study_file_is_on_the_page() {
        let page = reference_page();
        for name in schema::all_names() {
            let forms = [format!("`{name}`"), format!("[{name}"), format!("{name} = ")];
            assert!(forms.iter().any(|form| page.contains(form)), "{name}");
        }
    }
}
