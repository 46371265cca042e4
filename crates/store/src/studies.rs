//! What a database knows of studies: their records, and their files for workers that have none.

use crate::db::{Db, DbRow, Result, cells};
use crate::{Store, StoreError, checksums, json};
use toile_record::{DataRecord, SplitRecord, StudyRecord};

impl Store {
    /// Writes the study, or refuses: when it has results on other data, or when this is the folder of another study.
    pub fn save_study(&self, study: &StudyRecord) -> std::result::Result<(), StoreError> {
        let (place, is_folder) = (self.place(), self.is_folder());
        self.write("record the study in", |db| {
            if is_folder && let Some(found) = names(db)?.into_iter().find(|name| *name != study.name) {
                let asked = study.name.clone();
                return Err(StoreError::OtherStudy { path: place.clone().into(), found, asked }.into());
            }
            let known = self::study(db, Some(&study.name))?;
            if let Some(found) = &known
                && found.data.fingerprint != study.data.fingerprint
            {
                let (found, asked) = (found.data.fingerprint.clone(), study.data.fingerprint.clone());
                return Err(StoreError::OtherData { path: place.clone().into(), found, asked }.into());
            }
            // A copy of an earlier version does not say which images are validation.
            let mut study = study.clone();
            let split = &mut study.data.split;
            let is_same = |known: &SplitRecord| known.fingerprint == split.fingerprint;
            if split.validation_images.is_empty()
                && let Some(known) = known.map(|known| known.data.split).filter(is_same)
            {
                split.validation_images = known.validation_images;
                split.validation_labels = known.validation_labels;
            }
            put(db, &study)
        })
    }

    /// Records what should be examined about the data of a study.
    pub fn save_data_warnings(
        &self,
        study: &str,
        warnings: &[String],
    ) -> std::result::Result<(), StoreError> {
        self.write("record the study in", |db| match self::study(db, Some(study))? {
            Some(mut record) => {
                record.data.warnings = warnings.to_vec();
                put(db, &record)
            }
            None => Ok(()),
        })
    }

    /// The study of this name; without a name the only one, or the first.
    pub fn study(&self, name: Option<&str>) -> std::result::Result<Option<StudyRecord>, StoreError> {
        self.read("read the study from", |db| study(db, name))
    }

    /// The names of the studies that are recorded.
    pub fn recorded_studies(&self) -> std::result::Result<Vec<String>, StoreError> {
        self.read("read the studies from", names)
    }

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
}

fn names(db: &mut Db<'_>) -> Result<Vec<String>> {
    db.query("SELECT name FROM toile_study ORDER BY name", &[], |row| row.string(0))
}

pub(crate) fn study(db: &mut Db<'_>, name: Option<&str>) -> Result<Option<StudyRecord>> {
    let sql =
        "SELECT name, question, file, toile_version, data, test_labels, validation_images, validation_labels, seeds
        FROM toile_study
        WHERE ($1::text IS NULL OR name = $1::text) ORDER BY name LIMIT 1";
    db.first(sql, cells![name], study_of)
}

/// A study in a row of its name, question, file, version, data, labels, the validation images with their labels, seeds.
pub(crate) fn study_of(row: &DbRow<'_>) -> Result<StudyRecord> {
    let mut data: DataRecord = row.json(4)?;
    data.test_labels = row.maybe_bytes(5)?.unwrap_or_default().to_vec();
    let images = row.maybe_bytes(6)?.unwrap_or_default().as_chunks::<4>().0.iter();
    data.split.validation_images = images.map(|image| u32::from_le_bytes(*image)).collect();
    data.split.validation_labels = row.maybe_bytes(7)?.unwrap_or_default().to_vec();
    Ok(StudyRecord {
        name: row.string(0)?,
        question: row.maybe_string(1)?,
        file: row.string(2)?,
        toile_version: row.string(3)?,
        data,
        seeds: row.maybe_json(8)?,
    })
}

pub(crate) fn put(db: &mut Db<'_>, study: &StudyRecord) -> Result<()> {
    let sql =
        "INSERT INTO toile_study (name, question, file, toile_version, data_fingerprint, data, test_labels,
            checksum, validation_images, validation_labels, seeds)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (name) DO UPDATE SET question = excluded.question,
            file = excluded.file, toile_version = excluded.toile_version, data = excluded.data,
            data_fingerprint = excluded.data_fingerprint, test_labels = excluded.test_labels, checksum = excluded.checksum,
            validation_images = excluded.validation_images, validation_labels = excluded.validation_labels,
            seeds = excluded.seeds";
    let data = json::to_text(&study.data);
    let checksum = checksums::of_study(study);
    let split = &study.data.split;
    let images = validation_images(split);
    let seeds = study.seeds.as_ref().map(json::to_text);
    let values = cells![
        &study.name,
        study.question.as_deref(),
        &study.file,
        &study.toile_version,
        &study.data.fingerprint,
        &data,
        &study.data.test_labels[..],
        &checksum,
        &images[..],
        &split.validation_labels[..],
        seeds.as_deref(),
    ];
    db.execute(sql, values).map(drop)
}

/// The places of the validation images, little-endian.
pub(crate) fn validation_images(split: &SplitRecord) -> Vec<u8> {
    split.validation_images.iter().flat_map(|image| image.to_le_bytes()).collect()
}
