//! Starts the axum receiver on a free loopback port, sends it genuine and wrong deliveries over
//! HTTP, and prints what was expected and what happened. Exits with 1 if any row differs.

mod deliveries;

use std::{
    error::Error,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::Request;
use conformance::client::Client;
use postback_core::{
    SecretKey, Verifier,
    cryptocloud::{CryptoCloud, Trybit},
};
use receiver_axum::{Receiver, router};
use tokio::net::TcpListener;

use self::deliveries::{Delivery, deliveries};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let printed: Arc<Mutex<Vec<String>>> = Arc::default();
    let base = start(Arc::clone(&printed)).await?;
    println!("The axum receiver listens on {base}.\n");

    print_row(["sent", "expected", "answered", "the handler saw"]);
    let client = Client::default();
    let mut differing: u32 = 0;
    for delivery in deliveries()? {
        let answer = send(&client, &base, &delivery).await?;
        let lines = std::mem::take(&mut *printed.lock().unwrap_or_else(PoisonError::into_inner));
        let as_expected = answer == delivery.answer && lines == delivery.handler_saw;
        if !as_expected {
            differing = differing.saturating_add(1);
        }
        let verdict = if as_expected { "" } else { "   <-- DIFFERS" };
        print_row([
            delivery.name,
            &text(delivery.answer),
            &text(&answer),
            &format!("{}{verdict}", lines.join(", ")),
        ]);
    }
    println!("\n{differing} rows differ from what was expected.");
    Ok(match differing {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// The receiver of `examples/axum`, whose handler prints to `printed`.
async fn start(printed: Arc<Mutex<Vec<String>>>) -> Result<String, Box<dyn Error + Send + Sync>> {
    let shop = Receiver {
        cryptocloud: Verifier::new(CryptoCloud::new(), SecretKey::new(deliveries::SECRET)?),
        trybit: Verifier::new(
            Trybit::new(),
            SecretKey::new("the Trybit project's secret")?,
        ),
        print: Arc::new(move |line| {
            let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
            printed.push(line.to_owned());
            Ok(())
        }),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router(shop, receiver::BODY_DEADLINE)).await });
    Ok(base)
}

async fn send(
    client: &Client,
    base: &str,
    delivery: &Delivery,
) -> Result<String, Box<dyn Error + Send + Sync>> {
    let request = Request::post(format!("{base}{}", delivery.path))
        .header("content-type", delivery.content_type)
        .body(delivery.body.clone().into())?;
    let (status, _, body) = client.send(request).await?;
    Ok(format!("{} {body}", status.as_u16()))
}

fn print_row([sent, expected, answered, saw]: [&str; 4]) {
    println!("{sent:<36}{expected:<28}{answered:<28}{saw}");
}

/// Status and text of an answer, without the JSON around the text.
fn text(answer: &str) -> String {
    let text = answer
        .replace(r#"{"error":""#, "")
        .replace(r#"{"message":""#, "");
    text.trim_end_matches(r#""}"#).to_owned()
}
