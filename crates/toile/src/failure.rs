//! What the user reads when a command cannot do its work: what went wrong, and how to correct it.

use std::fmt;

use console::Style;
use toile_data::DataError;
use toile_exchange::ExchangeError;
use toile_lab::RunError;
use toile_store::StoreError;
use toile_study::{Faults, PlanError};

/// An error on its way to the terminal.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Begins in lower case, ends without a full stop; more lines may follow.
    message: String,
    help: Option<String>,
    /// The message comes with `error:` and `help:` lines of its own.
    complete: bool,
    /// It may go away by itself: a server that cannot be reached.
    transient: bool,
}

impl Failure {
    /// An error without a remedy.
    pub(crate) fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), help: None, complete: false, transient: false }
    }

    /// Whether it may go away by itself.
    pub(crate) fn is_transient(&self) -> bool {
        self.transient
    }

    /// What went wrong, without the remedy.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What went wrong and what to do, as sentences in one line, for a page.
    pub(crate) fn sentence(&self) -> String {
        let parts = std::iter::once(&self.message).chain(&self.help);
        let sentence = |part: &String| {
            let mut letters = part.chars();
            let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
            format!("{first}{}.", letters.as_str().trim_end_matches('.').replace('\n', " "))
        };
        parts.map(sentence).collect::<Vec<_>>().join(" ")
    }

    /// The same with a remedy.
    pub(crate) fn help(self, help: impl Into<String>) -> Failure {
        Failure { help: Some(help.into()), ..self }
    }
}

/// The lines of the house: `error: …`, then `  help: …`, their first words in colour on a terminal.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let red = Style::new().for_stderr().red().bold();
        let cyan = Style::new().for_stderr().cyan();
        if self.complete {
            for (i, line) in self.message.lines().enumerate() {
                let line = match (line.strip_prefix("error:"), line.strip_prefix("  help:")) {
                    (Some(rest), _) => format!("{}{rest}", red.apply_to("error:")),
                    (_, Some(rest)) => format!("  {}{rest}", cyan.apply_to("help:")),
                    _ => line.to_owned(),
                };
                write!(f, "{}{line}", if i == 0 { "" } else { "\n" })?;
            }
            return Ok(());
        }
        write!(f, "{} {}", red.apply_to("error:"), self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  {} {help}", cyan.apply_to("help:")),
            None => Ok(()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        let transient = error.is_transient();
        Failure { message: error.to_string(), help: error.help(), complete: false, transient }
    }
}

impl From<ExchangeError> for Failure {
    fn from(error: ExchangeError) -> Failure {
        Failure { message: error.message, help: error.help, complete: false, transient: false }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Failure {
        Failure::new(error.to_string()).help(error.help())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        let transient = matches!(&error, RunError::Store(error) if error.is_transient());
        Failure { message: error.to_string(), help: error.help(), complete: false, transient }
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Failure {
        Failure { message: faults.to_string(), help: None, complete: true, transient: false }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Failure {
        Failure { message: format!("error: {error}"), help: None, complete: true, transient: false }
    }
}
