//! Makes the folders of embedded files where they are missing, so that the server compiles before
//! the tracer, the viewer and the player are built; it then says so when asked for them.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Debug builds read the files at run time: a rebuilt viewer need not rebuild the server.
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let embed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/embed");
    for folder in ["player", "tracer", "viewer"] {
        let folder = embed.join(folder);
        if let Err(error) = std::fs::create_dir_all(&folder) {
            println!("cargo::error=cannot create {}: {error}", folder.display());
        }
        if is_release {
            println!("cargo::rerun-if-changed={}", folder.display());
        }
    }
}
