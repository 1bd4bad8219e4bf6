use bytes::Bytes;

use super::{
    Callback, CallbackUrl, CallbackUrlBuilder, CallbackUrlError, Get, Mode, PUBLISHED_KEY, Post,
};
use crate::{
    ConfigError, LogFields, MediaType, Provider, PublicKey, Rejection, Reply, RequestHead,
    Verifier, VerifyContext,
};

macro_rules! gateway {
    ($(#[$attribute:meta])* $name:ident, $log_name:literal) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name<M> {
            mode: M,
            test_ids: bool,
        }

        impl $name<Get> {
            /// Callbacks by GET, to URLs of one of these public origins.
            ///
            /// An origin is what callback URLs begin with, as they were given to the provider, in lower
            /// case: `https://shop.example`, with a port where it is not the scheme's own. What a
            /// request says of its host is never asked.
            ///
            /// # Errors
            ///
            /// - [`ConfigError::NoOrigin`] if there is none;
            /// - [`ConfigError::InvalidOrigin`] if one is not literally `scheme://host[:port]`.
            pub fn get<O: AsRef<str>>(
                origins: impl IntoIterator<Item = O>,
            ) -> Result<Self, ConfigError> {
                Ok(Self::with_mode(Get::new(origins)?))
            }

            /// Says that a router or proxy takes `prefix` off the path before the verifier sees it, as axum's
            /// `nest` does for what stands within it. Called again, the next prefix stands behind the first.
            ///
            /// # Errors
            ///
            /// [`ConfigError::InvalidPrefix`] if it does not begin with a slash, ends with one, or cannot
            /// stand in a path.
            pub fn stripped_prefix(self, prefix: &str) -> Result<Self, ConfigError> {
                let mode = self.mode.with_prefix(prefix)?;
                Ok(Self { mode, ..self })
            }
        }

        impl $name<Post> {
            /// Callbacks by POST, as a form: addresses made with `post=1`.
            #[must_use]
            pub const fn post_form() -> Self {
                Self::with_mode(Post::new(MediaType::Form))
            }

            /// Callbacks by POST, as JSON: addresses made with `json=1`.
            #[must_use]
            pub const fn post_json() -> Self {
                Self::with_mode(Post::new(MediaType::Json))
            }
        }

        impl<M: Mode> $name<M> {
            /// Accepts callbacks with an id, address or transaction that begins with `TEST_`, as in a
            /// sample of the provider's support pages. They are signed like any other, and no money has moved.
            #[must_use]
            pub fn allow_test_ids(self) -> Self {
                Self {
                    test_ids: true,
                    ..self
                }
            }

            /// Starts the callback URL of an order at the route's final address, without a query:
            /// `https://shop.example/postback/cryptapi`.
            ///
            /// # Errors
            ///
            /// - [`CallbackUrlError::InvalidAddress`] if it is not an origin in lower case and a path that no
            ///   sender writes otherwise: letters, digits and `-._~`, and no empty, `.` or `..` segment;
            /// - [`CallbackUrlError::AddressWithQuery`] if it has a query;
            /// - [`CallbackUrlError::ForeignOrigin`] if, under GET, it does not begin with one of the public
            ///   origins and the stripped prefix.
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
            /// As [`stored_callback_url_with`](Self::stored_callback_url_with).
            pub fn stored_callback_url(&self, url: &str) -> Result<CallbackUrl, CallbackUrlError> {
                self.stored_callback_url_with(CallbackUrl::SECRET_NAME, url)
            }

            /// Loads the callback URL that was stored with an order, with the callback secret under `secret_name`: as
            /// strict as building it.
            ///
            /// # Errors
            ///
            /// - [`CallbackUrlError::InvalidAddress`] and [`CallbackUrlError::ForeignOrigin`] as
            ///   [`callback_url`](Self::callback_url);
            /// - [`CallbackUrlError::InvalidQuery`] if it has a fragment, a character that the builder would escape, or a
            ///   broken escape;
            /// - [`CallbackUrlError::ReservedName`] if a parameter or `secret_name` bears the name of a field of the
            ///   provider;
            /// - [`CallbackUrlError::InvalidName`] if a parameter's name is not plain, or occurs twice;
            /// - [`CallbackUrlError::NotOneSecret`] if `secret_name` is not in it exactly once;
            /// - [`CallbackUrlError::WeakSecret`] as [`CallbackSecret::from_stored`](super::CallbackSecret::from_stored).
            pub fn stored_callback_url_with(
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

            /// A verifier with the defaults, and with the key that the provider publishes.
            ///
            /// # Errors
            ///
            /// [`ConfigError::InvalidKey`] if the published key cannot be used, which no build of
            /// this crate should do.
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

gateway! {
    /// CryptAPI, by [`Get`] or by [`Post`].
    ///
    /// ```
    /// use postback_core::{RequestHead, cryptapi::CryptApi};
    ///
    /// // The key that CryptAPI publishes is the default.
    /// let verifier = CryptApi::get(["https://shop.example"])?.verifier()?;
    ///
    /// // Nobody signed this:
    /// let headers = |_: &str, _: &mut dyn FnMut(&[u8])| {};
    /// let head = RequestHead::new("GET", "/callback?uuid=u-1&address_in=a&coin=btc&pending=0", &headers);
    /// assert_eq!(verifier.admit(&head).err().map(|refused| refused.code()), Some("unsigned"));
    /// # Ok::<(), postback_core::ConfigError>(())
    /// ```
    CryptApi, "cryptapi"
}

gateway! {
    /// BlockBee's custom payment flow, by [`Get`] or by [`Post`]: the same key and rules, but its proofs
    /// never pass for [`CryptApi`]'s.
    BlockBee, "blockbee"
}

/// The guide wants exactly this, as plain text; other pages are content with the status.
const ACK: Reply = Reply::acknowledgement("text/plain", "*ok*");
