//! How a process of the shop learns that it should end.
//!
//! A service under the supervisor holds the reading end of a pipe as its stdin. The pipe closes when the supervisor
//! asks it to end, and also when the supervisor dies in whatever way, so that no service outlives it. Ctrl+C reaches
//! the whole process group; a supervised service ignores it and waits for the pipe, which keeps the order.

use std::io::Read as _;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often a process looks whether its parent is still there.
const PARENT_POLL: Duration = Duration::from_millis(500);

static SUPERVISED: OnceLock<()> = OnceLock::new();

/// From now on the process ends when its stdin closes, and not on Ctrl+C.
pub fn supervised() {
    SUPERVISED.get_or_init(|| ());
}

/// Waits for SIGTERM, for SIGINT, or, in a supervised process, for the end of stdin.
pub async fn asked_to_end() {
    let supervised = SUPERVISED.get().is_some();
    tokio::select! {
        () = received(SignalKind::terminate()) => {}
        () = async {
            loop {
                received(SignalKind::interrupt()).await;
                if !supervised {
                    return;
                }
            }
        } => {}
        () = stdin_closed(), if supervised => {}
    }
}

/// Waits until the process that started this one is gone.
pub async fn orphaned() {
    let parent = std::os::unix::process::parent_id();
    while std::os::unix::process::parent_id() == parent {
        tokio::time::sleep(PARENT_POLL).await;
    }
}

async fn received(kind: SignalKind) {
    let listening: std::io::Result<Signal> = signal(kind);
    match listening {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

/// Reads on a thread of its own: nothing can wake a read of stdin, and the process must be able to end all the same.
async fn stdin_closed() {
    let (closing, closed) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 16];
        while std::io::stdin()
            .read(&mut bytes)
            .is_ok_and(|count| count > 0)
        {}
        // Nobody waits any more when the process ends for another reason.
        let _ = closing.send(());
    });
    let _ = closed.await;
}
