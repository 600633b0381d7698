//! The `throughline` binary: takes telemetry in, keeps it, answers questions about it and serves the
//! tracer and the viewer.
//!
//! ```text
//! listen ─┬─ ingest (4318 HTTP, 4317 gRPC) ── store::writer ─┐
//!         │     otlp_protobuf, cors, limits                  ├─ store (sqlite │ memory)
//!         └─ api (4319) ── guard ── auth ── query ───────────┘
//!               assets: the viewer; the tracer is on 4318
//!
//! diff ── source: a file, a running server, a data directory
//! replay ── recorded ── source; a browser, driven by Playwright
//! ```
//!
//! `store` and `query` know nothing of HTTP; `ingest` never reads from the store.

mod api;
mod assets;
mod auth;
mod check;
mod config;
mod diff;
mod erase;
mod exchange;
mod ingest;
mod listen;
mod otlp_protobuf;
mod query;
mod recorded;
mod replay;
#[cfg(test)]
mod running;
#[cfg(test)]
mod sample;
mod sample_data;
mod serve;
mod source;
mod store;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    match config::read()? {
        config::Commands::Serve(config) => {
            telemetry::start_log(&config.log)?;
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            runtime.block_on(serve::serve(*config))?;
            Ok(ExitCode::SUCCESS)
        }
        config::Commands::Diff(config) => Ok(diff::run(&config)),
        config::Commands::Export(config) => exchange::export::run(&config),
        config::Commands::Import(config) => exchange::import::run(&config),
        config::Commands::Erase(config) => erase::run(&config),
        config::Commands::Check(config) => check::run(&config),
        config::Commands::SampleData(config) => sample_data::run(&config),
        config::Commands::Replay(config) => Ok(replay::run(&config)),
    }
}
