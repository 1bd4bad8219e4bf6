//! Replies of a Redis server: effects are listed as the server has them, or an error shows no
//! payload. The server is a socket that replies what the input says.

#![no_main]

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{LazyLock, Mutex},
    thread,
};

use libfuzzer_sys::{
    Corpus,
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use postback_core::event::EventKey;
use postback_fuzz::payload::{PAYLOAD, input_without_payload};
use postback_store::{
    EffectFilter, EffectStore, PendingEffect, StoreError, redis::RedisStore, resume_effect,
};
use tokio::runtime::{Builder, Runtime};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// Replies to the script that lists effects, then to a step of each listed effect.
    List {
        pages: Vec<Page<'a>>,
        step: Step,
        reply: Reply<'a>,
    },
    /// Replies to commands that ask for the settings of the server.
    Settings(Vec<Reply<'a>>),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Step {
    Approve,
    Dismiss,
    Import,
    Resume,
}

/// Reply to `list.lua`.
#[derive(Arbitrary, Debug)]
enum Page<'a> {
    Other(Reply<'a>),
    Rows {
        now: i64,
        last: Option<(&'a str, &'a str)>,
        rows: Vec<Row<'a>>,
    },
}

#[derive(Arbitrary, Debug)]
struct Row<'a> {
    namespace: &'a str,
    project: &'a str,
    id: &'a str,
    name: &'a str,
    recorded_at: Number<'a>,
    token: Number<'a>,
    leased_at: Number<'a>,
    leased_until: Number<'a>,
    duplicate_of: Option<&'a str>,
    has_payload: bool,
}

/// Number in a hash, which is a text.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Number<'a> {
    Integer(i64),
    Text(&'a str),
}

/// Any reply.
#[derive(Arbitrary, Clone, Debug)]
enum Reply<'a> {
    Array(Vec<Self>),
    Error(&'a str),
    Integer(i64),
    Nil,
    Status(&'a str),
    Text(&'a [u8]),
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some(input) = input_without_payload(data) else {
        return Corpus::Reject;
    };
    let (runtime, store) = &*STORE;
    REPLIES.lock().expect("the server lives").clear();
    runtime.block_on(async {
        match input {
            Input::List { pages, step, reply } => check_list(store, pages, step, reply).await,
            Input::Settings(replies) => {
                replies
                    .iter()
                    .take(2)
                    .for_each(|reply| queue(reply.encoded()));
                let _ = without_payload(store.durability().await);
            }
        }
    });
    Corpus::Keep
});

async fn check_list(store: &RedisStore, pages: Vec<Page<'_>>, step: Step, reply: Reply<'_>) {
    let pages: Vec<_> = pages.into_iter().take(3).collect();
    pages.iter().for_each(|page| queue(page.encoded()));
    let filter = EffectFilter::of_all_projects()
        .with_held()
        .with_possible_duplicates();
    let listed = store.pending_effects(&filter).await;
    let Some(listed) = without_payload(listed) else {
        return;
    };
    let mut rows = pages.iter().flat_map(Page::rows);
    for effect in &listed {
        let row = rows.next().expect("no effect that was not sent");
        assert_eq!((effect.id(), effect.namespace()), (row.id, row.namespace));
        assert_eq!(
            (effect.project().unwrap_or_default(), effect.name()),
            (row.project, row.name)
        );
        assert_eq!(
            Some(effect.recorded_at()),
            row.recorded_at.value().map(|it| it.div_euclid(1_000))
        );
        assert_eq!(effect.possible_duplicate_of(), row.duplicate_of);
        assert_eq!(effect.payload_json() == PAYLOAD, row.has_payload);
        let shown = format!("{effect:?}");
        assert!(!shown.contains(PAYLOAD), "{shown}");
    }
    REPLIES.lock().expect("the server lives").clear();
    for effect in listed.iter().take(2) {
        queue(reply.encoded());
        act(store, effect, step).await;
    }
}

async fn act(store: &RedisStore, effect: &PendingEffect, step: Step) {
    let _ = match step {
        Step::Approve => without_payload(store.approve(effect).await),
        Step::Dismiss => without_payload(store.dismiss(effect).await),
        Step::Import => {
            let namespace = effect.namespace().to_owned();
            let key = EventKey::new(namespace, effect.project(), effect.id());
            without_payload(store.import_effect(&key, effect.name()).await)
        }
        Step::Resume => {
            let run = || async { Err::<(), _>("the effect fails") };
            let result = resume_effect(store, effect, run).await;
            assert!(!format!("{result:?}").contains(PAYLOAD), "{result:?}");
            None
        }
    };
}

/// Returns what a store returned, unless it is an error, which must not show a payload.
fn without_payload<T>(result: Result<T, StoreError>) -> Option<T> {
    result
        .map_err(|error| {
            let shown = format!("{error:?} {error}");
            assert!(!shown.contains(PAYLOAD), "{shown}");
        })
        .ok()
}

/// Next replies of the server to scripts and to questions about its settings.
static REPLIES: Mutex<VecDeque<Vec<u8>>> = Mutex::new(VecDeque::new());

fn queue(reply: Vec<u8>) {
    REPLIES.lock().expect("the server lives").push_back(reply);
}

static STORE: LazyLock<(Runtime, RedisStore)> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || serve(connection));
        }
    });
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let store = runtime.block_on(RedisStore::open(&format!("redis://{address}/")));
    (runtime, store.expect("a store"))
});

/// Replies to the commands of a connection until it ends.
fn serve(connection: TcpStream) {
    connection
        .set_nodelay(true)
        .expect("an option of the socket");
    let mut writer = connection.try_clone().expect("a second handle");
    let mut reader = BufReader::new(connection);
    while let Some(command) = command(&mut reader) {
        let reply = match command.first().map(Vec::as_slice) {
            Some(b"EVALSHA" | b"EVAL") => queued().unwrap_or_else(|| Page::end().encoded()),
            Some(b"INFO") => queued().unwrap_or_else(|| Reply::Text(INFORMATION).encoded()),
            Some(b"CONFIG") => queued().unwrap_or_else(|| Reply::Array(Vec::new()).encoded()),
            _ => Reply::Status("OK").encoded(),
        };
        if writer.write_all(&reply).is_err() {
            return;
        }
    }
}

const INFORMATION: &[u8] = b"maxmemory_policy:noeviction\r\naof_enabled:1\r\n";

fn queued() -> Option<Vec<u8>> {
    REPLIES.lock().expect("no reply panics").pop_front()
}

/// Reads a command: an array of texts.
fn command(reader: &mut impl BufRead) -> Option<Vec<Vec<u8>>> {
    let count = length(reader, b'*')?;
    let text = |_| {
        let length = length(reader, b'$')?;
        let mut text = vec![0; length + 2];
        reader.read_exact(&mut text).ok()?;
        text.truncate(length);
        Some(text)
    };
    (0..count).map(text).collect()
}

fn length(reader: &mut impl BufRead, kind: u8) -> Option<usize> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    line.strip_prefix(char::from(kind))?.trim_end().parse().ok()
}

impl<'a> Page<'a> {
    /// Returns the reply that no effect follows.
    const fn end() -> Self {
        Self::Rows {
            now: 0,
            last: None,
            rows: Vec::new(),
        }
    }

    fn encoded(&self) -> Vec<u8> {
        let text = |text: &'a str| Reply::Text(text.as_bytes());
        match self {
            Self::Other(reply) => reply.encoded(),
            Self::Rows { now, last, rows } => {
                let last = last.map_or(Reply::Nil, |(score, effect)| {
                    Reply::Array(vec![text(score), text(effect)])
                });
                let rows = rows.iter().map(|row| row.encoded().concat());
                let rows: Vec<_> = rows.collect();
                let mut reply = format!("*3\r\n:{now}\r\n").into_bytes();
                reply.extend(last.encoded());
                reply.extend(format!("*{}\r\n", rows.len()).into_bytes());
                reply.extend(rows.concat());
                reply
            }
        }
    }

    fn rows(&self) -> &[Row<'a>] {
        match self {
            Self::Other(_) => &[],
            Self::Rows { rows, .. } => rows,
        }
    }
}

impl Row<'_> {
    fn encoded(&self) -> Vec<Vec<u8>> {
        let text = |text: &str| Reply::Text(text.as_bytes()).encoded();
        let optional = |it: Option<&str>| it.map_or_else(|| Reply::Nil.encoded(), text);
        vec![
            b"*10\r\n".to_vec(),
            text(self.namespace),
            text(self.project),
            text(self.id),
            text(self.name),
            text(&self.recorded_at.text()),
            text(&self.token.text()),
            text(&self.leased_at.text()),
            text(&self.leased_until.text()),
            optional(self.duplicate_of),
            optional(self.has_payload.then_some(PAYLOAD)),
        ]
    }
}

impl Number<'_> {
    fn text(self) -> String {
        match self {
            Self::Integer(number) => number.to_string(),
            Self::Text(text) => text.to_owned(),
        }
    }

    fn value(self) -> Option<i64> {
        self.text().parse().ok()
    }
}

impl Reply<'_> {
    /// Encodes the reply by the protocol of Redis, version 2.
    fn encoded(&self) -> Vec<u8> {
        // A line holds no line end.
        let line = |kind: char, text: &str| {
            let text: String = text.chars().filter(|it| !it.is_control()).collect();
            format!("{kind}{text}\r\n").into_bytes()
        };
        match self {
            Self::Array(items) => {
                let mut reply = format!("*{}\r\n", items.len()).into_bytes();
                items.iter().for_each(|item| reply.extend(item.encoded()));
                reply
            }
            Self::Error(text) => line('-', &format!("ERR {text}")),
            Self::Integer(number) => format!(":{number}\r\n").into_bytes(),
            Self::Nil => b"$-1\r\n".to_vec(),
            Self::Status(text) => line('+', text),
            Self::Text(text) => [format!("${}\r\n", text.len()).as_bytes(), text, b"\r\n"].concat(),
        }
    }
}
