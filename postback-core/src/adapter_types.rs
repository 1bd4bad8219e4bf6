/// Declares the types that each adapter owns: the verified postback, the error of a rejected
/// request, and the two replies of a handler.
///
/// The orphan rule does not allow implementing a framework's traits for types of core. Each adapter
/// names and documents its types where it invokes this macro. Their fields are private to the
/// invoking module, so that only this module makes a `Postback` of a [`Verified`](crate::Verified)
/// value.
///
/// Not public API: for the adapters of this workspace only.
///
/// ```
/// use postback_core::{Provider, Rejection, Verified, cryptocloud::CryptoCloud};
///
/// postback_core::adapter_types! {
///     /// Extractor for a verified postback of `P`.
///     pub struct Postback<P>;
///
///     /// Error returned when [`Postback`] rejects a request.
///     pub struct PostbackRejection;
///
///     /// Response that acknowledges a postback of `P`.
///     pub struct Ack<P>;
///
///     /// Error returned by a handler that does not acknowledge a verified postback. It asks the
///     /// provider to send it again.
///     pub struct Retry;
/// }
///
/// fn receive<P: Provider>(
///     result: Result<Verified<P>, Rejection>,
/// ) -> Result<Postback<P>, PostbackRejection> {
///     result.map(Postback).map_err(PostbackRejection::new::<P>)
/// }
///
/// let error = receive::<CryptoCloud>(Err(Rejection::Unsigned)).unwrap_err();
/// assert_eq!(error.rejection(), &Rejection::Unsigned);
/// assert_eq!(error.reply().status(), 401);
///
/// let _: Ack<CryptoCloud> = Ack::default();
///
/// // `?` in a handler converts into it.
/// let retry = Retry::from(postback_core::Retry::unknown_order("ILRAJE1Q"));
/// assert_eq!(retry.get_ref().reply().status(), 404);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! adapter_types {
    (
        $(#[$postback:meta])*
        pub struct $Postback:ident<P>;

        $(#[$rejection:meta])*
        pub struct $Rejection:ident;

        $(#[$ack:meta])*
        pub struct $Ack:ident<P>;

        $(#[$retry:meta])*
        pub struct $Retry:ident;
    ) => {
        $(#[$postback])*
        #[must_use]
        #[derive(Debug)]
        pub struct $Postback<P: $crate::Provider>($crate::Verified<P>);

        impl<P: $crate::Provider> $Postback<P> {
            /// Returns the acknowledgement of this postback, for the handler to return.
            pub fn ack(&self) -> $Ack<P> {
                $Ack::default()
            }

            /// Returns the verified value.
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

        $(#[$rejection])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $Rejection {
            rejection: $crate::Rejection,
            reply: $crate::Reply,
        }

        impl $Rejection {
            /// Creates the error for a postback of `P`, whose reply may have
            /// [a status of its own](postback_core::Provider::UNVERIFIED_STATUS).
            pub fn new<P: $crate::Provider>(rejection: $crate::Rejection) -> Self {
                Self {
                    reply: rejection.reply_to::<P>(),
                    rejection,
                }
            }

            /// Returns the reason for the rejection.
            #[must_use]
            pub const fn rejection(&self) -> &$crate::Rejection {
                &self.rejection
            }

            /// Returns status, headers and text of the response.
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

        $(#[$ack])*
        #[must_use = "a postback is acknowledged only if the handler returns this"]
        #[derive(Debug)]
        pub struct $Ack<P>(::std::marker::PhantomData<fn() -> P>);

        impl<P> ::std::default::Default for $Ack<P> {
            fn default() -> Self {
                Self(::std::marker::PhantomData)
            }
        }

        $(#[$retry])*
        #[must_use = "the provider is asked to send again only if the handler returns this"]
        #[derive(Debug)]
        pub struct $Retry($crate::Retry);

        impl $Retry {
            /// Returns core's type, which has the code and the reason.
            #[must_use]
            pub const fn get_ref(&self) -> &$crate::Retry {
                &self.0
            }

            /// Returns core's type, for example to add the id of the payment.
            #[must_use]
            pub fn into_inner(self) -> $crate::Retry {
                self.0
            }
        }

        impl<E: ::std::convert::Into<$crate::Retry>> ::std::convert::From<E> for $Retry {
            fn from(error: E) -> Self {
                Self(error.into())
            }
        }

        impl ::std::fmt::Display for $Retry {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::error::Error for $Retry {
            fn source(&self) -> ::std::option::Option<&(dyn ::std::error::Error + 'static)> {
                ::std::error::Error::source(&self.0)
            }
        }
    };
}
