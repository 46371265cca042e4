//! Dates as seconds.

/// Seconds since 1970 of an RFC 3339 date in UTC, `2026-11-29T12:00:00.5Z`; `None` if it is none.
pub(super) fn seconds(date: &str) -> Option<f64> {
    let date = date.strip_suffix('Z').or_else(|| date.strip_suffix("+00:00"))?;
    let (day, time) = date.split_once(['T', ' '])?;
    let mut day = day.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (day.next()?.ok()?, day.next()?.ok()?, day.next()?.ok()?);
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (time.next()?.parse::<i64>().ok()?, time.next()?.parse::<i64>().ok()?);
    let second: f64 = time.next()?.parse().ok()?;
    let fits = (0..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0.0..=60.0).contains(&second);
    fits.then(|| (days(year, month, day) * 86_400 + hour * 3600 + minute * 60) as f64 + second)
}

/// Days since 1 January 1970, by the Gregorian calendar (Howard Hinnant's `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::seconds;

    /// `date -u -d DATE +%s`
    #[test]
    fn dates_are_seconds_since_1970() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0.0));
        assert_eq!(seconds("2026-11-29T12:00:00Z"), Some(1_795_953_600.0));
        assert_eq!(seconds("2000-02-29T23:59:59.25Z"), Some(951_868_799.25));
        assert_eq!(seconds("1999-12-31 00:00:00+00:00"), Some(946_598_400.0));
        for wrong in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-29", "2026-11-29T25:00:00Z"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
