use std::{collections::BTreeSet, net::SocketAddr, process::ExitCode};

use tokio::task::JoinSet;

use crate::{Result, http::Request};

/// One row of the table: a request, and what is expected to happen.
pub(crate) struct Row<Order> {
    sent: &'static str,
    request: Request,
    order: Order,
    response: &'static str,
    credited: &'static str,
    copies: u32,
}

impl<Order> Row<Order> {
    /// Returns a row for a request about an order. Expected are the status and text of the
    /// response, and what is credited to the order afterwards.
    pub(crate) const fn new(
        sent: &'static str,
        request: Request,
        order: Order,
        response: &'static str,
        credited: &'static str,
    ) -> Self {
        Self {
            sent,
            request,
            order,
            response,
            credited,
            copies: 1,
        }
    }

    /// Returns the order.
    pub(crate) const fn order(&self) -> &Order {
        &self.order
    }

    /// Sends the request this many times at once.
    pub(crate) fn copies(self, copies: u32) -> Self {
        Self { copies, ..self }
    }
}

/// Table on standard output, which counts the rows that differ from what is expected.
#[derive(Default)]
pub(crate) struct Table {
    differing: u32,
}

impl Table {
    /// Sends the request of each row, and prints the responses and what `credited` returns.
    pub(crate) async fn send<Order>(
        &mut self,
        server: SocketAddr,
        rows: impl IntoIterator<Item = Row<Order>>,
        credited: impl AsyncFn(&Order) -> Result<String>,
    ) -> Result<()> {
        print(["sent", "expected", "happened", ""]);
        for row in rows {
            let mut copies = JoinSet::new();
            for _ in 0..row.copies {
                let request = row.request.clone();
                copies.spawn(async move { request.send(server).await });
            }
            let mut happened = BTreeSet::new();
            for response in copies.join_all().await {
                happened.insert(response?.summary());
            }
            let mut happened: Vec<_> = happened.into_iter().collect();
            happened.push(credited(&row.order).await?);
            let happened = happened.join(", ");
            let expected = format!("{}, {}", row.response, row.credited);
            let mark = match happened == expected {
                true => "",
                false => {
                    self.differing = self.differing.saturating_add(1);
                    "<-- DIFFERS"
                }
            };
            print([row.sent, &expected, &happened, mark]);
        }
        println!();
        Ok(())
    }

    /// Prints the number of rows that differ, and returns the exit status.
    pub(crate) fn finish(self) -> ExitCode {
        println!("{} rows differ from what was expected.", self.differing);
        match self.differing {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }
}

fn print([sent, expected, happened, mark]: [&str; 4]) {
    let row = format!("{sent:<50}{expected:<48}{happened:<48}{mark}");
    println!("{}", row.trim_end());
}
