//! Fields of a verified payload, compared with those that the corpus expects.

use postback_core::{
    Amount,
    cryptapi::{Callback, Coverage, Parameter},
    cryptocloud::Payment,
    event::Stage,
};
use serde_json::{Map, Value, json};

/// Payload whose fields the corpus can name.
pub trait CorpusFields {
    /// Returns the fields, by name.
    fn fields(&self) -> Map<String, Value>;
}

impl CorpusFields for Payment {
    fn fields(&self) -> Map<String, Value> {
        let unsigned = self.unsigned();
        let field = unsigned.invoice_info();
        let info = field.known();
        let network = info
            .and_then(|info| info.currency.known())
            .and_then(|currency| currency.network.known())
            .and_then(|network| network.code.known());
        let fields = json!({
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
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

impl CorpusFields for Callback {
    fn fields(&self) -> Map<String, Value> {
        let callback = self.unbound();
        let parameters: Vec<_> = self.parameters().collect();
        let params: Map<_, _> = parameters
            .iter()
            .map(|it| (it.name().to_owned(), json!(it.value().as_untrusted_str())))
            .collect();
        let signed = |it: &Parameter<'_>| it.coverage() == Coverage::Signed;
        let converted = callback.value_coin_convert();
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
        let fields = json!({
            "uuid": callback.uuid(),
            "pending": callback.stage() == Stage::Pending,
            "coin": callback.coin(),
            "address_in": callback.address_in(),
            "address_out": callback.address_out(),
            "value_coin": callback.value_coin().map(|it| it.to_string()),
            "value_forwarded_coin": callback.value_forwarded_coin().map(|it| it.to_string()),
            "confirmations": callback.confirmations(),
            "value_coin_convert": converted,
            "params": params,
            "params_signed": parameters.iter().all(signed),
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

/// Compares a payload's fields with the expected ones: amounts as decimals, the rest exactly.
///
/// # Panics
///
/// Panics if a field differs, with the names of the case and of the field.
pub fn compare(name: &str, expected: &Map<String, Value>, actual: &Map<String, Value>) {
    for (field, expected) in expected {
        let actual = actual
            .get(field)
            .unwrap_or_else(|| panic!("no field {field}"));
        if matches!(
            &**field,
            "amount" | "service_fee" | "value_coin" | "value_forwarded_coin"
        ) {
            assert_eq!(decimal(expected), decimal(actual), "{name}: {field}");
        } else {
            assert_eq!(expected, actual, "{name}: {field}");
        }
    }
}

fn decimal(field: &Value) -> Option<Amount> {
    let text = field.as_str()?;
    Some(text.parse().expect("a decimal"))
}
