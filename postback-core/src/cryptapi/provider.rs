use bytes::Bytes;

use super::{
    Callback, CallbackUrl, CallbackUrlBuilder, CallbackUrlError, Get, Mode, PUBLISHED_KEY, Post,
};
use crate::{
    ConfigError, LogFields, MediaType, Provider, PublicKey, Rejection, Reply, RequestHead,
    Verifier, VerifyContext,
};

macro_rules! provider {
    ($(#[$attribute:meta])* $name:ident, $log_name:literal) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name<M> {
            mode: M,
            test_ids: bool,
        }

        impl $name<Get> {
            /// Accepts callbacks by GET, to URLs of one of these public origins.
            ///
            /// An origin is the beginning of callback URLs, as you gave them to the provider, in
            /// lower case: `https://shop.example`, with a port if it is not the scheme's own. The
            /// `Host` header of a request is never read.
            ///
            /// # Errors
            ///
            /// - [`ConfigError::NoOrigin`] if `origins` is empty;
            /// - [`ConfigError::InvalidOrigin`] if one is not literally `scheme://host[:port]`.
            pub fn get<O: AsRef<str>>(
                origins: impl IntoIterator<Item = O>,
            ) -> Result<Self, ConfigError> {
                Ok(Self::with_mode(Get::new(origins)?))
            }

            /// Sets a prefix that a router or proxy removes from the path before the verifier sees
            /// it, as axum's `nest` does for nested routes. Called again, it appends to the prefix.
            ///
            /// # Errors
            ///
            /// [`ConfigError::InvalidPrefix`] if it does not begin with a slash, ends with one, or
            /// cannot be part of a path.
            pub fn stripped_prefix(self, prefix: &str) -> Result<Self, ConfigError> {
                let mode = self.mode.with_prefix(prefix)?;
                Ok(Self { mode, ..self })
            }
        }

        impl $name<Post> {
            /// Accepts callbacks by POST, as a form, for addresses made with `post=1`.
            #[must_use]
            pub const fn post_form() -> Self {
                Self::with_mode(Post::new(MediaType::Form))
            }

            /// Accepts callbacks by POST, as JSON, for addresses made with `json=1`.
            #[must_use]
            pub const fn post_json() -> Self {
                Self::with_mode(Post::new(MediaType::Json))
            }
        }

        impl<M: Mode> $name<M> {
            /// Accepts callbacks with an id, address or transaction that begins with `TEST_`, as in
            /// a sample of the provider's support pages. They are signed like any other, and no
            /// money has moved.
            ///
            /// Defaults to rejecting them with [`Rejection::TestCallback`].
            #[must_use]
            pub fn allow_test_ids(self) -> Self {
                Self {
                    test_ids: true,
                    ..self
                }
            }

            /// Starts the callback URL of an order with the route's final address, without a query:
            /// `https://shop.example/postback/cryptapi`.
            ///
            /// # Errors
            ///
            /// - [`CallbackUrlError::InvalidAddress`] if it is not a lower-case origin followed by
            ///   a path of letters, digits and `-._~`, without empty, `.` or `..` segments;
            /// - [`CallbackUrlError::AddressWithQuery`] if it has a query;
            /// - [`CallbackUrlError::ForeignOrigin`] if, under GET, it does not begin with one of
            ///   the public origins and the stripped prefix.
            pub fn callback_url(&self, address: &str) -> Result<CallbackUrlBuilder, CallbackUrlError> {
                let builder = CallbackUrl::builder(address)?;
                self.reached_by(address)?;
                Ok(builder)
            }

            /// Loads the callback URL that was stored with an order, with the callback secret under
            /// [`CallbackUrl::SECRET_NAME`].
            ///
            /// # Errors
            ///
            /// As [`stored_callback_url_named`](Self::stored_callback_url_named).
            pub fn stored_callback_url(&self, url: &str) -> Result<CallbackUrl, CallbackUrlError> {
                self.stored_callback_url_named(CallbackUrl::SECRET_NAME, url)
            }

            /// Loads the callback URL that was stored with an order, with the callback secret under
            /// `secret_name`. It is checked as strictly as a new one.
            ///
            /// # Errors
            ///
            /// - [`CallbackUrlError::InvalidAddress`] and [`CallbackUrlError::ForeignOrigin`] as
            ///   [`callback_url`](Self::callback_url);
            /// - [`CallbackUrlError::InvalidQuery`] if it has a fragment, a character that the
            ///   builder would escape, or a broken escape;
            /// - [`CallbackUrlError::ReservedName`] if `secret_name` or the name of a parameter is
            ///   that of a field of the provider;
            /// - [`CallbackUrlError::InvalidName`] if `secret_name` or the name of a parameter is
            ///   not plain, or if a parameter occurs twice;
            /// - [`CallbackUrlError::NotOneSecret`] if `secret_name` does not occur exactly once;
            /// - [`CallbackUrlError::WeakSecret`] as
            ///   [`CallbackSecret::from_stored`](super::CallbackSecret::from_stored).
            pub fn stored_callback_url_named(
                &self,
                secret_name: &str,
                url: &str,
            ) -> Result<CallbackUrl, CallbackUrlError> {
                let loaded = CallbackUrl::from_stored(secret_name, url)?;
                self.reached_by(url)?;
                Ok(loaded)
            }

            fn reached_by(&self, url: &str) -> Result<(), CallbackUrlError> {
                match self.mode.is_reached_by(url) {
                    true => Ok(()),
                    false => Err(CallbackUrlError::foreign_origin(url)),
                }
            }

            /// Returns a verifier with the default settings and the key that the provider
            /// publishes.
            ///
            /// # Errors
            ///
            /// [`ConfigError::InvalidKey`] if the published key cannot be used, which would be a
            /// defect of this crate.
            pub fn verifier(self) -> Result<Verifier<Self>, ConfigError> {
                Ok(Verifier::new(self, PublicKey::from_pem(PUBLISHED_KEY)?))
            }
        }

        impl<M> $name<M> {
            const fn with_mode(mode: M) -> Self {
                Self {
                    mode,
                    test_ids: false,
                }
            }
        }

        impl<M: Mode> Provider for $name<M> {
            type Accepts = M::Accepts;
            type Payload = Callback;
            type Evidence = M::Evidence;
            type Key = PublicKey;

            const NAME: &'static str = $log_name;
            const ACK: Reply = ACK;

            fn accepts(&self) -> M::Accepts {
                self.mode.accepts()
            }

            fn inspect(
                &self,
                head: &RequestHead<'_>,
                _: Option<MediaType>,
            ) -> Result<M::Evidence, Rejection> {
                self.mode.inspect(head)
            }

            fn verify(
                &self,
                evidence: M::Evidence,
                body: Bytes,
                context: &mut VerifyContext<'_, PublicKey>,
            ) -> Result<Callback, Rejection> {
                let callback = self.mode.verify(evidence, body, context)?;
                let fields = callback.unbound();
                if fields.is_test() && !self.test_ids {
                    context.identify(&LogFields::default().uuid(fields.uuid()));
                    return Err(Rejection::TestCallback);
                }
                Ok(callback)
            }

            fn log_fields(callback: &Callback) -> LogFields<'_> {
                let fields = callback.unbound();
                LogFields::default()
                    .uuid(fields.uuid())
                    .unreadable(fields.unreadable().map(|(name, _)| name))
            }
        }
    };
}

provider! {
    /// CryptAPI, with callbacks by [`Get`] or by [`Post`].
    ///
    /// ```
    /// use postback_core::{RequestHead, cryptapi::CryptApi};
    ///
    /// // Trusts the key that CryptAPI publishes.
    /// let verifier = CryptApi::get(["https://shop.example"])?.verifier()?;
    ///
    /// // A request without a signature:
    /// let headers = [("host", "shop.example")];
    /// let target = "/callback?uuid=u-1&address_in=a&coin=btc&pending=0";
    /// let rejection = verifier.admit(&RequestHead::new("GET", target, &headers)).unwrap_err();
    /// assert_eq!(rejection.code(), "unsigned");
    /// # Ok::<(), postback_core::ConfigError>(())
    /// ```
    CryptApi, "cryptapi"
}

provider! {
    /// BlockBee's custom payment flow, with callbacks by [`Get`] or by [`Post`].
    ///
    /// Key and rules are those of [`CryptApi`], but a callback that was verified as one provider's
    /// is not accepted as the other's.
    BlockBee, "blockbee"
}

/// The provider's guide requires exactly this plain text. Other pages of its documentation only
/// require the status.
const ACK: Reply = Reply::acknowledgement("text/plain", "*ok*");
