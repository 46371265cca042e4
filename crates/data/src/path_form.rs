//! Why there is no folder at a path: what the way in which it is written shows, and how far it leads.

use std::path::{Path, PathBuf};

/// Why a path leads to no folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathFault {
    /// It begins with `~`, which a shell replaces, and nobody else.
    Home,
    /// It has a variable in it, which a shell replaces.
    Variable(String),
    /// It is written as on Windows.
    Windows,
    /// It is an address.
    Address,
    /// It begins or ends with white space.
    Blank,
    /// It is right up to here.
    LeadsTo {
        /// The last folder that is there.
        folder: PathBuf,
        /// The first part that is not in it.
        part: String,
        /// A folder in it with a similar name.
        near: Option<String>,
    },
}

impl PathFault {
    /// What is wrong with a path that leads to no folder; `written` is as the user wrote it.
    pub(crate) fn of(written: &str, folder: &Path) -> Option<PathFault> {
        form(written).or_else(|| leads_to(folder))
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> String {
        match self {
            PathFault::Home => {
                "`~` is replaced by a shell only: write the path of your home folder in full".into()
            }
            PathFault::Variable(name) => {
                format!("`{name}` is replaced by a shell only: write the path in full")
            }
            PathFault::Windows => {
                "it is written as on Windows, and this system has no drives and no `\\`: write \
                 the path with `/`"
                    .into()
            }
            PathFault::Address => {
                "data are read from folders of this machine: fetch the files first, and name the \
                 folder"
                    .into()
            }
            PathFault::Blank => "the path begins or ends with a blank".into(),
            PathFault::LeadsTo { folder, part, near } => {
                let near = near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                format!(
                    "`{}` is there, but has no `{part}`{near} (a relative path in a study file starts at that file's \
                     folder)",
                    folder.display()
                )
            }
        }
    }
}

/// What to do about a path that leads nowhere, if the way in which it is written shows why.
pub fn path_help(written: &str) -> Option<String> {
    form(written).map(|fault| fault.help())
}

/// What the way in which a path is written shows.
fn form(written: &str) -> Option<PathFault> {
    let drive = written.as_bytes().get(..2).is_some_and(|c| c[0].is_ascii_alphabetic() && c[1] == b':');
    let variable = |opening: &str, closing: &[char]| {
        let start = written.find(opening)?;
        let rest = &written[start + opening.len()..];
        let end = rest.find(closing).unwrap_or(rest.len());
        Some(PathFault::Variable(written[start..start + opening.len() + end].to_string()))
    };
    match written {
        _ if written.starts_with('~') => Some(PathFault::Home),
        _ if written.contains("://") => Some(PathFault::Address),
        _ if written.trim() != written => Some(PathFault::Blank),
        _ if written.contains('$') => variable("$", &['/', '\\']),
        _ if written.starts_with('%') && written[1..].contains('%') => variable("%", &['/', '\\']),
        _ if cfg!(not(windows)) && (drive || written.contains('\\')) => Some(PathFault::Windows),
        _ => None,
    }
}

/// The last folder on the way that is there, and what is not in it.
fn leads_to(path: &Path) -> Option<PathFault> {
    let folder = path.ancestors().skip(1).find(|ancestor| ancestor.is_dir())?;
    let part = path.strip_prefix(folder).ok()?.components().next()?;
    let part = part.as_os_str().to_string_lossy().into_owned();
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().take(1000);
    let folders = names.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let far = |name: &String| strsim::osa_distance(&name.to_lowercase(), &part.to_lowercase());
    let near = names.into_iter().min_by_key(far).filter(|name| far(name) <= part.chars().count() / 3);
    Some(PathFault::LeadsTo { folder: folder.to_path_buf(), part, near })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_path_shows_why_it_leads_nowhere() {
        assert_eq!(form("~/images"), Some(PathFault::Home));
        assert_eq!(form("~me/images"), Some(PathFault::Home));
        assert_eq!(form("$HOME/images"), Some(PathFault::Variable("$HOME".into())));
        assert_eq!(form("./${DATA}/images"), Some(PathFault::Variable("${DATA}".into())));
        assert_eq!(form("%USERPROFILE%\\images"), Some(PathFault::Variable("%USERPROFILE%".into())));
        assert_eq!(form("file:///images"), Some(PathFault::Address));
        assert_eq!(form("./images "), Some(PathFault::Blank));
        assert_eq!(form("./images"), None);
        assert_eq!(form("C"), None);
        assert_eq!(form("é/ü"), None);
    }

    #[test]
    #[cfg(not(windows))]
    fn a_path_of_windows_is_one_elsewhere() {
        for written in ["C:\\Users\\me", "c:/data", "D:", ".\\images", "..\\data"] {
            assert_eq!(form(written), Some(PathFault::Windows), "{written}");
        }
    }
}
