//! Fields, parameters and binding of CryptAPI callbacks.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod fixtures;

use postback_core::{
    ConfigError, Field, KeyRing, MalformedReason, MediaType, Method, OriginFlaw, Provider,
    PublicKey, Rejection, Tenant, Verified, Verifier,
    cryptapi::{
        BindError, BlockBee, Callback, CallbackSecret, CallbackUrlError, Coverage, CryptApi,
        Expected, Get, Post,
    },
    event::Stage,
    testing::{self, SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK, SigningKey},
};

use self::fixtures::{
    CALLBACK_SECRET, NOW, ORIGIN, SAMPLE_UUID, SIGNING_KEY, call_back, cryptapi,
    expected_by_secret, public_key, trusting, with_sample_payment,
};

type VerifyResult<M> = Result<Verified<CryptApi<M>>, Rejection>;

fn get(query: &str) -> VerifyResult<Get> {
    get_with(cryptapi(), query)
}

fn get_with<P: Provider<Key = PublicKey>>(
    provider: P,
    query: &str,
) -> Result<Verified<P>, Rejection> {
    call_back(&trusting(provider), &format!("/callback?{query}"))
}

fn post(media_type: MediaType, target: &str, body: &str) -> VerifyResult<Post> {
    let provider = match media_type {
        MediaType::Json => CryptApi::post_json(),
        _ => CryptApi::post_form(),
    };
    let signature = SIGNING_KEY.sign(body).unwrap();
    let headers = [
        ("content-type", media_type.as_str()),
        ("x-ca-signature", &*signature),
    ];
    testing::request(
        &trusting(provider),
        Method::Post,
        target,
        &headers,
        body.to_owned(),
        NOW,
    )
}

/// Verifies a JSON object with the required fields and further members.
fn json(further: &str) -> VerifyResult<Post> {
    let body = format!(r#"{{"uuid":"u","address_in":"a","coin":"btc","pending":0{further}}}"#);
    post(MediaType::Json, "/callback", &body)
}

/// Verifies the required fields and further pairs, as a query and as a form.
fn pairs(further: &str) -> [Result<Callback, Rejection>; 2] {
    let pairs = format!("uuid=u&address_in=a&coin=btc&pending=0{further}");
    let form = post(MediaType::Form, "/callback", &pairs);
    [
        get(&pairs).map(Verified::into_payload),
        form.map(Verified::into_payload),
    ]
}

#[test]
fn callback_fields_are_read() {
    let all = format!(
        "{SAMPLE_CALLBACK}&value=5000000&value_forwarded=4950000&fee=50000\
         &value_coin_convert=%7B%22USD%22%3A+%223.20%22%7D\
         &value_forwarded_coin_convert=%7B%22EUR%22%3A%223.05%22%7D"
    );
    let callback = get(&all).unwrap();
    let unbound = callback.unbound();
    let amount = |text: &str| Some(text.parse().unwrap());
    assert_eq!(unbound.uuid(), SAMPLE_UUID);
    assert_eq!(unbound.stage(), Stage::Confirmed);
    assert_eq!(unbound.address_in(), SAMPLE_ADDRESS_IN);
    let payout = SAMPLE_ADDRESS_OUT;
    assert_eq!(unbound.address_out(), Some(payout));
    assert_eq!(unbound.payouts().known().unwrap()[0].address, payout);
    let txid = "a2174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332c";
    assert_eq!(unbound.txid_in(), Some(txid));
    let txid = "b3174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332d";
    assert_eq!(unbound.txid_out(), Some(txid));
    assert_eq!(unbound.coin(), "btc");
    assert_eq!(unbound.price(), amount("64000.12"));
    assert_eq!(unbound.confirmations(), Some(3));
    assert_eq!(unbound.value_coin(), amount("0.05"));
    assert_eq!(unbound.value_forwarded_coin(), amount("0.0495"));
    assert_eq!(unbound.fee_coin(), amount("0.0005"));
    assert_eq!(unbound.result(), Some("sent"));
    assert_eq!(unbound.value(), amount("5000000"));
    assert_eq!(unbound.value_forwarded(), amount("4950000"));
    assert_eq!(unbound.fee(), amount("50000"));
    let converted = unbound.value_coin_convert();
    let [usd] = &converted.known().unwrap()[..] else {
        unreachable!("one currency")
    };
    assert_eq!(
        (&*usd.currency, Some(usd.amount.clone())),
        ("USD", amount("3.20"))
    );
    let converted = unbound.value_forwarded_coin_convert();
    assert_eq!(converted.known().unwrap()[0].currency, "EUR");
}

/// The callback is accepted, and the unreadable fields are listed.
#[test]
fn invalid_informational_field_is_unreadable() {
    let unreadable = |callback: &Callback| -> Vec<(String, String)> {
        let unbound = callback.unbound();
        assert_eq!(unbound.uuid(), SAMPLE_UUID);
        let fields = unbound.unreadable();
        fields
            .map(|(name, raw)| (name.to_owned(), raw.to_owned()))
            .collect()
    };
    for (pair, name, raw) in [
        ("fee=1,5", "fee", "1,5"),
        ("price=N/A", "price", "N/A"),
        ("price=1e101", "price", "1e101"),
        ("value=+5", "value", " 5"),
        ("confirmations=-1", "confirmations", "-1"),
        ("confirmations=%2B1", "confirmations", "+1"),
        ("confirmations=1.0", "confirmations", "1.0"),
        (
            "confirmations=18446744073709551616",
            "confirmations",
            "18446744073709551616",
        ),
        ("fee_coin=-1", "fee_coin", "-1"),
        ("value_forwarded_coin=-0", "value_forwarded_coin", "-0"),
        ("txid_in=%zz", "txid_in", "%zz"),
        ("txid_in=%ff", "txid_in", "%ff"),
        ("txid_out=a%0Ab", "txid_out", "a\nb"),
        ("address_out=%7Bzz%", "address_out", "%7Bzz%"),
        ("address_out={zz%", "address_out", "{zz%"),
    ] {
        // Replaces the pair of the sample.
        let others = SAMPLE_CALLBACK
            .split('&')
            .filter(|own| !own.starts_with(&format!("{name}=")));
        let query: Vec<_> = others.chain([pair]).collect();
        let callback = get(&query.join("&")).unwrap();
        assert_eq!(
            unreadable(&callback),
            [(name.to_owned(), raw.to_owned())],
            "{pair}"
        );
        let unbound = callback.unbound();
        let read = match name {
            "fee" => unbound.fee().is_some(),
            "price" => unbound.price().is_some(),
            "value" => unbound.value().is_some(),
            "confirmations" => unbound.confirmations().is_some(),
            "fee_coin" => unbound.fee_coin().is_some(),
            "value_forwarded_coin" => unbound.value_forwarded_coin().is_some(),
            "txid_in" => unbound.txid_in().is_some(),
            "txid_out" => unbound.txid_out().is_some(),
            _ => unbound.address_out().is_some() || unbound.payouts().other() != Some(raw),
        };
        assert!(!read, "{pair}");
    }
    for (member, raw) in [
        (r#""txid_in":5"#, "5"),
        (r#""txid_in":"\ud800""#, r#""\ud800""#),
        (r#""result":{}"#, "{}"),
        (r#""confirmations":3.0"#, "3.0"),
        (r#""address_out":7"#, "7"),
        (r#""address_out":true"#, "true"),
        (r#""txid_out":["a"]"#, r#"["a"]"#),
        (r#""value_coin_convert":1"#, "1"),
        (r#""fee":"NaN""#, "NaN"),
    ] {
        let callback = json(&format!(",{member}")).unwrap();
        let unbound = callback.unbound();
        let fields: Vec<_> = unbound.unreadable().collect();
        let name = member.split('"').nth(1).unwrap();
        assert_eq!(fields, [(name, raw)], "{member}");
    }
    assert_eq!(
        unreadable(&get(SAMPLE_CALLBACK).unwrap()),
        [],
        "control case"
    );
}

/// Control characters could forge lines of a log.
#[test]
fn identifier_with_control_character_is_malformed() {
    for name in ["uuid", "address_in", "coin"] {
        for character in ["%0A", "%0D", "%1B%5B2K", "%00", "%7F", "%C2%85"] {
            let fields = format!("&{SAMPLE_CALLBACK}");
            let fields = fields.replace(&format!("&{name}="), &format!("&{name}=x{character}"));
            let rejected = get(&fields).err();
            let wrong = Rejection::Malformed(MalformedReason::Value(name));
            assert_eq!(rejected, Some(wrong), "{name} {character}");
        }
    }
}

#[test]
fn byte_order_mark_and_line_end_around_body_are_skipped() {
    let form = format!("\u{feff}order=7&{SAMPLE_CALLBACK}\r\n");
    let callback = post(MediaType::Form, "/", &form).unwrap();
    assert_eq!(callback.unbound().stage(), Stage::Confirmed);
    assert!(callback.parameter("order").unwrap().value() == "7");
    let json = "\u{feff}{\"uuid\":\"u\",\"address_in\":\"a\",\"coin\":\"btc\",\"pending\":1,\"order\":7}\n";
    let callback = post(MediaType::Json, "/", json).unwrap();
    assert!(callback.parameter("order").unwrap().value() == "7");
    let twice = post(MediaType::Json, "/", &format!("\u{feff}{json}")).err();
    assert_eq!(twice, Some(Rejection::Malformed(MalformedReason::Syntax)));
}

#[test]
fn null_parameter_of_json_body_is_absent() {
    let body = |order: &str| {
        format!(r#"{{"uuid":"u","address_in":"a","coin":"btc","pending":1,"order":{order}}}"#)
    };
    let null = post(MediaType::Json, "/?order=7", &body("null")).unwrap();
    let order = null.parameter("order").unwrap();
    assert!(order.value() == "7" && order.coverage() == Coverage::Unsigned);
    let text = post(MediaType::Json, "/?order=7", &body(r#""null""#)).unwrap();
    assert!(
        text.parameter("order").unwrap().value() == "null",
        "a text is a text"
    );
}

#[test]
fn defect_of_needed_pair_is_malformed() {
    use MalformedReason::{Repeated, Value};
    for (further, defect) in [
        ("&value_coin=-1", Value("value_coin")),
        ("&value_coin=-0", Value("value_coin")),
        ("&value_coin=0x10", Value("value_coin")),
        ("&value_coin=%zz", Value("value_coin")),
        ("&coin=eth", Repeated("coin")),
        ("&%63oin=btc", Repeated("coin")),
        ("&result=&result=", Repeated("result")),
        ("&result=null&result=sent", Repeated("result")),
        ("&price=N/A&price=1", Repeated("price")),
    ] {
        for result in pairs(further) {
            assert_eq!(
                result.err(),
                Some(Rejection::Malformed(defect)),
                "{further}"
            );
        }
    }
    for further in [
        "",
        "&",
        "&&value_coin=1e-8&",
        "&confirmations=18446744073709551615",
    ] {
        for result in pairs(further) {
            assert!(result.is_ok(), "{further}");
        }
    }
}

#[test]
fn missing_or_blank_required_field_is_malformed() {
    use MalformedReason::{Missing, Value};
    let fields = [
        ("uuid", "u"),
        ("address_in", "a"),
        ("coin", "btc"),
        ("pending", "0"),
    ];
    for (required, _) in fields {
        for (value, defect) in [
            (None, Missing(required)),
            (Some(""), Value(required)),
            (Some(" "), Value(required)),
        ] {
            let pair = |(name, usual): &(&str, &str)| match (*name == required, value) {
                (false, _) => Some(format!("{name}={usual}")),
                (true, Some(value)) => Some(format!("{name}={}", value.replace(' ', "+"))),
                (true, None) => None,
            };
            let query = fields.iter().filter_map(pair).collect::<Vec<_>>().join("&");
            let rejected = get(&query).err();
            assert_eq!(rejected, Some(Rejection::Malformed(defect)), "{query}");

            let member = |(name, usual): &(&str, &str)| match (*name == required, value) {
                (false, _) => Some(format!(r#""{name}":"{usual}""#)),
                (true, Some(value)) => Some(format!(r#""{name}":"{value}""#)),
                (true, None) => None,
            };
            let object = fields
                .iter()
                .filter_map(member)
                .collect::<Vec<_>>()
                .join(",");
            let rejected = post(MediaType::Json, "/", &format!("{{{object}}}")).err();
            assert_eq!(rejected, Some(Rejection::Malformed(defect)), "{object}");
        }
    }
}

#[test]
fn identifier_over_256_bytes_is_malformed() {
    for name in ["uuid", "address_in", "coin"] {
        let longest = "x".repeat(256);
        let with = |value: &str| {
            let rest = ["uuid", "address_in", "coin"]
                .into_iter()
                .filter(|it| *it != name);
            let rest: String = rest.map(|it| format!(r#""{it}":"x","#)).collect();
            post(
                MediaType::Json,
                "/",
                &format!(r#"{{{rest}"pending":0,"{name}":{value}}}"#),
            )
        };
        assert!(with(&format!(r#""{longest}""#)).is_ok());
        let defect = |result: VerifyResult<Post>| result.err();
        let wrong = Some(Rejection::Malformed(MalformedReason::Value(name)));
        assert_eq!(defect(with(&format!(r#""{longest}x""#))), wrong);
        assert_eq!(defect(with("7")), wrong);
        let missing = Some(Rejection::Malformed(MalformedReason::Missing(name)));
        assert_eq!(defect(with("null")), missing);
    }
}

#[test]
fn pending_other_than_1_or_0_is_malformed() {
    for value in [
        "2", "-0", "00", "01", "true", "false", "pending", "0.0", "+0", "%C2%B2", "None",
    ] {
        let rejected = get(&format!("uuid=u&address_in=a&coin=btc&pending={value}")).err();
        let wrong = Rejection::Malformed(MalformedReason::Value("pending"));
        assert_eq!(rejected, Some(wrong), "{value}");
    }
    for (value, stage) in [
        ("1", Stage::Pending),
        ("0", Stage::Confirmed),
        ("%30", Stage::Confirmed),
    ] {
        let query = format!("uuid=u&address_in=a&coin=btc&pending={value}");
        assert_eq!(get(&query).unwrap().unbound().stage(), stage, "{value}");
    }
}

#[test]
fn defect_of_needed_member_is_malformed() {
    use MalformedReason::{Repeated, Syntax, Value};
    for (further, defect) in [
        (r#","value_coin":true"#, Value("value_coin")),
        (r#","value_coin":-0.1"#, Value("value_coin")),
        (r#","value_coin":[1]"#, Value("value_coin")),
        (r#","value_coin":"\ud800""#, Value("value_coin")),
        (r#","fee":1,"fee":1"#, Repeated("fee")),
        (r#","fee":null,"f\u0065e":1"#, Repeated("fee")),
        (r#","x":}"#, Syntax),
        (r#"} x"#, Syntax),
    ] {
        let rejected = json(further).err();
        assert_eq!(rejected, Some(Rejection::Malformed(defect)), "{further}");
    }
    for further in [
        "",
        r#","value_coin":null,"txid_in":null,"address_out":null,"confirmations":null"#,
        r#","value_coin":"1.5","confirmations":"3""#,
        r#","address_out":{"a":0.5,"b":0.5}"#,
        r#","address_out":["a"],"value_coin_convert":[]"#,
        r#","value_coin":"None","txid_out":"null","confirmations":"""#,
        r#","unknown":[{"uuid":"x"},"\ud800"],"\ud800":1"#,
    ] {
        assert!(json(further).is_ok(), "{further}");
    }
}

#[test]
fn blank_optional_field_is_absent() {
    for blank in ["", "+", "None", "null"] {
        for callback in pairs(&format!(
            "&value_coin={blank}&txid_out={blank}&address_out={blank}"
        )) {
            let callback = callback.unwrap();
            let unbound = callback.unbound();
            assert_eq!(unbound.value_coin(), None, "{blank}");
            assert_eq!(unbound.txid_out(), None, "{blank}");
            assert_eq!(unbound.payouts(), Field::Absent, "{blank}");
        }
    }
}

#[test]
fn nested_value_of_other_form_is_kept_as_received() {
    let callback = json(r#","value_coin_convert":"3.20 USD","address_out":"a, b""#).unwrap();
    let unbound = callback.unbound();
    assert_eq!(unbound.value_coin_convert(), Field::Other("3.20 USD"));
    assert_eq!(unbound.payouts(), Field::Other("a, b"));
    let callback = json(r#","address_out":{"a":0.7,"b":"0.3"}"#).unwrap();
    let payouts = callback.unbound().payouts();
    let payouts = payouts.known().unwrap();
    assert_eq!((&*payouts[1].address, payouts.len()), ("b", 2));
}

#[test]
fn plus_in_known_field_is_space() {
    for callback in pairs("&result=a+b&txid_in=%61+%2b") {
        let callback = callback.unwrap();
        assert_eq!(callback.unbound().result(), Some("a b"));
        assert_eq!(callback.unbound().txid_in(), Some("a +"));
    }
}

#[test]
fn parameters_are_listed_with_coverage() {
    let listed = |callback: &Callback| -> Vec<String> {
        let text = |it: &postback_core::cryptapi::Parameter<'_>| {
            format!(
                "{} {} {:?}",
                it.name(),
                it.value().as_untrusted_str(),
                it.coverage()
            )
        };
        callback.parameters().map(|it| text(&it)).collect()
    };
    let query = format!("order_id=1%2F2&x=%zz&%zz=1&{{=1&{SAMPLE_CALLBACK}&new=a+b&order_id=3");
    let by_get = get(&query).unwrap();
    let expected = ["order_id 1/2 Signed", "new a b Signed", "order_id 3 Signed"];
    assert_eq!(listed(&by_get), expected);
    assert_eq!(by_get.parameter("order_id"), None, "there are two");
    assert!(by_get.parameter("new").unwrap().value() == "a b");

    let target = "/callback?order_id=1&uuid=x&n=2&%=";
    let by_form = post(
        MediaType::Form,
        target,
        &format!("{SAMPLE_CALLBACK}&order_id=7"),
    )
    .unwrap();
    let expected = ["order_id 7 Signed", "order_id 1 Unsigned", "n 2 Unsigned"];
    assert_eq!(listed(&by_form), expected);
    let order = by_form.parameter("order_id").unwrap();
    assert_eq!(
        (order.coverage(), order.value() == "7"),
        (Coverage::Signed, true)
    );
    assert_eq!(
        by_form.parameter("n").unwrap().coverage(),
        Coverage::Unsigned
    );

    let body = r#"{"uuid":"u","address_in":"a","coin":"btc","pending":0,"order_id":7,"t":"\u00e4","o":{"a":1},
        "a b":1,"":2,"half":"\ud800","\ud800":3}"#;
    let by_json = post(MediaType::Json, target, body).unwrap();
    let expected = [
        "order_id 7 Signed",
        "t \u{e4} Signed",
        r#"o {"a":1} Signed"#,
        "order_id 1 Unsigned",
        "n 2 Unsigned",
    ];
    assert_eq!(listed(&by_json), expected);
}

#[test]
fn test_callback_is_rejected_unless_allowed() {
    for (name, real) in [
        ("uuid", SAMPLE_UUID),
        ("address_in", SAMPLE_ADDRESS_IN),
        ("address_out", SAMPLE_ADDRESS_OUT),
        (
            "txid_in",
            "a2174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332c",
        ),
        (
            "txid_out",
            "b3174ffd39289100709f2a07b129cdbba69df2e22e5be1830221dab1fd4e332d",
        ),
    ] {
        let query = SAMPLE_CALLBACK.replace(real, "TEST_1");
        assert_eq!(get(&query).err(), Some(Rejection::TestCallback), "{name}");
        let allowing = cryptapi().allow_test_ids();
        assert!(get_with(allowing, &query).is_ok(), "{name}");
        let sibling = get_with(BlockBee::get([ORIGIN]).unwrap(), &query);
        assert_eq!(sibling.err(), Some(Rejection::TestCallback), "{name}");
        let within = SAMPLE_CALLBACK.replace(real, "1_TEST_");
        assert!(get(&within).is_ok(), "{name}");
        // The signature is checked first.
        let verifier = cryptapi().verifier().unwrap();
        let forged = call_back(&verifier, &format!("/?{query}"));
        assert_eq!(forged.err(), Some(Rejection::BadSignature));
    }
}

/// The signature is checked before the fields.
#[test]
fn forged_callback_is_bad_signature_before_other_defects() {
    let verifier = trusting(CryptApi::post_json());
    for body in ["", "[", r#"{"uuid":1}"#, "\u{fffd}"] {
        let signature = SIGNING_KEY.sign("something else").unwrap();
        let headers = [
            ("content-type", "application/json"),
            ("x-ca-signature", &*signature),
        ];
        let rejected = testing::request(&verifier, Method::Post, "/", &headers, body, NOW);
        assert_eq!(rejected.err(), Some(Rejection::BadSignature), "{body}");
    }
}

#[test]
fn rotation_accepts_retired_key_until_its_time() {
    let new = SigningKey::generate().unwrap();
    let ring = |until| {
        KeyRing::new("2026-11", new.public_key().unwrap()).with_retired(
            "published",
            public_key(),
            until,
        )
    };
    let target = format!("/?{SAMPLE_CALLBACK}");
    for (until, expected) in [
        (NOW + 1, Ok("published".to_owned())),
        (NOW, Err(Rejection::BadSignature)),
    ] {
        let result = call_back(&Verifier::new(cryptapi(), ring(until)), &target);
        assert_eq!(result.map(|it| it.key_label().to_owned()), expected);
    }
}

#[test]
fn invalid_provider_configuration_is_rejected() {
    let none: [&str; 0] = [];
    let get = |origins: &[&str]| CryptApi::get(origins).err();
    assert_eq!(get(&none), Some(ConfigError::NoOrigin));
    let slash = get(&[ORIGIN, "https://shop.example/"]);
    let is_path = |error| {
        matches!(
            error,
            ConfigError::InvalidOrigin {
                flaw: OriginFlaw::Path,
                ..
            }
        )
    };
    assert!(slash.is_some_and(is_path));
    assert_eq!(get(&[ORIGIN]), None);
    let prefixed = cryptapi().stripped_prefix("shop");
    assert_eq!(
        prefixed.unwrap_err().to_string(),
        r#"invalid prefix "shop": expected percent-encoded path segments such as "/shop", without a slash at the end"#
    );
    assert!(BlockBee::get([ORIGIN]).unwrap().verifier().is_ok());
}

enum Eu {}

#[test]
fn callback_of_tenant_binds() {
    let secret = CallbackSecret::random().unwrap();
    let query = format!("nonce={}&{SAMPLE_CALLBACK}", secret.as_str());
    let tenant = Tenant::<Eu, _>::new("eu", cryptapi()).unwrap();
    let expected = with_sample_payment(Expected::secret(secret));
    let bound = get_with(tenant, &query).unwrap().bind(&expected).unwrap();
    assert_eq!(bound.uuid(), SAMPLE_UUID);
    assert_eq!(bound.verified().key_label(), "current");
}

#[test]
fn binding_compares_each_expectation() {
    let url = cryptapi()
        .callback_url(&format!("{ORIGIN}/callback"))
        .unwrap();
    let url = url.parameter("order_id", "5").unwrap().build().unwrap();
    let query = url.as_str().split_once('?').unwrap().1;
    let evm = "0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B";
    let fields = format!(
        "uuid=u&address_in={evm}&coin=bep20_usdt&pending=1\
         &address_out=%7BWallet1%3A+0.70%2C+Wallet2%3A+0.30%7D"
    );
    let callback = get(&format!("{query}&{fields}")).unwrap();
    let address_in = evm.to_lowercase();
    let wallets = ["Wallet1", "Wallet2", "Wallet3"];
    for how in [
        Expected::callback_url(url.clone()),
        Expected::secret(url.secret().clone()),
        Expected::address_without_secret(evm),
    ] {
        let expected = how
            .address_in(&address_in)
            .coin("bep20/usdt")
            .payout_addresses(wallets);
        assert_eq!(callback.bind(&expected).unwrap().stage(), Stage::Pending);
        for coin in ["bep20_usdt", "BEP20/USDT", "Bep20_Usdt"] {
            assert!(
                callback.bind(&expected.clone().coin(coin)).is_ok(),
                "{coin}"
            );
        }
        for (changed, error) in [
            (expected.clone().address_in("0x"), BindError::AddressIn),
            (expected.clone().coin("bep20/usdc"), BindError::Coin),
            (expected.clone().coin("usdt"), BindError::Coin),
            (
                expected.clone().payout_addresses(["Wallet1"]),
                BindError::AddressOut,
            ),
            (
                expected.clone().payout_addresses(["wallet1", "wallet2"]),
                BindError::AddressOut,
            ),
            (
                expected.clone().address_in(" "),
                BindError::IncompleteExpectation,
            ),
            (expected.clone().coin(""), BindError::IncompleteExpectation),
            (
                expected.clone().payout_addresses([""; 0]),
                BindError::IncompleteExpectation,
            ),
            (
                expected
                    .clone()
                    .payout_addresses(["Wallet1", "Wallet2", ""]),
                BindError::IncompleteExpectation,
            ),
        ] {
            assert_eq!(callback.bind(&changed).err(), Some(error), "{changed:?}");
        }
    }
    let other = cryptapi()
        .callback_url(&format!("{ORIGIN}/callback"))
        .unwrap()
        .build()
        .unwrap();
    let how = Expected::callback_url(other)
        .address_in(evm)
        .coin("bep20_usdt")
        .payout_addresses(wallets);
    assert_eq!(callback.bind(&how).err(), Some(BindError::CallbackUrl));
}

#[test]
fn other_secret_does_not_bind() {
    let bind = |secret: &str| {
        let callback = get(&format!("nonce={secret}&{SAMPLE_CALLBACK}")).unwrap();
        callback.bind(&expected_by_secret()).err()
    };
    let other = CALLBACK_SECRET.replace('5', "6");
    for other in [&*other, "", &CALLBACK_SECRET[1..]] {
        assert_eq!(bind(other), Some(BindError::Secret), "{other}");
    }
    assert_eq!(bind(CALLBACK_SECRET), None, "control case");
}

#[test]
fn stored_urls_with_other_query_differ() {
    let url = |query: &str| cryptapi().stored_callback_url(&format!("{ORIGIN}/{query}"));
    let query = format!("?nonce={CALLBACK_SECRET}");
    let longer = format!("{query}&order=1");
    assert!(url(&query).unwrap() == url(&query).unwrap());
    assert!(url(&query).unwrap() != url(&longer).unwrap());
}

#[test]
fn parameter_value_compares_with_str_and_string() {
    let callback = get(&format!("order=5&{SAMPLE_CALLBACK}")).unwrap();
    let parameter = callback.parameter("order").unwrap();
    let text = parameter.value();
    let (same, other) = ("5".to_owned(), "6".to_owned());
    assert!(text == *"5" && text == "5" && text == same);
    assert!(text != *"6" && text != "6" && text != other);
}

#[test]
fn secret_with_other_parameter_name_binds_under_that_name() {
    let stored = format!("{ORIGIN}/callback?token={CALLBACK_SECRET}");
    let stored = cryptapi()
        .stored_callback_url_named("token", &stored)
        .unwrap();
    let secret = CallbackSecret::from_stored(CALLBACK_SECRET).unwrap();
    let callback = get(&format!("token={}&{SAMPLE_CALLBACK}", secret.as_str())).unwrap();
    for (how, outcome) in [
        (Expected::callback_url(stored), None),
        (Expected::secret_named("token", secret.clone()), None),
        (
            Expected::secret_named("coin", secret.clone()),
            Some(BindError::Secret),
        ),
        (Expected::secret(secret), Some(BindError::Secret)),
    ] {
        let expected = with_sample_payment(how);
        assert_eq!(callback.bind(&expected).err(), outcome, "{expected:?}");
    }
}

/// The provider adds its own field, and the repeated field would make each callback malformed.
#[test]
fn stored_url_with_reserved_name_is_rejected() {
    for (query, name) in [
        ("address_out=Mine", "address_out"),
        ("value=7", "value"),
        ("v%61lue=7", "value"),
        ("uuid=1", "uuid"),
    ] {
        let stored = format!("{ORIGIN}/callback?{query}&nonce={CALLBACK_SECRET}");
        let error = cryptapi().stored_callback_url(&stored).err();
        assert_eq!(
            error,
            Some(CallbackUrlError::ReservedName(name.into())),
            "{query}"
        );
    }
}

/// The verifier would reject callbacks to another URL.
#[test]
fn callback_url_of_foreign_origin_is_rejected() {
    let two = CryptApi::get([ORIGIN, "http://127.0.0.1:3000"]).unwrap();
    let prefixed = cryptapi().stripped_prefix("/shop").unwrap();
    for (provider, address, is_foreign) in [
        (&two, format!("{ORIGIN}/callback"), false),
        (&two, "http://127.0.0.1:3000/callback".to_owned(), false),
        (&two, "http://shop.example/callback".to_owned(), true),
        (&two, "https://www.shop.example/callback".to_owned(), true),
        (&two, "https://shop.example:8443/callback".to_owned(), true),
        (&two, "https://shop.example.org/callback".to_owned(), true),
        (&prefixed, format!("{ORIGIN}/shop/callback"), false),
        (&prefixed, format!("{ORIGIN}/callback"), true),
        (&prefixed, format!("{ORIGIN}/shopping"), true),
    ] {
        let error = is_foreign.then(|| CallbackUrlError::ForeignOrigin((&*address).into()));
        assert_eq!(provider.callback_url(&address).err(), error, "{address}");
        let stored = format!("{address}?nonce={CALLBACK_SECRET}");
        assert_eq!(
            provider.stored_callback_url(&stored).err(),
            error,
            "{stored}"
        );
    }
    let by_post = CryptApi::post_form().callback_url("http://127.0.0.1/callback");
    assert!(by_post.is_ok(), "no URL is signed");
}

#[test]
fn repeated_secret_does_not_bind_if_one_is_unreadable() {
    let expected = expected_by_secret();
    for other in ["nonce=%zz", "nonc%65=%ff", "nonce=%"] {
        let callback = get(&format!(
            "{other}&nonce={CALLBACK_SECRET}&{SAMPLE_CALLBACK}"
        ))
        .unwrap();
        assert_eq!(callback.parameter("nonce"), None);
        assert_eq!(
            callback.bind(&expected).err(),
            Some(BindError::Secret),
            "{other}"
        );
        let target = format!("/callback?nonce={CALLBACK_SECRET}");
        let body = format!("{SAMPLE_CALLBACK}&{other}");
        let callback = post(MediaType::Form, &target, &body).unwrap();
        assert_eq!(
            callback.bind(&expected).err(),
            Some(BindError::Secret),
            "{other}"
        );
    }
}

/// An attacker can have as many currencies signed as a body holds.
#[test]
fn five_thousand_converted_currencies_are_read() {
    let members: Vec<_> = (0..5_000).map(|n| format!(r#""{n:05}":1"#)).collect();
    let further = format!(r#","value_coin_convert":{{{}}}"#, members.join(","));
    let callback = json(&further).unwrap();
    let converted = callback.unbound().value_coin_convert();
    assert_eq!(converted.known().map(Vec::len), Some(5_000));
    let twice = format!(
        r#","value_coin_convert":{{{},"00000":1}}"#,
        members.join(",")
    );
    let callback = json(&twice).unwrap();
    assert!(callback.unbound().value_coin_convert().other().is_some());
}

/// The wallet is absent, or in an unknown form.
#[test]
fn unknown_wallet_does_not_bind() {
    for fields in [
        "",
        "&address_out=",
        "&address_out=a%7Cb",
        "&address_out=%7B%7D",
    ] {
        let query = format!("uuid=u&address_in=a&coin=btc&pending=0{fields}");
        let expected = Expected::address_without_secret("a")
            .coin("btc")
            .payout_addresses(["a", "b", "a|b", "{}"]);
        let error = get(&query).unwrap().bind(&expected).err();
        assert_eq!(error, Some(BindError::AddressOut), "{fields}");
    }
}

/// The stored URL ends where the provider's fields begin.
#[test]
fn stored_url_as_prefix_of_longer_value_does_not_bind() {
    let stored = cryptapi()
        .stored_callback_url(&format!("{ORIGIN}/callback?nonce={CALLBACK_SECRET}"))
        .unwrap();
    let expected = with_sample_payment(Expected::callback_url(stored));
    for (query, outcome) in [
        (format!("nonce={CALLBACK_SECRET}&{SAMPLE_CALLBACK}"), None),
        (
            format!("nonce={CALLBACK_SECRET}0&{SAMPLE_CALLBACK}"),
            Some(BindError::CallbackUrl),
        ),
        (
            format!("a=1&nonce={CALLBACK_SECRET}&{SAMPLE_CALLBACK}"),
            Some(BindError::CallbackUrl),
        ),
        (
            format!("nonce={CALLBACK_SECRET}&nonce=1&{SAMPLE_CALLBACK}"),
            Some(BindError::Secret),
        ),
        (
            format!("{SAMPLE_CALLBACK}&nonce={CALLBACK_SECRET}"),
            Some(BindError::CallbackUrl),
        ),
    ] {
        assert_eq!(
            get(&query).unwrap().bind(&expected).err(),
            outcome,
            "{query}"
        );
    }
}

#[test]
fn debug_output_has_no_secret_or_amount() {
    let callback = get(&format!("nonce={CALLBACK_SECRET}&{SAMPLE_CALLBACK}")).unwrap();
    let expected = expected_by_secret();
    let bound = callback.bind(&expected).unwrap();
    let url = cryptapi()
        .stored_callback_url(&format!("{ORIGIN}/?nonce={CALLBACK_SECRET}"))
        .unwrap();
    let parameter = callback.parameter("nonce").unwrap();
    let address = format!("{ORIGIN}/callback");
    let mut builder = cryptapi().callback_url(&address).unwrap();
    builder = builder.parameter("order", CALLBACK_SECRET).unwrap();
    for (printed, shown) in [
        (format!("{callback:?}"), SAMPLE_UUID),
        (format!("{:?}", callback.payload()), SAMPLE_UUID),
        (format!("{bound:?}"), SAMPLE_UUID),
        (format!("{:?}", callback.unbound()), SAMPLE_UUID),
        (format!("{expected:?}"), SAMPLE_ADDRESS_IN),
        (format!("{url:?}"), "CallbackUrl"),
        (format!("{builder:?}"), "CallbackUrlBuilder"),
        (format!("{parameter:?}"), "nonce"),
        (format!("{:?}", parameter.value()), "Untrusted"),
        (format!("{:?}", cryptapi()), ORIGIN),
        (format!("{:?}", CryptApi::post_json()), "json"),
    ] {
        assert!(!printed.contains(CALLBACK_SECRET), "{printed}");
        assert!(!printed.contains("0.05"), "{printed}");
        assert!(printed.contains(shown), "{printed}");
    }
}
