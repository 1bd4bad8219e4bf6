use std::time::Duration;

use crate::{messages::Messages, reviews::Reviews};

/// Time between two sweeps.
const PAUSE: Duration = Duration::from_secs(10);

/// Sends messages and logs reviews as long as it is polled: at the start those that the last
/// process left, then after each credit, and every ten seconds those that failed.
pub async fn sweep(messages: Messages, mut reviews: Reviews) {
    loop {
        if let Err(error) = messages.finish().await {
            tracing::error!("{error:?}");
        }
        if let Err(error) = reviews.log().await {
            tracing::error!("{error:?}");
        }
        messages.wait(PAUSE).await;
    }
}
