//! Postbacks of CryptoCloud and Trybit, whose invoices have the same ids.

use std::{
    marker::PhantomData,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use postback_conformance::{
    corpus::Request,
    fixtures::{self, FORM, JSON},
};
use postback_core::{Provider, cryptocloud::Payment, testing};
use serde_json::json;

use crate::{
    process::Process,
    scenario::{Counted, Delivery, NO_ORDER, Order, Scenario, UNKNOWN, UNREAD},
};

/// Postback about an invoice, of 0.05 BTC if it is not changed.
#[derive(Clone, Copy)]
pub(crate) struct Postback {
    form: bool,
    status: &'static str,
    amount: &'static str,
    currency: &'static str,
    token: Token,
}

#[derive(Clone, Copy)]
enum Token {
    /// Made for this delivery.
    New,
    /// Token of other deliveries, whose unsigned fields are different.
    Same,
    /// Expired an hour ago.
    Expired,
    /// Signed by another project's secret.
    Forged,
    /// Signed by the secret of the other provider.
    Foreign,
    /// Genuine, and of another invoice.
    OfOtherInvoice,
    /// Genuine, with another last character.
    Altered,
    /// Token with `alg` as `none`, and without a signature.
    Unsigned,
    /// Not sent.
    Missing,
}

const fn paid(amount: &'static str) -> Delivery<Postback> {
    Delivery::new(Postback {
        form: false,
        status: "success",
        amount,
        currency: "BTC",
        token: Token::New,
    })
}

/// Postback that pays an order.
pub(crate) const PAID_IN_FULL: Delivery<Postback> = paid("0.05");

/// Postback of an invoice that is not paid.
const fn status(status: &'static str) -> Delivery<Postback> {
    let mut delivery = paid("0.05");
    delivery.sent.status = status;
    delivery
}

/// Postback with another token.
const fn token(token: Token) -> Delivery<Postback> {
    paid("0.05").with(token)
}

impl Delivery<Postback> {
    const fn with(mut self, token: Token) -> Self {
        self.sent.token = token;
        self
    }

    /// Changes the amount or the currency of a genuine postback under its token.
    const fn altered(self) -> Self {
        self.with(Token::Same)
    }

    const fn in_currency(mut self, currency: &'static str) -> Self {
        self.sent.currency = currency;
        self
    }

    const fn as_form(mut self) -> Self {
        self.sent.form = true;
        self
    }
}

const PAID: Counted = Counted {
    payment: "",
    amount: "0.05",
    receipts: &["0.05"],
    is_replaced: false,
};

/// Scenario of an invoice of 0.05 BTC that is credited with this amount, and has no reviews.
const fn scenario(
    name: &'static str,
    rows: &'static [(&'static [Delivery<Postback>], u16, &'static str)],
) -> Scenario<Postback> {
    Scenario {
        name,
        rows,
        counted: &[PAID],
        in_full: Some(""),
        reviews: &[],
    }
}

pub(crate) const INVOICES: &[Scenario<Postback>] = &[
    scenario(
        "two deliveries",
        &[
            (&[paid("0.05")], 200, "0.05"),
            (&[paid("0.05")], 200, "0.05"),
        ],
    ),
    scenario(
        "concurrent duplicates",
        &[(&[paid("0.05").times(16)], 200, "0.05")],
    ),
    scenario(
        "concurrent duplicates of one token, in two formats",
        &[
            (
                &[
                    paid("0.05").altered().times(4),
                    paid("0.05").altered().as_form().times(4),
                ],
                200,
                "0.05",
            ),
            (&[paid("0.05").as_form()], 200, "0.05"),
            (&[paid("0.050")], 200, "0.05"),
        ],
    ),
    // It is not documented when the provider sends again: a person asks for it.
    scenario(
        "sent again after lost responses",
        &[
            (&[paid("0.05").unread()], UNREAD, UNKNOWN),
            (&[paid("0.05").unread().at_minute(1)], UNREAD, UNKNOWN),
            (&[paid("0.05").unread().at_minute(5)], UNREAD, UNKNOWN),
            (&[paid("0.05").at_minute(30)], 200, "0.05"),
            (&[paid("0.05").at_minute(1_440)], 200, "0.05"),
        ],
    ),
    scenario(
        "sent again until the order exists",
        &[
            (&[paid("0.05")], 404, NO_ORDER),
            (&[paid("0.05").times(3).at_minute(1)], 404, NO_ORDER),
            (&[paid("0.05").at_minute(5)], 404, NO_ORDER),
            (&[paid("0.05").at_minute(30)], 200, "0.05"),
            (&[paid("0.05").at_minute(60)], 200, "0.05"),
        ],
    ),
    scenario(
        "created, paid, and created again",
        &[
            (&[status("created")], 200, "0"),
            (&[paid("0.05")], 200, "0.05"),
            (&[status("created")], 200, "0.05"),
            (&[status("canceled").times(4)], 200, "0.05"),
            (&[paid("0.05")], 200, "0.05"),
        ],
    ),
    scenario(
        "canceled and paid at the same time",
        &[(
            &[status("canceled").times(4), paid("0.05").times(4)],
            200,
            "0.05",
        )],
    ),
    Scenario {
        counted: &[Counted {
            is_replaced: true,
            ..PAID
        }],
        ..scenario(
            "altered before the genuine one",
            &[
                (&[paid("0.01").altered()], 200, "0.01"),
                (&[paid("0.02").altered().times(4)], 200, "0.02"),
                (&[paid("0.05").altered().in_currency("LTC")], 200, "0.02"),
                (&[paid("a lot").altered()], 200, "0.02"),
                (&[paid("0.05")], 200, "0.05"),
                (&[paid("0.05")], 200, "0.05"),
            ],
        )
    },
    Scenario {
        reviews: &[(
            "",
            "conflict with what was recorded before in amount_crypto",
        )],
        ..scenario(
            "amount raised after the credit",
            &[
                (&[paid("0.05")], 200, "0.05"),
                (&[paid("0.06").altered()], 200, "0.05"),
                (&[paid("0.06").altered().times(4)], 200, "0.05"),
            ],
        )
    },
    Scenario {
        reviews: &[(
            "",
            "conflict with what was recorded before in amount_crypto",
        )],
        ..scenario(
            "amount lowered after the credit",
            &[
                (&[paid("0.05")], 200, "0.05"),
                (&[paid("0.04").altered()], 200, "0.05"),
                (&[paid("0.05")], 200, "0.05"),
            ],
        )
    },
    Scenario {
        reviews: &[("", "conflict with what was recorded before in currency")],
        ..scenario(
            "currency changed after the credit",
            &[
                (&[paid("0.05")], 200, "0.05"),
                (
                    &[paid("0.05").altered().in_currency("LTC").times(4)],
                    200,
                    "0.05",
                ),
            ],
        )
    },
    Scenario {
        counted: &[],
        in_full: None,
        reviews: &[("", "wrong currency")],
        ..scenario(
            "another currency",
            &[
                (&[paid("0.05").in_currency("LTC").times(4)], 200, "0"),
                (&[paid("0.05").in_currency("LTC")], 200, "0"),
            ],
        )
    },
    scenario(
        "forged before, between and after genuine ones",
        &[
            (&[token(Token::Forged)], 401, "0"),
            (&[token(Token::Foreign)], 401, "0"),
            (&[token(Token::OfOtherInvoice)], 401, "0"),
            (&[token(Token::Expired)], 401, "0"),
            (&[token(Token::Altered)], 401, "0"),
            (&[token(Token::Unsigned)], 401, "0"),
            (&[token(Token::Missing)], 401, "0"),
            (&[paid("0.05")], 200, "0.05"),
            (
                &[
                    token(Token::Forged).times(4),
                    token(Token::Foreign).as_form().times(4),
                ],
                401,
                "0.05",
            ),
            (&[paid("9").with(Token::Forged)], 401, "0.05"),
            (&[status("created").with(Token::Foreign)], 401, "0.05"),
            (&[paid("0.05")], 200, "0.05"),
        ],
    ),
];

/// Secret of a project.
pub(crate) fn secret(project: &str) -> String {
    format!("the secret key of {project}")
}

/// Invoice of a provider, which pays an order.
pub(crate) struct Invoice<P> {
    id: String,
    order: Option<i64>,
    provider: PhantomData<fn() -> P>,
}

impl<P: Provider<Payload = Payment> + 'static> Order for Invoice<P> {
    type Sent = Postback;

    const PROJECT: &'static str = P::NAME;

    fn new(number: usize) -> Self {
        Self {
            id: format!("CHAOS{number:03}"),
            order: None,
            provider: PhantomData,
        }
    }

    async fn add(&mut self, shop: &Process) {
        let field = format!("{}_invoice_id", P::NAME);
        let order = shop.senders.order_at("0.05", "BTC", (&field, &self.id));
        self.order = Some(order.await);
    }

    fn number(&self) -> Option<i64> {
        self.order
    }

    fn request(&self, sent: Postback) -> Request {
        let token = self.token(sent.token);
        let Postback {
            status,
            amount,
            currency,
            ..
        } = sent;
        let target = format!("/postback/{}", P::NAME);
        if sent.form {
            let token = token.map_or(String::new(), |token| format!("&token={token}"));
            let id = &self.id;
            let body = format!(
                "status={status}&invoice_id={id}&amount_crypto={amount}&currency={currency}{token}"
            );
            return fixtures::post(&target, FORM, body);
        }
        let mut body = json!({ "status": status, "invoice_id": self.id, "amount_crypto": amount,
                               "currency": currency });
        if let (Some(body), Some(token)) = (body.as_object_mut(), token) {
            body.insert("token".to_owned(), token.into());
        }
        fixtures::post(&target, JSON, body.to_string())
    }

    fn payment(&self, _: &str) -> String {
        self.id.clone()
    }
}

impl<P: Provider> Invoice<P> {
    fn token(&self, token: Token) -> Option<String> {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        static BEGUN: LazyLock<u64> = LazyLock::new(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.expect("a clock after 1970").as_secs()
        });
        // Each new token expires at another time.
        let new = *BEGUN + 300 + SERIAL.fetch_add(1, Ordering::Relaxed);
        let other = if P::NAME == "trybit" {
            "cryptocloud"
        } else {
            "trybit"
        };
        let signed = |project: &str, id: &str, expires_at| {
            testing::token(&fixtures::secret(&secret(project)), id, expires_at)
        };
        let own = signed(P::NAME, &self.id, new);
        Some(match token {
            Token::New => own,
            Token::Same => signed(P::NAME, &self.id, *BEGUN + 299),
            Token::Expired => signed(P::NAME, &self.id, *BEGUN - 3_600),
            Token::Forged => signed("another project", &self.id, new),
            Token::Foreign => signed(other, &self.id, new),
            Token::OfOtherInvoice => signed(P::NAME, "OTHER", new),
            Token::Altered => {
                let (text, last) = own.split_at(own.len() - 1);
                let last = if last == "A" { "E" } else { "A" };
                format!("{text}{last}")
            }
            Token::Unsigned => {
                let none = testing::sign_hs256(
                    &fixtures::secret(&secret(P::NAME)),
                    r#"{"typ":"JWT","alg":"none"}"#,
                    &json!({ "id": self.id, "exp": new }).to_string(),
                );
                let (message, _) = none.rsplit_once('.').expect("a signature");
                format!("{message}.")
            }
            Token::Missing => return None,
        })
    }
}
