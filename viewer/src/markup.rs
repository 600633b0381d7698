//! Markup as data: pictures and tables of many like elements, made by plain functions and drawn by one.
//!
//! A view macro generates code for every element that it names, which the browser must load; a tree of
//! values costs the same few instructions wherever it is made, and is tested without a browser. Texts are
//! only ever text: what a sender wrote cannot become an element.

/// An element with its attributes and contents.
#[derive(Debug, Clone, PartialEq)]
pub struct Markup {
    /// Its name in HTML or SVG.
    pub tag: &'static str,
    /// Its attributes in order.
    pub attributes: Vec<(&'static str, String)>,
    /// Its contents in order.
    pub contents: Vec<Content>,
}

/// What is within an element.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Text.
    Text(String),
    /// An element.
    Element(Markup),
}

/// The attribute whose value is handed over when the element is picked by pointer or keyboard.
pub const PICK: &str = "data-pick";

/// The attribute of a picture whose value is where its middle is, in pixels from its left edge: what does not
/// fit is first seen there.
pub const MIDDLE: &str = "data-middle";

/// An element with a class; without one where it is empty.
#[must_use]
pub fn element(tag: &'static str, class: &str) -> Markup {
    let mut markup = Markup {
        tag,
        attributes: Vec::new(),
        contents: Vec::new(),
    };
    if !class.is_empty() {
        markup.attributes.push(("class", class.to_owned()));
    }
    markup
}

/// An element with a class and nothing but text.
#[must_use]
pub fn text(tag: &'static str, class: &str, text: &str) -> Markup {
    element(tag, class).text(text)
}

/// A link.
#[must_use]
pub fn link(class: &str, address: &str, label: &str) -> Markup {
    text("a", class, label).set("href", address)
}

/// A button that picks something.
#[must_use]
pub fn button(class: &str, pick: &str, label: &str) -> Markup {
    text("button", class, label)
        .set("type", "button")
        .set(PICK, pick)
}

impl Markup {
    /// With an attribute.
    #[must_use]
    pub fn set(mut self, name: &'static str, value: &str) -> Self {
        self.attributes.push((name, value.to_owned()));
        self
    }

    /// With an attribute that is a length or a place, to a tenth.
    #[must_use]
    pub fn at(self, name: &'static str, value: f64) -> Self {
        self.set(name, &format!("{value:.1}"))
    }

    /// With a text after what it contains.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.contents.push(Content::Text(text.to_owned()));
        self
    }

    /// With an element after what it contains.
    #[must_use]
    pub fn with(mut self, element: Self) -> Self {
        self.contents.push(Content::Element(element));
        self
    }

    /// With elements after what it contains.
    #[must_use]
    pub fn all(mut self, elements: Vec<Self>) -> Self {
        self.contents
            .extend(elements.into_iter().map(Content::Element));
        self
    }

    /// All of its text.
    #[must_use]
    pub fn inner_text(&self) -> String {
        let of = |content: &Content| match content {
            Content::Text(text) => text.clone(),
            Content::Element(element) => element.inner_text(),
        };
        self.contents.iter().map(of).collect()
    }
}

/// A table: a caption that may be empty, column heads, and rows whose first cell is their head.
#[must_use]
pub fn table(class: &str, caption: &str, heads: Vec<Markup>, rows: Vec<Markup>) -> Markup {
    let mut table = element("table", class);
    if !caption.is_empty() {
        table = table.with(text("caption", "", caption));
    }
    let head = element("thead", "").with(element("tr", "").all(heads));
    table.with(head).with(element("tbody", "").all(rows))
}

/// A table whose rows are cards where there is little room: each cell is below the label of its column, and whatever
/// sorts by a column stays above them.
/// Roles are said, since cards are not laid out as tables are.
#[must_use]
pub fn cards(caption: &str, mut heads: Vec<Markup>, mut rows: Vec<Markup>) -> Markup {
    let labels: Vec<String> = heads.iter().map(Markup::inner_text).collect();
    for head in &mut heads {
        head.attributes.push(("role", "columnheader".to_owned()));
    }
    for row in &mut rows {
        row.attributes.push(("role", "row".to_owned()));
        for (content, label) in row.contents.iter_mut().zip(&labels) {
            if let Content::Element(cell) = content {
                let role = if cell.tag == "th" {
                    "rowheader"
                } else {
                    "cell"
                };
                cell.attributes.push(("role", role.to_owned()));
                let label = label.trim_end_matches(" ↓").to_owned();
                cell.attributes.push(("data-label", label));
            }
        }
    }
    let mut table = table("data-table data-table--cards", caption, heads, rows);
    table.attributes.push(("role", "table".to_owned()));
    for content in &mut table.contents {
        if let Content::Element(group) = content
            && group.tag != "caption"
        {
            group.attributes.push(("role", "rowgroup".to_owned()));
        }
    }
    table
}

/// The head of a column.
#[must_use]
pub fn head(label: &str) -> Markup {
    text("th", "", label).set("scope", "col")
}

/// A row under a head, which contains the given element.
#[must_use]
pub fn row(class: &str, head: Markup, cells: Vec<Markup>) -> Markup {
    element("tr", class)
        .with(element("th", "").set("scope", "row").with(head))
        .all(cells)
}

/// A cell.
#[must_use]
pub fn cell(label: &str) -> Markup {
    text("td", "", label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_a_card_says_what_it_is() {
        let heads = vec![head("Name"), head("Spans"), head("Total ↓")];
        let rows = vec![row(
            "",
            text("b", "", "GET /"),
            vec![cell("2"), cell("5 ms")],
        )];
        let drawn = cards("", heads, rows);
        let mut said = Vec::new();
        let mut left = vec![&drawn];
        while let Some(element) = left.pop() {
            let of = |name: &str| {
                let found = element.attributes.iter().find(|one| one.0 == name);
                found.map(|one| one.1.as_str())
            };
            if let Some(label) = of("data-label") {
                said.push((of("role").unwrap_or_default(), label, element.inner_text()));
            }
            for content in element.contents.iter().rev() {
                if let Content::Element(element) = content {
                    left.push(element);
                }
            }
        }
        let expected = [
            ("rowheader", "Name", "GET /".to_owned()),
            ("cell", "Spans", "2".to_owned()),
            ("cell", "Total", "5 ms".to_owned()),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn what_a_sender_wrote_is_text() {
        let written = "<script>alert(1)</script>";
        let drawn = row("", text("b", "", written), vec![cell(written)]);
        assert_eq!(drawn.inner_text(), written.repeat(2));
        assert!(
            !drawn
                .contents
                .iter()
                .any(|content| matches!(content, Content::Element(one) if one.tag == "script"))
        );
    }
}
