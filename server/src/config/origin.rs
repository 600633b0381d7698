//! Where browsers find a face.

use std::fmt;
use std::str::FromStr;

/// A scheme, a host and perhaps a port, as browsers write an origin: in lower case, without a port that its scheme implies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, as in a request's `Host`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, rest)| rest)
    }

    /// Whether a browser can open it: an address that stands for all of a machine's is none.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        !matches!(self.host(), "0.0.0.0" | "[::]")
    }

    /// The host alone, which is what cookies go by.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self.authority();
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        }
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected a scheme, a host and perhaps a port, such as https://traces.example";
        let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://").ok_or(EXPECTED)?;
        let implied = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return Err(EXPECTED),
        };
        // It becomes a part of headers and of a page.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        let authority = authority.strip_suffix(implied).unwrap_or(authority);
        if authority.is_empty() || authority.starts_with(':') || !authority.bytes().all(is_plain) {
            return Err(EXPECTED);
        }
        Ok(Self(format!("{scheme}://{authority}")))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        for (text, expected, host) in [
            (
                "http://localhost:4319",
                "http://localhost:4319",
                "localhost",
            ),
            (
                "https://Traces.Example/",
                "https://traces.example",
                "traces.example",
            ),
            (
                "https://traces.example:443",
                "https://traces.example",
                "traces.example",
            ),
            ("http://[::1]:4320", "http://[::1]:4320", "[::1]"),
            ("http://[::1]", "http://[::1]", "[::1]"),
        ] {
            let origin: Origin = text.parse().expect(text);
            assert_eq!((origin.as_str(), origin.host()), (expected, host), "{text}");
        }
        for text in [
            "localhost:4319",
            "ftp://x",
            "http://",
            "http://a/b",
            "http://a;b",
            "http://:80",
            "http://a'",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
