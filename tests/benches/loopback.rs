//! Requests per second over loopback: the documented sample to four routes of one axum server, in
//! rounds that visit each of them. Read the ratios: absolute figures say more about the machine.
//!
//! The server runs on the runtime that `#[tokio::main]` makes, the load on a thread beside it, on more
//! connections than the server can keep up with.

#![expect(
    clippy::expect_used,
    reason = "a benchmark stops where its set-up is wrong"
)]

#[path = "../../postback-core/benches/by_hand/mod.rs"]
mod by_hand;

use std::{
    env,
    net::SocketAddr,
    sync::mpsc,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::any,
};
use postback_core::{SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
use postback_tower::{
    PostbackLayer,
    axum::{Ack, FromVerified, Postback},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime,
    task::JoinSet,
};

const SECRET: &str = "cc-project-secret-for-tests-0001";
const ROUTES: [&str; 4] = ["/bare", "/by-hand", "/extractor", "/layer"];
const CONNECTIONS: usize = 32;

fn main() {
    // As cargo and CI ask for it: everything once, nothing measured.
    let (rounds, time) = match env::args().any(|argument| argument == "--test") {
        true => (1, Duration::from_millis(10)),
        false => (100, Duration::from_millis(100)),
    };
    let address = serve();
    let client = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut connections = client.block_on(connect(address));
    let mut rates = [const { Vec::new() }; ROUTES.len()];
    // Nothing of the first round counts.
    for (round, first) in (0..=rounds).zip((0..ROUTES.len()).cycle()) {
        let mut order: Vec<_> = ROUTES.iter().zip(&mut rates).collect();
        // No route has a place of its own in a round.
        order.rotate_left(first);
        for (route, rates) in order {
            let rate = client.block_on(requests_per_second(&mut connections, route, time));
            if round > 0 {
                rates.push(rate);
            }
        }
    }
    let [bare, by_hand, extractor, layer] = &rates;
    for (name, rates) in ROUTES.iter().zip(&rates) {
        let rate = median(rates.clone());
        println!("{name:<12} {rate:>8.0} requests per second, median");
    }
    println!("\nratios in one round each: median (least to most) of {rounds} rounds");
    compare("extractor / bare", extractor, bare);
    compare("layer / bare", layer, bare);
    compare("extractor / by hand", extractor, by_hand);
    compare("layer / by hand", layer, by_hand);
}

fn compare(name: &str, ours: &[f64], theirs: &[f64]) {
    let ratios: Vec<_> = ours
        .iter()
        .zip(theirs)
        .map(|(ours, theirs)| ours / theirs)
        .collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    println!("{name:<20} {:.3} ({least:.3} to {most:.3})", median(ratios));
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.get(values.len() / 2);
    middle.copied().expect("a value")
}

/// Starts the server on a thread of its own.
fn serve() -> SocketAddr {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let server = runtime::Builder::new_multi_thread().enable_all().build();
        server.expect("a runtime").block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            tell.send(listener.local_addr().expect("an address"))
                .expect("somebody waits");
            axum::serve(listener, router()).await.expect("serves");
        });
    });
    told.recv().expect("an address")
}

fn router() -> Router {
    let verifier = Verifier::new(CryptoCloud::new(), secret());
    Router::new()
        .route("/layer", any(guarded))
        .route_layer(PostbackLayer::new(verifier.clone()))
        .route("/bare", any(bare))
        .route("/by-hand", any(by_hand))
        .route("/extractor", any(extractor))
        .with_state(verifier)
}

/// Only reads the body.
async fn bare(_: Bytes) -> Ack<CryptoCloud> {
    Ack::default()
}

async fn by_hand(body: Bytes) -> Response {
    match by_hand::verify(&body, SECRET) {
        Some(_) => Ack::<CryptoCloud>::default().into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn extractor(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

async fn guarded(FromVerified(postback): FromVerified<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

/// Sends on all connections for some time.
async fn requests_per_second(
    connections: &mut Vec<TcpStream>,
    route: &'static str,
    time: Duration,
) -> f64 {
    let request = request(route);
    let begun = Instant::now();
    let mut sending = JoinSet::new();
    for mut stream in connections.drain(..) {
        let request = request.clone();
        sending.spawn(async move {
            let mut answer = [0; 1_024];
            let mut answered: u32 = 0;
            while begun.elapsed() < time {
                stream.write_all(&request).await.expect("sent");
                // Answers are far smaller than a segment, and come whole.
                let read = stream.read(&mut answer).await.expect("an answer");
                let answer = answer.get(..read).expect("a part");
                assert!(answer.starts_with(b"HTTP/1.1 200 "), "{route} refused");
                assert!(answer.ends_with(b"}"), "{route} answered in parts");
                answered = answered.saturating_add(1);
            }
            (stream, answered)
        });
    }
    let mut all: u32 = 0;
    for (stream, answered) in sending.join_all().await {
        connections.push(stream);
        all = all.saturating_add(answered);
    }
    f64::from(all) / begun.elapsed().as_secs_f64()
}

async fn connect(address: SocketAddr) -> Vec<TcpStream> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket option");
        connections.push(stream);
    }
    connections
}

fn request(route: &str) -> Bytes {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let expiry = now.as_secs().saturating_add(300);
    let token = testing::token(&secret(), testing::SAMPLE_INVOICE_ID, expiry);
    let body = testing::sample_json(Some(&token));
    format!(
        "POST {route} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}

fn secret() -> SecretKey {
    SecretKey::new(SECRET).expect("a secret")
}
