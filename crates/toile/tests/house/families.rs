//! Families: wherever some members are named, the compiler asks for all of them.

use std::collections::BTreeSet;

use crate::{ARROWS, code, shown};

/// The lists that grow: each is an enum whose variants are names in the study file.
const FAMILIES: [&str; 12] = [
    "Activation",
    "Augmentation",
    "Callback",
    "Initializer",
    "Layer",
    "Loss",
    "Metric",
    "Optimizer",
    "Padding",
    "Pruner",
    "Sampler",
    "Schedule",
];

/// Whether a member of a family stands in the text: `Layer::Dense`, but not `Layer::output_shape` or `Sampler::NAMES`.
fn names_a_member(text: &str) -> bool {
    FAMILIES.iter().any(|family| {
        text.match_indices(&format!("{family}::")).any(|(at, found)| {
            let is_word = !text[..at].ends_with(|c: char| c.is_alphanumeric());
            let mut after = text[at + found.len()..].chars();
            let is_variant = after.next().is_some_and(char::is_uppercase);
            is_word && is_variant && after.next().is_some_and(char::is_lowercase)
        })
    })
}

/// `_` or a name that takes everything, also within `Some(…)`.
fn takes_all(pattern: &str) -> bool {
    let inner = pattern.trim_start_matches("Some(").trim_start_matches("Ok(").trim_end_matches(')');
    let is_small = |c: char| c.is_lowercase() || c.is_ascii_digit() || c == '_';
    !inner.is_empty() && inner.chars().all(is_small) && !matches!(inner, "true" | "false")
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The patterns of the `match` that begins on the first of these lines.
fn patterns(lines: &[(usize, String)]) -> Vec<String> {
    let depth = indent(&lines[0].1);
    let body = lines[1..].iter().map(|(_, line)| line.as_str());
    let body = body.take_while(|line| line.trim().is_empty() || indent(line) > depth);
    let heads = body.filter(|line| indent(line) == depth + 4);
    let pattern =
        |line: &str| line.split(" =>").next().unwrap_or("").trim().trim_start_matches("| ").to_string();
    heads.map(pattern).collect()
}

/// The text from `matches!(` to its end, which may be lines later.
fn macro_call(lines: &[(usize, String)], at: usize) -> String {
    let mut text = String::new();
    let mut open = 0i32;
    for c in lines.iter().flat_map(|(_, line)| line.chars().chain(['\n'])).skip(at) {
        text.push(c);
        open += i32::from(c == '(') - i32::from(c == ')');
        if c == ')' && open == 0 {
            break;
        }
    }
    text
}

/// How a member could be forgotten here without a word from the compiler, if one could.
fn fault(lines: &[(usize, String)]) -> Option<&'static str> {
    let line = lines[0].1.as_str();
    if let Some(at) = line.find("matches!(")
        && names_a_member(&macro_call(lines, line[..at].chars().count()))
    {
        return Some("`matches!`");
    }
    let binding = line.split_once("let ").and_then(|(_, rest)| rest.split_once(" = "));
    if binding.is_some_and(|(pattern, _)| names_a_member(pattern)) {
        return Some("`let` with a member");
    }
    let is_match = line.trim_end().ends_with('{') && line.split(' ').any(|word| word.ends_with("match"));
    let patterns = if is_match { patterns(lines) } else { Vec::new() };
    let is_open = patterns.iter().any(|pattern| takes_all(pattern));
    (is_open && patterns.iter().any(|pattern| names_a_member(pattern))).then_some("a catch-all")
}

#[test]
fn no_member_of_a_family_can_be_forgotten() {
    let mut found = Vec::new();
    for (name, _) in ARROWS {
        for (path, lines) in code(name) {
            let faults = (0..lines.len()).filter_map(|at| Some((lines[at].0, fault(&lines[at..])?)));
            found.extend(faults.map(|(number, fault)| format!("{}:{number}: {fault}", shown(&path))));
        }
    }
    assert!(found.is_empty(), "name every member, or ask the family's trait:\n{}", found.join("\n"));
}

#[test]
fn every_family_is_an_enum_of_the_house() {
    let all: Vec<String> = ARROWS
        .iter()
        .flat_map(|(name, _)| code(name))
        .flat_map(|(_, lines)| lines.into_iter().map(|(_, line)| line))
        .filter_map(|line| line.trim().strip_prefix("pub enum ").map(String::from))
        .collect();
    let enums: BTreeSet<&str> =
        all.iter().filter_map(|line| line.split(|c: char| !c.is_alphanumeric()).next()).collect();
    let missing: Vec<_> = FAMILIES.iter().filter(|family| !enums.contains(*family)).collect();
    assert!(missing.is_empty(), "no such enum: {missing:?}");
}

/// The test above finds what it is there to find.
#[test]
fn each_way_to_forget_a_member_is_found() {
    let lines =
        |text: &str| text.lines().enumerate().map(|(i, l)| (i + 1, l.to_string())).collect::<Vec<_>>();
    for (text, expected) in [
        ("match layer {\n    Layer::Dense(_) => 1,\n    _ => 0,\n}", Some("a catch-all")),
        (
            "match layer {\n    Some(Layer::Dense(_)) => 1,\n    Some(layer) => 2,\n    None => 0,\n}",
            Some("a catch-all"),
        ),
        ("matches!(\n    loss,\n    Loss::CategoricalCrossentropy\n)", Some("`matches!`")),
        ("if let Layer::Dense(dense) = layer {", Some("`let` with a member")),
        (
            "match layer {\n    Layer::Dense(_) => 1,\n    Layer::Flatten(_)\n    | Layer::Dropout(_) => 0,\n}",
            None,
        ),
        ("match name {\n    \"dense\" => Layer::Dense(dense),\n    _ => return None,\n}", None),
        ("let layer = Layer::Dense(dense);", None),
        ("matches!(shape, Shape::Flat(_))", None),
    ] {
        assert_eq!(fault(&lines(text)), expected, "{text}");
    }
}
