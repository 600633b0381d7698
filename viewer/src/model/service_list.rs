//! The services of the list, in the hues that they have in traces.

use shared::query::{Service, TraceSummary};

use crate::format;
use crate::palette;

/// The hue of each service: that of the trace with the most services, the first of those; services that this has not
/// come after it, in the order of the other traces and at last of their names.
#[must_use]
pub fn hues(services: &[Service], traces: &[TraceSummary]) -> Vec<u16> {
    let mut by_services: Vec<&TraceSummary> = traces.iter().collect();
    by_services.sort_by_key(|trace| std::cmp::Reverse(trace.services.len()));
    let in_traces = by_services
        .iter()
        .flat_map(|trace| &trace.services)
        .map(|service| service.name.as_str());
    let listed = services.iter().map(|service| service.name.as_str());
    let mut order: Vec<usize> = Vec::with_capacity(services.len());
    for name in in_traces.chain(listed) {
        let place = services.iter().position(|service| service.name == name);
        if let Some(place) = place
            && !order.contains(&place)
        {
            order.push(place);
        }
    }
    let mut hues = vec![palette::NEUTRAL; services.len()];
    let ordered = palette::hues(order.iter().map(|place| services[*place].browser));
    for (place, hue) in order.into_iter().zip(ordered) {
        hues[place] = hue;
    }
    hues
}

/// In how many traces a service is, in words, of an answer that was asked for it.
#[must_use]
pub fn traces(counted: &Service) -> String {
    match counted.trace_count {
        Some(count) => format!("in {}", format::counted(count, "trace")),
        None => "in more traces than could be counted in time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::TraceId;
    use shared::query::ServiceShare;
    use shared::time::{DurationNanos, UnixNanos};

    fn service(name: &str) -> Service {
        Service {
            name: name.to_owned(),
            browser: name == "web",
            operations: Vec::new(),
            span_count: 3,
            trace_count: None,
        }
    }

    fn trace(names: &[&str]) -> TraceSummary {
        let shares = names.iter().map(|name| ServiceShare {
            name: (*name).to_owned(),
            browser: *name == "web",
            span_count: 1,
            error_count: 0,
            start: DurationNanos(0),
            duration: DurationNanos(1),
        });
        TraceSummary {
            trace_id: TraceId::from_bytes([1; 16]).expect("an id"),
            root_name: "GET /".to_owned(),
            root_service: names[0].to_owned(),
            caused: None,
            start: UnixNanos(0),
            duration: DurationNanos(1),
            span_count: 1,
            error_count: 0,
            error: None,
            services: shares.collect(),
            noted: Vec::new(),
        }
    }

    #[test]
    fn services_have_the_hues_that_the_largest_trace_gives_them() {
        let services = ["a", "b", "c", "d", "web"].map(service);
        let traces = [trace(&["d"]), trace(&["web", "c", "a"])];
        let [first, second, third, fourth] = [0, 1, 2, 3].map(palette::service_hue);
        assert_eq!(
            hues(&services, &traces),
            [second, fourth, first, third, palette::BROWSER],
            "c and a of the larger trace, d of the other, b by its name"
        );
        assert_eq!(
            hues(&services, &[]),
            [first, second, third, fourth, palette::BROWSER]
        );
    }

    #[test]
    fn what_could_not_be_counted_is_said() {
        let mut one = service("a");
        assert!(traces(&one).contains("more traces"), "{}", traces(&one));
        one.trace_count = Some(1);
        assert_eq!(traces(&one), "in 1 trace");
    }
}
