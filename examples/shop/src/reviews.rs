use postback_store::{Review, ReviewFilter, ReviewReason};

use crate::{
    config::PROJECTS,
    orders::{Orders, OrdersError},
};

/// Deliveries that a person has to look at, in the operator's log.
#[derive(Debug)]
pub struct Reviews {
    orders: Orders,
    logged: Vec<Review>,
}

impl Reviews {
    /// Returns the reviews of a shop, all of which are still to be logged.
    #[must_use]
    pub const fn new(orders: Orders) -> Self {
        let logged = Vec::new();
        Self { orders, logged }
    }

    /// Logs each delivery for review that was not logged before, with the reason and without its
    /// payload, and returns the number of those that are open.
    ///
    /// A part payment is resolved when it makes up the price of its order, alone or with others.
    /// One that arrives after the order is paid in full stays open: a person may have to return
    /// the money.
    ///
    /// # Errors
    ///
    /// [`OrdersError`] if the store fails.
    pub async fn log(&mut self) -> Result<usize, OrdersError> {
        let store = self.orders.store();
        let mut open = Vec::new();
        for project in PROJECTS {
            let mut filter = ReviewFilter::of_project(project);
            loop {
                let page = store.reviews(&filter).await?;
                let Some(last) = page.last() else { break };
                filter = filter.after(last);
                for review in page {
                    match self.is_part_of_price(&review).await? {
                        true => drop(store.resolve(&review).await?),
                        false => open.push(review),
                    }
                }
            }
        }
        for review in &open {
            if !self.logged.contains(review) {
                let (id, project) = (review.key.id(), review.key.project());
                tracing::warn!(id, project, "for review: {}", review.reason);
            }
        }
        self.logged = open;
        Ok(self.logged.len())
    }

    /// Returns true for a part payment that was counted when its order was paid in full.
    async fn is_part_of_price(&self, review: &Review) -> Result<bool, OrdersError> {
        if !matches!(review.reason, ReviewReason::NotPaid { .. }) {
            return Ok(false);
        }
        let payment = self.orders.payment(&review.key).await?;
        Ok(payment.is_some_and(|payment| payment.is_part_of_price))
    }
}
