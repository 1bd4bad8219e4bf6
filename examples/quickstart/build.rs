//! Copies the program of `examples/axum` for `include!`, which accepts no `//!` comment.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let file = "../axum/src/main.rs";
    println!("cargo::rerun-if-changed={file}");
    let program = fs::read_to_string(file)?;
    let lines = program.lines().filter(|line| !line.starts_with("//!"));
    let program: String = lines.flat_map(|line| [line, "\n"]).collect();
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    fs::write(Path::new(&out).join("example_axum.rs"), program)?;
    Ok(())
}
