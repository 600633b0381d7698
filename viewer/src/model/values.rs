//! The values of one attribute over a trace, by node: what colouring by it and following it read.

use std::collections::HashMap;

use shared::columns::AttributeColumn;

use super::pace::Pace;
use super::trace::{NONE, STRIDE, TraceModel};

/// The values of one attribute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values {
    /// For each node the number of its value, or [`NONE`].
    of: Vec<u32>,
    /// The distinct values.
    texts: Vec<String>,
}

impl Values {
    /// From what the server says of spans; those that have not arrived here are left out.
    pub async fn new(model: &TraceModel, column: &AttributeColumn, pace: &impl Pace) -> Self {
        let mut numbers = HashMap::with_capacity(column.values.len());
        for values in column.values.chunks(STRIDE) {
            numbers.extend(values.iter().copied());
            pace.breathe().await;
        }
        let mut of = Vec::with_capacity(model.len());
        for node in 0..model.len() {
            let number = numbers.get(&model.span_id(node as u32)).copied();
            of.push(number.unwrap_or(NONE));
            if node % STRIDE == 0 {
                pace.breathe().await;
            }
        }
        Self {
            of,
            texts: (0..column.texts.len() as u32)
                .map(|number| column.texts.get(number).to_owned())
                .collect(),
        }
    }

    /// The number of a node's value.
    #[must_use]
    pub fn number(&self, node: u32) -> Option<u32> {
        self.of
            .get(node as usize)
            .copied()
            .filter(|number| *number != NONE)
    }

    /// The value of a number.
    #[must_use]
    pub fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", String::as_str)
    }

    /// How many nodes there are, with or without a value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// How many distinct values there are.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.texts.len()
    }

    /// From each node's value, for tests.
    #[cfg(test)]
    #[must_use]
    pub fn of_nodes(values: &[Option<&str>]) -> Self {
        let mut texts: Vec<String> = Vec::new();
        let mut number = |text: &str| match texts.iter().position(|known| known == text) {
            Some(number) => number as u32,
            None => {
                texts.push(text.to_owned());
                texts.len() as u32 - 1
            }
        };
        let of = values
            .iter()
            .map(|value| value.map_or(NONE, &mut number))
            .collect();
        Self { of, texts }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{model, span};
    use super::super::pace::{Unhurried, at_once};
    use super::*;
    use shared::columns::AttributeEncoder;

    #[test]
    fn values_find_their_nodes() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 100),
            span(2, 1, "a", "first", 10, 30),
            span(3, 1, "a", "second", 40, 50),
        ]);
        let mut sent = AttributeEncoder::default();
        sent.push(model.span_id(2), "paid");
        sent.push(model.span_id(0), "new");
        let column = AttributeColumn::decode(&sent.into_bytes()).expect("what was written");
        let values = at_once(Values::new(&model, &column, &Unhurried));
        let text = |node| values.number(node).map(|number| values.text(number));
        assert_eq!(
            [text(0), text(1), text(2)],
            [Some("new"), None, Some("paid")]
        );
        assert_eq!(values.distinct(), 2);
    }
}
