//! What the services tell one another.

use serde::{Deserialize, Serialize};

/// The form as the page sends it to A. Nothing about it can be trusted; what is missing is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    /// The film's id.
    pub film: String,
    /// The day, `2026-11-22`.
    pub date: String,
    /// The show time, `20:15`.
    pub time: String,
    /// The seat, `C4`.
    pub seat: String,
    /// The customer's name.
    pub name: String,
    /// Where the customer can be reached.
    pub email: String,
    /// The card's number, with or without spaces.
    pub card: String,
}

/// A booking whose every field is valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The booking's number.
    pub id: String,
    /// The film's id.
    pub film: String,
    /// The day, `2026-11-22`.
    pub date: String,
    /// The show time, `20:15`.
    pub time: String,
    /// The seat, `C4`.
    pub seat: String,
    /// The customer's name.
    pub name: String,
    /// The customer's e-mail address.
    pub email: String,
}

impl Booking {
    /// The key of the showing.
    pub fn screening(&self) -> String {
        crate::catalogue::screening(&self.film, &self.date, &self.time)
    }
}

/// A to B: write it down.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecordRequest {
    /// What is booked.
    pub booking: Booking,
    /// The card's digits.
    pub card: String,
}

/// B to C: charge the card.
#[derive(Debug, Serialize, Deserialize)]
pub struct PaymentRequest {
    /// What is booked.
    pub booking: Booking,
    /// The card's digits.
    pub card: String,
    /// The price in euro cents.
    pub amount_cents: i64,
}

/// What C knows of a charge that succeeded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// The price in euro cents.
    pub amount_cents: i64,
    /// The acquirer's reference.
    pub reference: String,
    /// The end of the card's number.
    pub card_last4: String,
}

/// C to D: hold the seat. And D to E: make the ticket.
#[derive(Debug, Serialize, Deserialize)]
pub struct PaidBooking {
    /// What is booked.
    pub booking: Booking,
    /// How it was paid.
    pub receipt: Receipt,
}

/// C to the acquirer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Charge {
    /// The shop's own number for the charge; the same number is never charged twice.
    pub idempotency_key: String,
    /// The card's digits.
    pub card: String,
    /// The amount in euro cents.
    pub amount_cents: i64,
}

/// The acquirer's answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Approval {
    /// The acquirer's reference.
    pub reference: String,
}
