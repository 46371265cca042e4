//! Checksums of single rows: what the study file says of a search, openings of the test part, test images.
//!
//! A row is written with its checksum. One that an earlier version wrote has none, and is not checked.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::SearchId;
use crate::artifacts::weights::hexadecimal;
use crate::checksums::AlteredRecord;
use crate::db::{Db, Result, cells};
use toile_record::{ImageRecord, TestOpening};

/// Each part with its length, so that nothing can move from one to the next.
fn of_parts(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hexadecimal(&hash.finalize())
}

pub(crate) fn of_opening(opening: &TestOpening) -> String {
    of_parts(&[opening.run_id.as_bytes(), opening.why.as_bytes(), opening.time.as_bytes()])
}

pub(crate) fn of_image(image: &ImageRecord) -> String {
    of_parts(&[&(image.index as u64).to_le_bytes(), &image.pixels])
}

/// Seals what the study file says of a search, and its chosen run, as they stand now.
pub(crate) fn seal_search(db: &mut Db<'_>, id: SearchId) -> Result<()> {
    let Some(SearchSeal { computed, .. }) = search_seal(db, id)? else { return Ok(()) };
    db.execute("UPDATE toile_search SET checksum = $2 WHERE study_id = $1", cells![id.0, &computed]).map(drop)
}

struct SearchSeal {
    name: String,
    written: Option<String>,
    computed: String,
}

fn search_seal(db: &mut Db<'_>, id: SearchId) -> Result<Option<SearchSeal>> {
    let sql = "SELECT name, checksum, record, chosen_run FROM toile_search WHERE study_id = $1";
    db.first(sql, cells![id.0], |row| {
        let chosen_run = row.maybe_text(3)?.unwrap_or_default();
        let computed = of_parts(&[row.text(2)?.as_bytes(), chosen_run.as_bytes()]);
        Ok(SearchSeal { name: row.string(0)?, written: row.maybe_string(1)?, computed })
    })
}

/// The search, if what is on record of it is not as it was written.
pub(crate) fn altered_search(db: &mut Db<'_>, id: SearchId) -> Result<Option<AlteredRecord>> {
    let seal = search_seal(db, id)?;
    let altered = seal.filter(|seal| is_broken(seal.written.as_deref(), &seal.computed));
    Ok(altered.map(|seal| AlteredRecord::Search { name: seal.name }))
}

/// Openings and images of a study that are not as they were written.
pub(crate) fn altered_rows(
    db: &mut Db<'_>,
    study: &str,
    images: &[ImageRecord],
) -> Result<Vec<AlteredRecord>> {
    let sql = "SELECT time, run_id, why, checksum FROM toile_opening WHERE study = $1";
    let openings = db.query(sql, cells![study], |row| {
        let opening = TestOpening { time: row.string(0)?, run_id: row.string(1)?, why: row.string(2)? };
        Ok(is_broken(row.maybe_text(3)?, &of_opening(&opening)))
    })?;
    let sql = "SELECT id, checksum FROM toile_image WHERE study = $1";
    let seals = db.query(sql, cells![study], |row| Ok((row.count(0)?, row.maybe_string(1)?)))?;
    let seals: HashMap<usize, Option<String>> = seals.into_iter().collect();
    let seal = |image: &ImageRecord| seals.get(&image.index).and_then(|seal| seal.as_deref());
    let image = images.iter().any(|image| is_broken(seal(image), &of_image(image)));
    let altered = [(openings.contains(&true), AlteredRecord::Openings), (image, AlteredRecord::Images)];
    Ok(altered.into_iter().filter_map(|(is_altered, record)| is_altered.then_some(record)).collect())
}

fn is_broken(written: Option<&str>, computed: &str) -> bool {
    written.is_some_and(|written| written != computed)
}
