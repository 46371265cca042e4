//! How numbers and lists stand in sentences.

/// A loss or an accuracy: three to four decimals.
pub(crate) fn number(value: f64) -> String {
    if value.abs() >= 1e7 {
        return minus(&format!("{value:.2e}"));
    }
    let text = if value.abs() < 1000.0 { format!("{value:.4}") } else { format!("{value:.1}") };
    let text = match text.strip_suffix('0') {
        Some(shorter) if text.contains('.') && value.abs() < 1000.0 => shorter.to_string(),
        _ => text,
    };
    minus(&text)
}

/// A whole number with commas between the thousands.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A name as it stands in a sentence: in quotation marks, unless it is one plain word.
pub(crate) fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !name.is_empty() && name.chars().all(is_plain) { name.to_owned() } else { format!("“{name}”") }
}

/// With its first letter as a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A difference with its sign.
pub(crate) fn signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", number(value)) } else { number(value) }
}

/// A number of standard errors.
pub(crate) fn z(value: f64) -> String {
    minus(&format!("{value:.1}"))
}

/// A probability.
pub(crate) fn p(value: f64) -> String {
    match value {
        p if p < 1e-4 => "p < 0.0001".into(),
        p if p < 0.095 => format!("p {p:.4}"),
        p => format!("p {p:.2}"),
    }
}

/// A share in points: 0.0234 is `2.3 points`.
pub(crate) fn points(value: f64) -> String {
    let text = format!("{:.1}", 100.0 * value.abs());
    if text == "0.0" { format!("{:.2} points", 100.0 * value.abs()) } else { format!("{text} points") }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_string(),
        [all @ .., last] => {
            let all: Vec<&str> = all.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", all.join(", "), last.as_ref())
        }
    }
}

/// The same of the first eight, with the number of the others.
pub(crate) fn some_of(items: &[String]) -> String {
    match items.len() {
        n if n > 9 => format!("{} and {} more", items[..8].join(", "), n - 8),
        _ => list(items),
    }
}

/// `1 run`, `2 runs`.
pub(crate) fn plural(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {many}", count(n as u64)) }
}

fn minus(text: &str) -> String {
    text.replace('-', "−")
}
