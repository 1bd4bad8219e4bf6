//! Requests per second over loopback, and the server's processor time for each: the documented
//! sample to the routes of one server after another, in rounds that visit each route. Read ratios
//! and differences: absolute figures say more about the machine. Needs Linux.
//!
//! A server runs on its framework's runtime. The load comes from another thread, on more
//! connections than saturate the server.

#![expect(
    clippy::expect_used,
    reason = "a benchmark stops where its set-up is wrong"
)]

#[path = "../../../postback-core/benches/by_hand/mod.rs"]
mod by_hand;
mod processor_time;
mod servers;

use std::{
    env,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use postback_conformance::fixtures;
use postback_core::{Verifier, cryptocloud::CryptoCloud, testing};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::{self, Runtime},
    task::JoinSet,
};

use self::servers::{SERVERS, Server};

const SECRET: &str = "cc-project-secret-for-tests-0001";
const CONNECTIONS: usize = 32;

fn main() {
    // With `--test`, as in CI, each route is called and nothing is measured.
    let (rounds, time) = match env::args().any(|argument| argument == "--test") {
        true => (1, Duration::from_millis(10)),
        false => (100, Duration::from_millis(100)),
    };
    let client = runtime::Builder::new_current_thread().enable_all().build();
    let client = client.expect("a runtime");
    for server in SERVERS {
        measure(server, rounds, time, &client);
    }
}

fn measure(server: &Server, rounds: usize, time: Duration, client: &Runtime) {
    let mut connections = client.block_on(connect(servers::start(server)));
    let routes = server.routes;
    let mut rates = vec![Vec::new(); routes.len()];
    let mut times = vec![Vec::new(); routes.len()];
    // The first round is not counted.
    for (round, first) in (0..=rounds).zip((0..routes.len()).cycle()) {
        let measured = rates.iter_mut().zip(&mut times);
        let mut order: Vec<_> = routes.iter().zip(measured).collect();
        // The order of routes rotates with the rounds.
        order.rotate_left(first);
        for (route, (rates, times)) in order {
            let sending = load(&mut connections, route, time);
            let (rate, time_of_request) = client.block_on(sending);
            if round > 0 {
                rates.push(rate);
                times.push(time_of_request);
            }
        }
    }
    println!(
        "{}: requests per second, and processor time of the server for each, medians",
        server.name
    );
    for ((route, rates), times) in routes.iter().zip(&rates).zip(&times) {
        let (rate, time) = (median(rates.clone()), median(times.clone()));
        println!("  {route:<12} {rate:>8.0} {time:>8.2} µs");
    }
    println!("  ratios in one round each: median (least to most) of {rounds} rounds");
    for (base, (name, ours)) in routes.iter().zip(&rates).enumerate() {
        let others = routes.iter().zip(&rates).skip(base).skip(1);
        for (of, theirs) in others.filter(|_| servers::is_base(name)) {
            compare(&format!("{of} / {name}"), theirs, ours);
        }
    }
    println!();
}

fn compare(name: &str, ours: &[f64], theirs: &[f64]) {
    let ratios: Vec<_> = ours
        .iter()
        .zip(theirs)
        .map(|(ours, theirs)| ours / theirs)
        .collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    println!(
        "  {name:<24} {:.3} ({least:.3} to {most:.3})",
        median(ratios)
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.get(values.len() / 2);
    middle.copied().expect("a value")
}

/// Sends on all connections for some time. Returns the requests per second, and the server's
/// processor time for each, in microseconds.
async fn load(connections: &mut Vec<TcpStream>, route: &'static str, time: Duration) -> (f64, f64) {
    let request = request(route);
    let processor_time = processor_time::of_servers();
    let begun = Instant::now();
    let mut sending = JoinSet::new();
    for mut stream in connections.drain(..) {
        let request = request.clone();
        sending.spawn(async move {
            let mut responses: u32 = 0;
            while begun.elapsed() < time {
                stream.write_all(&request).await.expect("sent");
                read_response(&mut stream, route).await;
                responses = responses.saturating_add(1);
            }
            (stream, responses)
        });
    }
    let mut all: u32 = 0;
    for (stream, responses) in sending.join_all().await {
        connections.push(stream);
        all = all.saturating_add(responses);
    }
    let rate = f64::from(all) / begun.elapsed().as_secs_f64();
    let used = processor_time::of_servers().saturating_sub(processor_time);
    (rate, used.as_secs_f64() * 1e6 / f64::from(all))
}

/// Reads one response, which ends with its only brace. Some servers send it in two parts.
async fn read_response(stream: &mut TcpStream, route: &str) {
    let mut response = [0; 1_024];
    let mut length = 0_usize;
    loop {
        let rest = response.get_mut(length..).expect("a part");
        let read = stream.read(rest).await.expect("a response");
        assert!(read > 0, "{route} closed the connection");
        length = length.saturating_add(read);
        let response = response.get(..length).expect("a part");
        assert!(
            response.starts_with(b"HTTP/1.1 200 "),
            "{route} rejected the request"
        );
        if response.ends_with(b"}") {
            return;
        }
    }
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
    let token = testing::fresh_token(&fixtures::secret(SECRET), testing::SAMPLE_INVOICE_ID);
    let body = testing::sample_json(Some(&token));
    format!(
        "POST {route} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}

fn verifier() -> Verifier<CryptoCloud> {
    Verifier::new(CryptoCloud::new(), fixtures::secret(SECRET))
}
