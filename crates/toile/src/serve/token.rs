//! The token in the address: who does not know it gets nothing. It is the one thing of the house that is not
//! repeatable, and the one place that asks the system for chance; nothing of a study depends on it, and nothing keeps
//! it.

use crate::failure::Failure;

/// Six bits each: 22 of them are 132 bits.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The length of a token.
pub(crate) const TOKEN_LENGTH: usize = 22;

/// A token, new at each start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessToken(String);

impl AccessToken {
    /// A token that nobody can guess.
    pub(crate) fn new() -> Result<Self, Failure> {
        random(TOKEN_LENGTH).map(Self)
    }

    /// As it stands in the address.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the token. It takes as long for a token of which one character is right as for one of which all
    /// but one are.
    pub(crate) fn is(&self, given: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let different = own.iter().zip(given).fold(0, |all, (a, b)| all | (a ^ b));
        own.len() == given.len() && std::hint::black_box(different) == 0
    }
}

/// So many characters at random.
pub(crate) fn random(length: usize) -> Result<String, Failure> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::new(format!("the system gives no random numbers for the address: {error}"))
    })?;
    Ok(bytes.into_iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_new_and_safe_in_an_address() {
        let (one, other) = (AccessToken::new().unwrap(), AccessToken::new().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), TOKEN_LENGTH);
        assert!(one.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn only_the_whole_token_is_it() {
        let token = AccessToken::new().unwrap();
        let text = token.as_str().as_bytes();
        assert!(token.is(text));
        for length in 0..text.len() {
            assert!(!token.is(&text[..length]));
        }
        assert!(!token.is(&[text, b"A"].concat()));
        for place in 0..text.len() {
            let mut other = text.to_vec();
            other[place] ^= 1;
            assert!(!token.is(&other));
        }
    }
}
