//! Service A: validates the form, gives the booking its number, and is the only service that the page's server talks to.

use std::time::SystemTime;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use opentelemetry::KeyValue;
use opentelemetry::logs::Severity;
use opentelemetry_sdk::trace::{IdGenerator as _, RandomIdGenerator};
use serde::Deserialize;

use crate::call::{Call, Peer};
use crate::catalogue::{self, DAYS_AHEAD, Day, SHOW_TIMES, Seat};
use crate::messages::{Booking, Form, RecordRequest};
use crate::problem::{FieldError, Problem};
use crate::service::name;
use crate::services::pass_ticket;
use crate::stage::{BookingStatus, Stage};

/// The longest name that fits on a ticket.
const MAX_NAME_CHARS: usize = 60;
/// The longest address that RFC 5321 allows.
const MAX_EMAIL_CHARS: usize = 254;

/// Whom A calls.
#[derive(Clone, Debug)]
pub struct Peers {
    /// B, for bookings.
    pub booking: Peer,
    /// D, which knows what is sold.
    pub seating: Peer,
}

/// A's routes.
pub fn routes(peers: Peers) -> Router {
    Router::new()
        .route("/bookings", post(book))
        .route("/seats", get(seats))
        .with_state(peers)
}

async fn book(
    State(peers): State<Peers>,
    stage: Stage,
    body: Result<Json<Form>, axum::extract::rejection::JsonRejection>,
) -> Result<Response, Problem> {
    let Json(form) = body.map_err(|rejection| unreadable(&rejection.body_text()))?;
    let stage = stage
        .with_booking_id(&new_booking_id())
        .advance(BookingStatus::Received);
    let (booking, card) = check(&stage, form).inspect_err(|_| {
        stage.clone().advance(BookingStatus::Cancelled);
    })?;
    stage.log(
        Severity::Info,
        format!(
            "booking received: seat {} for {}",
            booking.seat,
            booking.screening()
        ),
    );
    let id = booking.id.clone();
    let request = RecordRequest { booking, card };
    match stage
        .call(Call::post(&peers.booking, "/records"), Some(&request))
        .await
    {
        Ok(answer) => {
            stage.advance(BookingStatus::Ticketed);
            let mut response = pass_ticket(answer);
            if let Ok(value) = id.parse() {
                response.headers_mut().insert("x-booking-id", value);
            }
            Ok(response)
        }
        Err(problem) => {
            stage.log(
                Severity::Warn,
                format!("booking failed in {}: {}", problem.service, problem.title),
            );
            stage.advance(BookingStatus::Cancelled);
            Err(problem)
        }
    }
}

#[derive(Debug, Deserialize)]
struct Showing {
    #[serde(default)]
    film: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    time: String,
}

async fn seats(
    State(peers): State<Peers>,
    stage: Stage,
    Query(showing): Query<Showing>,
) -> Result<Response, Problem> {
    let known = catalogue::film(&showing.film).is_some()
        && Day::parse(&showing.date).is_some()
        && SHOW_TIMES.contains(&showing.time.as_str());
    if !known {
        return Err(Problem::new(
            name::VALIDATION,
            StatusCode::NOT_FOUND,
            "no-such-screening",
            "No such screening",
            "We do not show this film at that time.",
        ));
    }
    let screening = catalogue::screening(&showing.film, &showing.date, &showing.time);
    let call = Call {
        method: reqwest::Method::GET,
        // Every character of a valid screening may stand in a query as it is (RFC 3986 §3.4).
        query: format!("screening={screening}"),
        ..Call::post(&peers.seating, "/seats")
    };
    let answer = stage.call(call, None::<&()>).await?;
    Ok((
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        answer.body,
    )
        .into_response())
}

/// Validates in a span of its own.
fn check(stage: &Stage, form: Form) -> Result<(Booking, String), Problem> {
    let span = stage.internal("validate form");
    let id = stage.booking_id().unwrap_or_default();
    let result = validate(form, id, Day::of(SystemTime::now()));
    match result {
        Ok(valid) => {
            span.set("form.valid", true);
            Ok(valid)
        }
        Err(errors) => {
            let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            let fields = fields.join(",");
            span.set("form.valid", false);
            span.event(
                "form.rejected",
                vec![KeyValue::new("form.fields", fields.clone())],
            );
            stage
                .within(&span)
                .log(Severity::Info, format!("form rejected: {fields}"));
            Err(rejected(errors))
        }
    }
}

/// Checks every field, so that the customer sees everything that is wrong at once.
///
/// # Errors
/// Returns one entry per field that is wrong.
pub fn validate(form: Form, id: String, today: Day) -> Result<(Booking, String), Vec<FieldError>> {
    let name = form.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let email = form.email.trim().to_owned();
    let card: String = form
        .card
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '-')
        .collect();
    let errors: Vec<FieldError> = [
        ("film", check_film(&form.film)),
        ("date", check_date(&form.date, today)),
        ("time", check_time(&form.time)),
        ("seat", check_seat(&form.seat)),
        ("name", check_name(&name)),
        ("email", check_email(&email)),
        ("card", check_card(&card)),
    ]
    .into_iter()
    .filter_map(|(field, result)| {
        result.err().map(|detail| FieldError {
            field: field.to_owned(),
            detail: detail.to_owned(),
        })
    })
    .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let booking = Booking {
        id,
        film: form.film,
        date: form.date,
        time: form.time,
        seat: form.seat,
        name,
        email,
    };
    Ok((booking, card))
}

fn check_film(film: &str) -> Result<(), &'static str> {
    catalogue::film(film).map(|_| ()).ok_or("Choose a film.")
}

fn check_date(date: &str, today: Day) -> Result<(), &'static str> {
    let day = Day::parse(date).ok_or("Choose a day.")?;
    // West of Greenwich the customer's day may be yesterday's in UTC.
    if day < today.plus(-1) {
        return Err("This day is over. Choose another one.");
    }
    if day > today.plus(DAYS_AHEAD) {
        return Err("Tickets for this day are not on sale yet.");
    }
    Ok(())
}

fn check_time(time: &str) -> Result<(), &'static str> {
    SHOW_TIMES
        .contains(&time)
        .then_some(())
        .ok_or("Choose a show time.")
}

fn check_seat(seat: &str) -> Result<(), &'static str> {
    Seat::parse(seat).map(|_| ()).ok_or("Choose a seat.")
}

fn check_name(name: &str) -> Result<(), &'static str> {
    if !name.chars().any(char::is_alphabetic) {
        return Err("Enter your name.");
    }
    if name.chars().count() > MAX_NAME_CHARS {
        return Err("Enter a name of at most 60 characters.");
    }
    Ok(())
}

fn check_email(email: &str) -> Result<(), &'static str> {
    const ADVICE: &str = "Enter an e-mail address like name@example.org.";
    let (local, domain) = email.rsplit_once('@').ok_or(ADVICE)?;
    let acceptable = !local.is_empty()
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
        && email.chars().count() <= MAX_EMAIL_CHARS
        && !email
            .chars()
            .any(|character| character.is_whitespace() || character.is_control());
    acceptable.then_some(()).ok_or(ADVICE)
}

fn check_card(card: &str) -> Result<(), &'static str> {
    let digits: Option<Vec<u32>> = card
        .chars()
        .map(|character| character.to_digit(10))
        .collect();
    match digits {
        Some(digits) if (13..=19).contains(&digits.len()) => passes_luhn(&digits)
            .then_some(())
            .ok_or("This card number has a typo. Check the digits."),
        _ => Err("Enter the 13 to 19 digits of your card."),
    }
}

/// The check digit of ISO/IEC 7812-1, annex B.
fn passes_luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(position, digit)| match position % 2 {
            0 => *digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Eight letters and digits that nobody confuses when reading them out (Crockford's base 32).
fn new_booking_id() -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let random = RandomIdGenerator::default().new_span_id().to_bytes();
    let letters: String = random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect();
    format!("{}-{}", &letters[..4], &letters[4..])
}

fn rejected(errors: Vec<FieldError>) -> Problem {
    let mut problem = Problem::new(
        name::VALIDATION,
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid-form",
        "Please check the form",
        errors
            .iter()
            .map(|error| error.detail.as_str())
            .collect::<Vec<_>>()
            .join(" "),
    );
    problem.errors = errors;
    problem
}

fn unreadable(detail: &str) -> Problem {
    Problem::new(
        name::VALIDATION,
        StatusCode::BAD_REQUEST,
        "unreadable",
        "The request cannot be read",
        detail,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form {
            film: "night-signal".to_owned(),
            date: "2026-11-22".to_owned(),
            time: "20:15".to_owned(),
            seat: "C4".to_owned(),
            name: "  Ada   Lovelace ".to_owned(),
            email: " ada@example.org ".to_owned(),
            card: "4242 4242 4242 4242".to_owned(),
        }
    }

    fn today() -> Day {
        Day::parse("2026-11-22").expect("a day")
    }

    #[test]
    fn accepts_and_tidies_a_good_form() {
        let (booking, card) =
            validate(form(), "7K3M-9QXA".to_owned(), today()).expect("the form is valid");
        assert_eq!(booking.name, "Ada Lovelace");
        assert_eq!(booking.email, "ada@example.org");
        assert_eq!(booking.screening(), "night-signal/2026-11-22/20:15");
        assert_eq!(card, "4242424242424242");
    }

    #[test]
    fn rejects_each_field_by_its_rule() {
        let set = |change: fn(&mut Form)| {
            let mut form = form();
            change(&mut form);
            form
        };
        for (form, field, detail) in [
            (set(|f| f.film = "jaws".into()), "film", "Choose a film."),
            (
                set(|f| f.date = "2026-02-30".into()),
                "date",
                "Choose a day.",
            ),
            (set(|f| f.date = "2026-11-20".into()), "date", "is over"),
            (set(|f| f.date = "2027-02-01".into()), "date", "not on sale"),
            (set(|f| f.time = "03:00".into()), "time", "show time"),
            (set(|f| f.seat.clear()), "seat", "Choose a seat."),
            (set(|f| f.name = " ! ".into()), "name", "your name"),
            (set(|f| f.name = "x".repeat(61)), "name", "at most 60"),
            (set(|f| f.email = "ada".into()), "email", "name@example.org"),
            (set(|f| f.email = "a@b".into()), "email", "name@example.org"),
            (
                set(|f| f.email = "a b@c.de".into()),
                "email",
                "name@example.org",
            ),
            (
                set(|f| f.email = "a@c..de".into()),
                "email",
                "name@example.org",
            ),
            (set(|f| f.card = "4242 4242".into()), "card", "13 to 19"),
            (
                set(|f| f.card = "4242x42424242424".into()),
                "card",
                "13 to 19",
            ),
            (
                set(|f| f.card = "4242 4242 4242 4241".into()),
                "card",
                "typo",
            ),
        ] {
            let errors = validate(form, String::new(), today()).expect_err(detail);
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert_eq!(errors[0].field, field);
            assert!(errors[0].detail.contains(detail), "{:?}", errors[0]);
        }
    }

    #[test]
    fn names_everything_that_is_wrong_at_once() {
        let errors = validate(Form::default(), String::new(), today()).expect_err("an empty form");
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            ["film", "date", "time", "seat", "name", "email", "card"]
        );
    }

    #[test]
    fn accepts_yesterday_for_customers_behind_utc() {
        let mut early = form();
        early.date = "2026-11-21".to_owned();
        assert!(validate(early, String::new(), today()).is_ok());
    }

    #[test]
    fn booking_ids_are_readable_and_differ() {
        let (one, other) = (new_booking_id(), new_booking_id());
        assert_ne!(one, other);
        assert_eq!(one.len(), 9);
        assert_eq!(one.as_bytes()[4], b'-');
    }
}
