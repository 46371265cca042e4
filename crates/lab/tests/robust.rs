//! Broken files: whatever the bytes, the check answers, and its answer can be printed.

use toile_rng::Seed;
use toile_study::{PlanOptions, built_in, check, plan};

/// Checks, prints and plans; the point is that it comes back.
fn try_out(text: &str) {
    match check(text, "s.toml", None) {
        Ok(study) => {
            let _ = plan(&study, &PlanOptions::default(), &|_| Ok(Vec::new()));
        }
        Err(faults) => {
            assert!(!faults.faults.is_empty());
            assert!(faults.to_string().starts_with("error: "));
        }
    }
}

fn study() -> &'static str {
    built_in("fashion-mnist").unwrap()
}

#[test]
fn a_file_cut_short_anywhere_is_answered() {
    let ends = (0..study().len()).filter(|&end| study().is_char_boundary(end));
    ends.step_by(7).for_each(|end| try_out(&study()[..end]));
}

#[test]
fn a_file_with_flipped_bytes_is_answered() {
    let mut stream = Seed::new(1).stream("flips", 0);
    for _ in 0..1500 {
        let mut bytes = study().as_bytes().to_vec();
        for _ in 0..1 + stream.next_u32() % 8 {
            let at = stream.next_u32() as usize % bytes.len();
            bytes[at] ^= 1 << (stream.next_u32() % 8);
        }
        try_out(&String::from_utf8_lossy(&bytes));
    }
}

/// Flips mostly break the syntax; exchanged words stay TOML and reach the rules.
#[test]
fn a_file_with_exchanged_words_is_answered() {
    let words: Vec<&str> = study().split_inclusive([' ', '\n', '=', ',', '{', '}', '[', ']']).collect();
    let mut stream = Seed::new(2).stream("words", 0);
    for _ in 0..1500 {
        let mut words = words.clone();
        for _ in 0..1 + stream.next_u32() % 3 {
            let at = stream.next_u32() as usize % words.len();
            words[at] = words[stream.next_u32() as usize % words.len()];
        }
        try_out(&words.concat());
    }
}

#[test]
fn a_file_with_strange_numbers_is_answered() {
    let numbers = [
        "0",
        "-1",
        "1e308",
        "-0.0",
        "nan",
        "9223372036854775807",
        "2147483648",
        "4097",
        "1e-320",
        "true",
        "[]",
        "{}",
    ];
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    let mut stream = Seed::new(3).stream("numbers", 0);
    let starts: Vec<usize> = study().match_indices("= ").map(|(at, _)| at + 2).collect();
    for _ in 0..1500 {
        let at = starts[stream.next_u32() as usize % starts.len()];
        let rest = study()[at..].trim_start_matches(digits);
        let number = numbers[stream.next_u32() as usize % numbers.len()];
        try_out(&format!("{}{number}{rest}", &study()[..at]));
    }
}
