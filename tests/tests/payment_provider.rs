//! A custom provider with amounts: its outcomes and its records.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use bytes::Bytes;
use postback_conformance::{
    corpus::Request,
    fixtures::{JSON, secret},
};
use postback_core::{
    AcceptsPost, Amount, MediaType, PaymentEvent, PaymentProvider, Provider, Rejection,
    RequestHead, SecretKey, SignatureHeader, Verified, Verifier, VerifyContext, body,
    event::Stage,
    reconcile::{Assurance, Outcome, Price, ReconcileError},
    testing,
};
use postback_store::{Recorded, memory::MemoryStore};
use serde::{Deserialize, Serialize};

#[derive(Debug)]
struct Coins;

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Transfer {
    id: String,
    amount: String,
    currency: String,
    confirmations: u32,
    transaction: Option<String>,
    signed: bool,
}

impl Provider for Coins {
    type Accepts = AcceptsPost;
    type Payload = Transfer;
    type Evidence = Vec<u8>;
    type Key = SecretKey;

    const NAME: &'static str = "coins";

    fn inspect(&self, head: &RequestHead<'_>, _: Option<MediaType>) -> Result<Vec<u8>, Rejection> {
        SignatureHeader::hexadecimal("x-signature").read(head)
    }

    fn verify(
        &self,
        tag: Vec<u8>,
        body: Bytes,
        context: &mut VerifyContext<'_, SecretKey>,
    ) -> Result<Transfer, Rejection> {
        context.signature(|key| key.verify_hmac_sha256(&body, &tag))?;
        body::from_json(&body)
    }
}

impl PaymentProvider for Coins {
    fn payment_event(transfer: &Transfer) -> PaymentEvent<'_> {
        let event = PaymentEvent::new(&transfer.id, transfer)
            .field("amount", Some(&*transfer.amount))
            .field("currency", Some(&*transfer.currency))
            .field("transaction", transfer.transaction.as_deref())
            .with_stage(match transfer.confirmations {
                0 => Stage::Pending,
                _ => Stage::Confirmed,
            });
        let event = match &transfer.transaction {
            Some(transaction) => event.with_transfer([&*transfer.currency, transaction]),
            None => event,
        };
        match transfer.signed {
            true => event.with_signed_figures(),
            false => event,
        }
    }

    fn outcome(transfer: &Transfer, price: &Price) -> Outcome {
        match transfer.amount.parse::<Amount>() {
            Ok(amount) if transfer.currency == "anything" => Outcome::Paid(amount),
            Ok(amount) => price.compare_in(&amount, &transfer.currency),
            Err(_) => Outcome::Unknown("amount"),
        }
    }

    fn states_amounts_in(price: &Price) -> bool {
        price.currency() != "EUR"
    }
}

fn transfer(id: &str, amount: &str) -> Transfer {
    Transfer {
        id: id.to_owned(),
        amount: amount.to_owned(),
        currency: "btc".to_owned(),
        confirmations: 1,
        transaction: None,
        signed: false,
    }
}

fn verified(transfer: &Transfer) -> Verified<Coins> {
    let secret = secret("s");
    let body = serde_json::to_string(transfer).unwrap();
    let signature = testing::hmac_sha256_hex(&secret, &body);
    let headers = [("content-type", JSON), ("x-signature", &*signature)];
    let verifier = Verifier::new(Coins, secret);
    let request = Request::new("POST", "/", &headers, body);
    request.verify(&verifier).unwrap()
}

fn price() -> Price {
    Price::new("100".parse().unwrap(), "btc").unwrap()
}

fn outcome_of(transfer: &Transfer) -> Outcome {
    let reconciliation = verified(transfer).reconcile(&price()).unwrap();
    reconciliation.outcome().clone()
}

/// Records a payment in a transaction of its own.
async fn record(store: &MemoryStore, transfer: &Transfer) -> Recorded {
    let reconciliation = verified(transfer).reconcile(&price()).unwrap();
    let mut transaction = store.begin().await;
    let recorded = store.record_in(&mut transaction, &reconciliation);
    transaction.commit();
    recorded
}

#[test]
fn amount_is_compared_with_price() {
    let amount = |text: &str| text.parse::<Amount>().unwrap();
    for (paid, expected) in [
        ("100", Outcome::Paid(amount("100"))),
        (
            "100.000000000000000001",
            Outcome::Overpaid(amount("100.000000000000000001")),
        ),
        (
            "99.999999999999999999",
            Outcome::Underpaid(amount("99.999999999999999999")),
        ),
        ("much", Outcome::Unknown("amount")),
    ] {
        assert_eq!(outcome_of(&transfer("p-1", paid)), expected);
    }
}

#[test]
fn other_currency_does_not_pay() {
    let transfer = Transfer {
        currency: "BTC".to_owned(),
        ..transfer("p-1", "100")
    };
    assert_eq!(
        outcome_of(&transfer),
        Outcome::WrongCurrency("BTC".to_owned())
    );
}

#[test]
fn paid_amount_below_price_is_underpaid() {
    let transfer = Transfer {
        currency: "anything".to_owned(),
        ..transfer("p-1", "1")
    };
    assert_eq!(
        outcome_of(&transfer),
        Outcome::Underpaid("1".parse().unwrap())
    );
}

#[test]
fn price_in_unstated_currency_is_rejected() {
    let euros = Price::new("100".parse().unwrap(), "EUR").unwrap();
    let error = verified(&transfer("p-1", "100"))
        .reconcile(&euros)
        .unwrap_err();
    let expected = "coins states no amounts in EUR: expected a price in a currency that it states, or in a coin";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn figures_are_unsigned_by_default() {
    let unsigned = transfer("p-1", "100");
    let signed = Transfer {
        signed: true,
        ..unsigned.clone()
    };
    let confirmed = price().with_assurance(Assurance::Confirmed);
    for (transfer, assurance, is_paid) in [
        (unsigned, Assurance::Unsigned, false),
        (signed, Assurance::Confirmed, true),
    ] {
        let reconciliation = verified(&transfer).reconcile(&confirmed).unwrap();
        assert_eq!(
            (reconciliation.assurance(), reconciliation.is_paid()),
            (assurance, is_paid)
        );
    }
}

#[test]
fn ambiguous_payment_id_is_rejected() {
    let longest = "1".repeat(256);
    let too_long = "1".repeat(257);
    let text = "coins reports a payment with an invalid id: expected 1 to 256 bytes, not blank and \
                without control characters";
    for id in ["", " ", "p\n1", "p\u{1b}1", &*too_long] {
        let error = verified(&transfer(id, "100")).reconcile(&price());
        assert!(
            matches!(
                error,
                Err(ReconcileError::InvalidPaymentId {
                    provider: "coins",
                    ..
                })
            ),
            "{id:?}: {error:?}"
        );
        assert_eq!(error.unwrap_err().to_string(), text);
    }
    assert!(outcome_of(&transfer(&longest, "100")).is_paid());
}

#[tokio::test]
async fn pending_payment_is_not_credited() {
    let store = MemoryStore::new();
    let confirmed = transfer("p-1", "100");
    let pending = Transfer {
        confirmations: 0,
        ..confirmed.clone()
    };
    let not_credited = Recorded::NotCredited(Outcome::Pending);
    assert_eq!(record(&store, &pending).await, not_credited);
    assert_eq!(record(&store, &confirmed).await, Recorded::New);
}

#[tokio::test]
async fn conflict_names_changed_fields() {
    let store = MemoryStore::new();
    let first = Transfer {
        transaction: Some("t-1".to_owned()),
        ..transfer("p-1", "100")
    };
    assert_eq!(record(&store, &first).await, Recorded::New);
    let more = Transfer {
        amount: "101".to_owned(),
        ..first.clone()
    };
    let elsewhere = Transfer {
        amount: "101".to_owned(),
        transaction: None,
        ..first.clone()
    };
    for (delivery, fields) in [
        (more, ["amount"].as_slice()),
        (elsewhere, &["amount", "transaction"]),
    ] {
        let fields = fields.iter().map(|&field| field.to_owned()).collect();
        assert_eq!(
            record(&store, &delivery).await,
            Recorded::Conflict { fields }
        );
    }
    assert_eq!(record(&store, &first).await, Recorded::Duplicate);
}

#[tokio::test]
async fn transfer_with_other_id_is_possible_duplicate() {
    let store = MemoryStore::new();
    let with_transaction = |id: &str, transaction: &str| Transfer {
        transaction: Some(transaction.to_owned()),
        ..transfer(id, "100")
    };
    assert_eq!(
        record(&store, &with_transaction("p-1", "t-1")).await,
        Recorded::New
    );
    let duplicate = Recorded::PossibleDuplicate {
        of: "p-1".to_owned(),
    };
    assert_eq!(
        record(&store, &with_transaction("p-2", "t-1")).await,
        duplicate
    );
    assert_eq!(
        record(&store, &with_transaction("p-3", "t-2")).await,
        Recorded::New
    );
}
