#![cfg_attr(docsrs, feature(doc_cfg))]
//! Verifies signed payment webhooks and models them as typed values.
//!
//! A payment provider reports a payment by sending an HTTP request to your application: a webhook.
//! This crate calls it a *postback*, as CryptoCloud does; CryptAPI calls it a callback, and other
//! providers an IPN. The crate decides whether such a request is genuine. It is synchronous, does
//! no I/O, keeps no global state and depends on no HTTP framework.
//!
//! Most applications use it through an adapter: `postback-tower` for tower and axum,
//! `postback-actix` for actix-web, or `postback-rocket` for Rocket.
//!
//! # Example
//!
//! ```
//! # #[cfg(all(feature = "cryptocloud", feature = "testing"))] {
//! use postback_core::{MediaType, SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
//!
//! let secret = SecretKey::new("the project's secret key")?;
//! let verifier = Verifier::new(CryptoCloud::new(), secret.clone());
//!
//! // Delivers a request as an adapter does. The token expires at 1769509700.
//! let body = testing::sample_json(Some(&testing::token(&secret, "ILRAJE1Q", 1_769_509_700)));
//! let payment = testing::deliver(&verifier, MediaType::Json, body, 1_769_509_400)?;
//! assert_eq!(payment.invoice_id(), "ILRAJE1Q");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How a delivery is verified
//!
//! ```text
//!             head                 body
//! adapter ──▶ Verifier::admit ──▶ Admitted::verify ──▶ Verified<P> ──▶ handler ──▶ P::ACK
//!                  │                    │
//!                  └──▶ Rejection ◀─────┘ ──▶ Reply
//! ```
//!
//! 1. The adapter passes the [`RequestHead`] to [`Verifier::admit`]. `admit` checks the method, the
//!    content type, the content encoding and the declared size, and reads a signature that is in a
//!    header, before the adapter reads the body.
//! 2. The adapter reads at most [`Admitted::body_limit`] bytes and passes them to
//!    [`Admitted::verify`]. The [`Provider`] checks the signature, then decodes what it covers. The
//!    token of CryptoCloud and Trybit is a field of the body, so the body must be parsed first: the
//!    known fields of its top level and `invoice_info.uuid` are read as texts, and interpreted only
//!    when the signature holds.
//! 3. A genuine postback becomes a [`Verified`] value; there is no other way to make one. The
//!    adapter replies to a [`Rejection`] with its [`Reply`]. The rejection names the cause in the
//!    operator's log, and the reply shows the sender no more than the class.
//!
//! # What a valid signature proves
//!
//! A valid signature proves that the provider sent what is signed. It does not prove that the
//! unsigned fields are true, that the amount is the one you asked for, or that the postback is
//! delivered for the first time. Each payload type separates signed from unsigned fields.
//!
//! - CryptoCloud and Trybit sign the id of the invoice and an expiry, and no amount: see the module
//!   `cryptocloud`.
//! - CryptAPI and BlockBee sign the callbacks of all their customers with one key: see the module
//!   `cryptapi`. **A genuine callback may report a payment to another application: bind it to your
//!   order before you use its fields.**
//!
//! # Crediting an order
//!
//! `reconcile` compares what was paid with what is owed, in exact decimals except for rounding
//! errors of CryptoCloud and Trybit. It returns a [`Reconciliation`](reconcile::Reconciliation):
//! the outcome, and the [`EventRecord`](event::EventRecord) by which a store credits the payment
//! once. `postback-store` has several stores.
//!
//! A handler finds the order, reconciles, records and credits in one transaction, commits, and
//! acknowledges only after the commit has succeeded. If it cannot, it returns [`Retry`], and the
//! postback is not acknowledged. CryptAPI and BlockBee then send it again; whether CryptoCloud and
//! Trybit do is not documented.
//!
//! # Failing closed
//!
//! No configuration accepts unsigned postbacks. An empty secret is a [`ConfigError`], a clock that
//! cannot be read rejects the postback, and the postbacks of a [`Provider`] that checks no
//! signature are rejected.
//!
//! # Adding a provider
//!
//! Implement [`Provider`] to verify the postbacks of another provider: [`SignatureHeader`],
//! [`body`] and [`PublicOrigins`] are building blocks for it. Implement [`PaymentProvider`] to
//! reconcile and record its payments. The guide has a complete provider for BTCPay Server.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `cryptapi` | yes | CryptAPI and BlockBee. The only feature that adds C code to the dependency tree: `aws-lc-rs`, for RSA |
//! | `cryptocloud` | yes | CryptoCloud and Trybit |
//! | `bigdecimal` | no | `Amount::to_big_decimal` |
//! | `rust_decimal` | no | `Amount::to_decimal` |
//! | `testing` | no | The module `testing`, which makes genuine and deliberately wrong deliveries |
//! | `tracing` | no | Log events for the operator |
//!
//! # Log events
//!
//! With the feature `tracing`, each verification emits exactly one of the first three events, with
//! the target `postback`. The last two may follow `postback verified`. An adapter that finds no
//! verifier, or no postback that a layer has verified, emits `postback rejected`. No event contains
//! a secret, a token, a signature, a body, the query of a URL, or an unsigned field of the payload.
//!
//! | message | level | fields |
//! |---|---|---|
//! | `postback verified` | INFO | `provider`, `project`, `invoice_id` or `uuid`, `key_label`, `expires_in_s` (in seconds, if the provider signs an expiry), `unreadable` (the names of fields that are present and cannot be read) |
//! | `postback rejected` | ERROR for `not_configured` and `clock_unavailable`, WARN otherwise | those of the next table |
//! | `postback abandoned` | WARN | `provider`, `project`: the request was dropped before it was verified or rejected, because the client disconnected or a deadline of the application passed |
//! | `callback not bound` | WARN | `provider`, `project`, `uuid`, `variant` and, for addresses, coins and URLs, the `expected` and `received` value; URLs are without their query, and the callback secret is never logged |
//! | `postback not acknowledged` | WARN for `unknown_order` and `in_flight`, ERROR otherwise | `code`, `id` and `cause` of the [`Retry`] that a handler returned; `id` is there if the handler added it with [`Retry::with_id`], [`Retry::unknown_order`] or [`Retry::not_bound`] |
//!
//! The fields of `postback rejected`:
//!
//! | field | in which rejections |
//! |---|---|
//! | `provider`, `code`, `variant` | all |
//! | `project` | the verifier has the name of a project |
//! | `method` | the method is not accepted: the method as received |
//! | `content_type`, `content_encoding` | the media type is not accepted: both as received |
//! | `checked_url`, `query_length` | the signature over a URL is wrong: the URLs that it was checked against, without their query, and the length of the query in bytes |
//! | `invoice_id` or `uuid` | the signature is genuine, and the id of the payment was read |
//! | `looked_for` | the adapter found no verifier, or no postback that a layer has verified: what it looked for |
//! | `hint` | a likely cause was found |
//!
//! `BodyTooLarge` carries the verifier's limit, even if the framework has a smaller limit that
//! stopped the body.
//!
//! A hint names a likely cause. Hints are searched for only while rejections are logged, and never
//! change the result. The guide describes what to do about each:
//!
//! | hint | finding |
//! |---|---|
//! | `body_not_as_sent` | the length of the body differs from its `Content-Length`, and the postback is rejected as `malformed`, `unsigned`, `bad_signature` or `invoice_mismatch`: something in the application rewrote the body |
//! | `clock_behind` | a genuine token is not valid until later |
//! | `clock_behind_or_ceiling_too_low` | a genuine token is valid for longer than the ceiling on lifetimes allows |
//! | `form_sent_as_json`, `json_sent_as_form` | the content type names one format, and the body has the other |
//! | `retired_key` | a retired key that is no longer trusted made the signature |
//! | `secret_has_white_space`, `secret_has_quotes`, `secret_has_semicolon` | the secret matches without the surrounding characters |
//! | `secret_is_api_key` | the secret is a JSON web token |
//! | `signed_for_http`, `signed_for_https` | the signed URL has the other scheme |
//! | `signed_with_www`, `signed_without_www` | the signed URL has `www.` in front of the host, or lacks it |
//! | `signed_with_default_port` | the signed URL contains the default port of the scheme |
//! | `signed_without_prefix` | the signed URL lacks a part of the path that was checked |
//! | `signed_with_prefix` | the signed URL has a prefix in front of the path of the stored one; only in `callback not bound` |
//! | `signed_with_other_trailing_slash` | one of the two URLs has a slash at the end of the path |
//! | `signed_with_other_escapes`, `signed_with_other_escape_case` | the signed URL escapes other characters than the URL that was checked, or writes the hexadecimal digits of its escapes in the other case |
//! | `signed_encoded_once_more`, `signed_encoded_once_less` | the signed URL has `%252F` for `%2F`, or the reverse |

mod accepts;
mod adapter_types;
mod admitted;
mod amount;
pub mod body;
mod config_error;
#[cfg(feature = "cryptapi")]
pub mod cryptapi;
#[cfg(feature = "cryptocloud")]
pub mod cryptocloud;
#[cfg_attr(
    not(any(feature = "cryptapi", feature = "cryptocloud")),
    allow(dead_code, reason = "most of it is used by these providers")
)]
mod decode;
pub mod event;
mod expected_body;
#[cfg(any(feature = "cryptapi", feature = "cryptocloud"))]
mod field;
/// Checks that a fuzzer makes of code that is not public.
#[cfg(fuzzing)]
pub mod fuzzing {
    /// Compares the members of a JSON object with those that `serde_json` reads.
    pub fn check_json_members(text: &str) {
        crate::decode::json::differential::check(text);
    }
}
mod hexadecimal;
mod keys;
mod log;
mod log_fields;
mod name;
mod payment_provider;
mod provider;
mod public_url;
pub mod reconcile;
mod rejection;
mod reply;
mod request_head;
mod retry;
mod signature_header;
mod tenant;
#[cfg(feature = "testing")]
pub mod testing;
mod verified;
mod verifier;
mod verify_context;

pub use bytes::Bytes;

#[cfg(any(feature = "cryptapi", feature = "cryptocloud"))]
pub use self::field::Field;
#[cfg(feature = "cryptapi")]
pub use self::keys::PublicKey;
pub use self::{
    accepts::{Accepts, AcceptsGet, AcceptsPost, MediaType, Method},
    admitted::Admitted,
    amount::{Amount, AmountError},
    config_error::ConfigError,
    keys::{KeyRing, PublicKeyFlaw, SecretKey},
    log_fields::LogFields,
    payment_provider::{Namespace, PaymentEvent, PaymentProvider},
    provider::Provider,
    public_url::{OriginFlaw, PublicOrigins, ReceivedUrl, UrlDifference},
    rejection::{InvalidClaimsReason, MalformedReason, Rejection},
    reply::Reply,
    request_head::{Headers, RepeatedHeader, RequestHead},
    retry::{Retry, RetryReason},
    signature_header::SignatureHeader,
    tenant::Tenant,
    verified::Verified,
    verifier::{Verifier, VerifierBuilder},
    verify_context::VerifyContext,
};
