/// Declares a module with the printed handler of this name, as `build.rs` took it out of its
/// document, and functions around it.
#[macro_export]
macro_rules! printed {
    ($name:ident: $($functions:tt)*) => {
        #[allow(
            clippy::all,
            clippy::pedantic,
            clippy::restriction,
            dead_code,
            missing_docs,
            unreachable_pub,
            unused,
            unused_qualifications,
            reason = "printed for readers"
        )]
        mod $name {
            include!(concat!(env!("OUT_DIR"), "/printed/", stringify!($name), ".rs"));

            $($functions)*
        }
    };
}

/// Does the same for a handler that is printed with a server of its own.
#[macro_export]
macro_rules! printed_server {
    ($name:ident) => {
        $crate::printed! {
            $name:
            pub(super) async fn printed(
                listener: TcpListener,
                store: SqliteStore,
                verifier: Verifier<CryptoCloud>,
            ) {
                serve(listener, store, verifier).await;
            }
        }
    };
}
