//! `toile completions` and `toile man`: what a shell and `man` want to know of the program.

use toile_store::write_atomic;

use crate::args::{CompletionsArgs, ManArgs, completions, manual_pages};
use crate::failure::Failure;
use crate::{Completion, terminal};

/// Prints the script for a shell.
pub(crate) fn complete(args: &CompletionsArgs) -> Result<Completion, Failure> {
    terminal::out(&completions(args.shell))?;
    Ok(Completion::Done)
}

/// Prints the program's page, or writes all pages into a folder.
pub(crate) fn manual(args: &ManArgs) -> Result<Completion, Failure> {
    let pages = manual_pages().map_err(|error| Failure::new(format!("cannot write the manual: {error}")))?;
    let Some(folder) = &args.out else {
        terminal::out(&pages[0].1)?;
        return Ok(Completion::Done);
    };
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::new(format!("cannot make the folder `{}`: {error}", folder.display()))
            .help("name a folder that you may write to: `toile man --out DIR`")
    })?;
    for (name, page) in &pages {
        write_atomic(&folder.join(name), page.as_bytes())?;
    }
    terminal::note(&format!("{} in `{}`", terminal::plural(pages.len(), "page", "pages"), folder.display()));
    Ok(Completion::Done)
}
