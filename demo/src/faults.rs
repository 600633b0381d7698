//! What a visitor may break, carried per request so that two browsers never disturb one another.
//!
//! The page sends `X-Demo-Faults: slow-payment,clock-skew`; every service hands the header on as it came.

use axum::http::HeaderMap;

/// The header that carries the faults of a request.
pub const HEADER: &str = "x-demo-faults";

/// One switch of the page's "Break something" panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The acquirer answers 502 twice, slowly, and accepts the third try.
    SlowPayment,
    /// Somebody else gets the seat a moment earlier.
    SeatConflict,
    /// Service B reads the prices of a section seat by seat.
    NPlusOne,
    /// Service E panics while it draws the ticket.
    CrashTicket,
    /// The clock of service D is three minutes slow.
    ClockSkew,
    /// Service B forgets to write the booking. It has no switch: only a re-run notices.
    LostBooking,
    /// The acquirer takes its time, and says yes. It has no switch either.
    SlowCharge,
}

impl Fault {
    /// All faults with the names they have in the header and in the page's test ids.
    pub const ALL: [(Fault, &'static str); 7] = [
        (Fault::SlowPayment, "slow-payment"),
        (Fault::SeatConflict, "seat-conflict"),
        (Fault::NPlusOne, "n-plus-one"),
        (Fault::CrashTicket, "crash-ticket"),
        (Fault::ClockSkew, "clock-skew"),
        (Fault::LostBooking, "lost-booking"),
        (Fault::SlowCharge, "slow-charge"),
    ];
}

/// The faults that one request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults(u8);

impl Faults {
    /// Reads the header; unknown names are ignored, so that an old service serves a newer page.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let mut faults = Self::default();
        for value in headers.get_all(HEADER) {
            for name in value.to_str().unwrap_or_default().split(',') {
                let name = name.trim();
                if let Some((fault, _)) = Fault::ALL.iter().find(|(_, known)| *known == name) {
                    faults.0 |= 1 << *fault as u8;
                }
            }
        }
        faults
    }

    /// Whether the request asks for `fault`.
    pub fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u8) != 0
    }

    /// The header's value for the next service, or `None` where nothing is broken.
    pub fn header_value(self) -> Option<String> {
        let names: Vec<&str> = Fault::ALL
            .iter()
            .filter(|(fault, _)| self.has(*fault))
            .map(|(_, name)| *name)
            .collect();
        (!names.is_empty()).then(|| names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(values: &[&'static str]) -> Faults {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().expect("header value"));
        }
        Faults::from_headers(&headers)
    }

    #[test]
    fn reads_names_from_the_header() {
        for (values, expected, reason) in [
            (&[][..], None, "no header"),
            (&["slow-payment"], Some("slow-payment"), "one name"),
            (
                &[" clock-skew ,slow-payment"],
                Some("slow-payment,clock-skew"),
                "spaces, any order",
            ),
            (
                &["n-plus-one", "crash-ticket"],
                Some("n-plus-one,crash-ticket"),
                "two header lines",
            ),
            (&["earthquake,,"], None, "unknown and empty names"),
            (
                &["seat-conflict,seat-conflict"],
                Some("seat-conflict"),
                "repeated",
            ),
        ] {
            assert_eq!(
                parse(values).header_value().as_deref(),
                expected,
                "{reason}"
            );
        }
    }

    #[test]
    fn survives_being_forwarded() {
        for (fault, name) in Fault::ALL {
            let faults = parse(&[name]);
            assert!(faults.has(fault));
            assert_eq!(faults.header_value().as_deref(), Some(name));
        }
    }
}
