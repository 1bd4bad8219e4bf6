use std::time::Duration;

use crate::{OriginFlaw, PublicKeyFlaw};

/// Error returned when a verifier, its provider or its keys are configured wrongly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The secret is a JSON web token, as the API keys of CryptoCloud and Trybit are.
    #[error("the secret is a JSON web token, as API keys are: expected the project's SECRET KEY")]
    ApiKeyAsSecret,
    /// The secret contains no visible character other than surrounding quotation marks and
    /// semicolons.
    #[error("the secret is blank: expected at least one visible character")]
    BlankSecret,
    /// The body limit is zero bytes, which no postback passes.
    #[error("invalid body limit 0: expected at least 1 byte")]
    BodyLimitZero,
    /// The key is not one RSA public key in PEM, or its modulus is not of 1024 to 8192 bits.
    #[error(
        "invalid public key ({0}): expected one RSA key of 1024 to 8192 bits in a PEM section `PUBLIC KEY`"
    )]
    InvalidKey(PublicKeyFlaw),
    /// The origin is not literally `scheme://host[:port]` in lower case, or writes the scheme's
    /// default port.
    #[error("invalid origin {origin:?} ({flaw}): expected lower-case scheme://host[:port]")]
    #[non_exhaustive]
    InvalidOrigin {
        /// Origin as configured, without a password, a path or a query.
        origin: Box<str>,
        /// Rule that the origin breaks.
        flaw: OriginFlaw,
    },
    /// The prefix does not begin with a slash, ends with one, or has a character that a path cannot
    /// contain.
    #[error(
        "invalid prefix {prefix:?}: expected percent-encoded path segments such as \"/shop\", without a slash at the end"
    )]
    #[non_exhaustive]
    InvalidPrefix {
        /// Prefix as configured.
        prefix: Box<str>,
    },
    /// The name of the project is empty, has surrounding white space, or contains a control
    /// character.
    #[error(
        "invalid project name {name:?}: expected a non-empty text without surrounding white space or control characters"
    )]
    #[non_exhaustive]
    InvalidProject {
        /// Name as configured.
        name: Box<str>,
    },
    /// The leeway exceeds [`Verifier::MAX_LEEWAY`](crate::Verifier::MAX_LEEWAY) by a second or more.
    #[error("invalid leeway {leeway:?}: expected at most {max:?}")]
    #[non_exhaustive]
    LeewayTooLong {
        /// Leeway as configured.
        leeway: Duration,
        /// Longest leeway allowed.
        max: Duration,
    },
    /// The ceiling on the lifetime of a token is less than a second, which rejects each new token.
    #[error("invalid ceiling {lifetime:?} on the lifetime of a token: expected at least 1s")]
    #[non_exhaustive]
    LifetimeTooShort {
        /// Ceiling as configured.
        lifetime: Duration,
    },
    /// No public origin is configured.
    #[error("no public origin: expected at least one, such as \"https://shop.example\"")]
    NoOrigin,
    /// The name of the verifier's project differs from its provider's own
    /// [project](crate::Provider::project).
    #[error("invalid project name {name:?}: expected the provider's own, {expected:?}")]
    #[non_exhaustive]
    OtherProject {
        /// Name as configured.
        name: Box<str>,
        /// Name of the provider's own project.
        expected: Box<str>,
    },
    /// The secret is in quotation marks.
    #[error("quotation marks around the secret: expected the secret alone")]
    QuotedSecret,
    /// The secret ends with a semicolon.
    #[error("a semicolon behind the secret: expected the secret alone")]
    SecretWithSemicolon,
    /// The secret begins or ends with white space, a control character or an invisible character.
    #[error(
        "white space, control or invisible characters around the secret: expected the secret alone"
    )]
    UntrimmedSecret,
}
