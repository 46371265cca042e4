//! Numbers as people read them.

use std::time::Duration;

/// `0:07`, `12:34`, `1:02:03`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `54,000`
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1.4 MB`: powers of 1000, as disks and `results.json` count.
pub fn bytes(n: u64) -> String {
    scaled(n as f64, &["B", "kB", "MB", "GB", "TB"])
}

/// `6.4 TFLOP`
pub fn flops(n: f64) -> String {
    scaled(n, &["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP"])
}

/// Two or three digits that count, then the unit.
fn scaled(mut n: f64, units: &[&str]) -> String {
    let mut unit = 0;
    while n >= 999.5 && unit + 1 < units.len() {
        n /= 1000.0;
        unit += 1;
    }
    let digits = if unit > 0 && n < 99.95 { 1 } else { 0 };
    format!("{n:.digits$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_a_stopwatch() {
        let shown = |s| duration(Duration::from_secs_f64(s));
        assert_eq!(
            [shown(0.4), shown(7.0), shown(754.2), shown(3723.0)],
            ["0:00", "0:07", "12:34", "1:02:03"]
        );
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        assert_eq!([count(7), count(371_964), count(1_000_000)], ["7", "371,964", "1,000,000"]);
    }

    #[test]
    fn quantities_have_the_unit_that_fits() {
        assert_eq!([bytes(999), bytes(1_420_000), bytes(47_040_016)], ["999 B", "1.4 MB", "47.0 MB"]);
        assert_eq!([flops(6.4e12), flops(8.2e9), flops(999.7e9)], ["6.4 TFLOP", "8.2 GFLOP", "1.0 TFLOP"]);
    }
}
