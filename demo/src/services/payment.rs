//! Service C: charges the card at the acquirer, tries again when the acquirer stumbles, and takes the charge back when
//! the booking fails behind it. The acquirer is simulated by the same process, behind a real HTTP endpoint without
//! tracing, as the endpoint of another company would be.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use opentelemetry::logs::Severity;

use crate::call::{Call, Peer};
use crate::faults::{Fault, Faults};
use crate::messages::{Approval, Charge, PaidBooking, PaymentRequest, Receipt};
use crate::problem::Problem;
use crate::service::name;
use crate::services::pass_ticket;
use crate::stage::{BookingStatus, Stage};

const MAX_TRIES: u32 = 3;
/// Between two tries; the second pause is twice as long.
const BACKOFF: Duration = Duration::from_millis(80);
const ACQUIRER_LATENCY: Duration = Duration::from_millis(120);
const SLOW_ACQUIRER_LATENCY: Duration = Duration::from_millis(1_500);
const VOID_LATENCY: Duration = Duration::from_millis(40);
const STUMBLE_LATENCY: Duration = Duration::from_millis(600);
const STUMBLES: u32 = 2;
/// The test number that acquirers decline.
const DECLINED_CARD: &str = "4000000000000002";
/// The dearest seat a hundred times over.
const MAX_AMOUNT_CENTS: i64 = 140_000;

/// Whom C calls.
#[derive(Clone, Debug)]
pub struct Peers {
    /// The acquirer, whose paths begin with `/acquirer`.
    pub acquirer: Peer,
    /// D.
    pub seating: Peer,
}

/// C's routes.
pub fn routes(peers: Peers) -> Router {
    Router::new()
        .route("/payments", post(pay))
        .with_state(peers)
}

async fn pay(
    State(peers): State<Peers>,
    stage: Stage,
    Json(request): Json<PaymentRequest>,
) -> Result<Response, Problem> {
    let PaymentRequest {
        booking,
        card,
        amount_cents,
    } = request;
    let card_last4 = check(&stage, &card, amount_cents)?;
    let charge = Charge {
        idempotency_key: booking.id.clone(),
        card,
        amount_cents,
    };
    let approval = charge_card(&peers, &stage, &charge).await?;
    let stage = stage.advance(BookingStatus::Paid);
    stage.log(
        Severity::Info,
        format!("charge accepted, reference {}", approval.reference),
    );

    let receipt = Receipt {
        amount_cents,
        reference: approval.reference,
        card_last4,
    };
    let paid = PaidBooking { booking, receipt };
    match stage
        .call(Call::post(&peers.seating, "/allocations"), Some(&paid))
        .await
    {
        Ok(answer) => Ok(pass_ticket(answer)),
        Err(problem) => {
            void(&peers, &stage, &charge).await;
            stage.advance(BookingStatus::Cancelled);
            Err(problem)
        }
    }
}

/// Validates what is charged in a span of its own; returns the last four digits.
fn check(stage: &Stage, card: &str, amount_cents: i64) -> Result<String, Problem> {
    let span = stage.internal("validate payment");
    span.set("payment.amount_cents", amount_cents);
    let last4 = card.get(card.len().saturating_sub(4)..).unwrap_or_default();
    let acceptable = (1..=MAX_AMOUNT_CENTS).contains(&amount_cents)
        && last4.len() == 4
        && card.bytes().all(|byte| byte.is_ascii_digit());
    if !acceptable {
        span.error("invalid_payment", "the payment is not acceptable");
        return Err(Problem::new(
            name::PAYMENT,
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-payment",
            "This payment is not possible",
            "Check the card number and try again. You have not been charged.",
        ));
    }
    Ok(last4.to_owned())
}

/// Charges the card; what the acquirer failed at is tried again, what it refused is not.
async fn charge_card(peers: &Peers, stage: &Stage, charge: &Charge) -> Result<Approval, Problem> {
    let mut tried = 0;
    loop {
        let call = Call {
            resend_count: tried,
            ..Call::post(&peers.acquirer, "/acquirer/charge")
        };
        let problem = match stage.call(call, Some(charge)).await {
            Ok(answer) => {
                return serde_json::from_slice(&answer.body)
                    .map_err(|error| stage.fail(&error, "The bank's answer could not be read."));
            }
            Err(problem) => problem,
        };
        tried += 1;
        if problem.status < 500 {
            stage.log(Severity::Warn, format!("charge refused: {}", problem.title));
            return Err(problem);
        }
        if tried == MAX_TRIES {
            stage.log(
                Severity::Error,
                format!("charge given up after {tried} tries"),
            );
            return Err(problem);
        }
        stage.log(
            Severity::Warn,
            format!("acquirer answered {}, retry {tried}", problem.status),
        );
        tokio::time::sleep(BACKOFF * tried).await;
    }
}

/// Takes the charge back.
async fn void(peers: &Peers, stage: &Stage, charge: &Charge) {
    match stage
        .call(Call::post(&peers.acquirer, "/acquirer/void"), Some(charge))
        .await
    {
        Ok(_) => stage.log(Severity::Info, "charge taken back".to_owned()),
        Err(problem) => stage.log(
            Severity::Error,
            format!("charge NOT taken back: {}", problem.detail),
        ),
    }
}

/// How often the acquirer has stumbled over each charge so far.
type Stumbles = Arc<Mutex<HashMap<String, u32>>>;

/// The simulated acquirer's routes. They are not traced.
pub fn acquirer_routes() -> Router {
    Router::new()
        .route("/acquirer/charge", post(acquirer_charge))
        .route("/acquirer/void", post(acquirer_void))
        .with_state(Stumbles::default())
}

async fn acquirer_charge(
    State(stumbles): State<Stumbles>,
    headers: HeaderMap,
    Json(charge): Json<Charge>,
) -> Result<Response, Problem> {
    let faults = Faults::from_headers(&headers);
    if faults.has(Fault::SlowPayment) && stumbles_again(&stumbles, &charge.idempotency_key) {
        tokio::time::sleep(STUMBLE_LATENCY).await;
        return Err(Problem::new(
            "acquirer",
            StatusCode::BAD_GATEWAY,
            "acquirer-unavailable",
            "The bank does not answer",
            "The card network did not answer in time. You have not been charged.",
        ));
    }
    let latency = if faults.has(Fault::SlowCharge) {
        SLOW_ACQUIRER_LATENCY
    } else {
        ACQUIRER_LATENCY
    };
    tokio::time::sleep(latency).await;
    if charge.card == DECLINED_CARD {
        return Err(Problem::new(
            "acquirer",
            StatusCode::PAYMENT_REQUIRED,
            "card-declined",
            "Your card was declined",
            "The bank does not accept this card. You have not been charged; try another card.",
        ));
    }
    let reference = format!("ACQ-{}", charge.idempotency_key.replace('-', ""));
    Ok(Json(Approval { reference }).into_response())
}

async fn acquirer_void() -> StatusCode {
    tokio::time::sleep(VOID_LATENCY).await;
    StatusCode::NO_CONTENT
}

fn stumbles_again(stumbles: &Stumbles, key: &str) -> bool {
    let mut counts = stumbles.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.entry(key.to_owned()).or_default();
    if *count == STUMBLES {
        counts.remove(key);
        return false;
    }
    *count += 1;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stumbles_twice_per_charge() {
        let stumbles = Stumbles::default();
        let answers: Vec<bool> = (0..3).map(|_| stumbles_again(&stumbles, "one")).collect();
        assert_eq!(answers, [true, true, false]);
        assert!(
            stumbles_again(&stumbles, "other"),
            "charges do not share a count"
        );
        assert!(
            stumbles.lock().expect("lock").get("one").is_none(),
            "a charge that succeeded is forgotten"
        );
    }
}
