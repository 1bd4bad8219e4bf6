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
    /// A part payment is resolved when the order is paid in full, because there is nothing left to
    /// look at.
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
                    match self.is_counted_in_full(&review).await? {
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

    /// Returns true for a part payment of an order that is paid in full.
    async fn is_counted_in_full(&self, review: &Review) -> Result<bool, OrdersError> {
        if !matches!(review.reason, ReviewReason::NotPaid { .. }) {
            return Ok(false);
        }
        let payment = self.orders.payment(&review.key).await?;
        Ok(payment.is_some_and(|payment| payment.is_order_paid))
    }
}
