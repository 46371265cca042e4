//! HDF5 files: what is written is read back; files of h5py are read; damaged ones are refused in bounds.

use toile_exchange::hdf5::{Hdf5Array, Hdf5Group, Hdf5Item, Hdf5Numbers, read_hdf5, write_hdf5};

fn floats(shape: &[usize], from: f32) -> Hdf5Item {
    let n: usize = shape.iter().product();
    let values = (0..n).map(|i| from + i as f32 / 7.0).collect();
    Hdf5Item::Array(Hdf5Array { shape: shape.to_vec(), numbers: Hdf5Numbers::Floats(values) })
}

fn ints(shape: &[usize], values: Vec<i64>) -> Hdf5Item {
    Hdf5Item::Array(Hdf5Array { shape: shape.to_vec(), numbers: Hdf5Numbers::Ints(values) })
}

fn group(items: impl IntoIterator<Item = (String, Hdf5Item)>) -> Hdf5Item {
    Hdf5Item::Group(items.into_iter().collect())
}

fn small() -> Hdf5Group {
    let vars = group([("0".into(), floats(&[3, 2], -1.0)), ("1".into(), floats(&[2], 0.5))]);
    let layers = group([("dense".into(), group([("vars".into(), vars)])), ("flatten".into(), group([]))]);
    let optimizer = group([("iteration".into(), ints(&[], vec![-7])), ("rate".into(), floats(&[], 0.25))]);
    Hdf5Group::from([("layers".into(), layers), ("optimizer".into(), optimizer)])
}

#[test]
fn what_is_written_is_read_back() {
    assert_eq!(read_hdf5(&write_hdf5(&small())).unwrap(), small());
    let empty = Hdf5Group::new();
    assert_eq!(read_hdf5(&write_hdf5(&empty)).unwrap(), empty);
    let many: Hdf5Group = (0..300).map(|i| (format!("array {i}"), floats(&[i % 5, 3], i as f32))).collect();
    assert_eq!(read_hdf5(&write_hdf5(&many)).unwrap(), many);
}

/// Made by h5py 3.16 (`tests/fixtures/make_h5py.py`): the old form, 20 groups in one, whole numbers of every width.
#[test]
fn files_of_h5py_are_read() {
    let root = read_hdf5(include_bytes!("fixtures/h5py.h5")).unwrap();
    let Some(Hdf5Item::Group(many)) = root.get("many") else { panic!("the groups") };
    assert_eq!(many.len(), 20);
    for (i, name) in (0..20).map(|i| (i, format!("group_{i}"))) {
        let Some(Hdf5Item::Group(inner)) = many.get(&name) else { panic!("{name}") };
        let values = vec![i as f32, i as f32 + 0.5, -1.0];
        let array = Hdf5Array { shape: vec![3, 1], numbers: Hdf5Numbers::Floats(values) };
        assert_eq!(inner.get("0"), Some(&Hdf5Item::Array(array)));
    }
    let whole = |shape: &[usize], values: &[i64]| Some(ints(shape, values.to_vec()));
    assert_eq!(root.get("int64").cloned(), whole(&[2], &[-5, 1 << 40]));
    assert_eq!(root.get("uint8").cloned(), whole(&[3], &[0, 200, 255]));
    assert_eq!(root.get("int32").cloned(), whole(&[], &[-3]));
    assert_eq!(root.get("scalar").cloned(), Some(floats(&[], 0.125)));
}

#[test]
fn what_is_not_read_is_named() {
    for (bytes, word) in [
        (&include_bytes!("fixtures/h5py_chunks.h5")[..], "compressed"),
        (include_bytes!("fixtures/h5py_double.h5"), "floats of 8 bytes"),
        (include_bytes!("fixtures/h5py_text.h5"), "texts"),
        (b"PK\x03\x04", "it is no HDF5 file"),
        (b"", "it is no HDF5 file"),
    ] {
        let error = read_hdf5(bytes).unwrap_err().to_string();
        assert!(error.contains(word), "`{word}` is not in: {error}");
    }
}

/// All truncations and all single bits of a small file of ours and of one of h5py's: an error or some content, never a
/// panic, a hang or a great piece of memory.
#[test]
fn damaged_files_are_refused_in_bounds() {
    let ours = write_hdf5(&small());
    for n in 0..ours.len() {
        assert!(read_hdf5(&ours[..n]).is_err(), "{n} bytes");
    }
    let h5py: &[u8] = include_bytes!("fixtures/h5py_small.h5");
    for bytes in [&ours, h5py] {
        for n in 0..bytes.len() {
            let _ = read_hdf5(&bytes[..n]);
        }
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let _ = read_hdf5(&damaged);
        }
    }
}
