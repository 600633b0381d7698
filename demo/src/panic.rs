//! Panics as values: the message, the place and the stack of a panic, for the span that it ended.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// The longest stack that a span carries; the frames that matter are the first ones.
const MAX_STACK_BYTES: usize = 6_000;

/// What a panic left behind.
#[derive(Debug)]
pub struct Report {
    /// The panic's message.
    pub message: String,
    /// The message, the place and the frames, innermost first.
    pub stacktrace: String,
}

thread_local! {
    /// The stack of the newest panic of this thread, taken where the panic began.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes panics remember their stack and print one line instead of a page.
pub fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        let message = message_of(info.payload());
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        eprintln!("panic at {place}: {message}");
        let stack = interesting_frames(&Backtrace::force_capture().to_string());
        LAST.set(Some(format!("panic: {message}\n   at {place}\n{stack}")));
    }));
}

/// Runs `work`; a panic in it becomes an error.
///
/// # Errors
/// Returns the report of the panic.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Report> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let message = message_of(payload.as_ref());
        let stacktrace = LAST.take().unwrap_or_else(|| message.clone());
        Report {
            message,
            stacktrace,
        }
    })
}

/// Drives `future`; a panic in one of its polls becomes an error.
///
/// # Errors
/// Returns the report of the panic.
pub async fn catch_async<F: Future>(future: F) -> Result<F::Output, Report> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch(|| future.as_mut().poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(report) => Poll::Ready(Err(report)),
    })
    .await
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".to_owned())
}

/// Drops the frames of the panic machinery above the panic and of the runtime below the service.
fn interesting_frames(backtrace: &str) -> String {
    let frames = match backtrace.rfind("core::panicking::") {
        Some(at) => backtrace[at..]
            .split_once('\n')
            .map_or("", |(_, rest)| rest),
        None => backtrace,
    };
    // The location of the `core::panicking` frame itself stands alone on the next line.
    let frames = match frames.split_once('\n') {
        Some((first, rest)) if first.trim_start().starts_with("at ") => rest,
        _ => frames,
    };
    let frames = match frames.find("__rust_begin_short_backtrace") {
        Some(at) => frames[..at].rsplit_once('\n').map_or("", |(kept, _)| kept),
        None => frames,
    };
    let mut end = frames.len().min(MAX_STACK_BYTES);
    while !frames.is_char_boundary(end) {
        end -= 1;
    }
    frames[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catches_message_and_stack() {
        install_hook();
        let report = catch(|| -> u8 { panic!("no pattern for symbol {}", 103) })
            .expect_err("the closure panics");
        assert_eq!(report.message, "no pattern for symbol 103");
        assert!(
            report.stacktrace.contains("panic.rs"),
            "{}",
            report.stacktrace
        );
        assert!(
            report.stacktrace.contains("catches_message_and_stack"),
            "{}",
            report.stacktrace
        );
        assert!(
            !report.stacktrace.contains("begin_unwind"),
            "machinery is cut: {}",
            report.stacktrace
        );
    }

    #[tokio::test]
    async fn catches_a_panic_between_awaits() {
        let report = catch_async(async {
            tokio::task::yield_now().await;
            panic!("after the first await")
        })
        .await;
        let report: Result<(), Report> = report;
        assert_eq!(
            report.expect_err("the future panics").message,
            "after the first await"
        );
    }
}
