//! Why a file cannot be written, or cannot be taken.

/// Why a file cannot be written, or cannot be taken: where, what was found, what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExchangeError {
    /// What is wrong. Begins in lower case, ends without a full stop.
    pub message: String,
    /// How to mend it, where there is something to say.
    pub help: Option<String>,
}

impl ExchangeError {
    pub(crate) fn new(message: impl Into<String>) -> ExchangeError {
        ExchangeError { message: message.into(), help: None }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> ExchangeError {
        ExchangeError { help: Some(help.into()), ..self }
    }
}
