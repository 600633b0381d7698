//! Service D: allocates the seat. The primary key of its table is what makes a seat sellable only once.

use std::path::Path;
use std::time::SystemTime;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use opentelemetry::KeyValue;
use opentelemetry::logs::Severity;
use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Peer};
use crate::catalogue::{self, Day, FILMS, SHOW_TIMES, Seat};
use crate::database::{Database, Statement, is_constraint_violation};
use crate::faults::Fault;
use crate::messages::PaidBooking;
use crate::problem::Problem;
use crate::service::name;
use crate::services::pass_ticket;
use crate::stage::{BookingStatus, Stage};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS allocations (
        screening TEXT NOT NULL, seat TEXT NOT NULL, booking_id TEXT NOT NULL,
        PRIMARY KEY (screening, seat)
    ) STRICT, WITHOUT ROWID;
";

const SELECT_ALLOCATIONS: Statement = Statement {
    operation: "SELECT",
    table: "allocations",
    text: "SELECT seat FROM allocations WHERE screening = ?1 ORDER BY seat",
};
const INSERT_ALLOCATION: Statement = Statement {
    operation: "INSERT",
    table: "allocations",
    text: "INSERT INTO allocations (screening, seat, booking_id) VALUES (?1, ?2, ?3)",
};
const DELETE_ALLOCATION: Statement = Statement {
    operation: "DELETE",
    table: "allocations",
    text: "DELETE FROM allocations WHERE screening = ?1 AND seat = ?2 AND booking_id = ?3",
};

/// For how many days from the start seats sold at the box office are on the map.
const BOX_OFFICE_DAYS: i64 = 8;
/// The customer of the box office, who also wins every race that the page's switch asks for.
const BOX_OFFICE: &str = "box-office";

/// D's database and the next service.
#[derive(Clone, Debug)]
pub struct Seating {
    database: Database,
    ticketing: Peer,
}

/// Why a seat was not allocated.
#[derive(Debug)]
enum AllocationError {
    /// Somebody else has it.
    Taken,
    /// The database failed.
    Database(rusqlite::Error),
}

impl Seating {
    /// Opens D's database below `dir`.
    ///
    /// # Errors
    /// Fails where the folder cannot be written.
    pub fn open(dir: &Path, ticketing: Peer) -> anyhow::Result<Self> {
        let today = Day::of(SystemTime::now());
        let sold = box_office_sales(today);
        Ok(Self {
            database: Database::open(dir, "seating", &format!("{SCHEMA} BEGIN; {sold} COMMIT;"))?,
            ticketing,
        })
    }

    async fn sold(&self, stage: &Stage, screening: &str) -> rusqlite::Result<Vec<String>> {
        let screening = screening.to_owned();
        self.database
            .run(stage, SELECT_ALLOCATIONS, move |connection, sql| {
                let mut statement = connection.prepare_cached(sql)?;
                let seats = statement.query_map([screening], |row| row.get(0))?;
                seats.collect()
            })
            .await
    }

    /// Gives the seat to the booking, unless it is somebody's already.
    async fn allocate(
        &self,
        stage: &Stage,
        screening: &str,
        seat: &str,
        booking_id: &str,
    ) -> Result<(), AllocationError> {
        let row = (screening.to_owned(), seat.to_owned(), booking_id.to_owned());
        let inserted = self
            .database
            .run(stage, INSERT_ALLOCATION, move |connection, sql| {
                connection.execute(sql, row)
            })
            .await;
        match inserted {
            Ok(_) => Ok(()),
            Err(error) if is_constraint_violation(&error) => Err(AllocationError::Taken),
            Err(error) => Err(AllocationError::Database(error)),
        }
    }

    /// Gives the seat back after the ticket could not be made.
    async fn release(&self, stage: &Stage, screening: &str, seat: &str, booking_id: &str) {
        let row = (screening.to_owned(), seat.to_owned(), booking_id.to_owned());
        let deleted = self
            .database
            .run(stage, DELETE_ALLOCATION, move |connection, sql| {
                connection.execute(sql, row)
            })
            .await;
        match deleted {
            Ok(_) => stage.log(Severity::Info, format!("seat {seat} released")),
            Err(error) => {
                stage.log(
                    Severity::Error,
                    format!("seat {seat} NOT released: {error}"),
                );
            }
        }
    }

    /// Another customer, who is not part of this trace, takes the seat a moment earlier.
    async fn sell_to_somebody_else(&self, screening: &str, seat: &str) -> rusqlite::Result<()> {
        let (screening, seat) = (screening.to_owned(), seat.to_owned());
        self.database
            .untraced(move |connection| {
                connection.execute(
                    "INSERT OR IGNORE INTO allocations VALUES (?1, ?2, ?3)",
                    params![screening, seat, BOX_OFFICE],
                )
            })
            .await?;
        Ok(())
    }
}

/// D's routes.
pub fn routes(seating: Seating) -> Router {
    Router::new()
        .route("/allocations", post(allocate))
        .route("/seats", get(seats))
        .with_state(seating)
}

#[derive(Debug, Deserialize)]
struct Screening {
    screening: String,
}

#[derive(Debug, Serialize)]
struct SeatMap {
    screening: String,
    sold: Vec<String>,
}

async fn seats(
    State(seating): State<Seating>,
    stage: Stage,
    Query(Screening { screening }): Query<Screening>,
) -> Result<Json<SeatMap>, Problem> {
    let sold = seating
        .sold(&stage, &screening)
        .await
        .map_err(|error| stage.fail(&error, "The seat map could not be read."))?;
    Ok(Json(SeatMap { screening, sold }))
}

async fn allocate(
    State(seating): State<Seating>,
    stage: Stage,
    Json(paid): Json<PaidBooking>,
) -> Result<Response, Problem> {
    let booking = &paid.booking;
    let screening = booking.screening();
    let stage = match hold(&seating, &stage, &screening, &booking.seat, &booking.id).await {
        Ok(()) => stage.advance(BookingStatus::SeatHeld),
        Err(problem) => {
            stage.advance(BookingStatus::Cancelled);
            return Err(problem);
        }
    };
    stage.log(
        Severity::Info,
        format!("seat {} held for {screening}", booking.seat),
    );
    match stage
        .call(Call::post(&seating.ticketing, "/tickets"), Some(&paid))
        .await
    {
        Ok(answer) => Ok(pass_ticket(answer)),
        Err(problem) => {
            seating
                .release(&stage, &screening, &booking.seat, &booking.id)
                .await;
            stage.advance(BookingStatus::Cancelled);
            Err(problem)
        }
    }
}

/// Allocates in a span of its own, which carries the conflict if there is one.
async fn hold(
    seating: &Seating,
    stage: &Stage,
    screening: &str,
    seat: &str,
    booking_id: &str,
) -> Result<(), Problem> {
    let span = stage.internal("allocate seat");
    let stage = stage.within(&span);
    span.set("seat.id", seat.to_owned());
    span.set("screening.id", screening.to_owned());
    if Seat::parse(seat).is_none() {
        span.error("no_such_seat", "the hall has no such seat");
        return Err(stage.fail(&seat, "This seat does not exist."));
    }
    if stage.faults().has(Fault::SeatConflict) {
        seating
            .sell_to_somebody_else(screening, seat)
            .await
            .map_err(|error| stage.fail(&error, "The seat could not be held."))?;
    }
    match seating.allocate(&stage, screening, seat, booking_id).await {
        Ok(()) => Ok(()),
        Err(AllocationError::Taken) => {
            span.event(
                "seat.conflict",
                vec![
                    KeyValue::new("seat.id", seat.to_owned()),
                    KeyValue::new("screening.id", screening.to_owned()),
                ],
            );
            span.error("seat_conflict", format!("seat {seat} is already sold"));
            stage.log(Severity::Warn, format!("seat {seat} is already sold"));
            Err(conflict(seat))
        }
        Err(AllocationError::Database(error)) => {
            span.error("database", error.to_string());
            Err(stage.fail(
                &error,
                "The seat could not be held. You have not been charged.",
            ))
        }
    }
}

fn conflict(seat: &str) -> Problem {
    Problem::new(
        name::SEATING,
        StatusCode::CONFLICT,
        "seat-taken",
        "That seat has just been sold",
        format!(
            "Somebody else bought seat {seat} a moment before you. You have not been charged; \
             please choose another seat."
        ),
    )
}

/// SQL that sells about a fifth of every showing at the box office: the same seats at every start, so that what a
/// visitor saw stays sold.
fn box_office_sales(today: Day) -> String {
    let mut sql = String::new();
    for day in -1..BOX_OFFICE_DAYS {
        for film in FILMS {
            for time in SHOW_TIMES {
                let screening = catalogue::screening(film.id, &today.plus(day).to_string(), time);
                for seat in Seat::all().filter(|seat| sold_at_box_office(&screening, *seat)) {
                    sql.push_str(&format!(
                        "INSERT OR IGNORE INTO allocations VALUES ('{screening}', '{seat}', '{BOX_OFFICE}');"
                    ));
                }
            }
        }
    }
    sql
}

/// People come in pairs: FNV-1a over the showing and the pair decides.
fn sold_at_box_office(screening: &str, seat: Seat) -> bool {
    let pair = (seat.number() - 1) / 2;
    let mut hash: u32 = 0x811c_9dc5;
    let bytes = screening.bytes().chain([seat.row() as u8, pair]);
    for byte in bytes {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    (hash >> 16).is_multiple_of(5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing;

    fn seating(dir: &Path) -> Seating {
        let ticketing = Peer {
            name: name::TICKETING,
            base_url: "http://127.0.0.1:9".to_owned(),
        };
        Seating::open(dir, ticketing).expect("a database")
    }

    #[tokio::test]
    async fn sells_a_seat_to_one_of_many_at_once() {
        let dir = testing::temporary_dir("seating-exclusive");
        let seating = seating(&dir);
        let attempts: Vec<_> = (0..16)
            .map(|customer| {
                let seating = seating.clone();
                tokio::spawn(async move {
                    let stage = testing::stage(name::SEATING);
                    seating
                        .allocate(&stage, "x/2999-01-01/20:15", "C4", &format!("b-{customer}"))
                        .await
                        .is_ok()
                })
            })
            .collect();
        let mut winners = 0;
        for attempt in attempts {
            winners += u32::from(attempt.await.expect("no panic"));
        }
        assert_eq!(winners, 1);
        let stage = testing::stage(name::SEATING);
        let sold = seating
            .sold(&stage, "x/2999-01-01/20:15")
            .await
            .expect("sold seats");
        assert_eq!(sold, ["C4"]);
    }

    #[tokio::test]
    async fn keeps_sold_seats_over_a_restart_and_releases_only_its_own() {
        let dir = testing::temporary_dir("seating-restart");
        let stage = testing::stage(name::SEATING);
        let screening = "x/2999-01-02/20:15";
        let first = seating(&dir);
        first
            .allocate(&stage, screening, "A1", "one")
            .await
            .expect("free");
        first
            .allocate(&stage, screening, "A2", "two")
            .await
            .expect("free");
        drop(first);

        let second = seating(&dir);
        assert!(matches!(
            second.allocate(&stage, screening, "A1", "three").await,
            Err(AllocationError::Taken)
        ));
        second.release(&stage, screening, "A1", "three").await;
        assert_eq!(
            second.sold(&stage, screening).await.expect("sold"),
            ["A1", "A2"]
        );
        second.release(&stage, screening, "A1", "one").await;
        assert_eq!(second.sold(&stage, screening).await.expect("sold"), ["A2"]);
    }

    #[test]
    fn leaves_most_seats_of_every_showing_free() {
        let today = Day::parse("2026-11-22").expect("a day");
        for film in FILMS {
            for time in SHOW_TIMES {
                let screening = catalogue::screening(film.id, &today.to_string(), time);
                let sold = Seat::all()
                    .filter(|seat| sold_at_box_office(&screening, *seat))
                    .count();
                assert!(sold <= 24, "{screening}: {sold} of 48 sold");
            }
        }
    }
}
