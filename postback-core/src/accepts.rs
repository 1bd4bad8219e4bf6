/// The requests that a provider makes: [`AcceptsGet`] or [`AcceptsPost`]. It is sealed.
///
/// It is a type, so that an adapter whose framework hands a body to some handlers and not to others can tell at
/// compile time which of them may be handed a postback.
pub trait Accepts: Copy + Default + sealed::Accepts {}

/// GET; all that is signed stands in the head, and a body is never read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AcceptsGet;

/// POST with a body of exactly one of these media types. Defaults to JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptsPost(pub &'static [MediaType]);

pub(crate) mod sealed {
    use super::{MediaType, Method};

    pub trait Accepts {
        /// The one method accepted.
        const METHOD: Method;

        /// Of the body, where there is one to read.
        fn media_types(self) -> Option<&'static [MediaType]>;
    }
}

impl Accepts for AcceptsGet {}

impl sealed::Accepts for AcceptsGet {
    const METHOD: Method = Method::Get;

    fn media_types(self) -> Option<&'static [MediaType]> {
        None
    }
}

impl Accepts for AcceptsPost {}

impl Default for AcceptsPost {
    fn default() -> Self {
        Self(&[MediaType::Json])
    }
}

impl sealed::Accepts for AcceptsPost {
    const METHOD: Method = Method::Post;

    fn media_types(self) -> Option<&'static [MediaType]> {
        Some(self.0)
    }
}

/// A method that a provider delivers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "postbacks are read or posted")]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

impl Method {
    /// The method as it stands on the request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A media type that a provider sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaType {
    /// `application/x-www-form-urlencoded`
    Form,
    /// `application/json`
    Json,
}

impl MediaType {
    /// The media type without parameters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Json => "application/json",
        }
    }
}
