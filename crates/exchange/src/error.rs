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

    /// A pickle is a program: it is never read.
    pub fn pickle() -> ExchangeError {
        ExchangeError::new("it is a pickle, which runs code when it is read: it is not read here")
            .help("in Python: `safetensors.torch.save_file(model.state_dict(), \"x.safetensors\")`")
    }

    pub(crate) fn help(self, help: impl Into<String>) -> ExchangeError {
        ExchangeError { help: Some(help.into()), ..self }
    }
}
