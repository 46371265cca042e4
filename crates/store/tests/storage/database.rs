//! A fresh database per test and engine, and a way to do to it what other programs do.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use toile_store::Store;

pub enum Database {
    Sqlite { path: PathBuf, _dir: tempfile::TempDir },
    Postgres { server: String, name: String },
}

/// Runs a test on a SQLite file, and on a server if there is one.
#[expect(clippy::print_stderr, reason = "a test that skips a part says so")]
pub fn on_each_engine(test: impl Fn(&Database)) {
    let dir = tempfile::tempdir().unwrap();
    test(&Database::Sqlite { path: dir.path().join("store.sqlite"), _dir: dir });
    match std::env::var("TOILE_TEST_POSTGRES") {
        Ok(server) => test(&fresh(server)),
        Err(_) => eprintln!("skipped on PostgreSQL: TOILE_TEST_POSTGRES is not set"),
    }
}

fn fresh(server: String) -> Database {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("toile_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    admin(&server, &format!("CREATE DATABASE {name}"));
    Database::Postgres { server, name }
}

fn admin(server: &str, sql: &str) {
    postgres::Client::connect(server, postgres::NoTls).unwrap().batch_execute(sql).unwrap();
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Database::Postgres { server, name } = self
            && !std::thread::panicking()
        {
            admin(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

impl Database {
    pub fn open(&self) -> Store {
        self.try_open().unwrap()
    }

    pub fn try_open(&self) -> Result<Store, toile_store::StoreError> {
        match self {
            Database::Sqlite { path, .. } => Store::sqlite(path),
            Database::Postgres { .. } => Store::postgres(&self.url()),
        }
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self, Database::Postgres { .. })
    }

    /// The server's address with this database's name in place of the last part.
    pub fn url(&self) -> String {
        match self {
            Database::Sqlite { path, .. } => format!("sqlite:///{}", path.display()),
            Database::Postgres { server, name } => {
                let stem = server.rsplit_once('/').unwrap().0;
                format!("{stem}/{name}")
            }
        }
    }

    /// Does what another program would.
    pub fn sql(&self, sql: &str) {
        self.try_sql(sql).unwrap();
    }

    pub fn try_sql(&self, sql: &str) -> Result<(), String> {
        match self {
            Database::Sqlite { path, .. } => {
                let done = rusqlite::Connection::open(path).unwrap().execute_batch(sql);
                done.map_err(|error| error.to_string())
            }
            Database::Postgres { .. } => {
                let mut client = postgres::Client::connect(&self.url(), postgres::NoTls).unwrap();
                client.batch_execute(sql).map_err(|error| error.to_string())
            }
        }
    }

    /// The one number that a query answers with.
    pub fn number(&self, sql: &str) -> i64 {
        match self {
            Database::Sqlite { path, .. } => {
                rusqlite::Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Database::Postgres { .. } => {
                let mut client = postgres::Client::connect(&self.url(), postgres::NoTls).unwrap();
                client.query_one(sql, &[]).unwrap().get(0)
            }
        }
    }

    /// The one text that a query answers with.
    pub fn text(&self, sql: &str) -> Option<String> {
        match self {
            Database::Sqlite { path, .. } => {
                rusqlite::Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Database::Postgres { .. } => {
                let mut client = postgres::Client::connect(&self.url(), postgres::NoTls).unwrap();
                client.query_one(sql, &[]).unwrap().get(0)
            }
        }
    }
}
