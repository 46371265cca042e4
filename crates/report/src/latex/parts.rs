//! Where tables and figures go: into files of their own, or into the document.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The parts that have been placed.
pub(super) struct Parts {
    /// Whether they are files of their own.
    in_files: bool,
    files: Vec<(String, Vec<u8>)>,
    /// How many have the same name but for their number, by folder and name.
    counts: BTreeMap<String, usize>,
}

impl Parts {
    /// Each a file of its own.
    pub(super) fn in_files() -> Self {
        Self { in_files: true, files: Vec::new(), counts: BTreeMap::new() }
    }

    /// All of them inside the document.
    pub(super) fn inside() -> Self {
        Self { in_files: false, ..Self::in_files() }
    }

    /// The files, by path.
    pub(super) fn files(self) -> Vec<(String, Vec<u8>)> {
        self.files
    }

    /// A name that no other part of this kind has: `ranking`, then `ranking-2`.
    pub(super) fn name(&mut self, kind: &str, owner: &str) -> String {
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let owner: String = owner.chars().filter(is_plain).collect();
        let count = self.counts.entry(format!("{kind}/{owner}")).or_default();
        *count += 1;
        if *count == 1 { owner } else { format!("{owner}-{count}") }
    }

    /// Places a part: what stands for it in the document. `about` is one line that says what it is.
    pub(super) fn place(&mut self, folder: &str, name: &str, about: &str, text: String) -> String {
        if !self.in_files {
            return text;
        }
        let path = format!("{folder}/{name}");
        let about = super::escape(about);
        self.files.push((format!("{path}.tex"), format!("% {about}\n{text}").into_bytes()));
        format!("\\input{{{path}}}%\n")
    }

    /// Keeps a PNG of a `data:` address; the path without which it cannot be shown. `None` if there are no files.
    pub(super) fn image(&mut self, folder: &str, name: &str, address: &str) -> Option<String> {
        let base64 = address.strip_prefix("data:image/png;base64,").filter(|_| self.in_files)?;
        let path = format!("{folder}/{name}.png");
        self.files.push((path.clone(), STANDARD.decode(base64).ok()?));
        Some(path)
    }
}
