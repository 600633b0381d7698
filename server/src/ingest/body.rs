//! Reads request bodies within limits.
//!
//! A limit on the bytes that arrive does not bound what they unpack to: a kilobyte of gzip can hold a
//! megabyte of zeros. Both are checked as the bytes come, so that no more than the limit is ever held.

use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

use super::Limits;
use super::budget::Reservation;
use super::refusal::Refusal;

/// How long a sender may stay silent in the middle of a body.
const SILENCE: Duration = Duration::from_secs(30);

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl Encoding {
    /// Reads a `Content-Encoding` header.
    ///
    /// # Errors
    /// [`Refusal::ContentEncoding`].
    pub fn from_header(header: Option<&str>) -> Result<Self, Refusal> {
        match header.map(str::trim).unwrap_or_default() {
            "" => Ok(Self::Identity),
            name if name.eq_ignore_ascii_case("identity") => Ok(Self::Identity),
            name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
                Ok(Self::Gzip)
            }
            name if name.eq_ignore_ascii_case("zstd") => Ok(Self::Zstd),
            name => Err(Refusal::ContentEncoding(name.to_owned())),
        }
    }
}

/// Reads a body as it is sent.
///
/// # Errors
/// [`Refusal`] when it is too large, breaks off or finds no room.
pub async fn read(
    mut body: Body,
    limits: Limits,
    reservation: &mut Reservation,
) -> Result<Bytes, Refusal> {
    let too_large = too_large(limits);
    if body.size_hint().lower() > limits.request_bytes as u64 {
        return Err(too_large);
    }
    let mut read = BytesMut::new();
    loop {
        let frame = match tokio::time::timeout(SILENCE, body.frame()).await {
            Ok(None) => return Ok(read.freeze()),
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => return Err(Refusal::Interrupted(error.to_string())),
            Err(_) => {
                let silence = SILENCE.as_secs();
                return Err(Refusal::Interrupted(format!(
                    "nothing came for {silence} seconds"
                )));
            }
        };
        if let Ok(data) = frame.into_data() {
            if read.len() + data.len() > limits.request_bytes {
                return Err(too_large);
            }
            reservation.grow(data.len())?;
            read.extend_from_slice(&data);
        }
    }
}

/// Unpacks a body.
///
/// # Errors
/// [`Refusal`] when it is damaged, too large or finds no room.
pub fn unpack(
    body: Bytes,
    encoding: Encoding,
    limits: Limits,
    reservation: &mut Reservation,
) -> Result<Bytes, Refusal> {
    let limit = limits.decompressed_bytes;
    match encoding {
        Encoding::Identity if body.len() > limit => Err(too_large_decompressed(limits)),
        Encoding::Identity => Ok(body),
        Encoding::Gzip => {
            // The format allows several members one after the other.
            let decoder = flate2::read::MultiGzDecoder::new(body.as_ref());
            read_all(decoder, "gzip", limits, reservation)
        }
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(body.as_ref())
                .map_err(|error| Refusal::Malformed(format!("the zstd body: {error}")))?;
            // A frame says how much memory its window needs, which may be far more than it unpacks
            // to. RFC 8878 §3.1.1.1.2 asks decoders for 8 MiB at least.
            let window = usize::BITS - limit.leading_zeros();
            decoder
                .window_log_max(window.clamp(23, 27))
                .map_err(|error| Refusal::Malformed(format!("the zstd body: {error}")))?;
            read_all(decoder, "zstd", limits, reservation)
        }
    }
}

fn read_all(
    mut decoder: impl Read,
    format: &str,
    limits: Limits,
    reservation: &mut Reservation,
) -> Result<Bytes, Refusal> {
    let mut unpacked = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let count = match decoder.read(&mut chunk) {
            Ok(0) => return Ok(unpacked.into()),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Refusal::Malformed(format!("the {format} body: {error}"))),
        };
        if unpacked.len() + count > limits.decompressed_bytes {
            return Err(too_large_decompressed(limits));
        }
        reservation.grow(count)?;
        unpacked.extend_from_slice(&chunk[..count]);
    }
}

fn too_large(limits: Limits) -> Refusal {
    Refusal::TooLarge {
        limit: limits.request_bytes,
        decompressed: false,
        flag: "--max-request-bytes",
    }
}

fn too_large_decompressed(limits: Limits) -> Refusal {
    Refusal::TooLarge {
        limit: limits.decompressed_bytes,
        decompressed: true,
        flag: "--max-decompressed-bytes",
    }
}

/// A body whose bytes are counted as they pass, for gRPC, where tonic reads.
///
/// tonic has one limit, which it holds against the packed and against the unpacked message.
pub struct Metered {
    body: Body,
    limits: Limits,
    passed: usize,
    reservation: Reservation,
}

impl Metered {
    /// Counts the bytes of `body`.
    #[must_use]
    pub fn new(body: Body, limits: Limits, reservation: Reservation) -> Self {
        Self {
            body,
            limits,
            passed: 0,
            reservation,
        }
    }

    fn pass(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.passed += bytes;
        if self.passed > self.limits.request_bytes {
            return Err(too_large(self.limits));
        }
        Ok(self.reservation.grow(bytes)?)
    }
}

impl http_body::Body for Metered {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        let this = self.get_mut();
        let Some(frame) = ready!(Pin::new(&mut this.body).poll_frame(context)) else {
            return Poll::Ready(None);
        };
        let frame = frame.map_err(|error| tonic::Status::from_error(error.into()));
        let checked = frame.and_then(|frame| {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            this.pass(bytes)
                .map_err(|refusal| super::grpc::status(&refusal))?;
            Ok(frame)
        });
        Poll::Ready(Some(checked))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
