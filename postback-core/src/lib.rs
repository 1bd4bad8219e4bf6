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
//! cannot be read refuses the postback, and a [`Provider`] that never asked for a signature
//! verifies nothing.
//!
//! # Features
//!
//! - `cryptapi` (default): CryptAPI and BlockBee. The only feature that brings C code into the tree:
//!   `aws-lc-rs`, for RSA.
//! - `cryptocloud` (default): CryptoCloud and Trybit.
//! - `rust_decimal`, `bigdecimal`: conversions of [`Amount`].
//! - `testing`: makes genuine and deliberately wrong deliveries, for tests.
//! - `tracing`: events for the operator, see below.
//!
//! # Events
//!
//! With the feature `tracing`, each verdict is one event of target `postback`; a request that is given up
//! before there is one, by a deadline of the application's for example, leaves none. Never in it: a
//! secret, a token, a signature, a body, or anything of the payload that is not signed.
//!
//! | message | level | fields |
//! |---|---|---|
//! | `postback accepted` | INFO | `provider`, `scope`, `invoice_id` or `uuid`, `key_label`, `expires_in_s` (seconds, where the provider signs a time), `unreadable` (the names of fields that are there and cannot be read, where there are any) |
//! | `postback refused` | WARN; ERROR where the application is at fault | `provider`, `scope`, `code`, `variant`, `hint`; `invoice_id` or `uuid` where the signature held; `looked_for` where no verifier is registered |
//! | `postback not acknowledged` | WARN for `unknown_order` and `in_flight`, ERROR otherwise | a handler's [`Retry`]: `code`, `id` of the payment where the handler [added](Retry::with_id) it, `cause` |
//!
//! `BodyTooLarge` names the verifier's limit, also where a smaller one of the framework ended the body.
//! A `hint` is there where the cause can be told apart:
//!
//! | hint | what was found |
//! |---|---|
//! | `body_not_as_sent` | not genuine or not well-formed, and of another length than its `Content-Length`: something in the application rewrote it |
//! | `clock_behind` | a genuine token of the future |
//! | `clock_behind_or_ceiling_too_low` | a genuine token that lives longer than the ceiling on lifetimes |
//! | `retired_key` | the signature of a retired key whose time has come, or is past the year 9999 |
//! | `secret_has_white_space` | the secret fits, but for white space, control or invisible characters at its ends |

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
#[cfg(any(feature = "cryptapi", feature = "cryptocloud"))]
mod field;
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
    public_url::{OriginFlaw, PublicOrigins, UrlDifference},
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
