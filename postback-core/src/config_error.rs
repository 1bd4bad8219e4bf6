/// Why a verifier cannot be built. There is no way to configure one open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The secret is empty, or holds nothing but white space, control characters and invisible characters.
    #[error("the secret is blank")]
    BlankSecret,
    /// The body limit is zero bytes, which no postback passes.
    #[error("the body limit is zero")]
    BodyLimitZero,
    /// The key is not one RSA public key in PEM, or its modulus is not of 1024 to 8192 bits.
    #[error("the key is not one RSA public key in PEM, of 1024 to 8192 bits")]
    InvalidKey,
    /// An origin is not literally `scheme://host[:port]` in lower case, or writes its scheme's own port.
    #[error("an origin is not literally scheme://host[:port] in lower case")]
    InvalidOrigin,
    /// A prefix does not begin with a slash, ends with one, or cannot stand in a path.
    #[error("a prefix does not begin with a slash, ends with one, or cannot stand in a path")]
    InvalidPrefix,
    /// The scope is empty, has white space at its ends, holds a control character, or is another than the provider's
    /// own [project](crate::Provider::project).
    #[error(
        "the scope is empty, padded, holds a control character, or is not the provider's own project"
    )]
    InvalidScope,
    /// The leeway exceeds [`Verifier::MAX_LEEWAY_SECONDS`](crate::Verifier::MAX_LEEWAY_SECONDS).
    #[error("the leeway exceeds {max} seconds")]
    #[non_exhaustive]
    LeewayTooLong {
        /// The longest leeway allowed, in seconds.
        max: u64,
    },
    /// The ceiling on a token's lifetime is zero seconds, which no fresh token passes.
    #[error("the ceiling on a token's lifetime is zero")]
    LifetimeZero,
    /// There is no origin that a callback URL could begin with.
    #[error("there is no public origin")]
    NoOrigin,
    /// The secret begins or ends with white space, a control character or an invisible character.
    #[error(
        "the secret begins or ends with white space, a control character or an invisible character"
    )]
    PaddedSecret,
}
