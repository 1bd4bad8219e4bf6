#[cfg(feature = "axum")]
mod default_body_limit;
mod framing;
mod reading;
mod request;
mod response;
mod route_limit;

pub(crate) use self::{framing::unframe, reading::Reading, route_limit::limited};
pub use self::{request::RequestBody, response::ResponseBody};

/// What the error of a body can be looked into as.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
