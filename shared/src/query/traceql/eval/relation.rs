//! Which spans stand in a relation to others. Node lists ascend; each takes one pass over them.

use super::super::{Relation, TraceView};

/// Those of `right` that stand in the relation to one of `left`.
pub(super) fn related(
    view: &impl TraceView,
    relation: Relation,
    left: &[u32],
    right: &[u32],
) -> Vec<u32> {
    let mut found = right.to_vec();
    match relation {
        Relation::Child => {
            let marked = marks(view, left.iter().copied());
            found.retain(|node| {
                view.parent(*node)
                    .is_some_and(|parent| marked[parent as usize])
            });
        }
        Relation::Parent => {
            let marked = marks(view, left.iter().filter_map(|node| view.parent(*node)));
            found.retain(|node| marked[*node as usize]);
        }
        Relation::Descendant => {
            // In preorder a subtree is a range, so the furthest end of those begun so far decides.
            let mut ancestors = left.iter().peekable();
            let mut end = 0;
            found.retain(|&node| {
                while let Some(&ancestor) = ancestors.next_if(|&&ancestor| ancestor < node) {
                    end = end.max(ancestor + view.subtree(ancestor));
                }
                node < end
            });
        }
        Relation::Ancestor => {
            // The first node of the left side behind a node lies within its subtree, or none does.
            let mut behind = left.iter().peekable();
            found.retain(|&node| {
                while behind.next_if(|&&other| other <= node).is_some() {}
                behind
                    .peek()
                    .is_some_and(|&&other| other < node + view.subtree(node))
            });
        }
        Relation::Sibling => {
            let mut children = vec![0_u32; view.count() as usize];
            for parent in left.iter().filter_map(|node| view.parent(*node)) {
                children[parent as usize] += 1;
            }
            let itself = marks(view, left.iter().copied());
            found.retain(|node| {
                view.parent(*node).is_some_and(|parent| {
                    children[parent as usize] > u32::from(itself[*node as usize])
                })
            });
        }
    }
    found
}

/// The relation seen from the other side.
pub(super) fn reverse(relation: Relation) -> Relation {
    match relation {
        Relation::Child => Relation::Parent,
        Relation::Parent => Relation::Child,
        Relation::Descendant => Relation::Ancestor,
        Relation::Ancestor => Relation::Descendant,
        Relation::Sibling => Relation::Sibling,
    }
}

fn marks(view: &impl TraceView, nodes: impl Iterator<Item = u32>) -> Vec<bool> {
    let mut marked = vec![false; view.count() as usize];
    for node in nodes {
        marked[node as usize] = true;
    }
    marked
}

/// All of both, each once.
pub(super) fn union(left: &[u32], right: &[u32]) -> Vec<u32> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (
        left.iter().copied().peekable(),
        right.iter().copied().peekable(),
    );
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(one), Some(other)) => *one.min(other),
            (Some(one), None) => *one,
            (None, Some(other)) => *other,
            (None, None) => return out,
        };
        left.next_if_eq(&next);
        right.next_if_eq(&next);
        out.push(next);
    }
}

/// Those of the first that are, or with `within` false are not, in the second.
pub(super) fn among(nodes: &[u32], others: &[u32], within: bool) -> Vec<u32> {
    let mut others = others.iter().peekable();
    let mut out = nodes.to_vec();
    out.retain(|node| {
        while others.next_if(|other| *other < node).is_some() {}
        (others.peek() == Some(&node)) == within
    });
    out
}
