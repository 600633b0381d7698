//! A selector as code of Playwright's.

use std::fmt::Write as _;

use super::string;
use crate::session::{By, Selector};

/// Such as `page.getByTestId("row-1").getByRole("button", { name: "Delete", exact: true })`.
#[must_use]
pub fn locator(selector: &Selector) -> String {
    let mut code = String::from("page");
    for part in &selector.parts {
        // Writing to a string cannot fail.
        let _ = match part {
            By::TestId(id) => write!(code, ".getByTestId({})", string(id)),
            By::Role(role, name) => write!(
                code,
                ".getByRole({}, {{ name: {}, exact: true }})",
                string(role),
                string(name)
            ),
            By::Text(text) => write!(code, ".getByText({}, {{ exact: true }})", string(text)),
            By::Css(css) => write!(code, ".locator({})", string(&format!("css={css}"))),
        };
    }
    code
}
