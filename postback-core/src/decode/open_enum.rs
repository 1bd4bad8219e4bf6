/// Defines an enum of texts that a gateway may add to: an unknown text is a value too.
macro_rules! open_enum {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_attribute])* $variant,)+
            /// A text that this version does not know.
            #[non_exhaustive]
            Other(Box<str>),
        }

        impl $name {
            /// The text as the gateway writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        /// Compares exactly: case and spelling count.
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    _ => Self::Other(text.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::decode::FromJson<'_> for $name {
            fn from_json(raw: &str) -> Option<Self> {
                $crate::decode::json::text(raw).map(|text| Self::from(&*text))
            }
        }
    };
}

pub(crate) use open_enum;
