//! How numbers are written in a terminal: in ASCII, short, and as wide as their neighbours.

use std::time::Duration;

use toile_tune::Choice;

/// `0:07`, `12:34`, `1:02:03`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// The same of seconds; `0:00` where they are no time.
pub fn duration_of(seconds: f64) -> String {
    duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// `0:00.4`, `0:09.8`, then `0:10` and on: one form for a column.
pub fn short_duration(seconds: f64) -> String {
    match seconds {
        s if s < 9.95 => format!("0:{s:04.1}"),
        s => duration_of(s),
    }
}

/// Seconds without their unit: three digits that count, or more before the point.
pub fn seconds(seconds: f64) -> String {
    let digits = match seconds {
        s if s < 0.000_995 => 6,
        s if s < 0.009_95 => 5,
        s if s < 0.099_5 => 4,
        s if s < 0.995 => 3,
        s if s < 9.95 => 2,
        _ => 1,
    };
    format!("{seconds:.digits$}")
}

/// Seconds as milliseconds, without their unit.
pub fn milliseconds(seconds: f64) -> String {
    format!("{:.3}", 1e3 * seconds)
}

/// A metric: four decimals for what lies around 1; else five significant digits.
pub fn metric(value: f64) -> String {
    match value.abs() {
        a if a == 0.0 || (0.01..100.0).contains(&a) => format!("{value:.4}"),
        a if (100.0..1e9).contains(&a) && value.fract() == 0.0 => format!("{value}"),
        _ => format!("{value:.4e}"),
    }
}

/// A parameter's value with four significant digits at most: `0.00123`, `64`, `adam`.
pub fn parameter(choice: &Choice) -> String {
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

/// `1.4 MB`: powers of 1000, as disks and `results.json` count.
pub fn bytes(n: u64) -> String {
    scaled(n as f64, &["B", "kB", "MB", "GB", "TB"])
}

/// `32 KiB`: powers of 1024, as caches count.
pub fn binary_bytes(n: usize) -> String {
    if n < 1 << 20 { format!("{} KiB", n >> 10) } else { format!("{} MiB", n >> 20) }
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
        assert_eq!([0.41, 9.94, 9.96, 3723.0].map(short_duration), ["0:00.4", "0:09.9", "0:10", "1:02:03"]);
    }

    #[test]
    fn seconds_have_three_digits_that_count() {
        let shown = [0.000_512_3, 0.003_456, 0.031_249, 0.5, 8.765, 123.4].map(seconds);
        assert_eq!(shown, ["0.000512", "0.00346", "0.0312", "0.500", "8.77", "123.4"]);
    }

    #[test]
    fn parameters_are_as_short_as_four_digits_allow() {
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
            assert_eq!(parameter(&Choice::Float(value)), text);
        }
        assert_eq!(parameter(&Choice::Text("adam".into())), "adam");
    }

    #[test]
    fn metrics_have_four_decimals_around_one() {
        assert_eq!(metric(0.87654321), "0.8765");
        assert_eq!(metric(25450.0), "25450");
        assert_eq!(metric(3.1e-5), "3.1000e-5");
    }

    #[test]
    fn quantities_have_the_unit_that_fits() {
        assert_eq!([bytes(999), bytes(1_420_000), bytes(47_040_016)], ["999 B", "1.4 MB", "47.0 MB"]);
        assert_eq!([flops(6.4e12), flops(8.2e9), flops(999.7e9)], ["6.4 TFLOP", "8.2 GFLOP", "1.0 TFLOP"]);
        assert_eq!([32 << 10, 8 << 20].map(binary_bytes), ["32 KiB", "8 MiB"]);
    }
}
