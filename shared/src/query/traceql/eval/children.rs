//! How many children each span has, counted once where a query asks: a span with a million children, of
//! which each asks for its parent's count, would be walked a million times.

use std::cell::OnceCell;

use super::super::{Field, Read, TraceView};

/// The counts, once somebody has asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Children(OnceCell<Vec<u32>>);

/// A trace that knows them.
pub(super) struct WithChildren<'a, V>(pub &'a V, pub &'a Children);

impl<V: TraceView> TraceView for WithChildren<'_, V> {
    fn count(&self) -> u32 {
        self.0.count()
    }

    fn parent(&self, node: u32) -> Option<u32> {
        self.0.parent(node)
    }

    fn depth(&self, node: u32) -> u32 {
        self.0.depth(node)
    }

    fn subtree(&self, node: u32) -> u32 {
        self.0.subtree(node)
    }

    fn children(&self, node: u32) -> u32 {
        let counts = self.1.0.get_or_init(|| {
            let mut counts = vec![0; self.count() as usize];
            for parent in (0..self.count()).filter_map(|node| self.parent(node)) {
                counts[parent as usize] += 1;
            }
            counts
        });
        counts[node as usize]
    }

    fn read(&self, node: u32, field: &Field) -> Read<'_> {
        self.0.read(node, field)
    }
}
