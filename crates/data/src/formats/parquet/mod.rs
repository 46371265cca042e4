//! Parquet tables as Hugging Face's hub holds them: a column of encoded pictures, a column of labels, the names of the
//! classes in the properties of the file, a part in one file or in several.
//!
//! The tables are found in every build; they are read where the program was built with its feature `parquet`.

#[cfg(feature = "parquet")]
mod columns;
mod files;
#[cfg(feature = "parquet")]
mod part;
#[cfg(feature = "parquet")]
mod table;

use super::{Format, PartnerTest, RawData, WantedReading};
use crate::error::DataError;
use crate::locations::LoadProgress;
use crate::source::Source;

/// The format.
pub(super) struct ParquetTables;

/// How a file begins and ends.
const MAGIC: &[u8] = b"PAR1";

impl Format for ParquetTables {
    fn name(&self) -> &'static str {
        "Parquet"
    }

    fn decodes(&self) -> bool {
        true
    }

    fn partners(&self, asked: &str) -> Option<PartnerTest> {
        files::partners(asked)
    }

    fn recognises(&self, source: &Source) -> Result<bool, DataError> {
        Ok(match &source.asked {
            Some(name) => source.files[name].start(MAGIC.len() as u64)? == MAGIC,
            None => files::holds_tables(source),
        })
    }

    #[cfg(feature = "parquet")]
    fn read(
        &self,
        source: &Source,
        wanted: &WantedReading,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<RawData, DataError> {
        part::read(files::of_parts(source)?, wanted, progress)
    }

    #[cfg(not(feature = "parquet"))]
    fn read(
        &self,
        source: &Source,
        _: &WantedReading,
        _: &mut dyn FnMut(LoadProgress),
    ) -> Result<RawData, DataError> {
        let [train, ..] = files::of_parts(source)?;
        let file = train.first().map_or(source.place.as_path(), |blob| blob.shown());
        let help = "build the program with `--features parquet`; or save the pictures as files, a folder for each class, in Python: \
                    `for i, row in enumerate(dataset[\"train\"]): row[\"image\"].save(f\"train/{row['label']}/{i:05}.png\")`";
        Err(DataError::refused(file, "is Parquet, and this program was built without its reader", help))
    }
}
