//! Service B: writes the customer and the booking into its database, and reads what the seat costs.

use std::path::Path;

use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use opentelemetry::logs::Severity;
use rusqlite::params;

use crate::call::{Call, Peer};
use crate::catalogue::{Seat, Section};
use crate::database::{Database, Statement};
use crate::faults::Fault;
use crate::messages::{Booking, PaymentRequest, RecordRequest};
use crate::problem::Problem;
use crate::services::pass_ticket;
use crate::stage::{BookingStatus, Stage};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS customers (
        id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS bookings (
        id TEXT PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
        screening TEXT NOT NULL, seat TEXT NOT NULL, amount_cents INTEGER NOT NULL, status TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS seats (
        seat TEXT PRIMARY KEY, section TEXT NOT NULL, price_cents INTEGER NOT NULL
    ) STRICT;
";

const INSERT_CUSTOMER: Statement = Statement {
    operation: "INSERT",
    table: "customers",
    text: "INSERT INTO customers (email, name) VALUES (?1, ?2) \
           ON CONFLICT (email) DO UPDATE SET name = excluded.name RETURNING id",
};
const SELECT_SECTION: Statement = Statement {
    operation: "SELECT",
    table: "seats",
    text: "SELECT seat, price_cents FROM seats WHERE section = ?1",
};
const SELECT_SEAT: Statement = Statement {
    operation: "SELECT",
    table: "seats",
    text: "SELECT price_cents FROM seats WHERE seat = ?1",
};
const INSERT_BOOKING: Statement = Statement {
    operation: "INSERT",
    table: "bookings",
    text: "INSERT INTO bookings (id, customer_id, screening, seat, amount_cents, status) \
           VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
};
const UPDATE_BOOKING: Statement = Statement {
    operation: "UPDATE",
    table: "bookings",
    text: "UPDATE bookings SET status = ?2 WHERE id = ?1",
};

/// B's database and the next service.
#[derive(Clone, Debug)]
pub struct Bookings {
    database: Database,
    payment: Peer,
}

impl Bookings {
    /// Opens B's database below `dir`.
    ///
    /// # Errors
    /// Fails where the folder cannot be written.
    pub fn open(dir: &Path, payment: Peer) -> anyhow::Result<Self> {
        let prices: String = Seat::all()
            .map(|seat| {
                let Section { name, price_cents } = seat.section();
                format!("INSERT OR REPLACE INTO seats VALUES ('{seat}', '{name}', {price_cents});")
            })
            .collect();
        let schema = format!("{SCHEMA} BEGIN; {prices} COMMIT;");
        Ok(Self {
            database: Database::open(dir, "booking", &schema)?,
            payment,
        })
    }

    async fn insert_customer(&self, stage: &Stage, booking: &Booking) -> rusqlite::Result<i64> {
        let (email, name) = (booking.email.clone(), booking.name.clone());
        self.database
            .run(stage, INSERT_CUSTOMER, move |connection, sql| {
                connection.query_row(sql, params![email, name], |row| row.get(0))
            })
            .await
    }

    /// Reads the prices of the seat's whole section, as the booking shows what a neighbour would cost; with the fault,
    /// one seat at a time.
    async fn price(&self, stage: &Stage, seat: Seat) -> rusqlite::Result<i64> {
        let section = seat.section().name;
        if !stage.faults().has(Fault::NPlusOne) {
            let prices = self
                .database
                .run(stage, SELECT_SECTION, move |connection, sql| {
                    let mut statement = connection.prepare_cached(sql)?;
                    let rows = statement.query_map([section], |row| {
                        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
                    })?;
                    rows.collect::<rusqlite::Result<Vec<_>>>()
                })
                .await?;
            return price_of(&prices, seat);
        }
        let mut prices = Vec::new();
        for neighbour in Seat::all().filter(|other| other.section().name == section) {
            let key = neighbour.to_string();
            let price = self
                .database
                .run(stage, SELECT_SEAT, {
                    let key = key.clone();
                    move |connection, sql| {
                        let mut statement = connection.prepare_cached(sql)?;
                        statement.query_row([key], |row| row.get(0))
                    }
                })
                .await?;
            prices.push((key, price));
        }
        price_of(&prices, seat)
    }

    async fn insert_booking(
        &self,
        stage: &Stage,
        booking: &Booking,
        customer_id: i64,
        amount_cents: i64,
    ) -> rusqlite::Result<()> {
        let (id, seat, screening) = (
            booking.id.clone(),
            booking.seat.clone(),
            booking.screening(),
        );
        self.database
            .run(stage, INSERT_BOOKING, move |connection, sql| {
                let status = BookingStatus::Recorded.as_str();
                connection.execute(
                    sql,
                    params![id, customer_id, screening, seat, amount_cents, status],
                )
            })
            .await?;
        Ok(())
    }

    async fn set_status(&self, stage: &Stage, id: &str, status: BookingStatus) {
        let id = id.to_owned();
        let updated = self
            .database
            .run(stage, UPDATE_BOOKING, move |connection, sql| {
                connection.execute(sql, params![id, status.as_str()])
            })
            .await;
        if let Err(error) = updated {
            stage.log(
                Severity::Error,
                format!("the booking's status could not be written: {error}"),
            );
        }
    }
}

/// B's routes.
pub fn routes(bookings: Bookings) -> Router {
    Router::new()
        .route("/records", post(record))
        .with_state(bookings)
}

async fn record(
    State(bookings): State<Bookings>,
    stage: Stage,
    Json(request): Json<RecordRequest>,
) -> Result<Response, Problem> {
    let RecordRequest { booking, card } = request;
    let unwritten = |error: rusqlite::Error| {
        stage.fail(
            &error,
            "Your booking could not be saved. You have not been charged.",
        )
    };
    let seat = Seat::parse(&booking.seat)
        .ok_or_else(|| stage.fail(&booking.seat, "This seat does not exist."))?;
    let customer_id = bookings
        .insert_customer(&stage, &booking)
        .await
        .map_err(unwritten)?;
    let amount_cents = bookings.price(&stage, seat).await.map_err(unwritten)?;
    if !stage.faults().has(Fault::LostBooking) {
        bookings
            .insert_booking(&stage, &booking, customer_id, amount_cents)
            .await
            .map_err(unwritten)?;
    }
    let stage = stage.advance(BookingStatus::Recorded);
    stage.log(
        Severity::Info,
        format!("booking recorded for customer {customer_id}, {amount_cents} cents"),
    );

    let id = booking.id.clone();
    let request = PaymentRequest {
        booking,
        card,
        amount_cents,
    };
    match stage
        .call(Call::post(&bookings.payment, "/payments"), Some(&request))
        .await
    {
        Ok(answer) => {
            bookings
                .set_status(&stage, &id, BookingStatus::Ticketed)
                .await;
            Ok(pass_ticket(answer))
        }
        Err(problem) => {
            bookings
                .set_status(&stage, &id, BookingStatus::Cancelled)
                .await;
            stage.advance(BookingStatus::Cancelled);
            Err(problem)
        }
    }
}

fn price_of(prices: &[(String, i64)], seat: Seat) -> rusqlite::Result<i64> {
    let wanted = seat.to_string();
    prices
        .iter()
        .find(|(seat, _)| *seat == wanted)
        .map(|(_, price)| *price)
        .ok_or(rusqlite::Error::QueryReturnedNoRows)
}
