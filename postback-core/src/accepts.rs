/// Requests that a provider sends: [`AcceptsGet`] or [`AcceptsPost`]. This trait is sealed.
///
/// It is a type, so that an adapter whose framework passes bodies to some handlers only can check
/// at compile time which of them may receive a postback.
pub trait Accepts: Copy + Default + sealed::Accepts {}

/// GET requests. Everything signed is in the head, and a body is never read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AcceptsGet;

/// POST requests with a body of one of these media types. Defaults to JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptsPost(pub &'static [MediaType]);

pub(crate) mod sealed {
    use super::{MediaType, Method};

    pub trait Accepts {
        /// Accepted method.
        const METHOD: Method;

        /// Returns the accepted media types, or `None` if no body is read.
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

/// Method of the requests that a provider sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "postbacks are sent by GET or POST")]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

impl Method {
    /// Returns the method in the spelling of the request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Media type that a provider sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaType {
    /// `application/x-www-form-urlencoded`
    Form,
    /// `application/json`
    Json,
}

impl MediaType {
    /// Returns the media type, without parameters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Json => "application/json",
        }
    }
}
