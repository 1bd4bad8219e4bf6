//! Time, keys and origin that the deliveries of `tests/corpus` have in common.

/// Time of the deliveries, in Unix seconds.
pub const NOW: u64 = 1_769_509_400;

/// Secret that signs the tokens of the corpus.
pub const SECRET: &str = "cc-project-secret-for-tests-0001";

/// Public key of the callbacks.
pub const PUBLIC_KEY: &str = include_str!("../../tests/corpus/keys/cryptapi_test_public.pem");

/// Private key of the callbacks.
pub const PRIVATE_KEY: &str = include_str!("../../tests/corpus/keys/cryptapi_test_private.pem");

/// Origin of the callback URLs.
pub const ORIGIN: &str = "https://shop.example";
