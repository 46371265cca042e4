//! Writing a set in another form: the same data again, never over something, whole or not at all.

use super::archives::own;
use super::{tiny, write_files};
use crate::convert::{OutputForm, convert};
use crate::options::{DataTable, ValidationPart};
use crate::{DataSet, load_table};
use std::path::Path;

/// The tiny set with class names, one of which no folder can have.
fn set(folder: &Path) -> DataSet {
    write_files(folder, &tiny());
    std::fs::write(folder.join("classes.txt"), "shirt/top\ncoat\n").unwrap();
    own(folder).unwrap()
}

#[test]
fn every_form_is_read_as_the_same_data() {
    let root = tempfile::tempdir().unwrap();
    let data = set(&root.path().join("from"));
    for (name, form) in OutputForm::ALL {
        let out = root.path().join(name);
        let converted = convert(&data, form, &out).unwrap();
        let again = own(&out).unwrap();
        assert_eq!(again.fingerprint, converted.fingerprint, "{name}");
        if form == OutputForm::Folders {
            assert_eq!(again.class_names, ["shirt-top", "coat"]);
            assert_eq!((again.train.labels, again.test.labels), (vec![0, 0, 1], vec![0, 1]));
            assert_eq!(converted.notes.len(), 2, "{:?}", converted.notes);
        } else {
            assert_eq!(again.fingerprint, data.fingerprint, "{name}");
            assert_eq!(converted.notes, [""; 0]);
        }
    }
    let left: Vec<_> = std::fs::read_dir(root.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(left.len(), 5, "something was left: {left:?}");
}

#[test]
fn nothing_is_written_over() {
    let root = tempfile::tempdir().unwrap();
    let data = set(&root.path().join("from"));
    std::fs::write(root.path().join("there"), "mine").unwrap();
    for (_, form) in OutputForm::ALL {
        let error = convert(&data, form, &root.path().join("there")).unwrap_err();
        assert!(error.to_string().ends_with("is there already"), "{error}");
        assert!(convert(&data, form, &root.path().join("from")).is_err());
    }
    assert_eq!(std::fs::read(root.path().join("there")).unwrap(), b"mine");
}

#[test]
fn an_own_validation_part_stays_one_where_the_form_has_three() {
    let root = tempfile::tempdir().unwrap();
    let data = set(&root.path().join("from"));
    convert(&data, OutputForm::Folders, &root.path().join("pictures")).unwrap();
    std::fs::rename(root.path().join("pictures/test"), root.path().join("pictures/val")).unwrap();
    convert(&data, OutputForm::Folders, &root.path().join("others")).unwrap();
    std::fs::rename(root.path().join("others/test"), root.path().join("pictures/test")).unwrap();
    let with_own = |path: &Path| {
        let table =
            DataTable { validation: Some(ValidationPart::Own), ..DataTable::at(path.to_str().unwrap()) };
        load_table(&table, None, &crate::Locations::new("/dev/null/cache".into()), &mut |_| {}).unwrap()
    };
    let data = with_own(&root.path().join("pictures"));
    assert_eq!(data.own_validation, 2);
    for (name, form) in OutputForm::ALL {
        let out = root.path().join(name);
        match form {
            OutputForm::Idx => assert!(convert(&data, form, &out).is_err() && !out.exists()),
            _ => {
                assert_eq!(convert(&data, form, &out).unwrap().fingerprint, data.fingerprint, "{name}");
                assert_eq!(with_own(&out).fingerprint, data.fingerprint, "{name}");
            }
        }
    }
}

/// A table has no shape: `size` gives it back.
#[test]
fn a_table_of_images_that_are_no_squares_says_how_to_read_it() {
    let root = tempfile::tempdir().unwrap();
    let mut data = set(&root.path().join("from"));
    data.shape = [1, 4, 1];
    data.fingerprint = crate::fingerprint(data.shape, &data.class_names, &data.train, &data.test);
    let converted = convert(&data, OutputForm::Csv, &root.path().join("csv")).unwrap();
    assert_eq!(converted.fingerprint, data.fingerprint);
    assert_eq!(converted.notes, ["a table does not say its shape: read it with `size = [1, 4]`"]);
}
