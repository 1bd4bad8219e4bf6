/// For an adapter: declares the types that it must have of its own, because the orphan rule does not allow
/// implementing a framework's traits for types of core: what a handler is given, why a request was rejected, and
/// the two answers of a handler, `Ack` and `Retry`.
///
/// The adapter documents the first, and chooses the second's name. Only the module that declares them makes a
/// `Postback`, of what a [`Verifier`](crate::Verifier) verified.
///
/// ```
/// use postback_core::{Rejection, Verified, cryptocloud::CryptoCloud};
///
/// postback_core::adapter_types! {
///     /// Extractor for a verified postback of `P`; derefs to [`Verified`].
///     Postback,
///     /// Error returned when [`Postback`] rejects a request.
///     PostbackRejection,
/// }
///
/// /// What the framework would be told.
/// fn received(
///     verdict: Result<Verified<CryptoCloud>, Rejection>,
/// ) -> Result<Postback<CryptoCloud>, PostbackRejection> {
///     verdict.map(Postback).map_err(PostbackRejection::of_provider::<CryptoCloud>)
/// }
///
/// let refused = received(Err(Rejection::Unsigned)).map(Postback::into_verified);
/// assert_eq!(refused.map_err(|it| it.rejection().clone()).err(), Some(Rejection::Unsigned));
/// let _: Ack<CryptoCloud> = Ack::default();
///
/// // In a handler, `?` converts into it.
/// let retry = Retry::from(postback_core::Retry::unknown_order("ILRAJE1Q"));
/// assert_eq!(retry.get_ref().reply().status(), 404);
/// ```
#[macro_export]
macro_rules! adapter_types {
    (
        $(#[$about_postback:meta])* $Postback:ident,
        $(#[$about_rejection:meta])* $Rejection:ident $(,)?
    ) => {
        $(#[$about_postback])*
        #[must_use]
        #[derive(Debug)]
        pub struct $Postback<P: $crate::Provider>($crate::Verified<P>);

        impl<P: $crate::Provider> $Postback<P> {
            /// The answer that tells the provider that the postback has arrived.
            pub fn ack(&self) -> Ack<P> {
                Ack::default()
            }

            /// The proof alone.
            pub fn into_verified(self) -> $crate::Verified<P> {
                self.0
            }
        }

        impl<P: $crate::Provider> ::std::ops::Deref for $Postback<P> {
            type Target = $crate::Verified<P>;

            fn deref(&self) -> &$crate::Verified<P> {
                &self.0
            }
        }

        $(#[$about_rejection])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $Rejection {
            rejection: $crate::Rejection,
            reply: $crate::Reply,
        }

        impl $Rejection {
            /// Rejects a postback of `P`, whose replies may have a status of their own:
            #[doc = concat!("[`Provider::UNVERIFIED_STATUS`](", stringify!($crate), "::Provider::UNVERIFIED_STATUS).")]
            pub fn of_provider<P: $crate::Provider>(rejection: $crate::Rejection) -> Self {
                Self {
                    reply: rejection.reply_to::<P>(),
                    rejection,
                }
            }

            /// Returns the reason.
            #[must_use]
            pub const fn rejection(&self) -> &$crate::Rejection {
                &self.rejection
            }

            /// Returns what the response consists of.
            pub const fn reply(&self) -> $crate::Reply {
                self.reply
            }
        }

        impl ::std::fmt::Display for $Rejection {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.rejection, f)
            }
        }

        impl ::std::error::Error for $Rejection {}

        /// The answer that tells the provider `P` that its postback has arrived:
        #[doc = concat!("[`Provider::ACK`](", stringify!($crate), "::Provider::ACK).")]
        #[must_use = "an acknowledgement counts only as the handler's answer"]
        #[derive(Debug)]
        pub struct Ack<P>(::std::marker::PhantomData<fn() -> P>);

        impl<P> ::std::default::Default for Ack<P> {
            fn default() -> Self {
                Self(::std::marker::PhantomData)
            }
        }

        #[doc = concat!("Error returned by a handler so that the provider sends the postback again: [`", stringify!($crate), "::Retry`].")]
        ///
        /// Implements `From` for every type that converts into that one, so that a handler can use `?`. The response
        /// names the class and no more, and says when to try again; one log event names the cause.
        #[must_use = "the provider sends again only if a handler returns this"]
        #[derive(Debug)]
        pub struct Retry($crate::Retry);

        impl Retry {
            /// Returns core's type, with code and reason.
            #[must_use]
            pub const fn get_ref(&self) -> &$crate::Retry {
                &self.0
            }

            /// Returns core's type, to add the payment's id to, for example.
            #[must_use]
            pub fn into_inner(self) -> $crate::Retry {
                self.0
            }
        }

        impl<E: ::std::convert::Into<$crate::Retry>> ::std::convert::From<E> for Retry {
            fn from(error: E) -> Self {
                Self(error.into())
            }
        }

        impl ::std::fmt::Display for Retry {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::error::Error for Retry {
            fn source(&self) -> ::std::option::Option<&(dyn ::std::error::Error + 'static)> {
                ::std::error::Error::source(&self.0)
            }
        }
    };
}
