//! The test part: when it was opened, for which run, and the images that some run got wrong.

use crate::db::{Db, Result, cells};
use crate::{Change, Store, StoreError, row_checksums};
use toile_record::{ImageRecord, TestOpening};

impl Store {
    /// Keeps test images; those already kept stay as they are.
    pub fn save_images(&self, study: &str, images: &[ImageRecord]) -> std::result::Result<(), StoreError> {
        self.save(&[Change::Images(study, images)]).map(drop)
    }

    /// Records that the test part was opened; the same run for the same reason is one opening.
    pub fn save_test_opening(
        &self,
        study: &str,
        opening: &TestOpening,
    ) -> std::result::Result<(), StoreError> {
        self.save(&[Change::Opening(study, opening)]).map(drop)
    }

    /// Every opening of the test part, in order.
    pub fn test_openings(&self, study: &str) -> std::result::Result<Vec<TestOpening>, StoreError> {
        self.read("read the openings of the test part from", |db| test_openings(db, study))
    }
}

pub(crate) fn put(db: &mut Db<'_>, study: &str, opening: &TestOpening) -> Result<()> {
    let sql = "INSERT INTO toile_opening (study, run_id, why, time, checksum) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING";
    let checksum = row_checksums::of_opening(opening);
    db.execute(sql, cells![study, &opening.run_id, &opening.why, &opening.time, &checksum]).map(drop)
}

pub(crate) fn test_openings(db: &mut Db<'_>, study: &str) -> Result<Vec<TestOpening>> {
    let sql = "SELECT time, run_id, why FROM toile_opening WHERE study = $1 ORDER BY opening_id";
    db.query(sql, cells![study], |row| {
        Ok(TestOpening { time: row.string(0)?, run_id: row.string(1)?, why: row.string(2)? })
    })
}

pub(crate) fn put_images(db: &mut Db<'_>, study: &str, images: &[ImageRecord]) -> Result<()> {
    let sql = "INSERT INTO toile_image (study, id, pixels, checksum) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING";
    let checksums: Vec<String> = images.iter().map(row_checksums::of_image).collect();
    let rows: Vec<_> = images
        .iter()
        .zip(&checksums)
        .map(|(image, checksum)| cells![study, image.index, &image.pixels[..], checksum].to_vec())
        .collect();
    db.execute_many(sql, &rows).map(drop)
}

pub(crate) fn images(db: &mut Db<'_>, study: &str) -> Result<Vec<ImageRecord>> {
    let sql = "SELECT id, pixels FROM toile_image WHERE study = $1 ORDER BY id";
    db.query(sql, cells![study], |row| {
        Ok(ImageRecord { index: row.count(0)?, pixels: row.maybe_bytes(1)?.unwrap_or_default().to_vec() })
    })
}
