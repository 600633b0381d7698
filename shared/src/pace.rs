//! Long work in short pieces: whoever goes over a whole trace takes a breath every so often.

/// Decides at each breath whether others come first.
pub trait Pace {
    /// Returns at once, or after others have had their turn; never where the work is not wanted any more.
    fn breathe(&self) -> impl Future<Output = ()>;
}

/// Goes on without a pause.
#[derive(Debug, Clone, Copy)]
pub struct Unhurried;

impl Pace for Unhurried {
    async fn breathe(&self) {}
}

/// The result of work that nothing makes wait, as [`Unhurried`] does not.
pub fn at_once<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(result) = work.as_mut().poll(&mut context) {
            return result;
        }
    }
}
