//! Scenarios: deliveries about one order, in their sequence, and their results.

use std::{future::Future, sync::Arc, time::Duration};

use postback_conformance::corpus::Request;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::process::Process;

/// Deliveries about one order, and their results.
pub(crate) struct Scenario<S: 'static> {
    pub(crate) name: &'static str,
    pub(crate) rows: &'static [Row<S>],
    /// Payments that are counted in the end.
    pub(crate) counted: &'static [Counted],
    /// Payment that pays the order in full, alone or with others.
    pub(crate) in_full: Option<&'static str>,
    /// Payments and reasons of the reviews that are open in the end.
    pub(crate) reviews: &'static [(&'static str, &'static str)],
}

/// Deliveries that are sent at the same time, the status that comes back to each of them, and the
/// amount that is paid for the order afterwards.
pub(crate) type Row<S> = (&'static [Delivery<S>], u16, &'static str);

/// Status of a row whose client does not wait for it.
pub(crate) const UNREAD: u16 = 0;

/// Amount of a row after which it is not known whether the shop has credited.
pub(crate) const UNKNOWN: &str = "unknown";

/// Amount of a row that is sent before the shop adds the order.
pub(crate) const NO_ORDER: &str = "no order";

/// Payment that is counted in the end.
pub(crate) struct Counted {
    pub(crate) payment: &'static str,
    pub(crate) amount: &'static str,
    /// Amounts that its receipt may name. The receipt of a part payment that grows is not sent
    /// again.
    pub(crate) receipts: &'static [&'static str],
    /// Receipt of a part payment, which is replaced when the payment pays the price.
    pub(crate) is_replaced: bool,
}

/// One delivery, or several copies of it.
#[derive(Clone, Copy)]
pub(crate) struct Delivery<S> {
    pub(crate) sent: S,
    copies: usize,
    minute: u32,
    is_read: bool,
}

impl<S: Copy> Delivery<S> {
    pub(crate) const fn new(sent: S) -> Self {
        Self {
            sent,
            copies: 1,
            minute: 0,
            is_read: true,
        }
    }

    /// Sends copies of it at the same time.
    pub(crate) const fn times(self, copies: usize) -> Self {
        Self { copies, ..self }
    }

    /// Sends it when this many minutes have passed in the provider's schedule.
    pub(crate) const fn at_minute(self, minute: u32) -> Self {
        Self { minute, ..self }
    }

    /// Resets the connection before the response arrives.
    pub(crate) const fn unread(self) -> Self {
        let is_read = false;
        Self { is_read, ..self }
    }
}

/// A minute of a schedule, which lasts three days.
const MINUTE: Duration = Duration::from_micros(1_000);

/// Order of the shop, and its provider.
pub(crate) trait Order: Send + Sync + 'static {
    type Sent: Copy + Send + Sync + 'static;

    const PROJECT: &'static str;

    /// Names an order that the shop does not know.
    fn new(number: usize) -> Self;

    /// Adds the order to the shop.
    fn add(&mut self, shop: &Process) -> impl Future<Output = ()> + Send;

    /// Returns the number of the order, if the shop knows it.
    fn number(&self) -> Option<i64>;

    /// Makes a delivery as the provider, or a forger, would.
    fn request(&self, sent: Self::Sent) -> Request;

    /// Returns the id of a payment.
    fn payment(&self, name: &str) -> String;
}

/// Scenario that was played, with its order.
pub(crate) struct Played<O: Order> {
    pub(crate) scenario: &'static Scenario<O::Sent>,
    pub(crate) order: O,
}

impl<O: Order> Played<O> {
    /// Sends the rows of each scenario in their order, and all scenarios at the same time.
    pub(crate) async fn all(
        scenarios: &'static [Scenario<O::Sent>],
        shop: &Arc<Process>,
    ) -> Vec<Self> {
        let mut playing = JoinSet::new();
        for (number, scenario) in scenarios.iter().enumerate() {
            let (order, shop) = (O::new(number), Arc::clone(shop));
            playing.spawn(async move {
                let mut played = Self { scenario, order };
                played.play(&shop).await;
                played
            });
        }
        playing.join_all().await
    }

    /// Sends the rows in their order.
    pub(crate) async fn play(&mut self, shop: &Process) {
        let begun = Instant::now();
        for row in self.scenario.rows {
            let (deliveries, _, paid) = row;
            if *paid != NO_ORDER && self.order.number().is_none() {
                self.order.add(shop).await;
            }
            let minute = deliveries.iter().map(|it| it.minute).max();
            sleep_until(begun + MINUTE * minute.unwrap_or(0)).await;
            self.send(row, shop).await;
        }
    }

    /// Sends the last row that was acknowledged again, which changes nothing.
    pub(crate) async fn repeat(&self, shop: &Process) {
        let mut rows = self.scenario.rows.iter();
        let acknowledged = rows.rfind(|(_, status, _)| *status == 200);
        self.send(acknowledged.expect("a row"), shop).await;
    }

    async fn send(&self, (deliveries, status, paid): &Row<O::Sent>, shop: &Process) {
        let mut sending = JoinSet::new();
        for delivery in *deliveries {
            for _ in 0..delivery.copies {
                let request = self.order.request(delivery.sent);
                sending.spawn(shop.send(request, delivery.is_read));
            }
        }
        let name = self.scenario.name;
        for came in sending.join_all().await {
            assert_eq!(came, *status, "{}: {name}, before {paid}", O::PROJECT);
        }
        if let (false, Some(order)) = ([NO_ORDER, UNKNOWN].contains(paid), self.order.number()) {
            let (sum, _) = shop.senders.paid(order).await;
            assert_eq!(sum, *paid, "{}: {name}, after {status}", O::PROJECT);
        }
    }
}
