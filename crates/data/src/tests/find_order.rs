//! The order of the search, and what each place may do to it.

use super::{tiny, tiny_entry, write_files};
use crate::error::DataError;
use crate::find::find;
use crate::folder::FILES;
use crate::locations::{LoadProgress, Locations};
use std::path::{Path, PathBuf};

fn locations(root: &Path) -> Locations {
    Locations {
        data_dir: Some(root.join("mine")),
        cache_dir: root.join("cache"),
        home: Some(root.join("home")),
        system_dirs: vec![root.join("system")],
        offline: true,
    }
}

/// Every folder that is looked at, best first.
fn places(root: &Path) -> Vec<PathBuf> {
    [
        "mine",
        "mine/tiny",
        "mine/TINY/raw",
        "cache/tiny",
        "system/tiny",
        "system/TINY/raw",
        "home/.keras/datasets/tiny",
        "home/data/TINY/raw",
        "home/.cache/TINY/raw",
        "home/.cache/torch/TINY/raw",
        "home/.torch/TINY/raw",
    ]
    .map(|place| root.join(place))
    .to_vec()
}

fn remove_files(folder: &Path) {
    FILES.iter().for_each(|name| std::fs::remove_file(folder.join(format!("{name}.gz"))).unwrap());
}

#[test]
fn the_first_place_that_has_the_set_wins() {
    let root = tempfile::tempdir().unwrap();
    let places = places(root.path());
    places.iter().for_each(|place| write_files(place, &tiny()));
    for place in &places {
        let data = find(tiny_entry(&[]), &locations(root.path()), &mut |_| {}).unwrap();
        assert_eq!(Path::new(&data.source), place);
        remove_files(place);
    }
}

#[test]
fn a_data_folder_that_is_not_there_is_an_error_although_another_place_has_the_set() {
    let root = tempfile::tempdir().unwrap();
    write_files(&root.path().join("cache/tiny"), &tiny());
    let error = find(tiny_entry(&[]), &locations(root.path()), &mut |_| {}).unwrap_err();
    assert!(matches!(&error, DataError::NoFolder { folder, .. } if folder.ends_with("mine")), "{error}");
    std::fs::create_dir(root.path().join("mine")).unwrap();
    assert!(find(tiny_entry(&[]), &locations(root.path()), &mut |_| {}).is_ok());
}

#[test]
fn if_all_places_fail_each_is_named_in_order_with_its_reason() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("mine")).unwrap();
    std::fs::create_dir_all(root.path().join("cache/tiny")).unwrap();
    let error = find(tiny_entry(&[]), &locations(root.path()), &mut |_| {}).unwrap_err();
    let text = error.to_string();
    let DataError::NotFound { tried, .. } = error else { panic!("{text}") };
    assert_eq!(tried.len(), places(root.path()).len() + 1);
    for (attempt, place) in tried.iter().zip(places(root.path())) {
        assert!(attempt.place.ends_with(&format!("`{}`", place.display())), "{}", attempt.place);
        assert!(attempt.reason.starts_with("lacks") || attempt.reason == "there is no such folder");
        assert!(text.contains(&format!("\n  {}: {}", attempt.place, attempt.reason)));
    }
    assert_eq!(tried.last().unwrap().reason, "not tried, because toile is to stay offline");
}

#[test]
fn a_fault_in_the_users_own_folder_is_final() {
    let root = tempfile::tempdir().unwrap();
    write_files(&root.path().join("cache/tiny"), &tiny());
    let mut files = tiny();
    files[3][9] ^= 1;
    write_files(&root.path().join("mine/tiny"), &files);
    let error = find(tiny_entry(&[]), &locations(root.path()), &mut |_| {}).unwrap_err();
    assert!(matches!(error, DataError::WrongData { .. }), "{error}");
    // … unless another place within that folder has the right files.
    write_files(&root.path().join("mine/TINY/raw"), &tiny());
    assert!(find(tiny_entry(&[]), &locations(root.path()), &mut |_| {}).is_ok());
}

#[test]
fn a_fault_in_a_cache_is_reported_and_the_search_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let cache = root.path().join("cache/tiny");
    write_files(&cache, &tiny());
    std::fs::write(cache.join(format!("{}.gz", FILES[0])), "<html>").unwrap();
    write_files(&root.path().join("system/tiny"), &tiny());
    std::fs::create_dir(root.path().join("mine")).unwrap();
    let mut failed = Vec::new();
    let data = find(tiny_entry(&[]), &locations(root.path()), &mut |progress| {
        if let LoadProgress::Failed { place, reason } = progress {
            failed.push(format!("{place}: {reason}"));
        }
    })
    .unwrap();
    assert_eq!(Path::new(&data.source), root.path().join("system/tiny"));
    assert!(failed.last().unwrap().contains("found a web page"), "{failed:?}");
}

#[test]
fn one_file_of_four_in_the_users_own_folder_is_a_fault() {
    let root = tempfile::tempdir().unwrap();
    write_files(&root.path().join("system/tiny"), &tiny());
    std::fs::create_dir_all(root.path().join("mine")).unwrap();
    std::fs::write(root.path().join("mine").join(FILES[0]), &tiny()[0]).unwrap();
    let error = find(tiny_entry(&[]), &locations(root.path()), &mut |_| {}).unwrap_err();
    assert!(matches!(error, DataError::Missing { all: false, .. }), "{error}");
}
