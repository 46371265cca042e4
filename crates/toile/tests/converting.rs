//! Data are written in another form: the same data again, never over something.

use crate::common;

use common::{Place, STUDY};

fn place() -> Place {
    Place::with_study(STUDY)
}

/// The line of the fingerprint.
fn fingerprint(text: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("fingerprint")).expect("a fingerprint");
    line.split_whitespace().last().unwrap_or_default().to_owned()
}

#[test]
fn arrays_and_tables_of_a_folder_have_its_fingerprint() {
    let place = place();
    let checked = place.run(&["data", "check", "./data"]).ok().out;
    for (form, out) in [("npz", "mine.npz"), ("csv", "tables"), ("idx", "again")] {
        let said = place.run(&["data", "convert", "./data", "--to", form, "--out", out]).ok().out;
        assert!(said.starts_with(&format!("wrote {out}: ")), "{said}");
        assert_eq!(fingerprint(&said), fingerprint(&checked), "{form}");
        let again = place.run(&["data", "check", &format!("./{out}")]).ok().out;
        assert_eq!(fingerprint(&again), fingerprint(&checked), "{form}");
    }
}

#[test]
fn what_is_there_is_left_as_it_is_and_an_unknown_form_is_told() {
    let place = place();
    std::fs::write(place.path("mine.npz"), "mine").expect("written");
    place
        .run(&["data", "convert", "./data", "--to", "npz", "--out", "mine.npz"])
        .refused(&["is there already"]);
    assert_eq!(std::fs::read(place.path("mine.npz")).expect("still there"), b"mine");
    let said = place.run(&["data", "convert", "./data", "--to", "zarr", "--out", "z"]);
    assert_eq!(said.code, Some(2), "{}", said.out);
    assert!(said.err.contains("idx, npz, folders, csv"), "{}", said.err);
}
