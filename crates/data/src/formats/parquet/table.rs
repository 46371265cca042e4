//! The rows of one table, some at a time.

use super::MAGIC;
use super::columns::{PictureColumn, PictureColumns};
use crate::error::DataError;
use crate::foreign::foreign;
use crate::source::{Blob, MAX_MEMBER, open_file};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use std::path::Path;
use std::sync::Arc;

/// Rows that are read at once.
pub(super) const AT_ONCE: usize = 1024;

/// A table that is open.
pub(super) struct PictureTable {
    reader: Box<dyn FileReader>,
    pub columns: PictureColumns,
    blob: Blob,
}

/// Some rows: the encoded pictures, and the labels, if there are any.
pub(super) struct TableRows {
    pub pictures: Vec<Blob>,
    pub labels: RowLabels,
}

/// Labels as they are stored.
#[derive(Debug)]
pub(super) enum RowLabels {
    None,
    Numbers(Vec<i64>),
    Words(Vec<String>),
}

impl PictureTable {
    /// Opens a table. On the disk it stays there; one in an archive is read into memory.
    pub(super) fn open(blob: &Blob) -> Result<PictureTable, DataError> {
        let start = blob.start(1024)?;
        if !start.starts_with(MAGIC) {
            let found = foreign(&start).map_or("another kind of file".into(), |found| found.to_string());
            let fault = format!("is no Parquet table: found {found}");
            let help = "download it again; where Git keeps large files apart, `git lfs pull` fetches them";
            return Err(DataError::refused(blob.shown(), fault, help));
        }
        let reader: ParquetResult<Box<dyn FileReader>> = match blob.path() {
            Some(path) => {
                let file = open_file(path)?.0;
                guarded(|| SerializedFileReader::new(file).map(|reader| Box::new(reader) as _))
            }
            None => {
                let bytes = Bytes::from(blob.read(MAX_MEMBER)?);
                guarded(|| SerializedFileReader::new(bytes).map(|reader| Box::new(reader) as _))
            }
        };
        let reader = reader.map_err(|cause| broken(blob.shown(), &cause))?;
        let help = "toile reads Hugging Face's tables: a column `image` with encoded PNG or JPEG pictures, and a column `label`";
        let columns = PictureColumns::of(reader.metadata().file_metadata())
            .map_err(|fault| DataError::refused(blob.shown(), fault, help))?;
        Ok(PictureTable { reader, columns, blob: blob.clone() })
    }

    /// The file.
    pub(super) fn file(&self) -> &Path {
        self.blob.shown()
    }

    /// How many rows it says that it has.
    pub(super) fn len(&self) -> u64 {
        let groups = self.reader.metadata().row_groups();
        groups.iter().fold(0, |sum, group| sum.saturating_add(u64::try_from(group.num_rows()).unwrap_or(0)))
    }

    /// Gives all rows, at most [`AT_ONCE`] at a time.
    pub(super) fn read(
        &self,
        take: &mut dyn FnMut(TableRows) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut first = 0;
        for group in 0..self.reader.num_row_groups() {
            let group = guarded(|| self.reader.get_row_group(group)).map_err(|cause| self.broken(&cause))?;
            let rows = u64::try_from(group.metadata().num_rows()).unwrap_or(0);
            let mut pictures = self.column(&*group, &self.columns.image)?;
            let label = self.columns.label.as_ref();
            let mut labels = label.map(|label| self.column(&*group, label)).transpose()?;
            let mut left = rows;
            while left > 0 {
                let n = left.min(AT_ONCE as u64) as usize;
                let rows = TableRows {
                    pictures: self.pictures(&mut pictures, n, first)?,
                    labels: match (&mut labels, label) {
                        (Some(reader), Some(column)) => self.labels(reader, &column.name, n, first)?,
                        _ => RowLabels::None,
                    },
                };
                take(rows)?;
                left -= n as u64;
                first += n as u64;
            }
        }
        Ok(())
    }

    fn column(&self, group: &dyn RowGroupReader, column: &PictureColumn) -> Result<ColumnReader, DataError> {
        let chunk = group.metadata().column(column.leaf);
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        let range = u64::try_from(start).ok().zip(u64::try_from(chunk.compressed_size()).ok());
        let end = range.and_then(|(start, len)| start.checked_add(len));
        // The library takes these numbers as they are.
        if end.is_none_or(|end| end > self.blob.len()) {
            return Err(self.broken("a column lies outside the file"));
        }
        let pages =
            guarded(|| group.get_column_page_reader(column.leaf)).map_err(|cause| self.broken(&cause))?;
        let description = chunk.column_descr_ptr();
        Ok(get_column_reader(description, Box::new(CheckedPages { pages, has_dictionary: false })))
    }

    fn pictures(&self, reader: &mut ColumnReader, n: usize, first: u64) -> Result<Vec<Blob>, DataError> {
        let ColumnReader::ByteArrayColumnReader(reader) = reader else {
            return Err(self.broken("the column of pictures has another type than the table says"));
        };
        let values: Vec<ByteArray> = self.values(reader, &self.columns.image.name, n, first)?;
        let named = values.iter().zip(first..);
        let picture = |(bytes, row): (&ByteArray, u64)| {
            let name = format!("{}, row {row}", self.file().display());
            Blob::in_memory(Arc::from(bytes.data()), name.into())
        };
        Ok(named.map(picture).collect())
    }

    fn labels(
        &self,
        reader: &mut ColumnReader,
        column: &str,
        n: usize,
        first: u64,
    ) -> Result<RowLabels, DataError> {
        let words = |values: Vec<ByteArray>| {
            let word = |(value, row): (&ByteArray, u64)| match value.as_utf8() {
                Ok(text) => super::super::words::label(text).map_err(|fault| self.row(row, &fault)),
                Err(_) => Err(self.row(row, "has a label that is no text")),
            };
            values.iter().zip(first..).map(word).collect::<Result<_, _>>()
        };
        Ok(match reader {
            ColumnReader::Int64ColumnReader(reader) => {
                RowLabels::Numbers(self.values(reader, column, n, first)?)
            }
            ColumnReader::Int32ColumnReader(reader) => {
                let values: Vec<i32> = self.values(reader, column, n, first)?;
                RowLabels::Numbers(values.into_iter().map(i64::from).collect())
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                RowLabels::Words(words(self.values(reader, column, n, first)?)?)
            }
            _ => return Err(self.broken("the column of labels has another type than the table says")),
        })
    }

    /// The next `n` values of a column, all of which must be there.
    fn values<T: DataType>(
        &self,
        reader: &mut ColumnReaderImpl<T>,
        column: &str,
        n: usize,
        first: u64,
    ) -> Result<Vec<T::T>, DataError> {
        let (mut values, mut levels) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let read = guarded(|| reader.read_records(n, Some(&mut levels), None, &mut values));
        let (rows, count, _) = read.map_err(|cause| self.broken(&cause))?;
        let full = levels.iter().copied().max().unwrap_or(0);
        match rows == n && count == n && values.len() == n {
            true => Ok(values),
            false if rows < n => Err(self.broken("a column ends before the rows that the table counts")),
            false => {
                let empty = levels.iter().position(|level| *level < full || count == 0).unwrap_or(0);
                Err(self.row(first + empty as u64, &format!("has nothing in the column `{column}`")))
            }
        }
    }

    fn row(&self, row: u64, fault: &str) -> DataError {
        let help = "each row holds an encoded picture and its label; a picture that a table only names by its path is \
                    not read";
        DataError::refused(self.file(), format!("row {row}: {fault}"), help)
    }

    fn broken(&self, cause: impl std::fmt::Display) -> DataError {
        broken(self.file(), cause)
    }
}

fn broken(file: &Path, cause: impl std::fmt::Display) -> DataError {
    let help = "compare the file with its source; toile reads tables that are stored plainly, with Snappy or with Zstandard, and none \
                that are encrypted";
    DataError::refused(file, format!("cannot be read as a Parquet table: {cause}"), help)
}

/// Calls the library, which panics over some bytes that are no table: what it was given is broken then.
fn guarded<T>(call: impl FnOnce() -> ParquetResult<T>) -> ParquetResult<T> {
    crate::guard::call(call)
        .unwrap_or_else(|| Err(ParquetError::General("its bytes contradict each other".into())))
}

/// Pages that the library can take: a dictionary is allocated by what its page says, and one that is lacking is looked
/// for without a question.
struct CheckedPages {
    pages: Box<dyn PageReader>,
    has_dictionary: bool,
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> ParquetResult<Option<Page>> {
        let page = self.pages.get_next_page()?;
        let wrong = |what: &str| Err(ParquetError::General(what.into()));
        match &page {
            Some(Page::DictionaryPage { buf, num_values, .. }) => {
                if *num_values as usize > buf.len() {
                    return wrong("a dictionary counts more values than it has bytes");
                }
                self.has_dictionary = true;
            }
            Some(page) if needs_dictionary(page.encoding()) && !self.has_dictionary => {
                return wrong("a page needs a dictionary, and there is none before it");
            }
            _ => (),
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> ParquetResult<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> ParquetResult<()> {
        self.pages.skip_next_page()
    }
}

fn needs_dictionary(encoding: Encoding) -> bool {
    let older = Encoding::PLAIN_DICTIONARY;
    encoding == Encoding::RLE_DICTIONARY || encoding == older
}

impl Iterator for CheckedPages {
    type Item = ParquetResult<Page>;

    fn next(&mut self) -> Option<ParquetResult<Page>> {
        self.get_next_page().transpose()
    }
}
