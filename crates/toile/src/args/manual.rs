//! Arguments of `completions` and `man`, and what they print: all of it is made from the definition of the arguments.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::Shell;

use super::Args;

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// Print the reference page in Markdown instead of the schema
    #[arg(long)]
    pub markdown: bool,
}

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// Write the pages of all commands into this folder, `toile.1`, `toile-run.1` and so on
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// The script that completes commands and options in a shell.
pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut built(), "toile", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual: the program's page, then one for each command and for each command of a command, with the name of
/// its file.
///
/// # Errors
/// None that can be met: a page is written into memory.
pub(crate) fn pages() -> std::io::Result<Vec<(String, String)>> {
    let mut pages = Vec::new();
    add(&built(), &mut pages)?;
    Ok(pages)
}

/// The definition of the arguments, without the text that names this machine's instruction set.
fn built() -> clap::Command {
    let mut command = Args::command().version(env!("CARGO_PKG_VERSION")).disable_help_subcommand(true);
    command.build();
    command
}

fn add(command: &clap::Command, pages: &mut Vec<(String, String)>) -> std::io::Result<()> {
    // `toile data check` is the page `toile-data-check`.
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name.clone()).render(&mut page)?;
    pages.push((format!("{name}.1"), String::from_utf8_lossy(&page).into_owned()));
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| add(command, pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let pages = pages().unwrap();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[0], "toile.1");
        for command in Args::command().get_subcommands() {
            assert!(names.contains(&format!("toile-{}.1", command.get_name()).as_str()), "{names:?}");
        }
        assert!(names.contains(&"toile-data-check.1"), "{names:?}");
        for (name, page) in &pages {
            assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{name}: {page}");
        }
    }

    /// A page is kept: it must not tell of the machine that it was written on.
    #[test]
    fn no_page_names_this_machine() {
        for (name, page) in pages().unwrap() {
            assert!(!page.contains("(instruction set"), "{name}: {page}");
        }
    }

    #[test]
    fn every_shell_has_a_script_that_knows_the_commands() {
        for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
            let script = completions(shell);
            for word in ["toile", "lr-find", "completions", "threads"] {
                assert!(script.contains(word), "{shell}: {word} is not in the script");
            }
        }
    }
}
