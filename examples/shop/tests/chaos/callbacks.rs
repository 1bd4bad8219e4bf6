//! Callbacks of CryptAPI: several payments to the address of one order.

use std::sync::LazyLock;

use postback_conformance::{
    corpus::Request,
    deliveries::replaced,
    fixtures::{ORIGIN, SAMPLE_UUID, sign},
};
use postback_core::testing::{SAMPLE_CALLBACK, SigningKey};

use crate::{
    process::Process,
    scenario::{Counted, Delivery, Order, Row, Scenario, UNKNOWN, UNREAD},
};

/// Callback about a payment to the address of an order.
#[derive(Clone, Copy)]
pub(crate) struct Callback {
    /// Letter from which the `uuid` is made.
    payment: &'static str,
    /// Letter from which the transaction is made.
    transfer: &'static str,
    value: &'static str,
    pending: bool,
    /// Further replacements in the sample.
    replaced: &'static [(&'static str, &'static str)],
    url: Url,
    signature: Signature,
}

/// URL that is called.
#[derive(Clone, Copy)]
enum Url {
    /// Callback URL of the order.
    Stored,
    /// URL without the callback secret.
    WithoutSecret,
    /// URL of another order, with the callback secret of this one.
    OfOtherOrder,
    /// URL of an order that does not exist.
    OfNoOrder,
}

#[derive(Clone, Copy)]
enum Signature {
    Genuine,
    /// Genuine signature of a callback with another value.
    OfOtherValue,
    /// Signature by a key that is not the provider's.
    Forged,
    Missing,
}

const fn confirmed(payment: &'static str, value: &'static str) -> Delivery<Callback> {
    Delivery::new(Callback {
        payment,
        transfer: payment,
        value,
        pending: false,
        replaced: &[],
        url: Url::Stored,
        signature: Signature::Genuine,
    })
}

const fn pending(payment: &'static str, value: &'static str) -> Delivery<Callback> {
    let mut delivery = confirmed(payment, value);
    delivery.sent.pending = true;
    delivery
}

/// Callback of a payment that pays an order.
pub(crate) const PAID_IN_FULL: Delivery<Callback> = confirmed("a", "0.05");

impl Delivery<Callback> {
    /// Reports the transfer on the chain of another payment.
    const fn of_transfer(mut self, transfer: &'static str) -> Self {
        self.sent.transfer = transfer;
        self
    }

    const fn with(mut self, replaced: &'static [(&'static str, &'static str)]) -> Self {
        self.sent.replaced = replaced;
        self
    }

    const fn to(mut self, url: Url) -> Self {
        self.sent.url = url;
        self
    }

    const fn signed(mut self, signature: Signature) -> Self {
        self.sent.signature = signature;
        self
    }
}

const fn counted(
    payment: &'static str,
    amount: &'static str,
    receipts: &'static [&'static str],
) -> Counted {
    Counted {
        payment,
        amount,
        receipts,
        is_replaced: false,
    }
}

const PAID: &[Counted] = &[counted("a", "0.05", &["0.05"])];

/// Scenario of an order of 0.05 `btc` that is paid by the payment `a`, and has no reviews.
const fn scenario(
    name: &'static str,
    rows: &'static [(&'static [Delivery<Callback>], u16, &'static str)],
) -> Scenario<Callback> {
    Scenario {
        name,
        rows,
        counted: PAID,
        in_full: Some("a"),
        reviews: &[],
    }
}

pub(crate) const CALLBACKS: &[Scenario<Callback>] = &[
    scenario(
        "two deliveries",
        &[
            (&[confirmed("a", "0.05")], 200, "0.05"),
            (&[confirmed("a", "0.05")], 200, "0.05"),
        ],
    ),
    scenario(
        "concurrent duplicates",
        &[(&[confirmed("a", "0.05").times(16)], 200, "0.05")],
    ),
    scenario(
        "pending, then confirmed",
        &[
            (&[pending("a", "0.05")], 200, "0"),
            (&[pending("a", "0.05").times(3)], 200, "0"),
            (&[confirmed("a", "0.05")], 200, "0.05"),
        ],
    ),
    scenario(
        "pending after confirmed",
        &[
            (&[confirmed("a", "0.05")], 200, "0.05"),
            (&[pending("a", "0.05")], 200, "0.05"),
            (&[pending("a", "0.05").times(4)], 200, "0.05"),
            (&[confirmed("a", "0.05")], 200, "0.05"),
        ],
    ),
    scenario(
        "pending and confirmed at the same time",
        &[
            (
                &[
                    pending("a", "0.05").times(6),
                    confirmed("a", "0.05").times(6),
                ],
                200,
                "0.05",
            ),
            (&[pending("a", "0.05")], 200, "0.05"),
        ],
    ),
    // The documented schedule: after 6, 12 and 24 minutes, and so on, until the transaction is
    // three days old.
    scenario(
        "sent again on schedule after lost responses",
        &[
            (&[confirmed("a", "0.05").unread()], UNREAD, UNKNOWN),
            (
                &[confirmed("a", "0.05").unread().at_minute(6)],
                UNREAD,
                UNKNOWN,
            ),
            (
                &[confirmed("a", "0.05").unread().at_minute(18)],
                UNREAD,
                UNKNOWN,
            ),
            (
                &[confirmed("a", "0.05").unread().at_minute(42)],
                UNREAD,
                UNKNOWN,
            ),
            (
                &[confirmed("a", "0.05").unread().at_minute(90)],
                UNREAD,
                UNKNOWN,
            ),
            (
                &[confirmed("a", "0.05").unread().at_minute(186)],
                UNREAD,
                UNKNOWN,
            ),
            (
                &[confirmed("a", "0.05").unread().at_minute(378)],
                UNREAD,
                UNKNOWN,
            ),
            (
                &[confirmed("a", "0.05").unread().at_minute(762)],
                UNREAD,
                UNKNOWN,
            ),
            (&[confirmed("a", "0.05").at_minute(1_530)], 200, "0.05"),
            (&[confirmed("a", "0.05").at_minute(3_066)], 200, "0.05"),
        ],
    ),
    scenario(
        "pending sent again on schedule, and overtaken",
        &[
            (&[pending("a", "0.05").unread()], UNREAD, "0"),
            (&[pending("a", "0.05").unread().at_minute(6)], UNREAD, "0"),
            (&[confirmed("a", "0.05").at_minute(12)], 200, "0.05"),
            (&[pending("a", "0.05").at_minute(18)], 200, "0.05"),
            (
                &[pending("a", "0.05").at_minute(42), confirmed("a", "0.05")],
                200,
                "0.05",
            ),
        ],
    ),
    Scenario {
        counted: &[
            counted("a", "0.03", &["0.03"]),
            counted("b", "0.02", &["0.02"]),
        ],
        in_full: Some("b"),
        ..scenario(
            "two parts of the price",
            &[
                (&[pending("a", "0.03"), pending("b", "0.02")], 200, "0"),
                (&[confirmed("a", "0.03").times(2)], 200, "0.03"),
                (&[pending("a", "0.03")], 200, "0.03"),
                (
                    &[
                        confirmed("b", "0.02").times(4),
                        confirmed("a", "0.03").times(4),
                    ],
                    200,
                    "0.05",
                ),
                (
                    &[confirmed("a", "0.03"), confirmed("b", "0.02")],
                    200,
                    "0.05",
                ),
            ],
        )
    },
    Scenario {
        counted: &[
            counted("a", "0.03", &["0.03"]),
            counted("b", "0.02", &["0.02"]),
        ],
        ..scenario(
            "two parts of the price, reordered",
            &[
                (&[confirmed("b", "0.02")], 200, "0.02"),
                (&[pending("b", "0.02"), pending("a", "0.03")], 200, "0.02"),
                (&[confirmed("a", "0.03")], 200, "0.05"),
                (&[pending("a", "0.03"), confirmed("b", "0.02")], 200, "0.05"),
            ],
        )
    },
    Scenario {
        counted: &[
            counted("a", "0.05", &["0.05"]),
            counted("b", "0.01", &["0.01"]),
        ],
        reviews: &[("b", "underpaid")],
        ..scenario(
            "a part after the whole price",
            &[
                (&[confirmed("a", "0.05")], 200, "0.05"),
                (&[confirmed("b", "0.01").times(4)], 200, "0.06"),
                (
                    &[confirmed("b", "0.01"), confirmed("a", "0.05")],
                    200,
                    "0.06",
                ),
            ],
        )
    },
    Scenario {
        counted: &[
            counted("a", "0.05", &["0.05"]),
            counted("b", "0.05", &["0.05"]),
        ],
        ..scenario(
            "the whole price by two transfers",
            &[
                (&[confirmed("a", "0.05")], 200, "0.05"),
                (&[confirmed("b", "0.05").times(4)], 200, "0.1"),
                (&[pending("b", "0.05"), confirmed("a", "0.05")], 200, "0.1"),
            ],
        )
    },
    Scenario {
        reviews: &[("a", "conflict with what was recorded before in value_coin")],
        ..scenario(
            "another value of a credited payment",
            &[
                (&[confirmed("a", "0.05")], 200, "0.05"),
                (&[confirmed("a", "0.06").times(4)], 200, "0.05"),
                (&[pending("a", "0.06")], 200, "0.05"),
                (&[confirmed("a", "0.05")], 200, "0.05"),
            ],
        )
    },
    Scenario {
        reviews: &[("a", "conflict with what was recorded before in txid_in")],
        ..scenario(
            "a credited payment by another transfer",
            &[
                (&[confirmed("a", "0.05")], 200, "0.05"),
                (
                    &[confirmed("a", "0.05").of_transfer("b").times(4)],
                    200,
                    "0.05",
                ),
            ],
        )
    },
    Scenario {
        counted: &[counted("a", "0.04", &["0.03", "0.04"])],
        in_full: None,
        // One of each amount.
        reviews: &[("a", "underpaid"), ("a", "underpaid")],
        ..scenario(
            "a part that grows",
            &[
                (&[confirmed("a", "0.03")], 200, "0.03"),
                (&[confirmed("a", "0.04").times(4)], 200, "0.04"),
                (&[pending("a", "0.04")], 200, "0.04"),
            ],
        )
    },
    Scenario {
        counted: &[Counted {
            is_replaced: true,
            ..counted("a", "0.05", &["0.05"])
        }],
        ..scenario(
            "a part that grows to the price",
            &[
                (&[confirmed("a", "0.03").times(2)], 200, "0.03"),
                (&[confirmed("a", "0.05").times(4)], 200, "0.05"),
                (&[confirmed("a", "0.05")], 200, "0.05"),
            ],
        )
    },
    Scenario {
        reviews: &[("b", "possible duplicate of PAYMENT a")],
        ..scenario(
            "the same transfer under another id",
            &[
                (&[confirmed("a", "0.05")], 200, "0.05"),
                (
                    &[confirmed("b", "0.05").of_transfer("a").times(4)],
                    200,
                    "0.05",
                ),
                (&[pending("b", "0.05").of_transfer("a")], 200, "0.05"),
                (&[confirmed("b", "0.05").of_transfer("a")], 200, "0.05"),
                (&[confirmed("a", "0.05")], 200, "0.05"),
            ],
        )
    },
    scenario(
        "no value, then the genuine one",
        &[
            (
                &[confirmed("a", "0.05").with(&[("&value_coin=0.05", "")])],
                200,
                "0",
            ),
            (&[confirmed("a", "0")], 200, "0"),
            (&[confirmed("a", "N/A")], 400, "0"),
            (&[confirmed("a", "0.05")], 200, "0.05"),
        ],
    ),
    scenario(
        "about other payments, then the genuine one",
        &[
            (
                &[confirmed("a", "0.05").with(&[("coin=btc", "coin=ltc")])],
                404,
                "0",
            ),
            (
                &[confirmed("a", "0.05").with(&[("address_in=3PF", "address_in=4PF")])],
                404,
                "0",
            ),
            (
                &[confirmed("a", "0.05").with(&[("address_out=1H6", "address_out=1H7")])],
                404,
                "0",
            ),
            (
                &[confirmed("a", "0.05").to(Url::WithoutSecret).times(4)],
                404,
                "0",
            ),
            (&[confirmed("a", "0.05").to(Url::OfOtherOrder)], 404, "0"),
            (&[confirmed("a", "0.05").to(Url::OfNoOrder)], 404, "0"),
            (&[confirmed("a", "0.05")], 200, "0.05"),
            (
                &[confirmed("b", "0.05").to(Url::OfOtherOrder).times(4)],
                404,
                "0.05",
            ),
            (
                &[confirmed("a", "0.05").with(&[("coin=btc", "coin=BTC")])],
                200,
                "0.05",
            ),
        ],
    ),
    scenario(
        "forged before, between and after genuine ones",
        &[
            (
                &[confirmed("a", "0.05").signed(Signature::Forged)],
                401,
                "0",
            ),
            (
                &[confirmed("a", "0.05").signed(Signature::OfOtherValue)],
                401,
                "0",
            ),
            (
                &[confirmed("a", "0.05").signed(Signature::Missing)],
                401,
                "0",
            ),
            (
                &[confirmed("a", "0.05").with(&[("uuid=", "uuid=TEST_")])],
                401,
                "0",
            ),
            (&[pending("a", "0.05")], 200, "0"),
            (
                &[confirmed("a", "0.05").signed(Signature::Forged).times(4)],
                401,
                "0",
            ),
            (&[confirmed("a", "0.05")], 200, "0.05"),
            (
                &[confirmed("b", "9").signed(Signature::Forged).times(4)],
                401,
                "0.05",
            ),
            (
                &[confirmed("b", "0.05").signed(Signature::OfOtherValue)],
                401,
                "0.05",
            ),
            (
                &[pending("a", "0.05").signed(Signature::Missing)],
                401,
                "0.05",
            ),
            (&[confirmed("a", "0.05")], 200, "0.05"),
        ],
    ),
];

/// Scenario of a transfer that is reported under two ids at the same time. One of them is credited,
/// and either is correct: the two scenarios differ in their results.
pub(crate) const ONE_TRANSFER: [Scenario<Callback>; 2] = [
    Scenario {
        reviews: &[("b", "possible duplicate of PAYMENT a")],
        ..scenario("one transfer under two ids", ONE_TRANSFER_ROWS)
    },
    Scenario {
        counted: &[counted("b", "0.05", &["0.05"])],
        in_full: Some("b"),
        reviews: &[("a", "possible duplicate of PAYMENT b")],
        ..scenario("one transfer under two ids", ONE_TRANSFER_ROWS)
    },
];

const ONE_TRANSFER_ROWS: &[Row<Callback>] = &[
    (
        &[
            confirmed("a", "0.05").of_transfer("a").times(8),
            confirmed("b", "0.05").of_transfer("a").times(8),
        ],
        200,
        "0.05",
    ),
    (
        &[
            confirmed("b", "0.05").of_transfer("a"),
            confirmed("a", "0.05").of_transfer("a"),
        ],
        200,
        "0.05",
    ),
];

/// Key that is not the provider's.
static OTHER_KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().expect("a key"));

/// Order that is paid to an address.
pub(crate) struct Address {
    scenario: usize,
    order: Option<i64>,
    /// Path and query of the callback URL.
    target: String,
}

impl Order for Address {
    type Sent = Callback;

    /// Project without a name.
    const PROJECT: &'static str = "";

    fn new(scenario: usize) -> Self {
        Self {
            scenario,
            order: None,
            target: String::new(),
        }
    }

    async fn add(&mut self, shop: &Process) {
        let (order, target) = shop.senders.order_by_address().await;
        self.order = Some(order);
        self.target = target;
    }

    fn number(&self) -> Option<i64> {
        self.order
    }

    fn request(&self, sent: Callback) -> Request {
        let stage = if sent.pending {
            "pending=1"
        } else {
            "pending=0"
        };
        let fields = |value: &str| {
            let fields = SAMPLE_CALLBACK
                .replace(SAMPLE_UUID, &self.payment(sent.payment))
                .replace(
                    "a2174ffd",
                    &format!("{:07x}{}", self.scenario, sent.transfer),
                )
                .replace("pending=0", stage);
            replaced(fields, sent.replaced)
                .replace("value_coin=0.05", &format!("value_coin={value}"))
        };
        let url = self.url(sent.url);
        let target = format!("{url}&{}", fields(sent.value));
        let signature = match sent.signature {
            Signature::Genuine => sign(format!("{ORIGIN}{target}")),
            Signature::OfOtherValue => sign(format!("{ORIGIN}{url}&{}", fields("0.049"))),
            Signature::Forged => {
                let signature = OTHER_KEY.sign(format!("{ORIGIN}{target}"));
                signature.expect("a signature")
            }
            Signature::Missing => return Request::new("GET", &target, &[], ""),
        };
        Request::new("GET", &target, &[("x-ca-signature", &*signature)], "")
    }

    fn payment(&self, letter: &str) -> String {
        format!("{:07x}{letter}-5a6b-4305-9fa2-b0fbda6e3ff2", self.scenario)
    }
}

impl Address {
    fn url(&self, url: Url) -> String {
        let order = self.order.expect("an order");
        let number = format!("order={order}&");
        let other = |number: i64| format!("order={number}&");
        match url {
            Url::Stored => self.target.clone(),
            Url::WithoutSecret => {
                let (url, _) = self.target.split_once('&').expect("a callback secret");
                url.to_owned()
            }
            Url::OfOtherOrder => self.target.replace(&number, &other(order % 2 + 1)),
            Url::OfNoOrder => self.target.replace(&number, &other(987_654)),
        }
    }
}
