/// Why a verifier cannot be built. There is no way to configure one open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The secret is empty, or nothing but white space, invisible characters or NUL bytes.
    #[error("the secret is blank")]
    BlankSecret,
    /// The body limit is zero bytes, which no postback passes.
    #[error("the body limit is zero")]
    BodyLimitZero,
    /// The scope is empty, has white space at its ends, or holds a control character.
    #[error("the scope is empty, padded or holds a control character")]
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
    /// The secret begins or ends with white space, an invisible character or a NUL byte.
    #[error("the secret begins or ends with white space or an invisible character")]
    PaddedSecret,
}
