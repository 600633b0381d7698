//! Service E: makes the ticket, a PDF.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use opentelemetry::logs::Severity;

use crate::catalogue::{self, Day, Seat};
use crate::faults::Fault;
use crate::messages::PaidBooking;
use crate::panic;
use crate::problem::Problem;
use crate::stage::{BookingStatus, Stage};
use crate::ticket::{self, Ticket};

/// The cinema on the ticket.
#[derive(Clone, Copy, Debug)]
pub struct Cinema {
    /// Its name.
    pub name: &'static str,
    /// Where it is.
    pub address: &'static str,
}

/// E's routes.
pub fn routes(cinema: Cinema) -> Router {
    Router::new()
        .route("/tickets", post(make))
        .with_state(cinema)
}

async fn make(
    State(cinema): State<Cinema>,
    stage: Stage,
    Json(paid): Json<PaidBooking>,
) -> Result<Response, Problem> {
    let ticket = ticket_of(cinema, &paid, stage.trace_id())
        .ok_or_else(|| stage.fail(&paid.booking.screening(), UNPRINTED))?;
    let pdf = render(&stage, ticket).await?;
    let stage = stage.advance(BookingStatus::Ticketed);
    stage.log(Severity::Info, format!("ticket made, {} bytes", pdf.len()));
    let disposition = format!("attachment; filename=\"ticket-{}.pdf\"", paid.booking.id);
    Ok((
        [
            (header::CONTENT_TYPE, "application/pdf".to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        pdf,
    )
        .into_response())
}

const UNPRINTED: &str = "Your ticket could not be printed, so we cancelled the booking: \
     the seat is free again and you have not been charged. Please try again.";

/// Renders in a span of its own. A panic ends that span and this request, not the service.
async fn render(stage: &Stage, ticket: Ticket) -> Result<Vec<u8>, Problem> {
    let span = stage.internal("render PDF");
    let crash = stage.faults().has(Fault::CrashTicket);
    let rendered = tokio::task::spawn_blocking(move || {
        panic::catch(|| {
            if crash {
                ticket::print_on_broken_printer(&ticket)
            } else {
                ticket::render(&ticket)
            }
        })
    })
    .await;
    match rendered {
        Ok(Ok(pdf)) => {
            span.set("document.page_count", 1);
            span.set(
                "document.size_bytes",
                i64::try_from(pdf.len()).unwrap_or(i64::MAX),
            );
            Ok(pdf)
        }
        Ok(Err(report)) => {
            span.panic(&report);
            Err(stage.within(&span).fail(&report.message, UNPRINTED))
        }
        Err(cancelled) => Err(stage.within(&span).fail(&cancelled, UNPRINTED)),
    }
}

fn ticket_of(cinema: Cinema, paid: &PaidBooking, trace_id: String) -> Option<Ticket> {
    let booking = &paid.booking;
    Some(Ticket {
        cinema_name: cinema.name,
        cinema_address: cinema.address,
        film: catalogue::film(&booking.film)?,
        day: Day::parse(&booking.date)?,
        time: booking.time.clone(),
        seat: Seat::parse(&booking.seat)?,
        booking_id: booking.id.clone(),
        name: booking.name.clone(),
        amount_cents: paid.receipt.amount_cents,
        card_last4: paid.receipt.card_last4.clone(),
        payment_reference: paid.receipt.reference.clone(),
        trace_id,
    })
}
