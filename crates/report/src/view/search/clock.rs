//! Moments of the records as seconds: RFC 3339, and the forms without a zone that other programs leave.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Seconds since 1970 in UTC; a moment without a zone is taken as UTC. `None` for what is no moment.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let moment = text.parse::<Timestamp>().ok().or_else(|| without_zone(text))?;
    Some(moment.as_duration().as_secs_f64())
}

/// A date and a time of day, taken as UTC. A date alone is no moment.
fn without_zone(text: &str) -> Option<Timestamp> {
    let has_zone = text.ends_with(['Z', 'z']) || text.contains(['+', '[']);
    let has_time = text.contains(['T', 't', ' ']);
    let moment = text.parse::<DateTime>().ok().filter(|_| has_time && !has_zone)?;
    moment.to_zoned(TimeZone::UTC).ok().map(|moment| moment.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `date -u -d TEXT +%s.%6N`
    #[test]
    fn moments_are_those_of_coreutils() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0.0));
        assert_eq!(seconds("2026-11-22T10:38:49.061143Z"), Some(1_795_343_929.061_143));
        assert_eq!(seconds("2024-02-29T23:59:59+01:30"), Some(1_709_245_799.0));
        assert_eq!(seconds("2000-03-01 00:00:00.5"), Some(951_868_800.5));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "T",
            "yesterday",
            "2026-13-01T00:00:00Z",
            "2026-01-01",
            "2026-01-01T25:00:00Z",
            "x-y-zTa:b:c",
            "2026-01-01T00:00:00+9",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
