//! Makes the folders of embedded files where they are missing, so that the server compiles before
//! the tracer and the viewer are built; it then says so when asked for them.

use std::path::Path;

fn main() {
    let embed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/embed");
    for folder in ["tracer", "viewer"] {
        let folder = embed.join(folder);
        if let Err(error) = std::fs::create_dir_all(&folder) {
            println!("cargo::error=cannot create {}: {error}", folder.display());
        }
        println!("cargo::rerun-if-changed={}", folder.display());
    }
}
