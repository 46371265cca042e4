//! Templates: settings with holes where the study file has ranges, as JSON.
//!
//! A hole is an object with one of the marks below; everything else is itself. The marks cannot be confused with keys
//! of the study file: keys that the user chooses hold neither strings nor lists.

use serde_json::{Map, Value as Json, json};
use toile_tune::Params;

/// `{"$float": "batch_size"}`: the parameter's value.
const FLOAT: &str = "$float";
/// `{"$int": "batch_size"}`: the parameter's value as a whole number.
const INT: &str = "$int";
/// `{"$choice": "optimizer", "of": […]}`: the item that the parameter names, itself a template.
const CHOICE: &str = "$choice";
/// `{"$repeat": 3, "copies": [[…], …]}` in a list: the items of the first 3 (or `{"$int": …}`) copies.
const REPEAT: &str = "$repeat";

/// The hole of a real number.
pub(crate) fn float(name: &str) -> Json {
    json!({ FLOAT: name })
}

/// The hole of a whole number.
pub(crate) fn int(name: &str) -> Json {
    json!({ INT: name })
}

/// The hole of a choice.
pub(crate) fn choice(name: &str, of: Vec<Json>) -> Json {
    json!({ CHOICE: name, "of": of })
}

/// Repeated items of a list.
pub(crate) fn repeat(times: Json, copies: Vec<Vec<Json>>) -> Json {
    json!({ REPEAT: times, "copies": copies })
}

/// The choices of a hole, if it is one.
pub(crate) fn choices(template: &Json) -> Option<&[Json]> {
    template.get(CHOICE)?.as_str()?;
    template.get("of")?.as_array().map(Vec::as_slice)
}

/// What stands in the place of a choice or of repeated items; nothing if it is neither.
pub(crate) fn parts_mut(template: &mut Json) -> Option<Vec<&mut Json>> {
    let map = template.as_object_mut()?;
    if map.get(CHOICE).is_some_and(Json::is_string) {
        return Some(map.get_mut("of")?.as_array_mut()?.iter_mut().collect());
    }
    map.get(REPEAT)?;
    let copies = map.get_mut("copies")?.as_array_mut()?;
    Some(copies.iter_mut().filter_map(Json::as_array_mut).flatten().collect())
}

/// The template without the plain values that its holes choose from, since a trial's record names the value that it
/// had.
pub(crate) fn without_values(template: &Json) -> Json {
    match template {
        Json::Object(map) if map.contains_key(CHOICE) => {
            let of = map.get("of").and_then(Json::as_array).into_iter().flatten();
            let of: Vec<Json> = of.filter(|item| item.is_object()).map(without_values).collect();
            json!({ CHOICE: map[CHOICE], "of": of })
        }
        Json::Object(map) => {
            Json::Object(map.iter().map(|(key, value)| (key.clone(), without_values(value))).collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(without_values).collect()),
        other => other.clone(),
    }
}

/// The template with its holes filled; `None` if a parameter is missing.
pub(crate) fn fill(template: &Json, params: &Params) -> Option<Json> {
    let value = |mark: &str| params.get(template.get(mark)?.as_str()?).copied();
    if let Some(number) = value(FLOAT) {
        return Some(json!(number));
    }
    if let Some(number) = value(INT) {
        return Some(json!(number as i64));
    }
    if let Some(choices) = choices(template) {
        return fill(choices.get(value(CHOICE)? as usize)?, params);
    }
    match template {
        Json::Object(map) if is_hole(map) => None,
        Json::Object(map) => {
            let filled = map.iter().map(|(key, value)| Some((key.clone(), fill(value, params)?)));
            filled.collect::<Option<Map<_, _>>>().map(Json::Object)
        }
        Json::Array(items) => {
            let mut filled = Vec::with_capacity(items.len());
            items.iter().try_for_each(|item| fill_item(item, params, &mut filled))?;
            Some(Json::Array(filled))
        }
        plain => Some(plain.clone()),
    }
}

/// An item of a list: itself, or all items of a repetition.
fn fill_item(item: &Json, params: &Params, filled: &mut Vec<Json>) -> Option<()> {
    let Some((times, copies)) = item.get(REPEAT).zip(item.get("copies").and_then(Json::as_array)) else {
        filled.push(fill(item, params)?);
        return Some(());
    };
    let times = fill(times, params)?.as_u64()? as usize;
    for copy in copies.get(..times)? {
        copy.as_array()?.iter().try_for_each(|item| fill_item(item, params, filled))?;
    }
    Some(())
}

fn is_hole(map: &Map<String, Json>) -> bool {
    [FLOAT, INT, CHOICE].iter().any(|mark| map.get(*mark).is_some_and(Json::is_string))
}

/// The template with its parameters renamed.
pub(crate) fn renamed(template: &Json, name: &dyn Fn(&str) -> String) -> Json {
    match template {
        Json::Object(map) => {
            let of_hole = is_hole(map);
            let entry = |(key, value): (&String, &Json)| {
                let value = match value {
                    Json::String(old) if of_hole && key.starts_with('$') => json!(name(old)),
                    value => renamed(value, name),
                };
                (key.clone(), value)
            };
            Json::Object(map.iter().map(entry).collect())
        }
        Json::Array(items) => items.iter().map(|item| renamed(item, name)).collect(),
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, f64)]) -> Params {
        pairs.iter().map(|(name, value)| (name.to_string(), *value)).collect()
    }

    #[test]
    fn holes_are_filled_with_what_the_parameters_say() {
        let sgd = json!({ "sgd": { "learning_rate": float("lr"), "nesterov": true } });
        let template =
            json!({ "batch_size": int("b"), "optimizer": choice("o", vec![json!({ "adam": {} }), sgd]) });
        let filled = |pairs: &[_]| fill(&template, &params(pairs));
        let adam = json!({ "batch_size": 64, "optimizer": { "adam": {} } });
        assert_eq!(filled(&[("b", 64.0), ("o", 0.0)]), Some(adam));
        let sgd =
            json!({ "batch_size": 8, "optimizer": { "sgd": { "learning_rate": 0.5, "nesterov": true } } });
        assert_eq!(filled(&[("b", 8.0), ("o", 1.0), ("lr", 0.5)]), Some(sgd));
        assert_eq!(filled(&[("b", 8.0), ("o", 1.0)]), None, "a parameter is missing");
        assert_eq!(filled(&[("b", 8.0), ("o", 2.0)]), None, "there is no third choice");
    }

    #[test]
    fn a_repetition_is_as_long_as_its_parameter_says_also_within_another() {
        let copy =
            |k: usize| vec![json!("a"), repeat(json!(2), vec![vec![json!(k)], vec![json!(k)], vec![]])];
        let template = json!(["first", repeat(int("n"), vec![copy(1), copy(2)]), "last"]);
        let filled = |n: f64| fill(&template, &params(&[("n", n)]));
        assert_eq!(filled(0.0), Some(json!(["first", "last"])));
        assert_eq!(filled(2.0), Some(json!(["first", "a", 1, 1, "a", 2, 2, "last"])));
        assert_eq!(filled(3.0), None);
    }

    /// The keys of `class_weight` are the user's.
    #[test]
    fn a_key_that_looks_like_a_mark_is_a_key() {
        let template = json!({ "class_weight": { "$int": 2.0, "$choice": float("w") } });
        let filled = json!({ "class_weight": { "$int": 2.0, "$choice": 3.0 } });
        assert_eq!(fill(&template, &params(&[("w", 3.0)])), Some(filled));
    }

    #[test]
    fn renaming_reaches_every_hole_and_nothing_else() {
        let template = json!([{ "x": float("x") }, choice("x", vec![json!("x"), int("x")])]);
        let renamed = renamed(&template, &|name| format!("m.{name}"));
        assert_eq!(renamed, json!([{ "x": float("m.x") }, choice("m.x", vec![json!("x"), int("m.x")])]));
    }
}
