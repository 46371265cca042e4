//! Moments: seconds since 1970, read from records and written as a time of day.

use jiff::Timestamp;

/// The moment that a record names in RFC 3339.
pub fn seconds_since_1970(rfc3339: &str) -> Option<f64> {
    let moment: Timestamp = rfc3339.parse().ok()?;
    Some(moment.as_millisecond() as f64 / 1000.0)
}

/// The moment in RFC 3339, to the second.
pub(crate) fn rfc3339(moment: f64) -> String {
    Timestamp::from_second(moment.max(0.0) as i64).unwrap_or_default().to_string()
}

/// The time of day in UTC: `13:04:10`.
pub fn clock(moment: f64) -> String {
    let seconds = (moment.max(0.0).floor() as u64) % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_and_shown_in_utc() {
        let moment = seconds_since_1970("2026-11-28T13:04:10.5Z").unwrap();
        assert_eq!((moment, clock(moment).as_str()), (1_795_871_050.5, "13:04:10"));
        assert_eq!(seconds_since_1970(""), None);
    }
}
