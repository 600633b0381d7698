//! Throughline's demo: a movie-ticket shop of real processes.
//!
//! ```text
//! page ── shop (4330, plain reverse proxy) ── A validation (4331) ── B booking (4332, SQLite)
//!                                                  └─ seats ──┐            │
//!                        E ticketing (4335, PDF) ── D seating (4334, SQLite) ── C payment (4333, acquirer)
//! ```
//!
//! The ticket returns E → D → C → B → A → page. Every service is instrumented with the upstream OpenTelemetry SDK and
//! knows nothing of Throughline; the page's only tracing is Throughline's tag.

mod call;
mod canvas;
mod catalogue;
mod database;
mod faults;
mod font;
mod lifecycle;
mod messages;
mod panic;
mod poster;
mod problem;
mod service;
mod services;
mod stage;
mod supervisor;
mod telemetry;
mod ticket;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use clap::{Args, Parser, Subcommand};
use tokio::net::TcpListener;

use crate::call::Peer;
use crate::service::name;
use crate::services::{booking, payment, seating, shop, ticketing, validation};
use crate::telemetry::Telemetry;

const OTLP: &str = "http://127.0.0.1:4317";
const CINEMA: ticketing::Cinema = ticketing::Cinema {
    name: "Kino Meridian",
    address: "12 Harbour Street",
};

/// A movie-ticket shop of five services, traced with the upstream OpenTelemetry SDK.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Role,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The whole shop: its server and all services as child processes.
    All(All),
    /// The shop's web server alone.
    Shop(ShopArgs),
    /// Service A alone.
    Validation(ValidationArgs),
    /// Service B alone.
    Booking(BookingArgs),
    /// Service C alone.
    Payment(PaymentArgs),
    /// Service D alone.
    Seating(SeatingArgs),
    /// Service E alone.
    Ticketing(TicketingArgs),
}

#[derive(Debug, Args)]
struct All {
    /// The shop's port; the services take the five that follow. 0 picks free ones.
    #[arg(long, default_value_t = 4330)]
    port_base: u16,
    /// Where the services send spans and logs (OTLP over gRPC). The shop works without it.
    #[arg(long, default_value = OTLP)]
    otlp: String,
    /// The tracer script that the page loads; empty for a page without the tag.
    #[arg(long, default_value = "http://127.0.0.1:4318/throughline.js")]
    tracer: String,
    /// What the tracer records of the page, for the viewer's player.
    #[arg(long, default_value = "off", value_parser = ["off", "error", "always"])]
    replay: String,
    /// The viewer that "See it in Throughline" leads to.
    #[arg(long, default_value = "http://localhost:4319")]
    viewer: String,
    /// The folder of the databases [default: a temporary one].
    #[arg(long)]
    data: Option<PathBuf>,
    /// Go on when the process that started this one has ended.
    #[arg(long)]
    outlive_parent: bool,
}

#[derive(Debug, Args)]
struct Listen {
    /// The address to listen on; port 0 picks a free one and prints it.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// End when stdin closes, and not on Ctrl+C.
    #[arg(long, hide = true)]
    supervised: bool,
}

#[derive(Debug, Args)]
struct ShopArgs {
    #[command(flatten)]
    listen: Listen,
    /// The base URL of service A.
    #[arg(long)]
    validation: String,
    /// The tracer script that the page loads; empty for a page without the tag.
    #[arg(long, default_value = "")]
    tracer: String,
    /// What the tracer records of the page, for the viewer's player.
    #[arg(long, default_value = "off", value_parser = ["off", "error", "always"])]
    replay: String,
    /// The viewer's base URL.
    #[arg(long)]
    viewer: String,
}

#[derive(Debug, Args)]
struct ValidationArgs {
    #[command(flatten)]
    listen: Listen,
    /// Where spans and logs go.
    #[arg(long, default_value = OTLP)]
    otlp: String,
    /// The base URL of service B.
    #[arg(long)]
    booking: String,
    /// The base URL of service D.
    #[arg(long)]
    seating: String,
}

#[derive(Debug, Args)]
struct BookingArgs {
    #[command(flatten)]
    listen: Listen,
    /// Where spans and logs go.
    #[arg(long, default_value = OTLP)]
    otlp: String,
    /// The folder of the database.
    #[arg(long)]
    data: PathBuf,
    /// The base URL of service C.
    #[arg(long)]
    payment: String,
}

#[derive(Debug, Args)]
struct PaymentArgs {
    #[command(flatten)]
    listen: Listen,
    /// Where spans and logs go.
    #[arg(long, default_value = OTLP)]
    otlp: String,
    /// The base URL of service D.
    #[arg(long)]
    seating: String,
    /// The base URL of the acquirer [default: the one that this process simulates].
    #[arg(long)]
    acquirer: Option<String>,
}

#[derive(Debug, Args)]
struct SeatingArgs {
    #[command(flatten)]
    listen: Listen,
    /// Where spans and logs go.
    #[arg(long, default_value = OTLP)]
    otlp: String,
    /// The folder of the database.
    #[arg(long)]
    data: PathBuf,
    /// The base URL of service E.
    #[arg(long)]
    ticketing: String,
}

#[derive(Debug, Args)]
struct TicketingArgs {
    #[command(flatten)]
    listen: Listen,
    /// Where spans and logs go.
    #[arg(long, default_value = OTLP)]
    otlp: String,
}

fn main() -> ExitCode {
    panic::install_hook();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(run(Cli::parse().command));
    // Whatever still runs has been given its time.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(role: Role) -> anyhow::Result<()> {
    match role {
        Role::All(arguments) => all(arguments).await,
        Role::Shop(arguments) => {
            let routes = shop::routes(shop::Shop {
                tracer: arguments.tracer,
                replay: arguments.replay,
                viewer: arguments.viewer,
                validation: peer(name::VALIDATION, &arguments.validation),
            })?;
            service::serve("shop", arguments.listen.bind("shop").await?, routes).await
        }
        Role::Validation(arguments) => {
            let routes = validation::routes(validation::Peers {
                booking: peer(name::BOOKING, &arguments.booking),
                seating: peer(name::SEATING, &arguments.seating),
            });
            traced(name::VALIDATION, &arguments.otlp, arguments.listen, routes).await
        }
        Role::Booking(arguments) => {
            let payment = peer(name::PAYMENT, &arguments.payment);
            let routes = booking::routes(booking::Bookings::open(&arguments.data, payment)?);
            traced(name::BOOKING, &arguments.otlp, arguments.listen, routes).await
        }
        Role::Payment(arguments) => pay(arguments).await,
        Role::Seating(arguments) => {
            let ticketing = peer(name::TICKETING, &arguments.ticketing);
            let routes = seating::routes(seating::Seating::open(&arguments.data, ticketing)?);
            traced(name::SEATING, &arguments.otlp, arguments.listen, routes).await
        }
        Role::Ticketing(arguments) => {
            let routes = ticketing::routes(CINEMA);
            traced(name::TICKETING, &arguments.otlp, arguments.listen, routes).await
        }
    }
}

async fn all(arguments: All) -> anyhow::Result<()> {
    let temporary = arguments.data.is_none();
    let data = arguments.data.unwrap_or_else(|| {
        std::env::temp_dir().join(format!("throughline-demo-{}", std::process::id()))
    });
    let result = supervisor::run(supervisor::Plan {
        port_base: arguments.port_base,
        otlp: arguments.otlp,
        tracer: arguments.tracer,
        replay: arguments.replay,
        viewer: arguments.viewer,
        data: data.clone(),
        outlive_parent: arguments.outlive_parent,
    })
    .await;
    if temporary
        && data.exists()
        && let Err(error) = std::fs::remove_dir_all(&data)
    {
        eprintln!("cannot remove {}: {error}", data.display());
    }
    result
}

/// C needs its own address first, since its acquirer is on it.
async fn pay(arguments: PaymentArgs) -> anyhow::Result<()> {
    let listener = arguments.listen.bind(name::PAYMENT).await?;
    let own = format!("http://{}", listener.local_addr()?);
    let routes = payment::routes(payment::Peers {
        acquirer: peer("acquirer", arguments.acquirer.as_deref().unwrap_or(&own)),
        seating: peer(name::SEATING, &arguments.seating),
    });
    let telemetry = Arc::new(Telemetry::start(name::PAYMENT, &arguments.otlp)?);
    service::run(telemetry, listener, routes, payment::acquirer_routes()).await
}

async fn traced(
    service: &'static str,
    otlp: &str,
    listen: Listen,
    routes: Router,
) -> anyhow::Result<()> {
    let listener = listen.bind(service).await?;
    let telemetry = Arc::new(Telemetry::start(service, otlp)?);
    service::run(telemetry, listener, routes, Router::new()).await
}

impl Listen {
    async fn bind(&self, service: &str) -> anyhow::Result<TcpListener> {
        if self.supervised {
            lifecycle::supervised();
        }
        service::bind(service, self.listen).await
    }
}

fn peer(name: &'static str, base_url: &str) -> Peer {
    Peer {
        name,
        base_url: base_url.trim_end_matches('/').to_owned(),
    }
}
