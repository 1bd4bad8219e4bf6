//! Callback URLs: a stored URL is loaded if it has one spelling and one callback secret, a built
//! one is loaded again, and each loaded URL binds its own callbacks.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postback_core::{
    Method,
    cryptapi::{CallbackUrl, CryptApi, Expected, Get},
    testing::{self, SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK},
};
use postback_fuzz::{
    callback::{CALLBACK_SECRET, GET, is_field, is_plain},
    key::SIGNING_KEY,
    pairs, seeds,
    settings::{NOW, ORIGIN},
};

fuzz_target!(init: seeds::write(seeds()), |data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match text.split_once('\n') {
        None => check_stored(text),
        Some(("built", rest)) => check_built(rest),
        Some(("origin", rest)) => check_origin(rest),
        Some(_) => {}
    }
});

fn check_stored(url: &str) {
    let loaded = GET.provider().stored_callback_url(url);
    let pairs = pairs::pairs(url.split_once('?').map_or("", |(_, query)| query));
    let is_secret = |(name, _): &&(Option<String>, _)| name.as_deref() == Some("nonce");
    let secrets: Vec<_> = pairs
        .iter()
        .filter(is_secret)
        .map(|(_, value)| value)
        .collect();
    match loaded {
        Ok(loaded) => {
            assert_eq!(loaded.as_str(), url);
            let path = url
                .strip_prefix(ORIGIN)
                .expect("the origin that is configured");
            assert!(
                path.starts_with('/') && !path.contains('#') && url.is_ascii(),
                "{url}"
            );
            assert!(matches!(secrets[..], [Some(secret)] if secret == loaded.secret().as_str()));
            let mut names: Vec<_> = pairs.iter().map(|(name, _)| name.as_deref()).collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{url}");
            assert!(
                names
                    .iter()
                    .all(|name| name.is_some_and(|it| is_plain(it) && !is_field(it)))
            );
            check_binding(loaded);
        }
        Err(error) => {
            let shown = error.to_string();
            for secret in secrets.into_iter().flatten() {
                // A text that occurs elsewhere in the URL may be shown as part of its address.
                let is_single = url.matches(secret.as_str()).count() == 1;
                assert!(
                    !is_single || secret.len() < 8 || !shown.contains(secret.as_str()),
                    "{shown}"
                );
            }
        }
    }
}

/// Checks that a signed callback to a URL is verified and bound.
fn check_binding(url: CallbackUrl) {
    let signed = format!("{}&{SAMPLE_CALLBACK}", url.as_str());
    let target = &signed[ORIGIN.len()..];
    let signature = SIGNING_KEY.sign(signed.as_bytes());
    let headers = [("x-ca-signature", &*signature)];
    let callback = testing::request(&GET, Method::Get, target, &headers, "", NOW);
    let expected = Expected::callback_url(url)
        .address_in(SAMPLE_ADDRESS_IN)
        .coin("btc")
        .payout_addresses([SAMPLE_ADDRESS_OUT]);
    let callback = callback.expect("a genuine callback");
    assert!(callback.bind(&expected).is_ok(), "{signed}");
}

/// Builds a URL out of an address, and lines of names and values.
fn check_built(text: &str) {
    let mut lines = text.split('\n');
    let provider: &CryptApi<Get> = GET.provider();
    let mut parameters = Vec::new();
    let Ok(mut builder) = provider.callback_url(lines.next().unwrap_or_default()) else {
        return;
    };
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        match builder.parameter(name, value) {
            Ok(longer) => builder = longer,
            Err(_) => return,
        }
        parameters.push((Some(name.to_owned()), Some(value.to_owned())));
    }
    let url = builder.build().expect("random bytes");
    assert_eq!(
        provider.stored_callback_url(url.as_str()).as_ref(),
        Ok(&url)
    );
    let (_, query) = url.as_str().split_once('?').expect("a query");
    parameters.push((
        Some("nonce".to_owned()),
        Some(url.secret().as_str().to_owned()),
    ));
    assert_eq!(pairs::pairs(query), parameters);
}

/// Configures an origin and, in the next line, a prefix.
fn check_origin(text: &str) {
    let (origin, prefix) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(provider) = CryptApi::get([origin]) else {
        return;
    };
    let host = origin
        .split_once("://")
        .map(|(_, host)| host)
        .expect("a scheme");
    assert!(
        origin.starts_with("http://") || origin.starts_with("https://"),
        "{origin}"
    );
    let is_host = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || ".-:_".contains(it);
    assert!(!host.is_empty() && host.chars().all(is_host), "{origin}");
    assert!(
        provider.callback_url(&format!("{origin}/a")).is_ok(),
        "{origin}"
    );
    if let Ok(provider) = provider.stripped_prefix(prefix) {
        assert!(
            prefix.starts_with('/') && !prefix.ends_with('/'),
            "{prefix}"
        );
        assert!(
            !prefix.contains(['?', '#', ' ', '\\']) && prefix.is_ascii(),
            "{prefix}"
        );
        assert!(provider.callback_url(&format!("{origin}/a")).is_err() || prefix == "/a");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    [
        format!("{ORIGIN}/callback?order_id=7&nonce={CALLBACK_SECRET}"),
        format!("{ORIGIN}/a/b.php?a%5B0%5D=1%2F2%20%2B&nonce={CALLBACK_SECRET}&c="),
        format!("built\n{ORIGIN}/postback\norder_id\n93/2023 \u{e4}\nb[0]\n1&2=3"),
        "origin\nhttps://www.shop.example:8443\n/shop/eu".to_owned(),
        "origin\nhttp://127.0.0.1:8080\n/a".to_owned(),
        "origin\nhttps://xn--bcher-kva.example".to_owned(),
    ]
    .map(String::into_bytes)
    .into()
}
