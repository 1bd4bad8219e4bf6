//! The corpus of deliveries, and drivers that send it through every entry point.
//!
//! `corpus/` holds deliveries signed by independent implementations; its README explains the
//! format. A [`driver`] is an application that receives them over a real socket.

#![expect(
    clippy::expect_used,
    clippy::exhaustive_enums,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test stops where its set-up is wrong"
)]

pub mod callbacks;
pub mod cargo;
pub mod client;
pub mod corpus;
pub mod deliveries;
pub mod driver;
pub mod example;
pub mod expected_fields;
pub mod fixtures;
pub mod framework_differences;
pub mod log;
mod printed;
pub mod raw;
pub mod receiver;
pub mod shop;

/// Compiles and runs each example of the README of the project and of each crate.
#[cfg(doctest)]
pub mod readmes {
    #[doc = include_str!("../../README.md")]
    pub struct Project;

    #[doc = include_str!("../../postback-actix/README.md")]
    pub struct Actix;

    #[doc = include_str!("../../postback-core/README.md")]
    pub struct Core;

    #[doc = include_str!("../../postback-rocket/README.md")]
    pub struct Rocket;

    #[doc = include_str!("../../postback-store/README.md")]
    pub struct Store;

    #[doc = include_str!("../../postback-tower/README.md")]
    pub struct Tower;
}

/// Compiles and runs each example of the guide.
#[cfg(doctest)]
pub mod guide {
    #[doc = include_str!("../../docs/guide/src/adding-a-provider.md")]
    pub struct AddingAProvider;

    #[doc = include_str!("../../docs/guide/src/errors.md")]
    pub struct Errors;

    #[doc = include_str!("../../docs/guide/src/frameworks/actix.md")]
    pub struct FrameworksActix;

    #[doc = include_str!("../../docs/guide/src/frameworks/axum.md")]
    pub struct FrameworksAxum;

    #[doc = include_str!("../../docs/guide/src/frameworks/rocket.md")]
    pub struct FrameworksRocket;

    #[doc = include_str!("../../docs/guide/src/frameworks/tower.md")]
    pub struct FrameworksTower;

    #[doc = include_str!("../../docs/guide/src/getting-started.md")]
    pub struct GettingStarted;

    #[doc = include_str!("../../docs/guide/src/introduction.md")]
    pub struct Introduction;

    #[doc = include_str!("../../docs/guide/src/operations.md")]
    pub struct Operations;

    #[doc = include_str!("../../docs/guide/src/payments/amounts.md")]
    pub struct PaymentsAmounts;

    #[doc = include_str!("../../docs/guide/src/payments/effects.md")]
    pub struct PaymentsEffects;

    #[doc = include_str!("../../docs/guide/src/payments/recording.md")]
    pub struct PaymentsRecording;

    #[doc = include_str!("../../docs/guide/src/performance.md")]
    pub struct Performance;

    #[doc = include_str!("../../docs/guide/src/providers/cryptapi.md")]
    pub struct ProvidersCryptapi;

    #[doc = include_str!("../../docs/guide/src/providers/cryptocloud.md")]
    pub struct ProvidersCryptocloud;

    #[doc = include_str!("../../docs/guide/src/testing.md")]
    pub struct Testing;
}

/// Providers that do not compile: one with the name of a provider of `postback-core`, one with the
/// namespace of another, and one that replies to a forged postback as if it were received.
///
/// ```
/// # use postback_core::*;
/// # use postback_core::reconcile::{Outcome, Price};
/// #[derive(Debug)]
/// struct Fits;
///
/// impl Provider for Fits {
///     type Accepts = AcceptsGet;
///     type Payload = String;
///     type Evidence = ();
///     type Key = ();
///     const NAME: &'static str = "fits";
///     const UNVERIFIED_STATUS: u16 = 422;
/// #   fn inspect(&self, _: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> {
/// #       Ok(())
/// #   }
/// #   fn verify(
/// #       &self, (): (), _: Bytes, _: &mut VerifyContext<'_, ()>,
/// #   ) -> Result<String, Rejection> {
/// #       Ok(String::new())
/// #   }
/// }
/// # impl PaymentProvider for Fits {
/// #   fn payment_event(id: &String) -> PaymentEvent<'_> { PaymentEvent::new(id, ()) }
/// #   fn outcome(_: &String, price: &Price) -> Outcome { price.paid_in_full() }
/// # }
/// fn used(verified: &Verified<Fits>, price: &Price) {
///     let _ = verified.reconcile(price);
/// }
/// let _: fn(&_, &_) = used;
/// assert_eq!(Rejection::Unsigned.reply_to::<Fits>().status(), 422);
/// ```
///
/// ```compile_fail,E0080
/// # use postback_core::*;
/// # use postback_core::reconcile::{Outcome, Price};
/// #[derive(Debug)]
/// struct Taken;
///
/// impl Provider for Taken {
///     type Accepts = AcceptsGet;
///     type Payload = String;
///     type Evidence = ();
///     type Key = ();
///     const NAME: &'static str = "cryptocloud";
/// #   fn inspect(&self, _: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> {
/// #       Ok(())
/// #   }
/// #   fn verify(
/// #       &self, (): (), _: Bytes, _: &mut VerifyContext<'_, ()>,
/// #   ) -> Result<String, Rejection> {
/// #       Ok(String::new())
/// #   }
/// }
/// # impl PaymentProvider for Taken {
/// #   fn payment_event(id: &String) -> PaymentEvent<'_> { PaymentEvent::new(id, ()) }
/// #   fn outcome(_: &String, price: &Price) -> Outcome { price.paid_in_full() }
/// # }
/// fn used(verified: &Verified<Taken>, price: &Price) {
///     let _ = verified.reconcile(price);
/// }
/// let _: fn(&_, &_) = used;
/// ```
///
/// ```compile_fail,E0308
/// # use postback_core::{*, cryptocloud::CryptoCloud};
/// # use postback_core::reconcile::{Outcome, Price};
/// # #[derive(Debug)]
/// # struct Borrowing;
/// # impl Provider for Borrowing {
/// #   type Accepts = AcceptsGet;
/// #   type Payload = String;
/// #   type Evidence = ();
/// #   type Key = ();
/// #   const NAME: &'static str = "borrowing";
/// #   fn inspect(&self, _: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> {
/// #       Ok(())
/// #   }
/// #   fn verify(
/// #       &self, (): (), _: Bytes, _: &mut VerifyContext<'_, ()>,
/// #   ) -> Result<String, Rejection> {
/// #       Ok(String::new())
/// #   }
/// # }
/// impl PaymentProvider for Borrowing {
///     const NAMESPACE: Namespace<Self> = CryptoCloud::NAMESPACE;
/// #   fn payment_event(id: &String) -> PaymentEvent<'_> { PaymentEvent::new(id, ()) }
/// #   fn outcome(_: &String, price: &Price) -> Outcome { price.paid_in_full() }
/// }
/// ```
///
/// ```compile_fail,E0080
/// # use postback_core::*;
/// #[derive(Debug)]
/// struct Acknowledging;
///
/// impl Provider for Acknowledging {
///     type Accepts = AcceptsGet;
///     type Payload = ();
///     type Evidence = ();
///     type Key = ();
///     const NAME: &'static str = "acknowledging";
///     const UNVERIFIED_STATUS: u16 = 200;
/// #   fn inspect(&self, _: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> {
/// #       Ok(())
/// #   }
/// #   fn verify(
/// #       &self, (): (), _: Bytes, _: &mut VerifyContext<'_, ()>,
/// #   ) -> Result<(), Rejection> {
/// #       Ok(())
/// #   }
/// }
/// # let _ = Rejection::Unsigned.reply_to::<Acknowledging>();
/// ```
#[cfg(doctest)]
pub struct Misuse;
