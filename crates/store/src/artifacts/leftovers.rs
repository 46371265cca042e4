//! Temporary files that a killed process left: `.report.html.<process>.part`.

use std::fs;
use std::path::Path;

/// Removes those of processes that live no more from a study's folder and the folders of its runs. The caller has the
/// folder's lock; others may still be writing a report, which is why the process is looked for.
pub(crate) fn remove(dir: &Path) {
    remove_in(dir);
    for run in fs::read_dir(dir.join("runs")).into_iter().flatten().flatten() {
        remove_in(&run.path());
    }
}

fn remove_in(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if process_of(&name.to_string_lossy()).is_some_and(|process| !lives(process)) {
            // One that cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The process that writes, or wrote, a temporary file of ours.
fn process_of(name: &str) -> Option<u32> {
    let (_, process) = name.strip_prefix('.')?.strip_suffix(".part")?.rsplit_once('.')?;
    process.parse().ok()
}

/// Where it cannot be known, it lives.
fn lives(process: u32) -> bool {
    let known = Path::new("/proc/self").exists();
    !known || Path::new(&format!("/proc/{process}")).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_process_left_goes_and_all_else_stays() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("runs/a");
        fs::create_dir_all(&run).unwrap();
        let own = std::process::id();
        // No process has a number above 2^22.
        let names = [".report.html.999999999.part".to_owned(), format!(".report.md.{own}.part")];
        let others = ["report.html.999999999.part", ".notes.part", ".x.99x.part"].map(str::to_owned);
        for name in names.iter().chain(&others) {
            fs::write(dir.path().join(name), "").unwrap();
            fs::write(run.join(name), "").unwrap();
        }
        remove(dir.path());
        for folder in [dir.path(), &run] {
            assert!(!folder.join(&names[0]).exists());
            assert!(names[1..].iter().chain(&others).all(|name| folder.join(name).exists()));
        }
    }
}
