//! The Debian package of a data set, downloaded and unpacked without root and without touching the system's state.
//!
//! `apt-get` works with package lists, cache and status file in a private folder; the sources and keys are those of the
//! system, so the package is checked as any other. Nothing is installed.

use super::Reason;
use crate::locations::LoadProgress;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The longest time for one step. A slow line takes minutes for the package's 31 MB.
const STEP_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Read after the system's configuration: its hooks may expect root, and clean the system's own cache.
const CONFIGURATION: &str = r#"
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "1";
Acquire::http::Timeout "15";
Acquire::https::Timeout "15";
APT::Sandbox::User "root";
"#;

/// An unpacked package in a private folder, which is removed on drop.
pub(super) struct Unpacked {
    root: PathBuf,
}

impl Unpacked {
    /// The package's folder with the files of the data set.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.root.join("package/usr/share/datasets").join(name)
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // What cannot be removed now is removed before the next attempt.
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// Downloads and unpacks a package below `cache_dir`. The caller holds the lock of the data set.
pub(super) fn unpack(
    package: &str,
    cache_dir: &Path,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Unpacked, Reason> {
    // apt-get and dpkg-deb run elsewhere, so the path must not be relative.
    let cache_dir = std::path::absolute(cache_dir).map_err(|e| e.to_string())?;
    let unpacked = Unpacked { root: cache_dir.join(format!("apt-{package}")) };
    let root = unpacked.root.as_path();
    prepare(root).map_err(|e| format!("`{}` cannot be written: {e}", root.display()))?;
    progress(LoadProgress::Package { step: "reading the package lists" });
    // Without one of its sources apt-get fails, yet the package may be in another: the download decides.
    let update = run(root, apt_get(root).arg("update"));
    if let Err(reason) = &update
        && reason.contains("not installed")
    {
        return update.map(|()| unpacked);
    }
    progress(LoadProgress::Package { step: "downloading the package" });
    run(root, apt_get(root).args(["download", package])).map_err(|reason| match &update {
        Err(earlier) => format!("{reason}; before that, {earlier}"),
        Ok(()) => reason,
    })?;
    progress(LoadProgress::Package { step: "unpacking the package" });
    let deb = find_deb(root).ok_or("apt-get reported success, but left no package")?;
    run(root, Command::new("dpkg-deb").arg("-x").arg(deb).arg(root.join("package")))?;
    Ok(unpacked)
}

/// An empty private state, as apt-get wants to find it.
fn prepare(root: &Path) -> std::io::Result<()> {
    if root.exists() {
        fs::remove_dir_all(root)?;
    }
    fs::create_dir_all(root.join("state/lists/partial"))?;
    fs::create_dir_all(root.join("cache/archives/partial"))?;
    fs::write(root.join("state/status"), "")?;
    fs::write(root.join("apt.conf"), CONFIGURATION)
}

fn apt_get(root: &Path) -> Command {
    let mut command = Command::new("apt-get");
    command.arg("-q").arg("-c").arg(root.join("apt.conf"));
    let places = [
        ("Dir::State", "state"),
        ("Dir::State::lists", "state/lists"),
        ("Dir::State::status", "state/status"),
        ("Dir::Cache", "cache"),
        ("Dir::Cache::archives", "cache/archives"),
    ];
    for (option, place) in places {
        let mut setting = OsString::from(format!("{option}="));
        setting.push(root.join(place));
        command.arg("-o").arg(setting);
    }
    command
}

/// Runs a step in the private folder; its first error is the reason of a failure.
fn run(root: &Path, command: &mut Command) -> Result<(), Reason> {
    let program = command.get_program().to_string_lossy().into_owned();
    let log = root.join("log");
    let stderr = File::create(&log).map_err(|e| format!("`{}` cannot be written: {e}", log.display()))?;
    command.current_dir(root).env("LC_ALL", "C").env("DEBIAN_FRONTEND", "noninteractive");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    let child = command.spawn().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("{program} is not installed"),
        _ => format!("{program} cannot be started: {e}"),
    })?;
    if wait(child, STEP_TIMEOUT).map_err(|e| format!("{program}: {e}"))? {
        return Ok(());
    }
    let log = fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    Err(format!("{program} failed: {}", first_error(&log)))
}

/// The first error that a program reported, or else its last line.
fn first_error(log: &str) -> String {
    let lines = || log.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines().find(|line| line.starts_with("E:") || line.contains("error:"));
    let text = error.or(lines().next_back()).unwrap_or("it gave no reason");
    text.trim_start_matches("E: ").chars().take(300).collect()
}

/// The pause between two checks whether a program has ended.
const POLL: Duration = Duration::from_millis(20);

/// Whether a program ended well; it is stopped when it takes longer than about `timeout`, which is counted in pauses:
/// this crate reads no clock.
fn wait(mut child: Child, timeout: Duration) -> Result<bool, Reason> {
    let mut left = timeout.as_millis() / POLL.as_millis();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if left > 0 => {
                std::thread::sleep(POLL);
                left -= 1;
            }
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "stopped, because it took longer than {} minutes",
                    timeout.as_secs() / 60
                ));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// The one package file in the folder.
fn find_deb(root: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(root).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "deb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_failure_is_the_first_error() {
        let log = "W: some warning\nE: Unable to locate package nothing\nE: more\n";
        assert_eq!(first_error(log), "Unable to locate package nothing");
        assert_eq!(first_error("a\n\nlast line\n"), "last line");
        assert_eq!(first_error(""), "it gave no reason");
    }

    #[test]
    fn a_missing_program_and_a_failing_one_are_told_apart() {
        let root = tempfile::tempdir().unwrap();
        let missing = run(root.path(), &mut Command::new("toile-has-no-such-program"));
        assert_eq!(missing.unwrap_err(), "toile-has-no-such-program is not installed");
        assert!(run(root.path(), &mut Command::new("true")).is_ok());
        let failing = run(root.path(), Command::new("sh").args(["-c", "echo 'E: no space' >&2; exit 100"]));
        assert_eq!(failing.unwrap_err(), "sh failed: no space");
    }

    #[test]
    fn a_program_that_hangs_is_stopped() {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(wait(child, Duration::from_millis(50)).unwrap_err().contains("stopped"));
    }
}
