//! How long files and functions may be, and how wide comments.

use super::*;

/// Longest file, in lines, of a crate's own code and of its tests.
const LONGEST_FILE: usize = 350;

/// Longest function, in lines.
const LONGEST_FUNCTION: usize = 70;

/// Longest line of a comment, in columns.
const LONGEST_COMMENT: usize = 120;

#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    let long = all_files().into_iter().map(|path| (read(&path).lines().count(), shown(&path)));
    let long: Vec<_> =
        long.filter(|(lines, path)| *lines > LONGEST_FILE && !LONG_FILES.contains(&path.as_str())).collect();
    assert!(long.is_empty(), "longer than {LONGEST_FILE} lines: {long:#?}");
}

/// Files that may be longer, each with its reason.
const LONG_FILES: [&str; 2] = [
    // One made-up study that all tests of the report share.
    "report/tests/common/mod.rs",
    // One test per sentence about a search.
    "report/tests/searches.rs",
];

#[test]
fn no_function_is_too_long_to_be_read_at_once() {
    let mut long = Vec::new();
    for path in all_files() {
        let text = read(&path);
        let mut begun: Option<(usize, usize, String)> = None;
        for (number, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_head = !line.trim_end().ends_with(';')
                && line.contains("fn ")
                && !line.trim_start().starts_with("//")
                && !line.contains('"');
            match &begun {
                None if is_head => begun = Some((number, indent, line.trim().to_string())),
                Some((start, depth, name)) if indent == *depth && line.trim_start().starts_with('}') => {
                    if number - start + 1 > LONGEST_FUNCTION {
                        long.push(format!(
                            "{}:{}: {} lines: {name}",
                            shown(&path),
                            start + 1,
                            number - start + 1
                        ));
                    }
                    begun = None;
                }
                Some((start, ..)) if *start + 1 >= number && line.trim_end().ends_with(';') => begun = None,
                _ => {}
            }
        }
    }
    assert!(long.is_empty(), "functions longer than {LONGEST_FUNCTION} lines:\n{}", long.join("\n"));
}

#[test]
fn comments_fit_a_screen() {
    let mut wide = Vec::new();
    for path in all_files() {
        for (number, line) in read(&path).lines().enumerate() {
            if line.trim_start().starts_with("//") && line.chars().count() > LONGEST_COMMENT {
                wide.push(format!("{}:{}", shown(&path), number + 1));
            }
        }
    }
    assert!(wide.is_empty(), "comments wider than {LONGEST_COMMENT} columns:\n{}", wide.join("\n"));
}
