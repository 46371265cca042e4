//! EMNIST's files, which have names of their own, images that lie on their sides, and labels that may begin with 1.
//!
//! ```text
//! emnist-<set>-train-images-idx3-ubyte, … -test-…      column after column, as MATLAB has them
//! emnist-<set>-mapping.txt                             a line for each label: the label, the codes of its characters
//! ```

use super::present;
use crate::LabelledImages;
use crate::error::DataError;
use crate::folder::FILES;
use crate::source::Source;
use std::collections::BTreeSet;

/// The names of the sets whose training images are here: `letters`, `balanced`, ….
pub(super) fn sets(source: &Source) -> BTreeSet<String> {
    let set = |name: &String| {
        let rest = name.strip_prefix("emnist-")?;
        let end = ["-train-images", "-train-labels", "-test-images", "-test-labels"];
        let (at, end) = end.iter().find_map(|end| Some((rest.find(end)?, end)))?;
        // Other endings are not EMNIST's: the message about usual names says what such files are to be called.
        rest[at + end.len()..].starts_with(['-', '.']).then_some(())?;
        rest[at + end.len() + 1..].starts_with("idx").then_some(())?;
        (!rest[..at].contains('/')).then(|| rest[..at].to_string())
    };
    source.files.keys().filter_map(set).collect()
}

/// The one set that is here, if it is EMNIST's; usual names come first.
pub(super) fn set(source: &Source) -> Result<Option<String>, DataError> {
    if FILES.iter().any(|name| present(source, name).is_some()) {
        return Ok(None);
    }
    let sets: Vec<String> = sets(source).into_iter().collect();
    match sets.as_slice() {
        [] => Ok(None),
        [set] => Ok(Some(set.clone())),
        several => Err(DataError::refused(
            &source.place,
            format!("holds several sets of EMNIST: {}", several.join(", ")),
            "put the files of one set (`emnist-SET-…`) into a folder of their own",
        )),
    }
}

/// The names of the four files of a set.
pub(super) fn names(set: &str) -> [String; 4] {
    FILES.map(|name| format!("emnist-{set}-{}", name.replace("t10k", "test")))
}

/// Turns the images upright, counts labels from 0, and gives the names of the classes.
pub(super) fn put_right(
    source: &Source,
    set: &str,
    shape: [usize; 3],
    parts: [&mut LabelledImages; 2],
    notes: &mut Vec<String>,
) -> Result<Option<Vec<String>>, DataError> {
    let [height, width, channels] = shape;
    if height != width || channels != 1 {
        let fault = format!(
            "holds images of {height} x {width} x {channels}, and those of EMNIST are square and gray"
        );
        return Err(DataError::refused(
            &source.place,
            fault,
            "see that the files are EMNIST's, or give them the usual names",
        ));
    }
    let mapping = mapping(source, set)?;
    let all = || parts.iter().flat_map(|part| &part.labels);
    let first = all().min().copied().unwrap_or(0);
    let from = mapping.as_ref().and_then(|lines| lines.first()).map_or(first, |(label, _)| *label);
    let shifts = from == 1 && first >= 1;
    for part in parts {
        for image in part.images.chunks_exact_mut(height * width) {
            transpose(image, height);
        }
        if shifts {
            part.labels.iter_mut().for_each(|label| *label -= 1);
        }
    }
    notes.push("images were stored column after column, and were transposed (EMNIST)".into());
    if shifts {
        notes.push("labels were counted from 1, and are counted from 0 now (EMNIST)".into());
    }
    Ok(mapping.map(|lines| lines.into_iter().map(|(_, name)| name).collect()))
}

fn transpose(image: &mut [u8], side: usize) {
    for y in 0..side {
        for x in 0..y {
            image.swap(y * side + x, x * side + y);
        }
    }
}

/// The lines of the mapping: labels one after the other, and the first character of each.
fn mapping(source: &Source, set: &str) -> Result<Option<Vec<(u8, String)>>, DataError> {
    let Some(blob) = source.file(&format!("emnist-{set}-mapping.txt")) else { return Ok(None) };
    let bytes = blob.read(1 << 16)?;
    let mut lines: Vec<(u8, String)> = Vec::new();
    for (i, line) in
        String::from_utf8_lossy(&bytes).lines().enumerate().filter(|(_, line)| !line.trim().is_empty())
    {
        let mut numbers = line.split_whitespace().map(str::parse::<u8>);
        let next = lines.last().map(|(label, _)| label.wrapping_add(1));
        match (numbers.next(), numbers.next()) {
            (Some(Ok(label)), Some(Ok(code)))
                if code.is_ascii_graphic() && next.is_none_or(|next| next == label) =>
            {
                lines.push((label, char::from(code).to_string()));
            }
            _ => {
                let fault =
                    "expected a label, one more than in the line before, and the code of a character".into();
                return Err(DataError::ClassNames { file: blob.shown().to_path_buf(), line: i + 1, fault });
            }
        }
    }
    Ok((lines.len() >= 2).then_some(lines))
}
