//! What the two engines call the same thing: statements are written once, in PostgreSQL's words.
//!
//! The differences are few enough for replacements: `$1` is `?1` in SQLite, casts and row locks do not exist there (a
//! writer has the whole file), and the clock has another name.

/// The present as Optuna 5 writes it: UTC, without a mark of it, with six digits of a second's fraction.
const NOW_UTC: [&str; 2] =
    ["strftime('%Y-%m-%d %H:%M:%f000', 'now')", "(clock_timestamp() AT TIME ZONE 'UTC')"];

/// The present as Optuna writes heartbeats: whole seconds in UTC, or the session's own time zone.
const NOW_BEAT: [&str; 2] = ["CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"];

/// The present in seconds since 1970, for leases.
const NOW_SECONDS: [&str; 2] = ["unixepoch('subsec')", "extract(epoch FROM clock_timestamp())::float8"];

fn with_clock(sql: &str, engine: usize) -> String {
    sql.replace("NOW_UTC", NOW_UTC[engine])
        .replace("NOW_BEAT", NOW_BEAT[engine])
        .replace("NOW_SECONDS", NOW_SECONDS[engine])
}

/// The statement with the clock of a server.
pub(super) fn to_postgres(sql: &str) -> String {
    with_clock(sql, 1)
}

/// The same statement in SQLite's words.
pub(super) fn to_sqlite(sql: &str) -> String {
    let sql = with_clock(sql, 0);
    let mut said = String::with_capacity(sql.len());
    let mut rest = sql.as_str();
    while let Some(place) = rest.find(['$', ':', 'F']) {
        said.push_str(&rest[..place]);
        rest = &rest[place..];
        if let Some(after) = rest.strip_prefix("::") {
            rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        } else if let Some(after) = rest.strip_prefix('$') {
            said.push('?');
            rest = after;
        } else if rest.starts_with("FOR UPDATE") {
            rest = &rest[rest.find(')').unwrap_or(rest.len())..];
        } else {
            said.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    said + rest
}

#[cfg(test)]
mod tests {
    use super::to_sqlite;

    #[test]
    fn statements_are_said_to_sqlite_in_its_own_words() {
        let said = to_sqlite(
            "UPDATE t SET a = $1::text WHERE id = (SELECT id FROM t WHERE b < NOW_SECONDS - $12::float8 \
             LIMIT 1 FOR UPDATE SKIP LOCKED) AND c = 'F:$'",
        );
        let meant = "UPDATE t SET a = ?1 WHERE id = (SELECT id FROM t WHERE b < unixepoch('subsec') - ?12 \
                     LIMIT 1 ) AND c = 'F:?'";
        assert_eq!(said, meant);
    }
}
