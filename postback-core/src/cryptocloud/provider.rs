use std::str;

use bytes::Bytes;

use super::{Payment, body::Body, event, token::GenuineToken};
use crate::{
    AcceptsPost, LogFields, MalformedReason, MediaType, Namespace, PaymentEvent, PaymentProvider,
    Provider, Rejection, Reply, RequestHead, SecretKey, VerifyContext,
    decode::json::Value,
    reconcile::{Outcome, Price},
};

macro_rules! provider {
    ($(#[$attribute:meta])* $name:ident, $log_name:literal) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, Default)]
        #[non_exhaustive]
        pub struct $name {}

        impl $name {
            /// Creates the provider, which has no options.
            #[must_use]
            pub const fn new() -> Self {
                Self {}
            }
        }

        impl Provider for $name {
            type Accepts = AcceptsPost;
            type Payload = Payment;
            type Evidence = MediaType;
            type Key = SecretKey;

            const NAME: &'static str = $log_name;
            const ACK: Reply = ACK;

            fn accepts(&self) -> AcceptsPost {
                ACCEPTS
            }

            fn inspect(
                &self,
                _: &RequestHead<'_>,
                media_type: Option<MediaType>,
            ) -> Result<MediaType, Rejection> {
                media_type.ok_or(Rejection::UnsupportedMediaType)
            }

            fn verify(
                &self,
                media_type: MediaType,
                body: Bytes,
                context: &mut VerifyContext<'_, SecretKey>,
            ) -> Result<Payment, Rejection> {
                verify(media_type, &body, context)
            }

            fn log_fields(payment: &Payment) -> LogFields<'_> {
                LogFields::default()
                    .invoice_id(payment.invoice_id())
                    .expires_at(payment.expires_at())
                    .unreadable(payment.unsigned().unreadable().map(|(name, _)| name))
            }
        }

        impl PaymentProvider for $name {
            const NAMESPACE: Namespace<Self> = Namespace::CRYPTOCLOUD;

            fn payment_event(payment: &Payment) -> PaymentEvent<'_> {
                event::payment_event::<Self>(payment)
            }

            fn outcome(payment: &Payment, price: &Price) -> Outcome {
                let (Ok(outcome) | Err(outcome)) = payment.unsigned().outcome(price);
                outcome
            }

            /// Returns whether the price is in a coin or in US dollars.
            fn states_amounts_in(price: &Price) -> bool {
                !price.is_fiat() || price.currency().eq_ignore_ascii_case("USD")
            }
        }
    };
}

provider! {
    /// CryptoCloud. Its key is the project's SECRET KEY, not the API key.
    ///
    /// ```
    /// use postback_core::{RequestHead, SecretKey, Verifier, cryptocloud::{CryptoCloud, Currency}};
    ///
    /// let verifier = Verifier::new(
    ///     CryptoCloud::new(),
    ///     SecretKey::new("synthetic-secret-key-for-tests-000001")?,
    /// );
    /// let token = concat!(
    ///     "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.",
    ///     "eyJpZCI6IklMUkFKRTFRIiwiZXhwIjoxNzY5NTA5Njk0fQ.",
    ///     "WzcObJU9kb_ZZuuol6c73lm6zpOgweEwvIysnbjZnwE",
    /// );
    /// let body = format!(
    ///     r#"{{
    ///         "status": "success", "invoice_id": "ILRAJE1Q", "amount_crypto": 0.000113,
    ///         "currency": "USDT_TRC20", "order_id": null, "token": "{token}"
    ///     }}"#
    /// );
    ///
    /// let headers = [("Content-Type", "application/json")];
    /// let admitted = verifier.admit(&RequestHead::new("POST", "/postback", &headers))?;
    /// let payment = admitted.verify_at(body.into(), 1_769_509_400)?;
    /// assert_eq!(payment.invoice_id(), "ILRAJE1Q");
    /// let amount = payment.unsigned().amount().map(ToString::to_string);
    /// assert_eq!(amount.as_deref(), Some("0.000113"));
    /// assert_eq!(payment.unsigned().currency(), Some(&Currency::UsdtTrc20));
    /// assert_eq!(payment.unsigned().order_id(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    CryptoCloud, "cryptocloud"
}

provider! {
    /// Trybit, the new name of CryptoCloud.
    ///
    /// The rules are the same, but a verified postback of one is never accepted in place of one of
    /// the other.
    Trybit, "trybit"
}

/// Reply of each sample handler of the provider. The expected reply is not documented.
const ACK: Reply = Reply::acknowledgement(
    MediaType::Json.as_str(),
    r#"{"message":"Postback received"}"#,
);

const ACCEPTS: AcceptsPost = AcceptsPost(&[MediaType::Json, MediaType::Form]);

fn verify(
    media_type: MediaType,
    received: &Bytes,
    context: &mut VerifyContext<'_, SecretKey>,
) -> Result<Payment, Rejection> {
    let text =
        str::from_utf8(received).map_err(|_| Rejection::Malformed(MalformedReason::Syntax))?;
    let mut body = Body::parse(text, media_type).map_err(Rejection::Malformed)?;
    let token = match body.token.take().map(|token| token.value) {
        Some(Value::Text(token)) => token,
        Some(Value::Absent) | None => return Err(Rejection::Unsigned),
        Some(_) => return Err(Rejection::Malformed(MalformedReason::Value("token"))),
    };
    // The providers' sample handlers trim the token too. Other white space is not trimmed.
    let token = token.trim_matches([' ', '\t', '\r', '\n']);
    if token.is_empty() {
        return Err(Rejection::Unsigned);
    }
    let token = GenuineToken::of(token, context)?;
    Payment::new(token, body, received)
}
