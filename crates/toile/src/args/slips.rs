//! Slips at the command line: words of other tools, and settings that belong in the study file.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Words of other tools, and the command that they mean.
const COMMANDS: [(&str, &[&str]); 8] = [
    (
        "run",
        &["train", "fit", "start", "exec", "go", "optimize", "optimise", "tune", "search", "study", "resume"],
    ),
    ("plan", &["validate", "lint", "dry-run", "dryrun", "show"]),
    ("report", &["view", "results", "export", "html"]),
    ("bench", &["benchmark", "profile", "speed"]),
    ("init", &["new", "create"]),
    ("data", &["dataset", "datasets", "download", "fetch"]),
    ("list", &["ls"]),
    ("verify", &["check", "fsck"]),
];

/// The error with what the words probably mean.
pub(super) fn explained(mut error: clap::Error) -> clap::Error {
    let typed = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            if let Some(command) = command(&typed(&error, ContextKind::InvalidSubcommand)) {
                error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![command.into()]));
            }
        }
        ErrorKind::UnknownArgument => {
            let word = typed(&error, ContextKind::InvalidArg);
            if let Some(tip) = setting(&word) {
                // Of `--optimizer`, clap thinks that `--no-timing` is meant.
                if !typed(&error, ContextKind::SuggestedArg).starts_with(&word) {
                    error.remove(ContextKind::SuggestedArg);
                }
                error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
            }
        }
        _ => {}
    }
    error
}

fn command(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    COMMANDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(command, _)| *command)
}

/// `--epochs` and its like: a study is its file, so that its results can be repeated.
fn setting(option: &str) -> Option<StyledStr> {
    let word = option.trim_start_matches('-').split('=').next()?;
    let written = toile_study::setting(word)?;
    let tip = format!("settings are in the study file, not in the command: write `{written}` there");
    Some(StyledStr::from(tip))
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn said(args: &[&str]) -> String {
        let args = std::iter::once("toile").chain(args.iter().copied());
        parse(args.collect::<Vec<_>>()).unwrap_err().to_string()
    }

    #[test]
    fn a_command_of_another_tool_is_answered_with_ours() {
        for (word, command) in [("train", "run"), ("fit", "run"), ("Benchmark", "bench"), ("ls", "list")] {
            assert!(said(&[word, "x.toml"]).contains(&format!("'{command}'")), "{}", said(&[word, "x.toml"]));
        }
        assert!(said(&["trian"]).contains("unrecognized subcommand 'trian'"));
    }

    #[test]
    fn a_setting_at_the_command_line_belongs_in_the_file() {
        for (option, written) in [
            ("--epochs", "epochs = 10"),
            ("--lr", "learning_rate = 0.01"),
            ("--learning-rate=0.1", "learning_rate = 0.01"),
            ("--batch_size", "batch_size = 128"),
            ("--optimizer", "optimizer = \"adam\""),
            ("--seed", "seed = 7"),
            ("--n-trials", "n_trials = 40"),
        ] {
            let said = said(&["run", "x.toml", option, "3"]);
            assert!(said.contains(&format!("write `{written}` there")), "{said}");
            assert!(!said.contains("to pass '"), "{said}");
        }
        assert!(!said(&["run", "--frobnicate"]).contains("study file, not"));
    }
}
