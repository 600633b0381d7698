//! Which span of one trace stands for which of the other, and how their attributes differ.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::operation::{is_noise, parameters};
use super::shape::{NONE, Shape};
use super::{AttributeChange, EXAMPLES};
use crate::attribute::Attribute;
use crate::span::Span;
use crate::trace::Trace;

/// The characters of a value that a change shows; a value may have a megabyte.
const SHOWN_CHARACTERS: usize = 200;

/// For each node of `from`, the node of `to` at the same place that stands for it; [`NONE`] where
/// there is none.
///
/// Children of spans that stand for each other pair first, those with the same parameters before
/// those that merely follow in the same order. What is left pairs by its place alone.
#[must_use]
pub fn pair(from: &Trace, from_places: &[u32], to: &Trace, to_places: &[u32]) -> Vec<u32> {
    let mut pairs = Pairs {
        partner: vec![NONE; from.nodes.len()],
        taken: vec![false; to.nodes.len()],
    };
    let add = |from_nodes: Vec<u32>, to_nodes: Vec<u32>, pairs: &mut Pairs| {
        for with_parameters in [true, false] {
            pairs.add(&from_nodes, &to_nodes, |side, node| {
                let (trace, places) = match side {
                    Side::From => (from, from_places),
                    Side::To => (to, to_places),
                };
                let likeness = if with_parameters {
                    likeness(trace.span(node))
                } else {
                    0
                };
                (places[node as usize], likeness)
            });
        }
    };
    add(from.roots().collect(), to.roots().collect(), &mut pairs);
    for node in 0..from.nodes.len() as u32 {
        let partner = pairs.partner[node as usize];
        if partner != NONE && from.nodes[node as usize].subtree > 1 {
            let children = (
                from.children(node).collect(),
                to.children(partner).collect(),
            );
            add(children.0, children.1, &mut pairs);
        }
    }
    let left: Vec<u32> = (0..from.nodes.len() as u32).collect();
    let free: Vec<u32> = (0..to.nodes.len() as u32).collect();
    add(left, free, &mut pairs);
    pairs.partner
}

enum Side {
    From,
    To,
}

struct Pairs {
    partner: Vec<u32>,
    taken: Vec<bool>,
}

impl Pairs {
    /// Pairs the nodes that have none yet and share a key, in their order.
    fn add(&mut self, from: &[u32], to: &[u32], key: impl Fn(Side, u32) -> (u32, u64)) {
        let mut free: HashMap<(u32, u64), VecDeque<u32>> = HashMap::new();
        for &node in to.iter().filter(|&&node| !self.taken[node as usize]) {
            free.entry(key(Side::To, node)).or_default().push_back(node);
        }
        for &node in from {
            if free.is_empty() || self.partner[node as usize] != NONE {
                continue;
            }
            let found = free
                .get_mut(&key(Side::From, node))
                .and_then(VecDeque::pop_front);
            if let Some(found) = found {
                self.partner[node as usize] = found;
                self.taken[found as usize] = true;
            }
        }
    }
}

/// A number that spans with the same parameters share.
fn likeness(span: &Span) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    let mut hasher = DefaultHasher::new();
    if let Some((what, template)) = parameters(span) {
        what.hash(&mut hasher);
        template.values.hash(&mut hasher);
    }
    hasher.finish()
}

/// The attributes and parameters that changed, by place. `varying` are those that the baselines
/// disagree on among themselves.
#[must_use]
pub fn attribute_changes(
    from: &Trace,
    to: &Trace,
    places: &[u32],
    partner: &[u32],
    varying: &HashSet<(u32, String)>,
) -> BTreeMap<u32, Vec<AttributeChange>> {
    let mut changes: BTreeMap<(u32, String), AttributeChange> = BTreeMap::new();
    for (node, &other) in partner.iter().enumerate() {
        if other == NONE {
            continue;
        }
        let place = places[node];
        let (old, new) = (from.span(node as u32), to.span(other));
        for (key, before, after) in differences(old, new) {
            if varying.contains(&(place, key.clone())) {
                continue;
            }
            let change = changes
                .entry((place, key.clone()))
                .or_insert_with(|| AttributeChange {
                    key,
                    pairs: 0,
                    examples: Vec::new(),
                });
            change.pairs += 1;
            let example = (before, after);
            if change.examples.len() < EXAMPLES && !change.examples.contains(&example) {
                change.examples.push(example);
            }
        }
    }
    let mut by_place: BTreeMap<u32, Vec<AttributeChange>> = BTreeMap::new();
    for ((place, _), change) in changes {
        by_place.entry(place).or_default().push(change);
    }
    by_place
}

/// What the baselines themselves disagree on: a difference in it tells nothing.
#[must_use]
pub fn varying(shape: &Shape, baselines: &[&Trace]) -> HashSet<(u32, String)> {
    let mut found = HashSet::new();
    let Some((first, others)) = baselines.split_first() else {
        return found;
    };
    for (index, other) in others.iter().enumerate() {
        let places = (&shape.places[0], &shape.places[index + 1]);
        let partner = pair(first, places.0, other, places.1);
        for (node, &counterpart) in partner.iter().enumerate() {
            if counterpart != NONE {
                let of = differences(first.span(node as u32), other.span(counterpart));
                found.extend(of.into_iter().map(|(key, ..)| (places.0[node], key)));
            }
        }
    }
    found
}

type Difference = (String, Option<String>, Option<String>);

/// The attributes in which two spans differ, by key, and the parameters of their operations.
fn differences(old: &Span, new: &Span) -> Vec<Difference> {
    let mut found = Vec::new();
    let (before, after) = (parameters(old), parameters(new));
    if before != after {
        let key = before.as_ref().or(after.as_ref()).map_or("name", |p| p.0);
        let values = |side: &Option<(&str, super::template::Template)>| {
            side.as_ref()
                .map(|(_, template)| shown(&template.values.join(", ")))
        };
        found.push((key.to_owned(), values(&before), values(&after)));
    }
    if old.attributes == new.attributes {
        return found;
    }
    let by_key = |attributes: &[Attribute]| -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        for attribute in attributes.iter().filter(|one| !is_noise(&one.key)) {
            values
                .entry(attribute.key.clone())
                .or_insert_with(|| attribute.value.to_string());
        }
        values
    };
    let (before, after) = (by_key(&old.attributes), by_key(&new.attributes));
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let (one, other) = (before.get(key), after.get(key));
        if one != other {
            let value = |value: Option<&String>| value.map(|value| shown(value));
            found.push((key.clone(), value(one), value(other)));
        }
    }
    found
}

fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARACTERS) {
        Some((at, _)) => format!("{}…", &value[..at]),
        None => value.to_owned(),
    }
}
