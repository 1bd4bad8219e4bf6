/// Why a verifier cannot be built. There is no way to configure one open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The scope is empty or blank.
    #[error("the scope is blank")]
    BlankScope,
    /// The secret is empty, or nothing but white space or NUL bytes.
    #[error("the secret is blank")]
    BlankSecret,
    /// The body limit is zero bytes, which no postback passes.
    #[error("the body limit is zero")]
    BodyLimitZero,
    /// The leeway exceeds [`Verifier::MAX_LEEWAY`](crate::Verifier::MAX_LEEWAY).
    #[error("the leeway exceeds {max} seconds")]
    #[non_exhaustive]
    LeewayTooLong {
        /// The longest leeway allowed, in seconds.
        max: u64,
    },
    /// The ceiling on a token's lifetime is zero seconds, which no token passes.
    #[error("the ceiling on a token's lifetime is zero")]
    LifetimeZero,
    /// The secret begins or ends with white space.
    #[error("the secret begins or ends with white space")]
    PaddedSecret,
}
