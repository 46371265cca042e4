//! How numbers are written: on the page and in the files here, in a terminal in [`terminal`]. One place for all.

pub mod terminal;

use std::fmt::{Display, LowerExp};

pub use toile_judge::count;

/// Stands where there is no number.
pub const NONE: &str = "–";

/// A loss or an accuracy: four decimals, or an exponent where four decimals would be wrong.
pub fn metric(value: f64) -> String {
    match value.abs() {
        size if size < 1_000.0 => minus(&format!("{value:.4}")),
        size if size < 100_000.0 => minus(&format!("{value:.1}")),
        _ => minus(&format!("{value:.2e}")),
    }
}

/// The same, or a dash.
pub fn metric_or_none(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), metric)
}

/// A published number as the publication writes it, with three decimals at least.
pub fn published(value: f64) -> String {
    let shortest = format!("{value}");
    let decimals = shortest.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if decimals <= 3 { minus(&format!("{value:.3}")) } else { minus(&shortest) }
}

/// A difference with its sign.
pub fn signed(value: f64) -> String {
    let text = metric(value.abs());
    let is_zero = !text.contains(|c: char| c.is_ascii_digit() && c != '0');
    match value {
        _ if is_zero => text,
        value if value < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

/// A correlation: two digits after the point.
pub fn correlation(value: f64) -> String {
    minus(&format!("{value:.2}"))
}

/// A number of standard deviations with its sign.
pub fn z(value: f64) -> String {
    match value.abs() {
        size if size < 0.05 => "0.0".to_owned(),
        size if size >= 100.0 => format!("{}≥ 100", if value < 0.0 { "−" } else { "" }),
        size => format!("{}{size:.1}", if value < 0.0 { "−" } else { "+" }),
    }
}

/// A duration in the largest fitting units.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NONE.to_owned();
    }
    let whole = seconds.round() as u64;
    match seconds {
        s if s < 0.9995 => format!("{:.0} ms", s * 1_000.0),
        s if s < 9.995 => format!("{s:.2} s"),
        s if s < 99.95 => format!("{s:.1} s"),
        _ if whole < 3_600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3_600, whole % 3_600 / 60),
    }
}

/// Floating-point operations with three significant digits.
pub fn flops(value: u64) -> String {
    let mut value = value as f64;
    let mut unit = "FLOP";
    for larger in ["kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP"] {
        if value < 999.5 {
            break;
        }
        value /= 1_000.0;
        unit = larger;
    }
    if unit == "FLOP" { format!("{value:.0} FLOP") } else { format!("{} {unit}", three_digits(value)) }
}

/// A part of a whole in per cent, with one decimal.
pub fn percent(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

/// A fraction of a study file in per cent, without needless zeros: 0.1 is `10 %`.
pub fn percent_short(part: f64) -> String {
    let text = format!("{:.2}", 100.0 * part);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A setting as it is read: exactly, unless it has more digits than anybody would type, as what a search has found has.
pub fn setting_to_read(value: f64) -> String {
    let exact = setting(value);
    if exact.chars().count() > 9 { significant(value) } else { exact }
}

/// A setting: as short as it can be written, with an exponent for the very small and large.
pub fn setting(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        minus(&format!("{value:e}"))
    } else {
        minus(&format!("{value}"))
    }
}

/// A parameter's value with four significant digits at most, and no needless ones.
pub fn significant(value: f64) -> String {
    let short = format!("{value:.3e}").parse().unwrap_or(value);
    if value.fract() == 0.0 && value.abs() < 1e7 { setting(value) } else { setting(short) }
}

/// For files: plain digits for everyday sizes, an exponent for the others: `1e-10` rather than ten zeros. It reads
/// back to the same bits.
pub fn shortest<T: Copy + Into<f64> + Display + LowerExp>(value: T) -> String {
    let size = value.into().abs();
    if size != 0.0 && !(1e-5..1e15).contains(&size) { format!("{value:e}") } else { format!("{value}") }
}

/// `1 run`, `2 runs`.
pub fn plural(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {many}", count(n as u64)) }
}

fn three_digits(value: f64) -> String {
    match value {
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

/// The true minus sign: as wide as a plus, and never broken from its number.
fn minus(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published study's page showed `adam 0.0022048409012571687`.
    #[test]
    fn what_a_search_has_found_is_read_with_four_digits() {
        for (value, text) in
            [(0.0022048409012571687, "0.002205"), (0.001, "0.001"), (0.1234567, "0.1234567"), (128.0, "128")]
        {
            assert_eq!(setting_to_read(value), text);
        }
    }

    #[test]
    fn numbers_are_written_as_a_reader_expects() {
        assert_eq!(
            (metric(0.87542).as_str(), metric(-1.5).as_str(), metric(2.5e7).as_str()),
            ("0.8754", "−1.5000", "2.50e7")
        );
        assert_eq!(
            (published(0.734).as_str(), published(0.2381).as_str(), published(0.5).as_str()),
            ("0.734", "0.2381", "0.500")
        );
        assert_eq!(
            (signed(0.0123).as_str(), signed(-0.00123).as_str(), signed(-0.00001).as_str()),
            ("+0.0123", "−0.0012", "0.0000")
        );
        assert_eq!((z(-2.34).as_str(), z(0.01).as_str(), z(250.0).as_str()), ("−2.3", "0.0", "≥ 100"));
        assert_eq!(
            (count(999).as_str(), count(25450).as_str(), count(1234567).as_str()),
            ("999", "25,450", "1,234,567")
        );
        assert_eq!([count(7), count(371_964), count(1_000_000)], ["7", "371,964", "1,000,000"]);
        assert_eq!(
            (percent(0.1234).as_str(), percent_short(0.1).as_str(), percent_short(0.125).as_str()),
            ("12.3 %", "10 %", "12.5 %")
        );
        assert_eq!(
            (setting(0.001).as_str(), setting(1e-7).as_str(), setting(0.0).as_str()),
            ("0.001", "1e−7", "0")
        );
    }

    #[test]
    fn a_parameter_has_four_digits_at_most() {
        let texts = [0.000_123_456, 0.3 + 0.000_000_01, 128.0, 12_345.0, 1.5, 1e-9].map(significant);
        assert_eq!(texts, ["0.0001235", "0.3", "128", "12345", "1.5", "1e−9"]);
    }

    #[test]
    fn durations_change_their_unit_where_the_digits_would_become_too_many() {
        for (seconds, text) in [
            (0.0123, "12 ms"),
            (1.234, "1.23 s"),
            (12.34, "12.3 s"),
            (99.96, "1 min 40 s"),
            (130.4, "2 min 10 s"),
            (3_599.6, "1 h 00 min"),
            (7_322.0, "2 h 02 min"),
            (f64::NAN, NONE),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn operations_have_three_digits_and_a_unit() {
        for (value, text) in [
            (0, "0 FLOP"),
            (999, "999 FLOP"),
            (8_208_000_000, "8.21 GFLOP"),
            (63_390_000_000_000, "63.4 TFLOP"),
        ] {
            assert_eq!(flops(value), text);
        }
    }
}
