//! Numbers, times and values as a table shows them.

use std::time::Duration;

use toile_tune::Choice;

use crate::terminal::duration;

/// `0.4 s`, `9.8 s`, then `0:10` and on.
pub(super) fn time_text(seconds: f64) -> String {
    match seconds {
        s if s < 9.95 => format!("{s:.1} s"),
        s => duration(Duration::try_from_secs_f64(s).unwrap_or_default()),
    }
}

/// Four decimals for what lies around 1; else five significant digits.
pub fn number_text(value: f64) -> String {
    match value.abs() {
        a if a == 0.0 || (0.01..100.0).contains(&a) => format!("{value:.4}"),
        a if (100.0..1e9).contains(&a) && value.fract() == 0.0 => format!("{value}"),
        _ => format!("{value:.4e}"),
    }
}

/// A value as short as it can be told apart: `0.00123`, `64`, `adam`.
pub fn shown(choice: &Choice) -> String {
    match choice {
        Choice::Float(value) if *value == 0.0 || (1e-4..1e5).contains(&value.abs()) => {
            let digits = (3 - value.abs().max(1e-9).log10().floor() as i32).clamp(0, 8) as usize;
            let text = format!("{value:.digits$}");
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
                false => text,
            }
        }
        Choice::Float(value) => {
            let text = format!("{value:.3e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_as_short_as_they_can_be_told_apart() {
        let texts = [
            (0.00123456, "0.001235"),
            (0.5, "0.5"),
            (12.0, "12"),
            (3.2e-6, "3.2e-6"),
            (1e-5, "1e-5"),
            (1.2346e-7, "1.235e-7"),
            (0.0, "0"),
        ];
        for (value, text) in texts {
            assert_eq!(shown(&Choice::Float(value)), text);
        }
        assert_eq!(shown(&Choice::Text("adam".into())), "adam");
        assert_eq!(number_text(0.87654321), "0.8765");
        assert_eq!(number_text(25450.0), "25450");
        assert_eq!(number_text(3.1e-5), "3.1000e-5");
    }
}
