#![cfg_attr(docsrs, feature(doc_cfg))]
//! Verifies signed payment notifications ("postbacks") and models them as typed values.
//!
//! A payment gateway tells a shop about a payment by calling it back over HTTP. This crate decides
//! whether such a call is genuine; it speaks no HTTP, knows no framework, does no I/O and keeps no
//! global state. Adapters for frameworks translate: `postback-tower` for tower and axum,
//! `postback-actix` for actix-web, `postback-rocket` for Rocket.
//!
//! # The flow
//!
//! ```text
//!             head                 body
//! adapter ──▶ Verifier::admit ──▶ Admitted::verify ──▶ Verified<P> ──▶ handler ──▶ P::ACK
//!                  │                    │
//!                  └──▶ Rejection ◀─────┘ ──▶ Reply
//! ```
//!
//! The adapter shows the [`RequestHead`] of a request to a [`Verifier`], which [admits](Verifier::admit)
//! or refuses it before any byte of the body is read. [`Admitted`] says how much may be read, and
//! is the only way to a [`Verified`] value. A [`Rejection`] names the reason to the operator, and
//! its [`Reply`] names the class, and no more, to the sender.
//!
//! # Quick start
//!
//! ```
//! # #[cfg(all(feature = "cryptocloud", feature = "testing"))] {
//! use postback_core::{MediaType, SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
//!
//! let secret = SecretKey::new("the project's secret key")?;
//! let verifier = Verifier::new(CryptoCloud::new(), secret.clone());
//!
//! // What an adapter does with a request; the token is good until 1769509700.
//! let body = testing::sample_json(Some(&testing::token(&secret, "ILRAJE1Q", 1_769_509_700)));
//! let payment = testing::deliver(&verifier, MediaType::Json, body, 1_769_509_400)?;
//! assert_eq!(payment.invoice_id(), "ILRAJE1Q");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a verified value proves
//!
//! A genuine signature is less than people think. It proves that the gateway said something, not
//! that everything beside the signature is true, that the sum is what you asked for, or that you
//! hear it for the first time. Each event type keeps apart what is signed and what is not: see the
//! `cryptocloud` module for CryptoCloud and Trybit. CryptAPI and BlockBee sign for every merchant with
//! one key, so that a genuine callback is anybody's until it is bound to an order: see the `cryptapi`
//! module.
//!
//! # From a verified value to a credit
//!
//! [`reconcile`] compares what was paid with what was owed, exactly, and hands out the [`event`] record by which a
//! store credits the payment once: `postback-store` has several. A handler finds the order, reconciles, records and
//! credits in one transaction, and acknowledges; where it cannot, it returns [`Retry`], and the provider sends again.
//!
//! # Failing closed
//!
//! There is no way to configure a verifier open: an empty secret is a [`ConfigError`], a clock that
//! cannot be read rejects the postback, and a [`Provider`] that never checks a signature
//! verifies nothing.
//!
//! # Providers of your own
//!
//! [`Provider`] is open. With [`PaymentProvider`] the postbacks of your own provider are reconciled and
//! recorded like those of the providers here. [`SignatureHeader`], [`body`] and [`PublicOrigins`] do what
//! each would write again. The guide has a whole provider for BTCPay Server.
//!
//! # Features
//!
//! - `cryptapi` (default): CryptAPI and BlockBee. The only feature that brings C code into the tree:
//!   `aws-lc-rs`, for RSA.
//! - `cryptocloud` (default): CryptoCloud and Trybit.
//! - `rust_decimal`, `bigdecimal`: conversions of [`Amount`].
//! - `testing`: makes genuine and deliberately wrong deliveries, for tests.
//! - `tracing`: log events for the operator, see below.
//!
//! # Log events
//!
//! With the feature `tracing`, each delivery leaves exactly one of the first three events, of target
//! `postback`. The last two may follow `postback verified`. Never in one: a secret, a token, a signature,
//! a body, the query of a URL, or anything of the payload that is not signed.
//!
//! | message | level | fields |
//! |---|---|---|
//! | `postback verified` | INFO | `provider`, `project`, `invoice_id` or `uuid`, `key_label`, `expires_in_s` (seconds, if the provider signs a time), `unreadable` (the names of fields that are there and cannot be read) |
//! | `postback rejected` | WARN; ERROR for `not_configured` and `clock_unavailable` | `provider`, `project`, `code`, `variant`, `hint`; `method`, `content_type` and `content_encoding` that came and are not accepted; `checked_url` and `query_length`, the URLs without their query that a signature was checked against, and the length of the query; `invoice_id` or `uuid` if the signature held; `looked_for` if no verifier is registered |
//! | `postback abandoned` | WARN | `provider`, `project`: the request was dropped before it was verified or rejected, because the client disconnected or a deadline of the application passed |
//! | `callback not bound` | WARN | `provider`, `project`, `uuid`, `variant` and, for addresses, coins and URLs, the `expected` and `received` value; URLs without their query, and never the callback secret |
//! | `postback not acknowledged` | WARN for `unknown_order` and `in_flight`, ERROR otherwise | a handler's [`Retry`]: `code`, `id` of the payment if the handler [added](Retry::with_id) it, `cause` |
//!
//! `BodyTooLarge` names the verifier's limit, also if a smaller one of the framework ended the body.
//!
//! Hints are searched for only while rejections are logged, and never change the result. The guide says
//! what to do about each:
//!
//! | hint | what was found |
//! |---|---|
//! | `body_not_as_sent` | not genuine or not well-formed, and of another length than its `Content-Length`: something in the application rewrote it |
//! | `clock_behind` | a genuine token of the future |
//! | `clock_behind_or_ceiling_too_low` | a genuine token that lives longer than the ceiling on lifetimes |
//! | `form_sent_as_json`, `json_sent_as_form` | the content type names one, and the body is the other |
//! | `retired_key` | the signature of a retired key that is no longer trusted |
//! | `secret_has_white_space`, `secret_has_quotes`, `secret_has_semicolon` | the secret fits without what is around it |
//! | `secret_is_api_key` | the secret is a JSON web token |
//! | `signed_for_http`, `signed_for_https` | the signed URL has the other scheme |
//! | `signed_with_www`, `signed_without_www` | the signed URL has `www.` in front of the host, or has it not |
//! | `signed_with_default_port` | the signed URL writes the scheme's own port |
//! | `signed_without_prefix` | the signed URL lacks a part of the path that was checked |
//! | `signed_with_prefix` | the signed URL has a prefix in front of the path of the stored one: only in `callback not bound` |
//! | `signed_with_other_trailing_slash` | one of both has a slash at the end of the path |
//! | `signed_with_other_escapes`, `signed_with_other_escape_case` | the signed URL has other characters escaped, or writes escapes in the other case |
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
    allow(dead_code, reason = "most of it is for these providers")
)]
mod decode;
pub mod event;
mod expected_body;
#[cfg(any(feature = "cryptapi", feature = "cryptocloud"))]
mod field;
mod hexadecimal;
mod keys;
mod log;
mod log_fields;
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
