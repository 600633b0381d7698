//! The layout of a service graph: columns from the callers to the called, few crossings, and the same
//! picture for the same graph whatever order it came in.
//!
//! The steps are Sugiyama's: cycles are cut, every node gets a layer right of its callers, long edges
//! get a bend in each layer that they cross, the layers are ordered by the barycentres of their
//! neighbours, and heights follow the neighbours as closely as the spacing allows. Every tie is broken
//! by name, so that a small change of the graph moves little.

use super::order::ascending;

/// A graph to lay out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// What orders the nodes where nothing else does: their names, all different.
    pub names: Vec<String>,
    /// Whether each node stands at the left by itself: a browser.
    pub first: Vec<bool>,
    /// The edges, from caller to called. Those to itself are left out of the layout.
    pub edges: Vec<(usize, usize)>,
}

/// Where everything lies: across the layers and along each, in units of one layer and one place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    /// The layer of each node and its place along it.
    pub nodes: Vec<(usize, f64)>,
    /// The bends of each edge between its ends, from caller to called, one in each layer that it crosses;
    /// none for an edge that leads back.
    pub bends: Vec<Vec<(usize, f64)>>,
    /// Whether each edge leads back to an earlier layer or stays in its own.
    pub back: Vec<bool>,
    /// How many layers there are.
    pub layers: usize,
    /// How long the longest layer is.
    pub length: f64,
}

/// Sweeps over the layers; more of them change little.
const SWEEPS: usize = 12;

/// Lays a graph out.
#[must_use]
pub fn layout(graph: &Graph) -> Layout {
    let count = graph.names.len();
    // Nodes are numbered by name from here on, so that nothing depends on the order they came in.
    // The graphs are small: a node's number is how many come before it.
    let key = |node: usize| (!graph.first[node], &graph.names[node]);
    let before = |node: usize| (0..count).filter(|&other| key(other) < key(node)).count();
    let number: Vec<usize> = (0..count).map(before).collect();
    let mut first = vec![false; count];
    for (node, &number) in number.iter().enumerate() {
        first[number] = graph.first[node];
    }
    let numbered = |&(from, to): &(usize, usize)| (number[from], number[to]);
    let mut calls = vec![vec![false; count]; count];
    for (from, to) in graph.edges.iter().map(numbered) {
        calls[from][to] = from != to;
    }

    let forward = acyclic(&calls);
    let layer = layers(&first, &forward);
    let mut net = Net::new(&layer, &forward);
    net.order();
    let along = net.settle();

    let nodes: Vec<(usize, f64)> = number
        .iter()
        .map(|&node| (layer[node], along[node]))
        .collect();
    let bends_of = |edge: (usize, usize)| {
        let chain = net.chains.iter().find(|chain| chain.ends == edge);
        let bend = |&bend: &usize| (net.layer[bend], along[bend]);
        chain.map_or_else(Vec::new, |chain| chain.bends.iter().map(bend).collect())
    };
    let numbered = || graph.edges.iter().map(numbered);
    Layout {
        bends: numbered().map(bends_of).collect(),
        back: numbered()
            .map(|(from, to)| layer[from] >= layer[to])
            .collect(),
        layers: layer.iter().map(|layer| layer + 1).max().unwrap_or(0),
        length: nodes.iter().map(|node| node.1 + 1.0).fold(0.0, f64::max),
        nodes,
    }
}

/// The edges without those that close a cycle, by a walk in depth from the browsers, then from whatever
/// nobody calls, then from the rest.
fn acyclic(calls: &[Vec<bool>]) -> Vec<(usize, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let count = calls.len();
    let called = |node: usize| calls.iter().any(|row| row[node]);
    let roots = (0..count).filter(|&node| !called(node));
    let mut state = vec![State::New; count];
    let mut back = vec![vec![false; count]; count];
    for root in roots.chain(0..count) {
        if state[root] != State::New {
            continue;
        }
        state[root] = State::Open;
        let mut stack = vec![(root, 0)];
        while let Some((node, at)) = stack.last_mut() {
            let (node, to) = (*node, *at);
            if to == count {
                state[node] = State::Done;
                stack.pop();
                continue;
            }
            *at += 1;
            if !calls[node][to] {
                continue;
            }
            match state[to] {
                State::Open => back[node][to] = true,
                State::New => {
                    state[to] = State::Open;
                    stack.push((to, 0));
                }
                State::Done => {}
            }
        }
    }
    let pairs = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
    pairs
        .filter(|&(from, to)| calls[from][to] && !back[from][to])
        .collect()
}

/// The layer of each node: one beyond the furthest of its callers. What nobody calls stands just before
/// what it calls, and not among the browsers where there are any.
fn layers(first: &[bool], forward: &[(usize, usize)]) -> Vec<usize> {
    let count = first.len();
    let mut waiting = vec![0; count];
    let mut next = vec![Vec::new(); count];
    for &(from, to) in forward {
        waiting[to] += 1;
        next[from].push(to);
    }
    let floor = usize::from(first.contains(&true));
    let mut layer: Vec<usize> = first
        .iter()
        .map(|&first| if first { 0 } else { floor })
        .collect();
    let uncalled: Vec<usize> = (0..count).filter(|&node| waiting[node] == 0).collect();
    let mut ready = uncalled.clone();
    while let Some(node) = ready.pop() {
        for &to in &next[node] {
            layer[to] = layer[to].max(layer[node] + 1);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(to);
            }
        }
    }
    for node in uncalled.into_iter().filter(|&node| !first[node]) {
        if let Some(nearest) = next[node].iter().map(|&to| layer[to]).min() {
            layer[node] = nearest.saturating_sub(1).max(floor);
        }
    }
    layer
}

/// The nodes and bends of a graph in their layers.
struct Net {
    /// The layer of each node and, after them, of each bend.
    layer: Vec<usize>,
    /// What lies in each layer, in order.
    rows: Vec<Vec<usize>>,
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    chains: Vec<Chain>,
}

struct Chain {
    ends: (usize, usize),
    bends: Vec<usize>,
}

impl Net {
    fn new(layer: &[usize], forward: &[(usize, usize)]) -> Self {
        let layers = layer.iter().map(|layer| layer + 1).max().unwrap_or(0);
        let mut net = Self {
            layer: layer.to_vec(),
            rows: vec![Vec::new(); layers],
            before: vec![Vec::new(); layer.len()],
            after: vec![Vec::new(); layer.len()],
            chains: Vec::new(),
        };
        for (node, &layer) in layer.iter().enumerate() {
            net.rows[layer].push(node);
        }
        for &(from, to) in forward {
            let mut bends = Vec::new();
            let mut last = from;
            for between in layer[from] + 1..layer[to] {
                let bend = net.layer.len();
                net.layer.push(between);
                net.before.push(Vec::new());
                net.after.push(Vec::new());
                net.rows[between].push(bend);
                net.link(last, bend);
                bends.push(bend);
                last = bend;
            }
            net.link(last, to);
            let ends = (from, to);
            net.chains.push(Chain { ends, bends });
        }
        net
    }

    fn link(&mut self, from: usize, to: usize) {
        self.after[from].push(to);
        self.before[to].push(from);
    }

    /// Orders each layer by the barycentres of the layer before it, then of the one after it, and keeps
    /// the order with the fewest crossings.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.rows.clone());
        for sweep in 0..SWEEPS {
            let layers: Vec<usize> = if sweep % 2 == 0 {
                (1..self.rows.len()).collect()
            } else {
                (0..self.rows.len().saturating_sub(1)).rev().collect()
            };
            for layer in layers {
                let place = self.places();
                let neighbours = if sweep % 2 == 0 {
                    &self.before
                } else {
                    &self.after
                };
                let centre =
                    |node: usize| mean(neighbours[node].iter().map(|&other| place[other] as f64));
                // A node without neighbours there keeps its place.
                let row = std::mem::take(&mut self.rows[layer]);
                let key = |&node: &usize| centre(node).unwrap_or(place[node] as f64);
                let order = ascending(row.iter().map(key).collect());
                self.rows[layer] = order.into_iter().map(|index| row[index]).collect();
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.rows.clone());
            }
        }
        self.rows = best.1;
    }

    fn places(&self) -> Vec<usize> {
        let mut place = vec![0; self.layer.len()];
        for row in &self.rows {
            for (at, &node) in row.iter().enumerate() {
                place[node] = at;
            }
        }
        place
    }

    /// How often two edges cross. The graphs are small: pairs are compared one by one.
    fn crossings(&self) -> usize {
        let place = self.places();
        let mut crossings = 0;
        for row in &self.rows {
            let edges: Vec<(usize, usize)> = row
                .iter()
                .flat_map(|&from| self.after[from].iter().map(move |&to| (from, to)))
                .map(|(from, to)| (place[from], place[to]))
                .collect();
            for (index, one) in edges.iter().enumerate() {
                let crossed = |other: &&(usize, usize)| {
                    (one.0 < other.0 && one.1 > other.1) || (one.0 > other.0 && one.1 < other.1)
                };
                crossings += edges[index + 1..].iter().filter(crossed).count();
            }
        }
        crossings
    }

    /// Where each node lies along its layer: as near to its neighbours as the order and the room allow.
    fn settle(&self) -> Vec<f64> {
        let mut along: Vec<f64> = self
            .places()
            .into_iter()
            .map(|place| place as f64)
            .collect();
        for sweep in 0..SWEEPS {
            let layers: Vec<usize> = if sweep % 2 == 0 {
                (0..self.rows.len()).collect()
            } else {
                (0..self.rows.len()).rev().collect()
            };
            for layer in layers {
                let row = &self.rows[layer];
                let wished: Vec<f64> = row
                    .iter()
                    .map(|&node| {
                        let neighbours = self.before[node].iter().chain(&self.after[node]);
                        mean(neighbours.map(|&other| along[other])).unwrap_or(along[node])
                    })
                    .collect();
                for (&node, at) in row.iter().zip(apart(&wished)) {
                    along[node] = at;
                }
            }
        }
        let least = along.iter().copied().fold(f64::INFINITY, f64::min);
        along.iter().map(|at| at - least).collect()
    }
}

/// The places nearest to those wished for, by the sum of squares, that keep the order and a distance of 1
/// (isotonic regression by pooling adjacent violators).
fn apart(wished: &[f64]) -> Vec<f64> {
    // Each pool: the sum of its wishes, shifted to a common place, and how many they are.
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(wished.len());
    for (index, wish) in wished.iter().enumerate() {
        let mut pool = (wish - index as f64, 1);
        while let Some(&(sum, size)) = pools.last()
            && sum / size as f64 >= pool.0 / pool.1 as f64
        {
            pool = (pool.0 + sum, pool.1 + size);
            pools.pop();
        }
        pools.push(pool);
    }
    let mut places = Vec::with_capacity(wished.len());
    for (sum, size) in pools {
        for _ in 0..size {
            places.push(sum / size as f64 + places.len() as f64);
        }
    }
    places
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(names: &[&str], edges: &[(&str, &str)]) -> Graph {
        let index = |name: &str| {
            names
                .iter()
                .position(|known| *known == name)
                .expect("known")
        };
        Graph {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            first: names.iter().map(|name| name.starts_with("web")).collect(),
            edges: edges
                .iter()
                .map(|(from, to)| (index(from), index(to)))
                .collect(),
        }
    }

    fn layers_of(names: &[&str], edges: &[(&str, &str)]) -> Vec<usize> {
        layout(&graph(names, edges))
            .nodes
            .iter()
            .map(|node| node.0)
            .collect()
    }

    #[test]
    fn callers_stand_left_of_whom_they_call() {
        let names = ["db", "a", "web", "b"];
        assert_eq!(
            layers_of(
                &names,
                &[("web", "a"), ("a", "b"), ("b", "db"), ("a", "db")]
            ),
            [3, 1, 0, 2]
        );
        assert_eq!(
            layers_of(&["cron", "web", "a"], &[("web", "a"), ("cron", "a")]),
            [1, 0, 2]
        );
        assert_eq!(
            layers_of(&["a", "b"], &[("a", "b")]),
            [0, 1],
            "without a browser"
        );
        assert_eq!(layout(&Graph::default()), Layout::default());
    }

    #[test]
    fn a_cycle_leads_back_and_is_drawn() {
        let found = layout(&graph(
            &["a", "b", "web"],
            &[("web", "a"), ("a", "b"), ("b", "a"), ("a", "a")],
        ));
        assert_eq!(found.back, [false, false, true, true]);
        assert_eq!(
            found.nodes.iter().map(|node| node.0).collect::<Vec<_>>(),
            [1, 2, 0]
        );
    }

    #[test]
    fn the_order_in_which_a_graph_comes_makes_no_difference() {
        let names = ["web", "a", "b", "c", "d", "e", "f"];
        let edges = [
            ("web", "a"),
            ("web", "b"),
            ("a", "d"),
            ("b", "c"),
            ("c", "f"),
            ("a", "f"),
            ("d", "e"),
            ("e", "b"),
        ];
        let usual = graph(&names, &edges);
        let mut turned_names = names;
        turned_names.reverse();
        let mut turned_edges = edges;
        turned_edges.reverse();
        let turned = graph(&turned_names, &turned_edges);
        let places = |graph: &Graph| {
            let found = layout(graph);
            let mut places: Vec<(String, usize, i64)> = graph
                .names
                .iter()
                .zip(&found.nodes)
                .map(|(name, node)| (name.clone(), node.0, (node.1 * 1e6).round() as i64))
                .collect();
            places.sort();
            places
        };
        assert_eq!(places(&usual), places(&turned));
    }

    #[test]
    fn nodes_of_a_layer_keep_their_distance() {
        let names = ["web", "a", "b", "c", "d", "e"];
        let edges = [
            ("web", "a"),
            ("web", "b"),
            ("web", "c"),
            ("a", "d"),
            ("b", "d"),
            ("c", "e"),
            ("web", "e"),
        ];
        let found = layout(&graph(&names, &edges));
        for (index, one) in found.nodes.iter().enumerate() {
            for other in &found.nodes[index + 1..] {
                assert!(
                    one.0 != other.0 || (one.1 - other.1).abs() > 0.999,
                    "{found:?}"
                );
            }
        }
        let long = &found.bends[6];
        assert_eq!(long.len(), 1, "an edge over a layer bends there");
        assert!(
            found
                .nodes
                .iter()
                .all(|node| node.1 >= 0.0 && node.1 < found.length)
        );
    }

    #[test]
    fn crossings_that_can_be_avoided_are() {
        let names = ["web", "a", "b", "x", "y"];
        let edges = [("web", "a"), ("web", "b"), ("a", "y"), ("b", "x")];
        let found = layout(&graph(&names, &edges));
        let along = |name: &str| {
            found.nodes[names
                .iter()
                .position(|known| *known == name)
                .expect("known")]
            .1
        };
        assert_eq!(along("a") < along("b"), along("y") < along("x"));
    }

    #[test]
    fn a_new_leaf_moves_nothing_to_another_layer() {
        let names = ["web", "a", "b", "c", "mail"];
        let mut edges = vec![("web", "a"), ("a", "b"), ("a", "c")];
        let before = layers_of(&names[..4], &edges);
        edges.push(("b", "mail"));
        assert_eq!(layers_of(&names, &edges)[..4], before[..]);
    }

    #[test]
    fn wishes_are_met_where_there_is_room() {
        assert_eq!(apart(&[0.0, 5.0]), [0.0, 5.0]);
        assert_eq!(apart(&[1.0, 1.0]), [0.5, 1.5]);
        assert_eq!(apart(&[3.0, 0.0, 0.0]), [0.0, 1.0, 2.0]);
    }
}
