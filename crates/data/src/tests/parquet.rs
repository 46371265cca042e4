//! Tables as Hugging Face's hub holds them. Those of `tests/parquet` were written by `datasets` and pyarrow.

use super::archives::{Tree, own};
use super::forms::{one, refused};
use super::picture_folders::write;

const HUB: [(&str, &[u8]); 3] = [
    ("train-00000-of-00002.parquet", include_bytes!("../../tests/parquet/hub/train-00000-of-00002.parquet")),
    ("train-00001-of-00002.parquet", include_bytes!("../../tests/parquet/hub/train-00001-of-00002.parquet")),
    ("test-00000-of-00001.parquet", include_bytes!("../../tests/parquet/hub/test-00000-of-00001.parquet")),
];

/// The hub's tables below a folder.
fn hub(folder: &str) -> Tree {
    HUB.iter().map(|(name, bytes)| (format!("{folder}{name}"), bytes.to_vec())).collect()
}

/// Without the reader the message says how it is had; with it the data are read.
#[cfg(not(feature = "parquet"))]
#[test]
fn a_program_without_the_reader_says_so() {
    for (files, path) in [(hub("data/"), ""), (hub(""), "test-00000-of-00001.parquet")] {
        let folder = write(&files);
        let error = own(&folder.path().join(path)).unwrap_err();
        assert!(error.to_string().contains("is Parquet, and this program was built without its reader"));
        assert!(error.help().contains("--features parquet"), "{}", error.help());
    }
}

/// What names say is seen before a table is opened.
#[test]
fn pieces_that_are_lacking_or_doubled_and_other_sets_are_refused() {
    let mut lacking = hub("data/");
    lacking.remove(1);
    let said = refused(&lacking, "");
    assert!(said.contains("has 1 of the 2 pieces that `data/train-00000-of-00002.parquet`"), "{said}");
    assert!(said.contains("number 1 is lacking"), "{said}");

    let said = refused(&hub(""), "train-00000-of-00002.parquet");
    assert!(said.contains("is one piece of its part"), "{said}");

    let mut two = hub("a/");
    two.extend(hub("b/"));
    let said = refused(&two, "");
    assert!(said.contains("tables of more than one set"), "{said}");

    let mut left = hub("data/");
    left.push(("data/train-00000-of-00001.parquet".into(), HUB[0].1.to_vec()));
    let said = refused(&left, "");
    assert!(said.contains("two tables for one piece") || said.contains("different wholes"), "{said}");

    let said = refused(&one("test/0000.parquet", HUB[2].1.to_vec()), "");
    assert!(said.contains("none of the training part"), "{said}");
}

#[cfg(feature = "parquet")]
mod read {
    use super::*;
    use crate::options::DataTable;
    use crate::own::read_source;
    use crate::source::{Blob, Source};
    use crate::tests::archives::{tarred, zipped};
    use crate::tests::forms::{TEST, TRAIN, idx_files, parts, table};
    use crate::tests::gzip;
    use crate::tests::picture_folders::gray_png;
    use crate::{DataError, DataSet};
    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;
    use zip::CompressionMethod::Deflated;

    const PLAIN: &[u8] = include_bytes!("../../tests/parquet/plain.parquet");
    const WORDS: &[u8] = include_bytes!("../../tests/parquet/words.parquet");

    fn with_test() -> DataTable {
        DataTable { test_fraction: Some(0.5), ..DataTable::at("") }
    }

    /// A table by the library's own writer: pictures and labels of each row, if there are any.
    fn written(schema: &str, pictures: &[Option<Vec<u8>>], labels: &[i64]) -> Vec<u8> {
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut out = Vec::new();
        let properties = Arc::new(WriterProperties::builder().build());
        let mut file = SerializedFileWriter::new(&mut out, schema, properties).unwrap();
        let mut group = file.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let levels: Vec<i16> = pictures.iter().map(|picture| i16::from(picture.is_some())).collect();
        let values: Vec<ByteArray> =
            pictures.iter().flatten().map(|picture| picture.clone().into()).collect();
        column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None).unwrap();
        column.close().unwrap();
        if let Some(mut column) = group.next_column().unwrap() {
            column.typed::<Int64Type>().write_batch(labels, None, None).unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
        file.close().unwrap();
        out
    }

    const SCHEMA: &str = "message m { optional binary image; required int64 label; }";

    fn pictures(n: usize) -> Vec<Option<Vec<u8>>> {
        let [(_, train, _), _] = parts();
        (0..n).map(|i| Some(gray_png(4, 4, &train[i % 5 * 16..(i % 5 + 1) * 16]))).collect()
    }

    #[test]
    fn the_hub_s_tables_are_the_set_of_all_other_forms() {
        let right = own(write(&idx_files()).path()).unwrap();
        for (form, files, path) in [
            ("a folder", hub("data/"), ""),
            (
                "folders of parts",
                renamed(hub(""), &["set/train/0000", "set/train/0001", "set/test/0000"]),
                "",
            ),
            ("a ZIP archive", one("a.zip", zipped(&hub("data/"), Deflated)), "a.zip"),
            ("tar in gzip", one("a.tgz", gzip(&tarred(&hub("")))), "a.tgz"),
        ] {
            let data =
                own(&write(&files).path().join(path)).unwrap_or_else(|error| panic!("{form}: {error}"));
            assert_eq!((&data.train, &data.test), (&right.train, &right.test), "{form}");
            assert_eq!(data.fingerprint, right.fingerprint, "{form}");
            assert!(data.reading.format.starts_with("Parquet"), "{}", data.reading.format);
            assert!(data.reading.decoders.concat().starts_with("png"), "{:?}", data.reading.decoders);
        }
    }

    fn renamed(files: Tree, names: &[&str]) -> Tree {
        files.into_iter().zip(names).map(|((_, bytes), name)| (format!("{name}.parquet"), bytes)).collect()
    }

    #[test]
    fn other_codecs_pages_types_and_columns_are_read() {
        let right = own(write(&idx_files()).path()).unwrap();
        for (bytes, classes) in [(PLAIN, ["0", "1", "2"]), (WORDS, ["boot", "coat", "shirt"])] {
            let tables = vec![
                ("train.parquet".to_string(), bytes.to_vec()),
                ("validation.parquet".to_string(), bytes.to_vec()),
            ];
            let data = table(&tables, "train.parquet", with_test()).unwrap();
            let mut images = [data.train.images.clone(), data.test.images.clone()].concat();
            let mut all = right.train.images.clone();
            images.sort();
            all.sort();
            assert_eq!((images, data.class_names.as_slice()), (all, &classes.map(String::from)[..]));
            let notes = data.reading.notes.join("; ");
            assert!(notes.contains("the validation part of the data is left out, 5 images"), "{notes}");
            assert_eq!(notes.contains("left out: `target`"), bytes == WORDS, "{notes}");
        }
    }

    #[test]
    fn more_rows_than_are_read_at_once_come_in_their_order() {
        let labels: Vec<i64> = (0..2500).map(|i| i % 3).collect();
        let bytes = written(SCHEMA, &pictures(2500), &labels);
        let tables = vec![("train.parquet".to_string(), bytes.clone()), ("test.parquet".to_string(), bytes)];
        let data = own(write(&tables).path()).unwrap();
        assert!(data.train.labels.iter().zip(&labels).all(|(a, b)| i64::from(*a) == *b));
        let [(_, train, _), _] = parts();
        assert_eq!(data.train.images, train.repeat(500));
    }

    #[test]
    fn a_test_part_without_labels_is_left_out() {
        for bytes in [
            written(SCHEMA, &pictures(3), &[-1; 3]),
            written("message m { optional binary image; }", &pictures(3), &[]),
        ] {
            let mut files = hub("");
            files[2].1 = bytes;
            let data = table(&files, "", with_test()).unwrap();
            let note = "`test-00000-of-00001.parquet` has no labels, and is left out".to_string();
            assert!(data.reading.notes.contains(&note), "{:?}", data.reading.notes);
            assert_eq!(data.train.len() + data.test.len(), TRAIN.len());
        }
        assert_eq!(own(write(&hub("")).path()).unwrap().test.len(), TEST.len());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_row() {
        let with = |pictures: Vec<Option<Vec<u8>>>, labels: &[i64]| written(SCHEMA, &pictures, labels);
        let mut nothing = pictures(3);
        nothing[1] = None;
        let mut broken = pictures(3);
        broken[2].as_mut().unwrap().truncate(50);
        let mut larger = pictures(3);
        larger[2] = Some(gray_png(5, 4, &[0; 20]));
        let list = "message m { repeated binary image; required int64 label; }";
        let no_labels = "message m { optional binary image; required int64 other; }";
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".to_vec();
        let mut cut = HUB[0].1.to_vec();
        cut.truncate(cut.len() - 100);
        for (bytes, what) in [
            (with(nothing, &[0, 1, 2]), "row 1: has nothing in the column `image`"),
            (with(broken, &[0, 1, 2]), "row 2"),
            (with(larger, &[0, 1, 2]), "has 5 x 4 pixels"),
            (with(pictures(3), &[0, -1, 2]), "row 1 of the part: has the label -1"),
            (with(pictures(3), &[0, 1, 256]), "row 2 of the part: has the label 256"),
            (with(Vec::new(), &[]), "has no rows"),
            (written(no_labels, &pictures(3), &[0, 1, 2]), "has no column of labels"),
            (list_of_pictures(list), "has no column of encoded pictures: found `image` (list of BYTE_ARRAY)"),
            (pointer, "is no Parquet table"),
            (cut, "cannot be read as a Parquet table"),
        ] {
            let said = refused(&one("train.parquet", bytes), "");
            assert!(said.contains(what), "{what}: {said}");
        }
        let mut other = hub("");
        other[1].1 = WORDS.to_vec();
        let said = refused(&other, "");
        assert!(said.contains("labels of another kind"), "{said}");
    }

    fn parsed(bytes: &[u8]) -> Result<DataSet, DataError> {
        let name = "table.parquet".to_string();
        let blob = Blob::in_memory(bytes.into(), name.clone().into());
        let files = BTreeMap::from([(name.clone(), blob)]);
        let place = name.clone().into();
        let source = Source { place, archive: None, files, folders: BTreeSet::new(), asked: Some(name) };
        read_source(&with_test(), source, &mut |_| {})
    }

    /// Every truncation and every flipped bit: an error, or a data set; never a panic.
    #[test]
    fn all_truncations_are_refused_and_all_flips_are_refused_or_read() {
        for whole in [WORDS, HUB[1].1] {
            assert!((0..whole.len()).all(|n| parsed(&whole[..n]).is_err()));
            let read = (0..whole.len() * 8).filter(|bit| {
                let mut flipped = whole.to_vec();
                flipped[bit / 8] ^= 1 << (bit % 8);
                parsed(&flipped).is_ok()
            });
            assert!(read.count() > 0, "some bits are of names that are not read");
        }
    }

    /// A table without rows.
    fn list_of_pictures(schema: &str) -> Vec<u8> {
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut out = Vec::new();
        let properties = Arc::new(WriterProperties::builder().build());
        SerializedFileWriter::new(&mut out, schema, properties).unwrap().close().unwrap();
        out
    }
}
