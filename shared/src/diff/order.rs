//! Siblings that run in another order.
//!
//! What runs at the same time has no order: a sibling has moved only where it ran wholly before
//! another in the one trace and wholly after it in the other. The fewest siblings that explain the
//! new order are those outside the longest common subsequence of the two, which for two orders of
//! the same things is the longest increasing one: O(n log n).

use std::collections::HashMap;

use super::shape::{Measure, Shape};

/// The places that one trace runs in another order than another does.
#[must_use]
pub fn moved(shape: &Shape, from: usize, to: usize) -> Vec<u32> {
    let mut siblings: HashMap<u32, Vec<u32>> = HashMap::new();
    for (place, node) in shape.nodes.iter().enumerate().skip(1) {
        // Below a repeated parent the children of several spans lie together, in no one order.
        let alone = |trace: usize| {
            node.parent == 0 || shape.nodes[node.parent as usize].measures[trace].count == 1
        };
        if [from, to]
            .iter()
            .all(|&trace| node.measures[trace].count > 0 && alone(trace))
        {
            siblings.entry(node.parent).or_default().push(place as u32);
        }
    }
    let mut found: Vec<u32> = siblings
        .into_values()
        .flat_map(|places| moved_among(shape, places, from, to))
        .collect();
    found.sort_unstable();
    found
}

fn moved_among(shape: &Shape, mut places: Vec<u32>, from: usize, to: usize) -> Vec<u32> {
    let measure = |place: u32, trace: usize| &shape.nodes[place as usize].measures[trace];
    places.sort_by_key(|&place| (measure(place, from).start, measure(place, to).start));
    let mut kept = vec![false; places.len()];
    for index in longest_increasing(&places, |&place| measure(place, to).start) {
        kept[index] = true;
    }
    if kept.iter().all(|&kept| kept) {
        return Vec::new();
    }
    let stayed: Vec<(Measure, Measure)> = places
        .iter()
        .zip(&kept)
        .filter(|&(_, kept)| *kept)
        .map(|(&place, _)| (*measure(place, from), *measure(place, to)))
        .collect();
    let crossed = Crossed::new(&stayed);
    let outside = places.iter().zip(&kept).filter(|&(_, kept)| !*kept);
    outside
        .map(|(&place, _)| place)
        .filter(|&place| crossed.by(measure(place, from), measure(place, to)))
        .collect()
}

/// The indices of a longest subsequence whose keys do not decrease.
fn longest_increasing<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> Vec<usize> {
    // `ends[l]` is the item with the least key that ends a subsequence of length `l + 1`.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; items.len()];
    for index in 0..items.len() {
        let at = ends.partition_point(|&end| key(&items[end]) <= key(&items[index]));
        before[index] = at.checked_sub(1).map(|previous| ends[previous]);
        if at == ends.len() {
            ends.push(index);
        } else {
            ends[at] = index;
        }
    }
    let mut at = ends.last().copied();
    std::iter::from_fn(|| {
        let index = at?;
        at = before[index];
        Some(index)
    })
    .collect()
}

/// Answers whether a sibling has overtaken one of those that stayed.
struct Crossed {
    /// By start in the first trace, with the least end in the second from there on.
    after: Vec<(i64, i64)>,
    /// By end in the first trace, with the greatest start in the second up to there.
    before: Vec<(i64, i64)>,
}

impl Crossed {
    fn new(stayed: &[(Measure, Measure)]) -> Self {
        let mut after: Vec<_> = stayed.iter().map(|(a, b)| (a.start.0, b.end.0)).collect();
        after.sort_unstable();
        for index in (1..after.len()).rev() {
            after[index - 1].1 = after[index - 1].1.min(after[index].1);
        }
        let mut before: Vec<_> = stayed.iter().map(|(a, b)| (a.end.0, b.start.0)).collect();
        before.sort_unstable();
        for index in 1..before.len() {
            before[index].1 = before[index].1.max(before[index - 1].1);
        }
        Self { after, before }
    }

    fn by(&self, from: &Measure, to: &Measure) -> bool {
        let first_after = self.after.partition_point(|one| one.0 < from.end.0);
        let now_earlier = self
            .after
            .get(first_after)
            .is_some_and(|one| one.1 <= to.start.0);
        let last_before = self.before.partition_point(|one| one.0 <= from.start.0);
        let now_later = last_before
            .checked_sub(1)
            .is_some_and(|last| self.before[last].1 >= to.end.0);
        now_earlier || now_later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_increasing_subsequence_leaves_out_the_fewest() {
        for (items, length) in [
            (vec![], 0),
            (vec![1, 2, 3], 3),
            (vec![3, 1, 2], 2),
            (vec![2, 2, 1, 2], 3),
            (vec![5, 4, 3], 1),
        ] {
            let found = longest_increasing(&items, |item: &i32| *item);
            assert_eq!(found.len(), length, "{items:?}");
            assert!(
                found
                    .windows(2)
                    .all(|pair| items[pair[1]] <= items[pair[0]]),
                "{items:?}"
            );
        }
    }
}
