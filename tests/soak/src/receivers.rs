//! Load of the receivers: each kind of delivery in each manner.

use std::sync::Arc;

use postback_conformance::{
    corpus::Request,
    deliveries,
    fixtures::{self, FORM, ORIGIN, SAMPLE_UUID},
};
use postback_core::{
    SecretKey,
    testing::{self, SAMPLE_CALLBACK, SAMPLE_INVOICE_ID, SigningKey},
};

use crate::{
    clock::unix_seconds,
    exchange::{Came, Manner, exchange},
    findings::Findings,
    keys::{CurrentKeys, Keys},
    program::Program,
};

/// Kind of delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    AlteredCallback,
    AlteredToken,
    Callback,
    CallbackByFormerKey,
    CallbackByPreviousKey,
    Expired,
    ForeignSecret,
    Form,
    FormerSecret,
    Forged,
    ForgedCallback,
    Json,
    PreviousSecret,
    Trybit,
    UnsignedToken,
}

/// Kinds, which clients take in turn.
const KINDS: [Kind; 16] = [
    Kind::Json,
    Kind::Callback,
    Kind::Forged,
    Kind::Trybit,
    Kind::ForgedCallback,
    Kind::Form,
    Kind::PreviousSecret,
    Kind::AlteredToken,
    Kind::ForeignSecret,
    Kind::FormerSecret,
    Kind::AlteredCallback,
    Kind::Json,
    Kind::Expired,
    Kind::CallbackByPreviousKey,
    Kind::CallbackByFormerKey,
    Kind::UnsignedToken,
];

/// Manners, which clients take in turn. No divisor is common with the number of kinds, so that each
/// kind is sent in each manner.
const MANNERS: [Manner; 25] = [
    Manner::Whole,
    Manner::Slow,
    Manner::Whole,
    Manner::HalfClosed,
    Manner::Whole,
    Manner::Reset,
    Manner::Whole,
    Manner::Oversized,
    Manner::Whole,
    Manner::Slow,
    Manner::Whole,
    Manner::Cut,
    Manner::Whole,
    Manner::CutByReset,
    Manner::Whole,
    Manner::HalfClosed,
    Manner::Whole,
    Manner::Reset,
    Manner::Whole,
    Manner::OversizedInChunks,
    Manner::Whole,
    Manner::Slow,
    Manner::Whole,
    Manner::Stalled,
    Manner::Whole,
];

/// Expected of a delivery whose request is complete.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Accepted while the key is trusted.
    Accepted,
    /// Accepted until this time in Unix seconds, and then rejected.
    AcceptedUntil(u64),
    Rejected,
}

/// Sends the delivery with this number to a receiver, and checks what comes back.
pub(crate) async fn deliver(
    receiver: Arc<Program>,
    number: usize,
    keys: CurrentKeys,
    findings: Arc<Findings>,
) {
    let kind = KINDS.iter().cycle().nth(number % KINDS.len());
    let kind = *kind.unwrap_or(&Kind::Json);
    let manner = MANNERS.iter().cycle().nth(number % MANNERS.len());
    let sent = keys.borrow().clone();
    let (request, result) = kind.request(number, &sent);
    let is_callback = request.method == "GET";
    let manner = match manner.copied().unwrap_or(Manner::Whole) {
        // It has no body.
        Manner::Oversized | Manner::OversizedInChunks if is_callback => Manner::Whole,
        manner => manner,
    };
    let began = unix_seconds();
    let came = exchange(receiver.address, &closing(request), manner).await;
    let is_trusted = sent.is_still_trusted(&keys.borrow());
    let status = result.status(began, unix_seconds(), is_trusted);

    let program = receiver.name;
    findings.count(program, "requests");
    findings.count(program, manner.name());
    let is_expected = match (manner, came) {
        (Manner::Reset | Manner::CutByReset, came) => came == Came::Unread,
        (_, Came::Status(200)) if !manner.is_complete() => false,
        (Manner::Cut, came) => came == Came::Closed || came == Came::Status(400),
        // Servers have deadlines of their own for a head, or none.
        (Manner::Stalled, Came::Status(_) | Came::Closed | Came::Nothing) if is_callback => true,
        (Manner::Stalled, came) => came == Came::Status(400),
        // The server may close before the client has sent the rest.
        (Manner::OversizedInChunks, Came::Closed) => true,
        (Manner::Oversized | Manner::OversizedInChunks, came) => came == Came::Status(413),
        // Rocket closes some of these connections.
        (Manner::HalfClosed, Came::Closed) => program == "receiver-rocket",
        (_, Came::Status(200)) => status != Some(401),
        (_, Came::Status(401)) => status != Some(200),
        _ => false,
    };
    findings.check(is_expected, || {
        format!("{program}: {kind:?} {manner:?}, delivery {number}: {came:?}, expected {status:?}")
    });
    findings.count(program, came.kind());
    if !matches!(came, Came::Status(_)) && manner.is_complete() && status != Some(401) {
        findings.count(program, PERHAPS_PRINTED);
    }
}

/// Deliveries that a receiver may have printed, although no response arrived.
const PERHAPS_PRINTED: &str = "perhaps printed";

/// Checks that a receiver has printed a line for each delivery that it accepted, and no other.
pub(crate) fn check_printed(receiver: &Program, findings: &Findings) {
    let printed = receiver.printed();
    let least = findings.counted(receiver.name, "accepted");
    let most = least.saturating_add(findings.counted(receiver.name, PERHAPS_PRINTED));
    findings.check((least..=most).contains(&printed), || {
        let name = receiver.name;
        format!("{name}: {printed} lines, expected {least} to {most}")
    });
}

/// Returns the bytes of a request after which the server closes the connection.
pub(crate) fn closing(mut request: Request) -> Vec<u8> {
    let close = ("connection".to_owned(), "close".to_owned());
    request.headers.push(close);
    request.raw(&request.target)
}

impl Manner {
    /// Returns true if the server receives the whole request, within the limits.
    const fn is_complete(self) -> bool {
        matches!(
            self,
            Self::Whole | Self::Slow | Self::HalfClosed | Self::Reset
        )
    }
}

impl Expected {
    /// Returns the expected status, if it is known for this time of the exchange.
    const fn status(self, began: u64, ended: u64, is_trusted: bool) -> Option<u16> {
        match self {
            Self::Accepted => {
                if is_trusted {
                    Some(200)
                } else {
                    None
                }
            }
            Self::Rejected => Some(401),
            Self::AcceptedUntil(until) if ended.saturating_add(1) < until => Some(200),
            Self::AcceptedUntil(until) if began > until.saturating_add(1) => Some(401),
            Self::AcceptedUntil(_) => None,
        }
    }
}

const CRYPTOCLOUD: &str = "/postback/cryptocloud";
const TRYBIT: &str = "/postback/trybit";

impl Kind {
    fn request(self, number: usize, keys: &Keys) -> (Request, Expected) {
        let Keys {
            current,
            previous,
            former,
            until,
            ..
        } = keys;
        let json = |secret: &SecretKey, target| {
            deliveries::signed_sample(secret, target, SAMPLE_INVOICE_ID, &[])
        };
        let with_token = |token: &str| {
            fixtures::post(
                CRYPTOCLOUD,
                fixtures::JSON,
                testing::sample_json(Some(token)),
            )
        };
        let of_secret = |secret| testing::fresh_token(secret, SAMPLE_INVOICE_ID);
        match self {
            Self::AlteredCallback => {
                let altered = ("value_coin=0.05", "value_coin=0.06");
                (
                    callback(&current.cryptapi, number, altered),
                    Expected::Rejected,
                )
            }
            Self::AlteredToken => {
                let token = of_secret(&current.cryptocloud);
                let (text, last) = token.split_at(token.len().saturating_sub(1));
                let last = if last == "A" { "E" } else { "A" };
                (with_token(&format!("{text}{last}")), Expected::Rejected)
            }
            Self::Callback => (genuine(&current.cryptapi, number), Expected::Accepted),
            Self::CallbackByFormerKey => (genuine(&former.cryptapi, number), Expected::Rejected),
            Self::CallbackByPreviousKey => {
                let request = genuine(&previous.cryptapi, number);
                (request, Expected::AcceptedUntil(*until))
            }
            Self::Expired => {
                let expired = unix_seconds().saturating_sub(3_600);
                let token = testing::token(&current.cryptocloud, SAMPLE_INVOICE_ID, expired);
                (with_token(&token), Expected::Rejected)
            }
            Self::ForeignSecret => (json(&current.cryptocloud, TRYBIT), Expected::Rejected),
            Self::Form => {
                let form = testing::sample_form(Some(&of_secret(&current.cryptocloud)));
                (fixtures::post(CRYPTOCLOUD, FORM, form), Expected::Accepted)
            }
            Self::FormerSecret => (json(&former.trybit, TRYBIT), Expected::Rejected),
            Self::Forged => {
                let secret = fixtures::secret("secret of a forger");
                (json(&secret, CRYPTOCLOUD), Expected::Rejected)
            }
            Self::ForgedCallback => {
                let request = genuine(&fixtures::SIGNING_KEY, number);
                (request, Expected::Rejected)
            }
            Self::Json => (json(&current.cryptocloud, CRYPTOCLOUD), Expected::Accepted),
            Self::PreviousSecret => {
                let request = json(&previous.cryptocloud, CRYPTOCLOUD);
                (request, Expected::AcceptedUntil(*until))
            }
            Self::Trybit => (json(&current.trybit, TRYBIT), Expected::Accepted),
            Self::UnsignedToken => {
                let header = r#"{"typ":"JWT","alg":"none"}"#;
                let expires_at = unix_seconds().saturating_add(300);
                let claims = format!(r#"{{"id":"{SAMPLE_INVOICE_ID}","exp":{expires_at}}}"#);
                let token = testing::sign_hs256(&current.cryptocloud, header, &claims);
                let (message, _) = token.rsplit_once('.').unwrap_or_default();
                (with_token(&format!("{message}.")), Expected::Rejected)
            }
        }
    }
}

fn genuine(key: &SigningKey, number: usize) -> Request {
    callback(key, number, ("", ""))
}

/// Returns a callback whose fields were altered after it was signed.
fn callback(key: &SigningKey, number: usize, altered: (&str, &str)) -> Request {
    let uuid = format!("{number:08x}-5a6b-4305-9fa2-b0fbda6e3ff2");
    let fields = SAMPLE_CALLBACK.replace(SAMPLE_UUID, &uuid);
    let target = format!("/postback/cryptapi?order=7&{fields}");
    let signature = key.sign(format!("{ORIGIN}{target}")).unwrap_or_default();
    let target = match altered {
        ("", _) => target,
        (from, to) => target.replace(from, to),
    };
    Request::new("GET", &target, &[("x-ca-signature", &*signature)], "")
}
