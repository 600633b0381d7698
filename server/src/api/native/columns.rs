//! Large traces: structure and timing in columns, and what is asked of single spans or of one attribute.

use std::io::Write as _;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use shared::columns::{
    AttributeEncoder, Builder, Encoder, FIELDS_MAGIC, FieldsEncoder, MAGIC, MEDIA_TYPE,
    MOST_FIELDS, progress,
};
use shared::id::{SpanId, TraceId};
use shared::otlp::json::SpansJson;
use shared::query::traceql::Field;
use shared::span::SpanRecord;
use shared::trace::assemble;
use tokio::sync::mpsc;

use super::chunks::{Chunks, Message};
use super::error::ApiError;
use super::{Api, Named, no_such_trace, trace_id};
use crate::store::{Store, StoreError};

/// How often the reader says how far it is, in spans.
const PROGRESS_EVERY: usize = 50_000;
/// So much of an answer that is made at once is sent in one piece.
const PIECE_BYTES: usize = 256 << 10;
/// Chunks that wait for a slow reader.
const WAITING: usize = 4;

/// `GET /api/v1/traces/{id}/columns`.
pub async fn columns(
    State(api): State<Api>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let coding = Coding::accepted(&headers);
    sent(api, coding, move |store, sender| {
        send_columns(store, id, coding, sender)
    })
    .await
}

/// `GET /api/v1/traces/{id}/fields?name=…&name=…`.
pub async fn fields(
    State(api): State<Api>,
    Named(id): Named,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if parameters.is_empty() || parameters.len() > MOST_FIELDS {
        return Err(ApiError::InvalidArgument(format!(
            "`name` must name a field, and may be given up to {MOST_FIELDS} times"
        )));
    }
    let mut fields = Vec::with_capacity(parameters.len());
    for (name, field) in &parameters {
        if name != "name" {
            return Err(ApiError::InvalidArgument(format!(
                "there is no parameter `{name}`; there is name"
            )));
        }
        fields.push(super::search::field(field)?);
    }
    let coding = Coding::accepted(&headers);
    sent(api, coding, move |store, sender| {
        send_fields(store, id, fields, coding, sender)
    })
    .await
}

/// A stream that `send` sends, on a thread that may wait.
async fn sent(
    api: Api,
    coding: Coding,
    send: impl FnOnce(&dyn Store, &mpsc::Sender<Message>) -> Result<(), Stop> + Send + 'static,
) -> Result<Response, ApiError> {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let store = api.store;
    tokio::task::spawn_blocking(move || {
        if let Err(Stop::Failed(error)) = send(store.as_ref(), &sender) {
            // Whoever asked has gone away if this fails.
            let _ = sender.blocking_send(Err(error));
        }
    });
    let first = receiver.recv().await.ok_or(ApiError::Internal)??;
    Ok(stream(
        coding,
        Body::new(Chunks::new(Some(first), receiver)),
    ))
}

/// `GET /api/v1/traces/{id}/spans/{span_id}`.
pub async fn span(
    State(api): State<Api>,
    Path((id, span)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let id = trace_id(&id)?;
    let span: SpanId = span.to_ascii_lowercase().parse().map_err(|error| {
        ApiError::InvalidArgument(format!(
            "{span:?} is not a span id ({error}): it has 16 hexadecimal digits"
        ))
    })?;
    let found = api
        .read(move |store| {
            let mut found = Vec::new();
            store.each_span(id, Some(span), &mut |record, _| found.push(record))?;
            Ok(assemble(found).nodes)
        })
        .await?;
    if found.is_empty() {
        return Err(ApiError::NotFound(format!(
            "there is no span {span} in trace {id}"
        )));
    }
    let found: Vec<_> = found.into_iter().map(|node| node.record).collect();
    super::json(move || serde_json::to_vec(&SpansJson(&found))).await
}

/// `GET /api/v1/traces/{id}/attribute?key=`.
pub async fn attribute(
    State(api): State<Api>,
    Named(id): Named,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let [(name, key)] = parameters.as_slice() else {
        return Err(ApiError::InvalidArgument(
            "there is one parameter, `key`, and it is needed once".to_owned(),
        ));
    };
    if name != "key" || key.is_empty() {
        return Err(ApiError::InvalidArgument(
            "`key` must name an attribute".to_owned(),
        ));
    }
    let key = key.clone();
    let coding = Coding::accepted(&headers);
    let body = api
        .read(move |store| {
            let mut values = AttributeEncoder::default();
            let mut known = false;
            store.each_span(id, None, &mut |record, _| {
                known = true;
                values.take(&record, &key);
            })?;
            Ok(known.then(|| coding.packed(&values.into_bytes())))
        })
        .await?;
    let body = body.ok_or_else(|| no_such_trace(id))?;
    Ok(stream(
        coding,
        Body::from(body.map_err(|_| ApiError::Internal)?),
    ))
}

fn stream(coding: Coding, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(name) = coding.name() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

/// Why the sending ended early.
enum Stop {
    /// Nobody listens any more.
    Gone,
    Failed(ApiError),
}

impl From<std::io::Error> for Stop {
    fn from(_: std::io::Error) -> Self {
        Self::Failed(ApiError::Internal)
    }
}

fn send_columns(
    store: &dyn Store,
    id: TraceId,
    coding: Coding,
    sender: &mpsc::Sender<Message>,
) -> Result<(), Stop> {
    let mut sending = Sending::new(MAGIC, coding, sender)?;
    let mut spans = Builder::default();
    sending.read(store, id, |record, content| {
        spans.push(record, content);
        spans.len()
    })?;
    for chunk in Encoder::new(spans) {
        sending.send(&chunk)?;
    }
    sending.finish()
}

fn send_fields(
    store: &dyn Store,
    id: TraceId,
    fields: Vec<Field>,
    coding: Coding,
    sender: &mpsc::Sender<Message>,
) -> Result<(), Stop> {
    let mut sending = Sending::new(FIELDS_MAGIC, coding, sender)?;
    let mut spans = FieldsEncoder::new(fields);
    sending.read(store, id, |record, content| {
        spans.push(record, content);
        spans.len()
    })?;
    for piece in spans.into_bytes().chunks(PIECE_BYTES) {
        sending.send(piece)?;
    }
    sending.finish()
}

/// A stream on its way.
struct Sending<'a> {
    /// What it begins with, until that is sent.
    magic: Option<[u8; 4]>,
    packer: Packer,
    sender: &'a mpsc::Sender<Message>,
}

impl<'a> Sending<'a> {
    fn new(
        magic: [u8; 4],
        coding: Coding,
        sender: &'a mpsc::Sender<Message>,
    ) -> Result<Self, Stop> {
        Ok(Self {
            magic: Some(magic),
            packer: coding.packer()?,
            sender,
        })
    }

    /// Hands over every span of a trace to `take`, which says how many there are by then, and says how far that is.
    fn read(
        &mut self,
        store: &dyn Store,
        id: TraceId,
        mut take: impl FnMut(&SpanRecord, i64) -> usize,
    ) -> Result<(), Stop> {
        let mut count = 0;
        let mut stopped = None;
        store
            .each_span(id, None, &mut |record, content| {
                if stopped.is_some() {
                    return;
                }
                count = take(&record, content);
                if count.is_multiple_of(PROGRESS_EVERY) {
                    let word = progress(count, 0, self.magic.take());
                    stopped = self.packed(&word).err();
                }
            })
            .map_err(|error: StoreError| Stop::Failed(error.into()))?;
        match stopped {
            Some(stop) => Err(stop),
            None if count == 0 => Err(Stop::Failed(no_such_trace(id))),
            None => Ok(()),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        match self.magic.take() {
            Some(magic) => self.packed(&[&magic, bytes].concat()),
            None => self.packed(bytes),
        }
    }

    fn packed(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let packed = self.packer.pack(bytes)?;
        let sent = self.sender.blocking_send(Ok(Bytes::from(packed)));
        sent.map_err(|_| Stop::Gone)
    }

    fn finish(self) -> Result<(), Stop> {
        let rest = self.packer.finish()?;
        let sent = self.sender.blocking_send(Ok(Bytes::from(rest)));
        sent.map_err(|_| Stop::Gone)
    }
}

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Plain,
    Gzip,
    Zstd,
}

impl Coding {
    /// The quickest that the client takes: half of the content are random ids, which no effort makes smaller.
    fn accepted(headers: &HeaderMap) -> Self {
        let takes = |name: &str| {
            headers
                .get_all(ACCEPT_ENCODING)
                .iter()
                .filter_map(|header| header.to_str().ok())
                .flat_map(|header| header.split(','))
                .any(|item| {
                    let (coding, quality) = item.split_once(';').unwrap_or((item, ""));
                    let refused = quality
                        .trim()
                        .strip_prefix("q=")
                        .is_some_and(|quality| quality.parse::<f32>().unwrap_or(0.0) == 0.0);
                    coding.trim().eq_ignore_ascii_case(name) && !refused
                })
        };
        if takes("zstd") {
            Self::Zstd
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Plain
        }
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    fn packer(self) -> std::io::Result<Packer> {
        Ok(match self {
            Self::Plain => Packer::Plain,
            Self::Gzip => Packer::Gzip(flate2::write::GzEncoder::new(
                Vec::new(),
                flate2::Compression::fast(),
            )),
            Self::Zstd => Packer::Zstd(zstd::stream::write::Encoder::new(Vec::new(), 1)?),
        })
    }

    fn packed(self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut packer = self.packer()?;
        let mut out = packer.pack(bytes)?;
        out.extend(packer.finish()?);
        Ok(out)
    }
}

enum Packer {
    Plain,
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Packer {
    /// What is to be sent so that the other side can read all of `bytes`.
    fn pack(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Plain => Ok(bytes.to_vec()),
            Self::Gzip(encoder) => {
                encoder.write_all(bytes)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Self::Zstd(encoder) => {
                encoder.write_all(bytes)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
        }
    }

    fn finish(self) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Plain => Ok(Vec::new()),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}
