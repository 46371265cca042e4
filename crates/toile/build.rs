//! Tells the program which commit it is made of, where it is compiled for use (`--release`) from a checkout of git.
//!
//! In a debug build it says nothing: each commit would compile the program and all its tests anew. Where there is no git,
//! or these files are not under its care (a package, a copy in another project), there is no commit to name.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("PROFILE").is_some_and(|profile| profile == "release")
        && let Some(folder) = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)
        && git(&folder, &["ls-files", "--error-unmatch", "build.rs"]).is_some()
        && let Some(commit) = git(&folder, &["rev-parse", "--short=9", "HEAD"])
    {
        println!("cargo::rustc-env=TOILE_COMMIT={commit}");
        // What moves with each commit and checkout. A file that is not there would mean "always".
        let log = git(&folder, &["rev-parse", "--git-path", "logs/HEAD"]).map(|path| folder.join(path));
        if let Some(log) = log.filter(|log| log.is_file()) {
            println!("cargo::rerun-if-changed={}", log.display());
        }
    }
}

/// What git says; nothing if it is not there, fails or has nothing to say.
fn git(folder: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(args).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !said.is_empty()).then_some(said)
}
