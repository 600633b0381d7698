//! The embedded folders, as far as they are there.

use super::tracer::TracerFiles;
use super::viewer::ViewerFiles;
use super::*;

#[test]
fn packed_twins_are_not_files_of_their_own() {
    for path in ["throughline.js.br", "throughline.js.gz", "no such file"] {
        assert!(
            Embedded::<TracerFiles>::new().find(path).is_none(),
            "{path}"
        );
    }
    assert!(
        Embedded::<ViewerFiles>::new()
            .find("../tracer/throughline.js")
            .is_none()
    );
    assert!(Embedded::<ViewerFiles>::new().find("").is_none());
}

#[test]
fn a_hash_is_sixteen_digits_of_sha_256() {
    use sha2::{Digest as _, Sha256};

    // Built or not, the rule is the same.
    let assets = Embedded::<TracerFiles>::new();
    if let Some(asset) = assets.find("throughline.js") {
        let digest = Sha256::digest(&asset.plain);
        let expected: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(asset.hash(), expected);
    }
}
