//! What is served is compressed when it is built, at the highest levels.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, GzBuilder};

/// Files that are compressed already; a second compression would only make them larger.
const COMPRESSED: [&str; 6] = ["woff2", "png", "jpg", "webp", "br", "gz"];

/// Writes `FILE.br` and `FILE.gz` beside every file of `directory` that gains from it.
///
/// # Errors
/// When a file cannot be read or written.
pub fn directory(directory: &Path) -> Result<()> {
    for entry in
        fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            self::directory(&path)?;
        } else if !path
            .extension()
            .is_some_and(|ending| COMPRESSED.iter().any(|known| ending == *known))
        {
            let bytes = fs::read(&path)?;
            fs::write(with_ending(&path, "br"), brotli(&bytes)?)?;
            fs::write(with_ending(&path, "gz"), gzip(&bytes)?)?;
        }
    }
    Ok(())
}

/// Brotli at quality 11 with the largest window of RFC 7932, 2^24 bytes.
///
/// # Errors
/// Never in memory; the encoder's signature says it may.
pub fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed)
}

/// Gzip at level 9, without a time or a name, so that equal input gives equal output.
///
/// # Errors
/// Never in memory; the encoder's signature says it may.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_bytes_decompress_to_the_same() {
        let bytes = b"from click to query, one line. ".repeat(50);
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut &brotli(&bytes).expect("compresses")[..], &mut plain)
            .expect("decompresses");
        assert_eq!(plain, bytes);

        let mut plain = Vec::new();
        let zipped = gzip(&bytes).expect("compresses");
        std::io::copy(&mut flate2::read::GzDecoder::new(&zipped[..]), &mut plain)
            .expect("decompresses");
        assert_eq!(plain, bytes);
    }
}
