//! TraceQL in the browser: reading a query as it is typed, and evaluating it on a trace in columns.
//!
//! It is in the part of the program that reads files, whose fields are queried too; it is loaded with the first query.
//! The engine for regular expressions is another part, loaded with the first of those
//! (docs/adr/0028-traceql-is-evaluated-where-the-trace-is.md).

use std::cell::RefCell;
use std::collections::HashMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use shared::columns::{ColumnsError, FieldColumn, FieldsDecoder};
use shared::query::MatchesResponse;
use shared::query::traceql::{
    Evaluation, Fits, Query, QueryError, compile, is_unfinished, parse_with,
};
use wasm_split_helpers::SplitLoaderError;
use web_sys::AbortSignal;

use crate::api::{self, ApiError};
use crate::format;
use crate::loading::{BrowserPace, Pieces};
use crate::model::pace::Pace as _;
use crate::model::query_view::{KnownFields, QueryView, asked, digest_of};
use crate::model::trace::TraceModel;
use crate::url::QueryString;

/// Bytes that are read between two breaths.
const PIECE: usize = 64 << 10;

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// In words.
    pub message: String,
    /// Where, in bytes from the start of the query; `None` where it is about the whole.
    pub position: Option<usize>,
}

/// Why a filter has found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The query is not finished: nothing is wrong with it so far.
    Unfinished,
    /// It is wrong.
    Wrong(Mistake),
}

/// A filter of a trace.
pub struct Job {
    /// The query.
    pub text: String,
    /// The trace.
    pub model: Arc<TraceModel>,
    /// The fields that have been asked for before.
    pub fields: Rc<RefCell<KnownFields>>,
    /// Aborts the requests.
    pub signal: Option<AbortSignal>,
    /// Gives way to the browser, and ends the work.
    pub pace: BrowserPace,
    /// Is told how far it is.
    pub report: Box<dyn Fn(String)>,
}

/// What comes later, from a part of the program.
pub type Later<T> = Pin<Box<dyn Future<Output = T>>>;

/// A function that is in a part of the program of its own.
macro_rules! part {
    ($part:ident, $(#[$about:meta])* fn $name:ident($argument:ident: $given:ty) -> $answer:ty $body:block) => {
        $(#[$about])*
        ///
        /// # Errors
        /// When the part cannot be loaded.
        #[cfg(feature = "split")]
        #[wasm_split_helpers::wasm_split($part, fallible)]
        pub fn $name($argument: $given) -> Result<$answer, SplitLoaderError> {
            Ok($body)
        }

        $(#[$about])*
        ///
        /// # Errors
        /// Never: it is loaded already.
        #[cfg(not(feature = "split"))]
        pub async fn $name($argument: $given) -> Result<$answer, SplitLoaderError> {
            Ok($body)
        }
    };
}

part!(
    files,
    /// What is wrong with a query; `None` where nothing is, or only that it is not finished.
    fn check(text: String) -> Later<Option<Mistake>> {
        Box::pin(async move {
            match read(&text).await {
                Err(Refusal::Wrong(mistake)) => Some(mistake),
                _ => None,
            }
        })
    }
);

part!(
    files,
    /// The nodes that a query finds, in order.
    fn filter(job: Job) -> Later<Result<Vec<u32>, Refusal>> {
        Box::pin(find(job))
    }
);

part!(
    patterns,
    /// A compiled regular expression, or what is wrong with it.
    fn pattern(source: String) -> Result<Arc<dyn Fits>, String> {
        compile(&source)
    }
);

/// Says what a part that did not come has prevented.
#[must_use]
pub fn not_loaded() -> Mistake {
    Mistake {
        message: "the viewer's part that reads queries did not load; reload the page".to_owned(),
        position: None,
    }
}

/// Stands for a regular expression until its engine is there.
#[derive(Debug)]
struct NotCompiled;

impl Fits for NotCompiled {
    fn fits(&self, _: &str) -> bool {
        false
    }
}

async fn read(text: &str) -> Result<Query, Refusal> {
    let known = RefCell::new(HashMap::<String, Result<Arc<dyn Fits>, String>>::new());
    let wanted = RefCell::new(Vec::new());
    loop {
        let parsed = parse_with(text, &|source| match known.borrow().get(source) {
            Some(compiled) => compiled.clone(),
            None => {
                wanted.borrow_mut().push(source.to_owned());
                Ok(Arc::new(NotCompiled))
            }
        });
        let sources = wanted.take();
        if sources.is_empty() {
            let query = parsed.and_then(|query| query.executable().map(|()| query));
            return query.map_err(|error| refusal(text, error));
        }
        for source in sources {
            let compiled = pattern(source.clone()).await;
            let compiled = compiled.map_err(|_| Refusal::Wrong(not_loaded()))?;
            known.borrow_mut().insert(source, compiled);
        }
    }
}

fn refusal(text: &str, error: QueryError) -> Refusal {
    if is_unfinished(text, &error) {
        return Refusal::Unfinished;
    }
    Refusal::Wrong(Mistake {
        message: error.message,
        position: Some(error.position),
    })
}

async fn find(job: Job) -> Result<Vec<u32>, Refusal> {
    let query = read(&job.text).await?;
    let names = asked(&query, &job.model);
    let Some(columns) = columns(&job, names).await.map_err(failed)? else {
        return on_server(&job).await.map_err(failed);
    };
    let view = QueryView::new(Arc::clone(&job.model), columns);
    let found = Evaluation::default().finish_with(&query, &view, &job.pace);
    Ok(found.await.nodes)
}

fn failed(error: ApiError) -> Refusal {
    let (message, position) = match error {
        ApiError::Refused {
            message, position, ..
        } => (message, position),
        other => (other.to_string(), None),
    };
    Refusal::Wrong(Mistake { message, position })
}

/// The columns of fields, asked for where they are not known; `None` where they cannot be had: there are spans that the
/// viewer has not loaded, or a field's values are too many to be sent.
async fn columns(
    job: &Job,
    names: Vec<String>,
) -> Result<Option<Vec<(String, Arc<FieldColumn>)>>, ApiError> {
    if names.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let digest = digest_of(&job.model);
    job.pace.breathe().await;
    let known = |name: &String| job.fields.borrow().get(digest, name);
    let missing: Vec<&String> = names.iter().filter(|name| known(name).is_none()).collect();
    for some in missing.chunks(shared::columns::MOST_FIELDS) {
        let fields = receive(job, some).await?;
        if fields.digest != digest {
            return Ok(None);
        }
        job.fields.borrow_mut().keep(digest, fields.columns);
    }
    let columns = names.into_iter().map(|name| {
        let column = known(&name).filter(|column| !column.is_too_large())?;
        Some((name, column))
    });
    Ok(columns.collect())
}

async fn receive(job: &Job, names: &[&String]) -> Result<shared::columns::Fields, ApiError> {
    let unreadable = |error: ColumnsError| ApiError::Unreadable(error.to_string());
    let mut path = QueryString::new(&format!("{}/fields", path(&job.model)));
    for name in names {
        path.push("name", name);
    }
    let what = match names {
        [name] => format::clipped(name, 40),
        several => format!("{} fields", several.len()),
    };
    (job.report)(format!("reading {what}"));
    let mut pieces = Pieces::open(&path.finish(), job.signal.as_ref()).await?;
    let mut decoder = FieldsDecoder::default();
    while let Some(bytes) = pieces.next().await? {
        for piece in bytes.chunks(PIECE) {
            decoder.push(piece).map_err(unreadable)?;
            job.pace.breathe().await;
        }
        if decoder.server_progress() > 0 {
            let (read, of) = (u64::from(decoder.server_progress()), job.model.len() as u64);
            let (read, of) = (format::count(read), format::count(of));
            (job.report)(format!("reading {what}: {read} of {of} spans"));
        }
    }
    decoder.finish().map_err(unreadable)
}

async fn on_server(job: &Job) -> Result<Vec<u32>, ApiError> {
    (job.report)("asking the server".to_owned());
    let mut path = QueryString::new(&format!("{}/matches", path(&job.model)));
    path.push("q", &job.text);
    let body = api::bytes(&path.finish(), job.signal.as_ref()).await?;
    let answer: MatchesResponse = api::json(&body)?;
    Ok(job.model.nodes_of(&answer.span_ids.into_iter().collect()))
}

fn path(model: &TraceModel) -> String {
    let id = model.trace_id().map(|id| id.to_hex()).unwrap_or_default();
    format!("/api/v1/traces/{id}")
}
