//! Labels that are words, or numbers written as text: which classes they are.

use crate::error::DataError;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// The longest word.
const LONGEST: usize = 256;

/// A label: a whole number, also where it was written as a float, or a word.
pub(super) fn label(text: &str) -> Result<String, String> {
    match text.parse::<f64>() {
        Ok(value) if value.fract() == 0.0 && (0.0..256.0).contains(&value) => Ok((value as u8).to_string()),
        Ok(_) => Err(format!("has the label {text}, expected a whole number from 0 to 255")),
        Err(_) if text.chars().any(char::is_control) || text.len() > LONGEST => {
            Err("has a label that is no text".into())
        }
        Err(_) => Ok(text.to_string()),
    }
}

/// The class names, if some label is no number: those of `classes.txt`, else the labels in the order of the text.
pub(super) fn classes<'a>(
    labels: impl Iterator<Item = &'a String> + Clone,
    listed: Option<&[String]>,
) -> Option<Vec<String>> {
    if labels.clone().all(|label| label.parse::<u8>().is_ok()) {
        return None;
    }
    let found = || labels.cloned().collect::<BTreeSet<String>>().into_iter().collect();
    Some(listed.map_or_else(found, <[String]>::to_vec))
}

/// The labels as numbers: their places among the class names, or what they are themselves. `row` says in words where
/// a label stands.
pub(super) fn numbers(
    labels: &[String],
    names: Option<&[String]>,
    file: &Path,
    row: impl Fn(usize) -> String,
) -> Result<Vec<u8>, DataError> {
    let places = names.unwrap_or(&[]).iter().zip(0..).collect::<HashMap<&String, usize>>();
    let number = |(i, label): (usize, &String)| match (names, places.get(label)) {
        (None, _) => Ok(label.parse().unwrap_or(0)),
        // More than 256 classes are refused where the data set is put together.
        (Some(_), Some(&place)) => Ok(u8::try_from(place).unwrap_or(u8::MAX)),
        (Some(_), None) => {
            let fault = format!("{}: has the label `{label}`, which `classes.txt` does not name", row(i));
            Err(DataError::refused(file, fault, "give it a line there, or leave the file out"))
        }
    };
    labels.iter().enumerate().map(number).collect()
}
