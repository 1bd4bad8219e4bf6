//! The provider of the guide, compiled as printed there. OpenSSL signs its deliveries.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{
    convert::Infallible,
    io::Write,
    process::{Command, Stdio},
};

use bytes::Bytes;
use http::StatusCode;
use http_body_util::Full;
use orders::Orders;
use postback_conformance::{
    corpus::Request,
    driver::{Application, Seen},
    fixtures,
    log::Log,
    printed,
};
use postback_core::{
    Verified, Verifier,
    reconcile::{Outcome, Price},
};
use postback_store::{EffectOutcome, Recorded, run_effect, sqlite::SqliteStore};
use postback_tower::{PostbackLayer, acknowledgement, retry};
use tempfile::TempDir;
use tower::ServiceBuilder;
use tracing::Level;

use self::guide_btcpay_axum::BtcPay;

printed! {
    guide_btcpay_axum:
    pub(super) fn printed(orders: Orders, verifier: Verifier<BtcPay>) -> Router {
        app(orders, verifier)
    }
}

const SECRET: &str = "the webhook's secret";

fn verifier() -> Verifier<BtcPay> {
    Verifier::new(BtcPay, fixtures::secret(SECRET))
}

fn price() -> Price {
    Price::new("10".parse().unwrap(), "EUR").unwrap()
}

/// Returns a payload as in BTCPay Server's documentation, with fields that the provider does not
/// read.
fn event(kind: &str, invoice_id: &str) -> String {
    format!(
        r#"{{"deliveryId":"d-1","webhookId":"w-1","isRedelivery":false,"type":"{kind}","timestamp":1769509400,"storeId":"st-1","invoiceId":"{invoice_id}","metadata":{{}},"manuallyMarked":false,"overPaid":false}}"#
    )
}

/// Returns the signature of a body by an independent implementation.
fn openssl_hmac_sha256(body: &str) -> String {
    let mut openssl = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", SECRET, "-r"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    openssl
        .stdin
        .take()
        .unwrap()
        .write_all(body.as_bytes())
        .unwrap();
    let output = openssl.wait_with_output().unwrap();
    assert!(output.status.success());
    let output = String::from_utf8(output.stdout).unwrap();
    output.split(' ').next().unwrap().to_owned()
}

fn delivery(body: &str) -> Request {
    let signature = format!("sha256={}", openssl_hmac_sha256(body));
    let headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("BTCPay-Sig", &*signature),
    ];
    Request::new("POST", "/postback", &headers, body.to_owned())
}

async fn orders() -> (Orders, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let orders = Orders::open(folder.path().join("orders.db")).await.unwrap();
    orders.add("R1wJ", &price()).await.unwrap();
    (orders, folder)
}

async fn in_axum(orders: Orders) -> Application {
    Application::serve(
        guide_btcpay_axum::printed(orders, verifier()),
        Seen::default(),
    )
    .await
}

async fn in_actix(orders: Orders) -> Application {
    use actix_web::{
        App,
        web::{self, Data},
    };
    use postback_actix::{Ack, Postback, Retry};

    async fn paid(orders: Data<Orders>, postback: Postback<BtcPay>) -> Result<Ack<BtcPay>, Retry> {
        orders.credit(&postback).await?;
        Ok(postback.ack())
    }
    let app = move || {
        App::new()
            .app_data(Data::new(orders.clone()))
            .app_data(verifier())
            .default_service(web::to(paid))
    };
    Application::serve_on_actix(app, Seen::default())
}

async fn in_rocket(orders: Orders) -> Application {
    use postback_rocket::{Ack, Postback, Retry, catchers};
    use rocket::State;

    #[rocket::post("/postback", data = "<postback>")]
    async fn paid(
        orders: &State<Orders>,
        postback: Postback<BtcPay>,
    ) -> Result<Ack<BtcPay>, Retry> {
        orders.credit(&postback).await?;
        Ok(postback.ack())
    }
    let app = rocket::build()
        .manage(orders)
        .manage(verifier())
        .mount("/", rocket::routes![paid])
        .register("/", catchers());
    Application::serve_on_rocket(app, Seen::default()).await
}

async fn in_tower(orders: Orders) -> Application {
    let paid = move |request: http::Request<Bytes>| {
        let orders = orders.clone();
        async move {
            let payment = request.extensions().get::<Verified<BtcPay>>().unwrap();
            Ok::<_, Infallible>(match orders.credit(payment).await {
                Ok(()) => acknowledgement::<BtcPay, Full<Bytes>>(),
                Err(error) => retry(error),
            })
        }
    };
    let layer = PostbackLayer::new(verifier()).with_request_body::<Bytes>();
    let app = ServiceBuilder::new().layer(layer).service_fn(paid);
    Application::serve_on_hyper(app, Seen::default()).await
}

#[tokio::test]
async fn delivery_is_credited_once_through_every_adapter() {
    for adapter in ["axum", "actix-web", "Rocket", "tower"] {
        let (orders, _folder) = orders().await;
        let application = match adapter {
            "axum" => in_axum(orders.clone()).await,
            "actix-web" => in_actix(orders.clone()).await,
            "Rocket" => in_rocket(orders.clone()).await,
            _ => in_tower(orders.clone()).await,
        };
        let send = async |body: &str| application.send(&delivery(body)).await.status;
        for (body, status, credits) in [
            (event("InvoiceProcessing", "R1wJ"), StatusCode::OK, 0),
            (event("InvoiceExpired", "R1wJ"), StatusCode::OK, 0),
            (event("InvoiceSettled", "unknown"), StatusCode::NOT_FOUND, 0),
            (event("InvoiceSettled", "R1wJ"), StatusCode::OK, 1),
            (event("InvoiceSettled", "R1wJ"), StatusCode::OK, 1),
            (event("InvoiceProcessing", "R1wJ"), StatusCode::OK, 1),
        ] {
            assert_eq!(send(&body).await, status, "{adapter}: {body}");
            let credited = orders.credits("R1wJ").await.unwrap();
            assert_eq!(credited, credits, "{adapter}: {body}");
        }
        let mut forged = delivery(&event("InvoiceSettled", "R1wJ"));
        forged.body = event("InvoiceSettled", "R1wK").into();
        assert_eq!(
            application.send(&forged).await.status,
            StatusCode::UNAUTHORIZED,
            "{adapter}"
        );
    }
}

#[test]
fn each_defect_has_its_own_rejection() {
    let genuine_body = event("InvoiceSettled", "R1wJ");
    let other_type = genuine_body.replace(r#""R1wJ""#, "7");
    let genuine = format!("sha256={}", openssl_hmac_sha256(&genuine_body));
    for (body, signature, code, variant) in [
        (&*genuine_body, None, "unsigned", "Unsigned"),
        (&genuine_body, Some(""), "unsigned", "Unsigned"),
        (&genuine_body, Some("sha256="), "unsigned", "Unsigned"),
        (
            &genuine_body,
            Some(&genuine[7..]),
            "bad_signature",
            "BadSignature",
        ),
        (
            &genuine_body,
            Some(&genuine[..69]),
            "bad_signature",
            "BadSignature",
        ),
        ("{}", Some(&genuine), "bad_signature", "BadSignature"),
        ("{}", None, "malformed", r#"Malformed(Missing("type"))"#),
        (
            &other_type,
            None,
            "malformed",
            r#"Malformed(Value("invoiceId"))"#,
        ),
    ] {
        // Malformed bodies are signed.
        let of_body = format!("sha256={}", openssl_hmac_sha256(body));
        let signature = match code {
            "malformed" => Some(&*of_body),
            _ => signature,
        };
        let (log, _guard) = Log::begin_at(Level::WARN);
        let mut headers = vec![("CONTENT-TYPE", "application/json")];
        headers.extend(signature.map(|signature| ("BTCPay-SIG", signature)));
        let body = body.to_owned();
        let rejected = Request::new("POST", "/", &headers, body).verify(&verifier());
        assert_eq!(rejected.unwrap_err().code(), code);
        let line = log.events().concat();
        assert!(
            line.ends_with(&format!("variant={variant}")),
            "{line}: {variant}"
        );
    }
}

#[tokio::test]
async fn payment_is_recorded_and_effect_runs_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("shop.db"))
        .await
        .unwrap();
    let verified = |body: &str| delivery(body).verify(&verifier()).unwrap();
    let reconciled = |kind| verified(&event(kind, "R1wJ")).reconcile(&price()).unwrap();

    let paid = reconciled("InvoiceSettled");
    assert_eq!(
        (paid.event().namespace(), paid.event().id()),
        ("btcpay", "R1wJ")
    );
    for expected in [Recorded::New, Recorded::Duplicate] {
        let mut transaction = store.begin().await.unwrap();
        let recorded = store.record_in(&mut transaction, &paid).await.unwrap();
        store.commit(transaction).await.unwrap();
        assert_eq!(recorded, expected);
    }
    let stored = store.stored(paid.event()).await.unwrap().unwrap();
    assert_eq!(
        stored.payload.as_deref(),
        Some(r#"{"type":"InvoiceSettled","invoiceId":"R1wJ"}"#)
    );

    let pending = reconciled("InvoiceProcessing");
    let mail = || async { Ok::<_, std::io::Error>("mailed") };
    let not_credited = run_effect(&store, &pending, "mail", mail).await.unwrap();
    assert_eq!(not_credited, EffectOutcome::NotCredited(Outcome::Pending));
    assert_eq!(
        run_effect(&store, &paid, "mail", mail).await.unwrap(),
        EffectOutcome::Ran("mailed")
    );
    assert_eq!(
        run_effect(&store, &paid, "mail", mail).await.unwrap(),
        EffectOutcome::Duplicate
    );
}

#[test]
fn guide_provider_has_at_most_45_lines() {
    let code = include_str!(concat!(env!("OUT_DIR"), "/printed/guide_btcpay.rs"));
    let lines = code.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 45, "{lines}");
}
