//! What a name says of the part that its pictures or rows belong to: one list of words for folders and files.

/// The words for training, validation and test, in lower case.
const WORDS: [&[&str]; 3] = [&["train", "training"], &["validation", "val", "valid"], &["test", "testing"]];

/// The part that a word means: 0 is training, 1 validation, 2 test. A folder's whole name must be such a word, because
/// a class may be called `test tube`.
pub(super) fn of_word(word: &str) -> Option<usize> {
    let word = word.to_lowercase();
    WORDS.iter().position(|words| words.contains(&word.as_str()))
}

/// The part that one of the words of a file's name means, and the name in lower case with `*` in place of such words:
/// partners have the same one.
pub(super) fn of_file(name: &str) -> (Option<usize>, String) {
    let letters: Vec<char> = name.to_lowercase().chars().collect();
    let pieces = letters.chunk_by(|a, b| a.is_alphabetic() == b.is_alphabetic()).map(String::from_iter);
    let (mut part, mut stem) = (None, String::new());
    for piece in pieces {
        let of_piece = of_word(&piece);
        stem += if of_piece.is_some() { "*" } else { &piece };
        part = part.or(of_piece);
    }
    (part, stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_part_is_a_word_of_its_name() {
        for (name, part, stem) in [
            ("train.csv", Some(0), "*.csv"),
            ("Set_Training.csv.gz", Some(0), "set_*.csv.gz"),
            ("set_validation.csv", Some(1), "set_*.csv"),
            ("set-val2.csv", Some(1), "set-*2.csv"),
            ("latest_test.csv", Some(2), "latest_*.csv"),
            ("contest.csv", None, "contest.csv"),
        ] {
            assert_eq!(of_file(name), (part, stem.to_string()), "{name}");
        }
        assert_eq!((of_word("Val"), of_word("test tube")), (Some(1), None));
    }
}
