//! `throughline-demo all`: the shop's server and the five services as child processes, in the order in which they need
//! one another, restarted when they crash, ended together.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::lifecycle;
use crate::service::name;

/// How long a child may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a child may take to end before it is killed: its own drain and two flushes.
const STOP_TIMEOUT: Duration = Duration::from_secs(8);
/// The pause before a restart, doubled while a child keeps crashing.
const RESTART_DELAY: Duration = Duration::from_millis(200);
const RESTART_DELAY_MAX: Duration = Duration::from_secs(5);
/// A child that ran this long has recovered.
const STABLE_AFTER: Duration = Duration::from_secs(30);

/// What `all` was asked for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The port of the shop; the services take the five that follow. 0 picks free ones.
    pub port_base: u16,
    /// The OTLP gRPC endpoint.
    pub otlp: String,
    /// The tracer script's URL; empty for none.
    pub tracer: String,
    /// What the tracer records of the page: `off`, `error` or `always`.
    pub replay: String,
    /// The viewer's base URL.
    pub viewer: String,
    /// The folder of the databases.
    pub data: PathBuf,
    /// Whether the shop goes on when the process that started it has ended.
    pub outlive_parent: bool,
}

/// One child process of the plan.
#[derive(Debug)]
struct Spec {
    name: &'static str,
    listen: SocketAddr,
    arguments: Vec<String>,
}

/// A child that listens.
#[derive(Debug)]
struct Running {
    child: Child,
    /// Closing it asks the child to end.
    stdin: Option<ChildStdin>,
    address: SocketAddr,
}

/// Starts everything, says so on stdout, and ends everything when asked to.
///
/// # Errors
/// Fails where a child cannot start, for example because its port is taken.
pub async fn run(plan: Plan) -> anyhow::Result<()> {
    let (ending, _) = watch::channel(false);
    let mut keepers = JoinSet::new();
    let started = tokio::select! {
        started = start_all(&plan, &ending, &mut keepers) => started.map(Some),
        () = asked_to_end(&plan) => Ok(None),
    };
    let result = match started {
        Ok(Some(addresses)) => {
            for (name, address) in addresses {
                println!("listening {name} http://{address}");
            }
            asked_to_end(&plan).await;
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    ending.send_replace(true);
    while keepers.join_next().await.is_some() {}
    result
}

async fn asked_to_end(plan: &Plan) {
    tokio::select! {
        () = lifecycle::asked_to_end() => {}
        () = lifecycle::orphaned(), if !plan.outlive_parent => {}
    }
}

/// Starts E first and the shop last, since each needs the address of the one behind it. Returns the addresses, the
/// shop's first.
async fn start_all(
    plan: &Plan,
    ending: &watch::Sender<bool>,
    keepers: &mut JoinSet<()>,
) -> anyhow::Result<Vec<(&'static str, SocketAddr)>> {
    let mut addresses: Vec<(&'static str, SocketAddr)> = Vec::new();
    for (service, offset) in [
        (name::TICKETING, 5),
        (name::SEATING, 4),
        (name::PAYMENT, 3),
        (name::BOOKING, 2),
        (name::VALIDATION, 1),
        ("shop", 0),
    ] {
        let spec = Spec {
            name: service,
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port(plan, offset)?),
            arguments: arguments(plan, service, &addresses)?,
        };
        let running = spec.start().await?;
        addresses.insert(0, (service, running.address));
        keepers.spawn(keep(
            Spec {
                listen: running.address,
                ..spec
            },
            running,
            ending.subscribe(),
        ));
    }
    Ok(addresses)
}

fn port(plan: &Plan, offset: u16) -> anyhow::Result<u16> {
    if plan.port_base == 0 {
        return Ok(0);
    }
    plan.port_base
        .checked_add(offset)
        .context("--port-base leaves no room for six ports")
}

fn arguments(
    plan: &Plan,
    service: &str,
    started: &[(&'static str, SocketAddr)],
) -> anyhow::Result<Vec<String>> {
    let url = |wanted: &str| {
        started
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, address)| format!("http://{address}"))
            .with_context(|| format!("{wanted} must start before {service}"))
    };
    let mut arguments = match service {
        name::VALIDATION => vec![
            "--booking".to_owned(),
            url(name::BOOKING)?,
            "--seating".to_owned(),
            url(name::SEATING)?,
        ],
        name::BOOKING => vec!["--payment".to_owned(), url(name::PAYMENT)?],
        name::PAYMENT => vec!["--seating".to_owned(), url(name::SEATING)?],
        name::SEATING => vec!["--ticketing".to_owned(), url(name::TICKETING)?],
        name::TICKETING => vec![],
        _ => {
            return Ok(vec![
                "--validation".to_owned(),
                url(name::VALIDATION)?,
                "--tracer".to_owned(),
                plan.tracer.clone(),
                "--replay".to_owned(),
                plan.replay.clone(),
                "--viewer".to_owned(),
                plan.viewer.clone(),
            ]);
        }
    };
    if matches!(service, name::BOOKING | name::SEATING) {
        arguments.extend(["--data".to_owned(), plan.data.display().to_string()]);
    }
    arguments.extend(["--otlp".to_owned(), plan.otlp.clone()]);
    Ok(arguments)
}

impl Spec {
    /// Starts the child and waits until it listens.
    async fn start(&self) -> anyhow::Result<Running> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(self.name)
            .args(["--supervised", "--listen", &self.listen.to_string()])
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.name))?;
        let stdin = child.stdin.take();
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(prefix_lines(self.name, stderr));
        }
        let stdout = child.stdout.take().context("the child has no stdout")?;
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(START_TIMEOUT, lines.next_line()).await;
        let Ok(Ok(Some(line))) = first else {
            bail!("{} did not start", self.name);
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let address = line
            .rsplit_once("http://")
            .and_then(|(_, address)| address.parse().ok())
            .with_context(|| format!("{} said {line:?} instead of its address", self.name))?;
        Ok(Running {
            child,
            stdin,
            address,
        })
    }
}

/// Keeps one child running until the end.
async fn keep(spec: Spec, mut running: Running, mut ending: watch::Receiver<bool>) {
    let mut delay = RESTART_DELAY;
    loop {
        let since = Instant::now();
        let status = tokio::select! {
            status = running.child.wait() => status,
            () = ended(&mut ending) => return stop(running).await,
        };
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        delay = if since.elapsed() > STABLE_AFTER {
            RESTART_DELAY
        } else {
            (delay * 2).min(RESTART_DELAY_MAX)
        };
        eprintln!(
            "supervisor | {} ended ({status}), starting it again",
            spec.name
        );
        running = loop {
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = ended(&mut ending) => return,
            }
            match spec.start().await {
                Ok(running) => break running,
                Err(error) => eprintln!("supervisor | {error:#}"),
            }
            delay = (delay * 2).min(RESTART_DELAY_MAX);
        };
    }
}

/// Waits for the end; a supervisor that is gone is one, too.
async fn ended(ending: &mut watch::Receiver<bool>) {
    let _ = ending.wait_for(|ending| *ending).await;
}

async fn stop(mut running: Running) {
    drop(running.stdin.take());
    if tokio::time::timeout(STOP_TIMEOUT, running.child.wait())
        .await
        .is_err()
    {
        // Killing a child that has just ended fails, and that is as well.
        let _ = running.child.kill().await;
    }
}

async fn prefix_lines(name: &'static str, stream: impl AsyncRead + Unpin) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        eprintln!("{name:<10} | {line}");
    }
}
