//! What is shown while a data set is looked for and fetched.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use toile_data::LoadProgress;

use super::{bytes, moving_lines, note};

/// Follows the search for a data set: a moving line on a terminal, a few plain ones elsewhere.
pub(crate) struct Fetching {
    bar: Option<ProgressBar>,
    /// The address that is being downloaded, and the tenths of it that were printed.
    printed: Option<(String, u64)>,
}

impl Fetching {
    /// Before the search.
    pub(crate) fn new(name: &str) -> Fetching {
        let bar = moving_lines().then(ProgressBar::new_spinner);
        if let Some(bar) = &bar {
            bar.set_style(spinner());
            bar.set_message(format!("looking for {name}"));
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Fetching { bar, printed: None }
    }

    /// What happens.
    pub(crate) fn show(&mut self, progress: LoadProgress<'_>) {
        match progress {
            LoadProgress::Download { url, bytes, total } => self.download(url, bytes, total),
            LoadProgress::Package { step } => self.step(step),
            LoadProgress::Waiting { name } => {
                self.step(&format!("another toile is fetching {name}; waiting for it"))
            }
            LoadProgress::Unpacking { file } => self.show_moving(&format!("checking {file}")),
            LoadProgress::Drawing { images } => self.show_moving(&format!("drawing {images} images")),
            LoadProgress::Decoding { pictures } => self.show_moving(&format!("decoding {pictures} pictures")),
            LoadProgress::Trying { place } => self.show_moving(&format!("looking in {place}")),
            // Every place that failed is named in the error, should all of them fail.
            _ => {}
        }
    }

    /// After the search, found or not.
    pub(crate) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    /// Something that takes its time: always printed.
    fn step(&mut self, text: &str) {
        match &self.bar {
            Some(_) => self.show_moving(text),
            None => note(text),
        }
    }

    /// Something that is soon over: only printed where lines move.
    fn show_moving(&mut self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_style(spinner());
            bar.set_message(text.to_owned());
        }
    }

    fn download(&mut self, url: &str, done: u64, total: Option<u64>) {
        let is_new = self.printed.as_ref().is_none_or(|(printed, _)| printed != url);
        if let Some(bar) = &self.bar {
            if is_new {
                bar.set_style(downloading());
                bar.set_message(url.to_owned());
                self.printed = Some((url.into(), 0));
            }
            bar.set_length(total.unwrap_or(done));
            bar.set_position(done);
        } else {
            let tenths = total.map_or(0, |total| done * 10 / total.max(1));
            let printed = self.printed.as_ref().filter(|_| !is_new).map_or(0, |(_, tenths)| *tenths);
            if is_new {
                note(&format!(
                    "downloading {url}{}",
                    total.map(|n| format!(" ({})", bytes(n))).unwrap_or_default()
                ));
            } else if tenths >= printed + 5 {
                note(&format!("  {} of {}", bytes(done), bytes(total.unwrap_or(done))));
            }
            if is_new || tenths >= printed + 5 {
                self.printed = Some((url.into(), tenths));
            }
        }
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner:.cyan} {msg}").expect("the template is a constant")
}

fn downloading() -> ProgressStyle {
    let template =
        "{spinner:.cyan} {bar:24.cyan/dim} {bytes}/{total_bytes} {bytes_per_sec} {eta} {wide_msg:.dim}";
    ProgressStyle::with_template(template).expect("the template is a constant").progress_chars("━╸─")
}
