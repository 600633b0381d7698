//! The request of a span as a curl command. Whatever the sender redacted stays redacted, and what a
//! span does not know, such as a body, is left out.

use shared::attribute::find_str;
use shared::semconv;
use shared::span::Span;

/// Headers are recorded as `http.request.header.NAME`.
const HEADER: &str = "http.request.header.";

/// The command; `None` where the span is no request of which the whole address is known.
#[must_use]
pub fn curl(span: &Span) -> Option<String> {
    let url = find_str(&span.attributes, semconv::URL_FULL)?;
    let method = find_str(&span.attributes, semconv::HTTP_REQUEST_METHOD).unwrap_or("GET");
    let mut command = format!("curl --request {} --url {}", quoted(method), quoted(url));
    for attribute in &span.attributes {
        if let Some(name) = attribute.key.strip_prefix(HEADER) {
            let value = attribute.value.to_string();
            // Lists of one value are how the conventions write a header.
            let value = value.trim_start_matches('[').trim_end_matches(']');
            command.push_str(&format!(
                " \\\n  --header {}",
                quoted(&format!("{name}: {value}"))
            ));
        }
    }
    Some(command)
}

/// A text as one word of a shell: nothing within single quotes means anything but their end.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture;

    #[test]
    fn nothing_in_a_span_leaves_the_quotes() {
        let plain = fixture::span(1, 0, "web", "GET", 0, 1);
        assert_eq!(curl(&plain.span), None, "no address");
        let record = fixture::with(plain, "url.full", "https://a.example/?q=it's;$(rm)");
        let record = fixture::with(record, "http.request.method", "PUT");
        let record = fixture::with(record, "http.request.header.accept", "text/html");
        assert_eq!(
            curl(&record.span).as_deref(),
            Some(
                "curl --request 'PUT' --url 'https://a.example/?q=it'\\''s;$(rm)' \\\n  --header 'accept: text/html'"
            )
        );
    }
}
