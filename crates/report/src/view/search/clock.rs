//! Moments of the records as seconds: RFC 3339, and the forms without a zone that other programs leave.

/// Seconds since 1970 in UTC; a moment without a zone is taken as UTC. `None` for what is no moment.
pub fn seconds(text: &str) -> Option<f64> {
    let (date, time) = text.trim().split_once(['T', 't', ' '])?;
    let mut parts = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (clock, offset) = zone(time)?;
    let mut parts = clock.splitn(3, ':');
    let (hour, minute): (f64, f64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let second: f64 = parts.next().map_or(Some(0.0), |part| part.parse().ok())?;
    let inside =
        (0.0..24.0).contains(&hour) && (0.0..60.0).contains(&minute) && (0.0..61.0).contains(&second);
    inside
        .then(|| days(year, month, day) as f64 * 86_400.0 + hour * 3_600.0 + minute * 60.0 + second - offset)
}

/// The clock without its zone, and the zone's distance from UTC in seconds.
fn zone(time: &str) -> Option<(&str, f64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0.0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0.0)) };
    let (hours, minutes) = time[at + 1..].split_once(':')?;
    let size = hours.parse::<u32>().ok()? * 3_600 + minutes.parse::<u32>().ok()? * 60;
    let sign = if time[at..].starts_with('-') { -1.0 } else { 1.0 };
    Some((&time[..at], sign * f64::from(size)))
}

/// Days since 1970-01-01 of a Gregorian date, with years that begin in March (Hinnant, "chrono-compatible date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
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
