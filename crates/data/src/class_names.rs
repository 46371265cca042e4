//! `classes.txt` of a user's own data: one class name per line, in label order.

use crate::error::DataError;
use crate::source::Source;
use std::collections::HashSet;
use std::path::Path;

/// The longest file that is read; 256 names need far less.
const MAX_BYTES: u64 = 1 << 16;

/// The most classes.
const MOST: usize = 256;

/// The file of class names.
pub(crate) const FILE: &str = "classes.txt";

/// The names in a file of this name, or `None` if the source has none.
pub(crate) fn read(source: &Source, file: &str) -> Result<Option<Vec<String>>, DataError> {
    let Some(blob) = source.file(file) else { return Ok(None) };
    let file = blob.shown();
    if blob.len() >= MAX_BYTES {
        let fault = format!("the file has {MAX_BYTES} bytes or more, expected a short list of names");
        return Err(DataError::ClassNames { file: file.to_path_buf(), line: 1, fault });
    }
    let bytes = blob.read(MAX_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    parse(text.strip_prefix('\u{feff}').unwrap_or(&text), file).map(Some)
}

/// Refuses more classes than a label can tell apart, and fewer than there is anything to learn of.
pub(crate) fn check_count(file: &Path, classes: usize) -> Result<(), DataError> {
    match classes {
        0 | 1 => Err(DataError::OneClass { file: file.to_path_buf() }),
        2..=MOST => Ok(()),
        _ => {
            let fault = format!("has {classes} classes, and toile has at most {MOST}");
            Err(DataError::refused(file, fault, "choose some of the classes"))
        }
    }
}

fn parse(text: &str, file: &Path) -> Result<Vec<String>, DataError> {
    let fault = |line, fault: &str| {
        Err(DataError::ClassNames { file: file.to_path_buf(), line, fault: fault.to_string() })
    };
    let names: Vec<String> = text.trim_end().lines().map(|line| line.trim().to_string()).collect();
    let mut seen = HashSet::new();
    for (i, name) in names.iter().enumerate() {
        if name.is_empty() {
            return fault(i + 1, "this line is empty, expected a class name");
        }
        if name.chars().any(|c| c.is_control() || c == '\u{fffd}') {
            return fault(i + 1, "this is not text in UTF-8");
        }
        if !seen.insert(name) {
            return fault(i + 1, &format!("the class `{name}` occurs here a second time"));
        }
        if i == MOST {
            return fault(i + 1, "this is the 257th class, expected at most 256");
        }
    }
    check_count(file, names.len())?;
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, String> {
        parse(text, Path::new("classes.txt")).map_err(|e| e.to_string())
    }

    #[test]
    fn names_are_lines_without_their_ends() {
        assert_eq!(names("cat\r\ndog \r\n\r\n").unwrap(), ["cat", "dog"]);
    }

    #[test]
    fn a_fault_names_its_line() {
        assert_eq!(
            names("a\n\nb").unwrap_err(),
            "`classes.txt`, line 2: this line is empty, expected a class name"
        );
        assert_eq!(
            names("a\nb\na").unwrap_err(),
            "`classes.txt`, line 3: the class `a` occurs here a second time"
        );
        assert!(names("a\n\u{fffd}").unwrap_err().contains("line 2"));
        assert!(names("a").unwrap_err().contains("only one class"));
        let many: String = (0..257).map(|i| format!("{i}\n")).collect();
        assert!(names(&many).unwrap_err().contains("line 257"));
    }
}
