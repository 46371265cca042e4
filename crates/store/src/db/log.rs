//! How long a SQLite file's write-ahead log may become while others read.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::sqlite::{PATIENCE, log_size};

/// From this size on it is begun anew. SQLite writes the log into the database once it has 4 MB, but goes on at its end
/// as long as there is somebody who reads: with two viewers there almost always is.
const LONG: u64 = 6 << 20;
/// A moment without a reader is waited for so long: whoever reads for longer, of another program, must not hold up the
/// work.
const WAIT: Duration = Duration::from_millis(100);
/// By so much the log grows before that is tried again.
const MORE: u64 = LONG / 4;

/// The write-ahead log of a file that is written to.
#[derive(Debug, Default)]
pub(crate) struct WriteAheadLog {
    /// Its size when it was tried last to begin it anew, to no avail.
    tried_at: AtomicU64,
}

impl WriteAheadLog {
    /// To be called after a transaction: begins the log anew if it is long. It stays where somebody reads for long, and
    /// nothing is lost.
    pub(crate) fn keep_short(&self, connection: &Connection, path: &Path) {
        let size = log_size(path);
        if size < LONG.max(self.tried_at.load(Ordering::Relaxed)) {
            return;
        }
        let begin_anew = || {
            connection.busy_timeout(WAIT)?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        };
        let is_busy = begin_anew().unwrap_or(true);
        // Which cannot fail: it is a number in memory.
        drop(connection.busy_timeout(PATIENCE));
        self.tried_at.store(if is_busy { size + MORE } else { 0 }, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::sqlite;

    /// A file with a table of blobs, in a folder of its own.
    fn opened() -> (tempfile::TempDir, Connection, WriteAheadLog) {
        let dir = tempfile::tempdir().unwrap();
        let connection = sqlite::open_to_write(&dir.path().join("store.sqlite")).unwrap();
        connection.execute("CREATE TABLE blobs (content BLOB)", []).unwrap();
        (dir, connection, WriteAheadLog::default())
    }

    /// Writes a megabyte, and does what a store does after a transaction.
    fn write(connection: &Connection, log: &WriteAheadLog, path: &Path) {
        connection.execute("INSERT INTO blobs VALUES (zeroblob(1 << 20))", []).unwrap();
        log.keep_short(connection, path);
    }

    #[test]
    fn a_log_that_readers_keep_alive_begins_anew_as_soon_as_they_let_it() {
        let (dir, connection, log) = opened();
        let path = dir.path().join("store.sqlite");
        let reader = sqlite::open_to_look(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM blobs").unwrap();
        (0..9).for_each(|_| write(&connection, &log, &path));
        assert!(log_size(&path) > 9 << 20, "the reader sees what there was: {}", log_size(&path));
        reader.execute_batch("COMMIT").unwrap();
        (0..2).for_each(|_| write(&connection, &log, &path));
        assert!(log_size(&path) < LONG, "{}", log_size(&path));
        let count: i64 = connection.query_row("SELECT count(*) FROM blobs", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 11);
        assert_eq!(
            connection.query_row("PRAGMA busy_timeout", [], |row| row.get::<_, i64>(0)).unwrap(),
            10_000
        );
    }

    #[test]
    fn without_readers_it_stays_below_twice_what_sqlite_lets_it_have() {
        let (dir, connection, log) = opened();
        let path = dir.path().join("store.sqlite");
        for _ in 0..40 {
            write(&connection, &log, &path);
            assert!(log_size(&path) < 8 << 20, "{}", log_size(&path));
        }
    }
}
