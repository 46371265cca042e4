//! What a database keeps beside searches: study files, and the openings of the test set.

use super::Storage;
use super::db::{Db, Result, cells};
use crate::StoreError;
use toile_record::TestOpening;

impl Storage {
    /// Keeps a study file, for workers that have none.
    pub fn save_study_text(
        &self,
        name: &str,
        file_text: &str,
        file_name: &str,
    ) -> std::result::Result<(), StoreError> {
        self.write("record the study file in", |db| {
            let sql = "INSERT INTO toile_study_file (study, file_name, file) VALUES ($1, $2, $3)
                ON CONFLICT (study) DO UPDATE SET file_name = excluded.file_name, file = excluded.file";
            db.execute(sql, cells![name, file_name, file_text]).map(drop)
        })
    }

    /// The study file of this name: its text and what the file was called.
    pub fn study_text(&self, name: &str) -> std::result::Result<Option<(String, String)>, StoreError> {
        self.read("read the study file from", |db| {
            let sql = "SELECT file, file_name FROM toile_study_file WHERE study = $1";
            db.first(sql, cells![name], |row| Ok((row.string(0)?, row.string(1)?)))
        })
    }

    /// The names of the studies whose files are kept.
    pub fn study_names(&self) -> std::result::Result<Vec<String>, StoreError> {
        self.read("read the study files from", |db| {
            db.query("SELECT study FROM toile_study_file ORDER BY study", &[], |row| row.string(0))
        })
    }

    /// Records that the test set was opened; the same run for the same reason is one opening.
    pub fn save_test_opening(&self, opening: &TestOpening) -> std::result::Result<(), StoreError> {
        self.write("record the opening of the test set in", |db| save_test_opening(db, opening))
    }

    /// Every opening of the test set, in order.
    pub fn test_openings(&self) -> std::result::Result<Vec<TestOpening>, StoreError> {
        self.read("read the openings of the test set from", test_openings)
    }
}

pub(crate) fn save_test_opening(db: &mut Db<'_>, opening: &TestOpening) -> Result<()> {
    let sql = "INSERT INTO toile_test_opening (run_id, why, time) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    db.execute(sql, cells![&opening.run_id, &opening.why, &opening.time]).map(drop)
}

pub(crate) fn test_openings(db: &mut Db<'_>) -> Result<Vec<TestOpening>> {
    let sql = "SELECT time, run_id, why FROM toile_test_opening ORDER BY opening_id";
    db.query(sql, &[], |row| {
        Ok(TestOpening { time: row.string(0)?, run_id: row.string(1)?, why: row.string(2)? })
    })
}
