//! What a verified value says, as the corpus states it.

use postback_core::{
    Amount,
    cryptapi::{Callback, Coverage, Parameter},
    cryptocloud::Payment,
    event::Stage,
};
use serde_json::{Map, Value, json};

/// What an event says, in facts that the corpus may ask for.
pub trait Stated {
    /// The facts, by name.
    fn facts(&self) -> Map<String, Value>;
}

impl Stated for Payment {
    fn facts(&self) -> Map<String, Value> {
        let unsigned = self.unsigned();
        let field = unsigned.invoice_info();
        let info = field.known();
        let network = info
            .and_then(|info| info.currency.known())
            .and_then(|currency| currency.network.known())
            .and_then(|network| network.code.known());
        let facts = json!({
            "invoice_id": self.invoice_id(),
            "expires_at": self.expires_at(),
            "status": unsigned.status().map(|status| status.as_str()),
            "amount": unsigned.amount().map(ToString::to_string),
            "currency": unsigned.currency().map(|currency| currency.as_str()),
            "order_id": unsigned.order_id(),
            "invoice_uuid": unsigned.invoice_uuid(),
            "invoice_status": info.and_then(|i| i.status.known()).map(|status| status.as_str()),
            "test_mode": info.and_then(|info| info.test_mode.known()),
            "network": network,
            "service_fee": info.and_then(|i| i.service_fee.known()).map(ToString::to_string),
        });
        match facts {
            Value::Object(facts) => facts,
            _ => Map::new(),
        }
    }
}

impl Stated for Callback {
    fn facts(&self) -> Map<String, Value> {
        let notice = self.unbound();
        let parameters: Vec<_> = self.parameters().collect();
        let params: Map<_, _> = parameters
            .iter()
            .map(|it| (it.name().to_owned(), json!(it.value().as_untrusted_str())))
            .collect();
        let signed = |it: &Parameter<'_>| it.coverage() == Coverage::Signed;
        let converted = notice.value_coin_convert();
        let converted: Option<Map<_, _>> = converted.known().map(|all| {
            all.iter()
                .map(|it| {
                    (
                        it.currency.clone().into_owned(),
                        json!(it.amount.to_string()),
                    )
                })
                .collect()
        });
        let facts = json!({
            "uuid": notice.uuid(),
            "pending": notice.stage() == Stage::Pending,
            "coin": notice.coin(),
            "address_in": notice.address_in(),
            "address_out": notice.address_out(),
            "value_coin": notice.value_coin().map(|it| it.to_string()),
            "value_forwarded_coin": notice.value_forwarded_coin().map(|it| it.to_string()),
            "confirmations": notice.confirmations(),
            "value_coin_convert": converted,
            "params": params,
            "params_signed": parameters.iter().all(signed),
        });
        match facts {
            Value::Object(facts) => facts,
            _ => Map::new(),
        }
    }
}

/// Compares what was said with what the corpus expects: amounts as decimals, the rest exactly.
///
/// # Panics
///
/// If they differ, naming the case and the fact.
pub fn compare(name: &str, expected: &Map<String, Value>, actual: &Map<String, Value>) {
    for (fact, expected) in expected {
        let actual = actual.get(fact).unwrap_or_else(|| panic!("no fact {fact}"));
        if matches!(
            &**fact,
            "amount" | "service_fee" | "value_coin" | "value_forwarded_coin"
        ) {
            assert_eq!(decimal(expected), decimal(actual), "{name}: {fact}");
        } else {
            assert_eq!(expected, actual, "{name}: {fact}");
        }
    }
}

fn decimal(fact: &Value) -> Option<Amount> {
    let text = fact.as_str()?;
    Some(text.parse().expect("a decimal"))
}
