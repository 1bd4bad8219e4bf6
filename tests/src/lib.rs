//! The corpus of deliveries, and what is needed to send it through every way in.
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
pub mod client;
pub mod corpus;
pub mod deliveries;
pub mod driver;
pub mod facts;
pub mod framework_differences;
pub mod log;
mod printed;
pub mod raw;
pub mod receiver;
pub mod shop;

/// Every example of the project's README compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// Every example of the guide, too.
#[cfg(doctest)]
pub mod guide {
    #[doc = include_str!("../../docs/guide/src/adding-a-provider.md")]
    pub struct AddingAProvider;

    #[doc = include_str!("../../docs/guide/src/errors.md")]
    pub struct Errors;
}

/// Providers that do not compile: one with the name of a provider of `postback-core`, one with the namespace of another,
/// and one that replies to a forged postback as if it were received.
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
/// #   fn inspect(&self, _: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> { Ok(()) }
/// #   fn verify(&self, (): (), _: Bytes, _: &mut VerifyContext<'_, ()>) -> Result<String, Rejection> {
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
/// #   fn inspect(&self, _: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> { Ok(()) }
/// #   fn verify(&self, (): (), _: Bytes, _: &mut VerifyContext<'_, ()>) -> Result<String, Rejection> {
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
/// #   fn inspect(&self, _: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> { Ok(()) }
/// #   fn verify(&self, (): (), _: Bytes, _: &mut VerifyContext<'_, ()>) -> Result<String, Rejection> {
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
/// #   fn inspect(&self, _: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> { Ok(()) }
/// #   fn verify(&self, (): (), _: Bytes, _: &mut VerifyContext<'_, ()>) -> Result<(), Rejection> { Ok(()) }
/// }
/// # let _ = Rejection::Unsigned.reply_to::<Acknowledging>();
/// ```
#[cfg(doctest)]
pub struct Misuse;
