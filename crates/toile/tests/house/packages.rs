//! A package of a crate holds all that the crate is compiled of.

use crate::{ARROWS, code, root, shown};

/// `cargo package` takes what lies in a crate's folder: its code may include nothing else. (`data` reads the lock of
/// all versions in a test.)
#[test]
fn a_crate_is_compiled_from_its_own_folder() {
    let mut found = Vec::new();
    for (name, _) in ARROWS {
        let src = root().join("crates").join(name).join("src");
        for (path, lines) in code(name) {
            // A file of `src` needs one step up to leave it for the crate's folder; a file of `src/x` needs two.
            let inside = path.parent().and_then(|folder| folder.strip_prefix(&src).ok());
            let depth = inside.map_or(0, |inside| inside.components().count()) + 1;
            for (number, line) in lines {
                let includes = line.split("include_").skip(1).filter_map(|rest| rest.split('"').nth(1));
                let out = |included: &str| included.matches("../").count() > depth;
                found.extend(
                    includes
                        .filter(|included| out(included))
                        .map(|i| format!("{}:{number}: {i}", shown(&path))),
                );
            }
        }
    }
    assert!(found.is_empty(), "a package of the crate would not hold it:\n{}", found.join("\n"));
}
