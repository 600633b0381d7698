//! Traces of files that the viewer opened by itself: no server has them, and what pages ask of them is answered here.
//!
//! The program that reads files is loaded when a file is opened; all that is here of it is who answers for a trace. A
//! reload of the page forgets them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::api::ApiError;

const TRACES: &str = "/api/v1/traces/";

/// What is asked of a trace, and the answer: what follows its id in the path, and a body; `None` for what only a server knows.
pub type Answer = Rc<dyn Fn(&str) -> Option<Vec<u8>>>;

/// A file's traces.
struct Opened {
    file: Rc<str>,
    answer: Answer,
}

thread_local! {
    static OPENED: RefCell<HashMap<String, Opened>> = RefCell::default();
    /// A file that was dropped, until it is read.
    static DROPPED: RefCell<Option<web_sys::File>> = const { RefCell::new(None) };
}

/// From now on `answer` answers for the trace with this id, which is of a file of that name.
pub fn open(trace: String, file: Rc<str>, answer: Answer) {
    OPENED.with_borrow_mut(|opened| opened.insert(trace, Opened { file, answer }));
}

/// The name of the file that a trace was opened from.
#[must_use]
pub fn file_of(trace: &str) -> Option<Rc<str>> {
    OPENED.with_borrow(|opened| opened.get(trace).map(|one| Rc::clone(&one.file)))
}

/// The answer to what is asked of an opened file's trace; `None` where the server is to be asked.
#[must_use]
pub fn answer(path: &str) -> Option<Result<Vec<u8>, ApiError>> {
    let asked = path.strip_prefix(TRACES)?;
    let (trace, rest) = asked.split_at(asked.find(['/', '?']).unwrap_or(asked.len()));
    let answer =
        OPENED.with_borrow(|opened| opened.get(trace).map(|one| Rc::clone(&one.answer)))?;
    Some(answer(rest).ok_or_else(|| {
        ApiError::Refused {
            status: 501,
            message: "this trace was opened from a file, and only a server answers that; \
                  `throughline import` brings the file there"
                .to_owned(),
            position: None,
        }
    }))
}

/// Keeps a file that was dropped.
pub fn drop_file(file: web_sys::File) {
    DROPPED.set(Some(file));
}

/// What tells the page for files that another one was dropped.
pub const DROP_EVENT: &str = "throughline-file";

/// Tells it.
pub fn announce() {
    if let Ok(event) = web_sys::Event::new(DROP_EVENT) {
        // Only a malformed event could be refused.
        let _ = leptos::prelude::window().dispatch_event(&event);
    }
}

/// The file that was dropped.
#[must_use]
pub fn dropped() -> Option<web_sys::File> {
    DROPPED.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_of_an_opened_trace_is_answered() {
        let answer_rest: Answer =
            Rc::new(|rest| (rest != "/story").then(|| rest.as_bytes().to_vec()));
        open("ab".to_owned(), Rc::from("a.json"), answer_rest);
        assert_eq!(answer("/api/v1/traces/ab"), Some(Ok(Vec::new())));
        assert_eq!(
            answer("/api/v1/traces/ab/columns"),
            Some(Ok(b"/columns".to_vec()))
        );
        assert!(matches!(answer("/api/v1/traces/ab/story"), Some(Err(_))));
        assert_eq!(answer("/api/v1/traces/abc"), None);
        assert_eq!(answer("/api/v1/search?q="), None);
        assert_eq!(file_of("ab").as_deref(), Some("a.json"));
        assert_eq!(file_of("cd"), None);
    }
}
