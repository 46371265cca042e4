//! The folder of each run: `runs/model-4-seed-7`.

use std::collections::BTreeSet;

/// The folder of a run under the study's folder; one that no other run has.
pub(super) fn folder(name: &str, seed: u64, taken: &mut BTreeSet<String>) -> String {
    let stem = format!("runs/{}-seed-{seed}", slug(name));
    let again = (2..).map(|n| format!("{stem}-{n}"));
    let free = std::iter::once(stem.clone()).chain(again).find(|folder| !taken.contains(folder));
    let folder = free.expect("there is always another number");
    taken.insert(folder.clone());
    folder
}

/// A name as a folder's: letters and digits in lower case, single hyphens for all else, not too long.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        // File systems allow 255 bytes to a name.
        if slug.len() > 100 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "unnamed".into() } else { slug.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_letters_digits_and_hyphens() {
        assert_eq!(slug("Model 4"), "model-4");
        assert_eq!(slug("CNN + dropout (0.5)"), "cnn-dropout-0-5");
        assert_eq!(slug("../../etc"), "etc");
        assert_eq!(slug("Été"), "été");
        assert_eq!(slug("***"), "unnamed");
        assert!(slug(&"x".repeat(1000)).len() < 110);
    }

    #[test]
    fn two_runs_never_share_a_folder() {
        let mut taken = BTreeSet::new();
        assert_eq!(folder("A b", 7, &mut taken), "runs/a-b-seed-7");
        assert_eq!(folder("a-B", 7, &mut taken), "runs/a-b-seed-7-2");
        assert_eq!(folder("a b", 8, &mut taken), "runs/a-b-seed-8");
    }
}
