//! Views that are kept by name, and the queries that were asked before. What of them lives in the browser is kept
//! as lines of text, a view's name and address parted by a tab: names and addresses have neither.

use shared::query::View;

/// So many queries are remembered.
const MOST_RECENT: usize = 20;

/// A search with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// The name.
    pub name: String,
    /// The address with the whole state of the search.
    pub address: String,
}

/// The list with a view more; one of the same name is replaced.
#[must_use]
pub fn with(views: &[SavedView], view: SavedView) -> Vec<SavedView> {
    let mut next = views.to_vec();
    match next.iter_mut().find(|other| other.name == view.name) {
        Some(other) => *other = view,
        None => next.push(view),
    }
    next
}

/// The team's list with a view in its place by name; the same view of before goes.
#[must_use]
pub fn team_with(views: &[View], view: View) -> Vec<View> {
    let others = views.iter().filter(|other| other.id != view.id);
    let mut next: Vec<View> = others.cloned().collect();
    let place = next.partition_point(|other| (&other.name, other.id) < (&view.name, view.id));
    next.insert(place, view);
    next
}

/// The list with a view renamed, unless another has that name or there is none.
#[must_use]
pub fn renamed(views: &[SavedView], from: &str, to: &str) -> Vec<SavedView> {
    let mut next = views.to_vec();
    let free = !to.is_empty() && !views.iter().any(|view| view.name == to);
    if let Some(view) = next.iter_mut().find(|view| free && view.name == from) {
        to.clone_into(&mut view.name);
    }
    next
}

/// The list without the view of this name.
#[must_use]
pub fn without(views: &[SavedView], name: &str) -> Vec<SavedView> {
    let kept = views.iter().filter(|view| view.name != name);
    kept.cloned().collect()
}

/// The queries with the latest in front, each once.
#[must_use]
pub fn asked(queries: &[String], query: &str) -> Vec<String> {
    let mut next = vec![query.to_owned()];
    let others = queries.iter().filter(|other| *other != query);
    next.extend(others.take(MOST_RECENT - 1).cloned());
    next
}

/// Reads the lines that were kept.
#[must_use]
pub fn read_queries(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Writes queries to be kept. A query of several lines means the same on one.
#[must_use]
pub fn write_queries(queries: &[String]) -> String {
    let lines: Vec<String> = queries
        .iter()
        .map(|query| query.replace(['\n', '\r'], " "))
        .collect();
    lines.join("\n")
}

/// Reads the views that were kept; what is no view is left out.
#[must_use]
pub fn read_views(text: &str) -> Vec<SavedView> {
    let views = text.lines().filter_map(|line| line.split_once('\t'));
    views
        .filter(|(name, address)| !name.is_empty() && address.starts_with("/search"))
        .map(|(name, address)| SavedView {
            name: name.to_owned(),
            address: address.to_owned(),
        })
        .collect()
}

/// Writes views to be kept.
#[must_use]
pub fn write_views(views: &[SavedView]) -> String {
    let lines = views.iter().map(|view| {
        let name = view.name.replace(['\t', '\n', '\r'], " ");
        format!("{name}\t{}", view.address)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str) -> SavedView {
        SavedView {
            name: name.to_owned(),
            address: format!("/search?q={name}"),
        }
    }

    #[test]
    fn views_are_kept_renamed_and_dropped() {
        let views = with(&[view("a")], view("b"));
        assert_eq!(views, [view("a"), view("b")]);
        let other = SavedView {
            address: "/search".to_owned(),
            ..view("a")
        };
        assert_eq!(with(&views, other.clone()), [other, view("b")]);
        assert_eq!(renamed(&views, "a", "c")[0].name, "c");
        assert_eq!(renamed(&views, "a", "b"), views, "the name is taken");
        assert_eq!(renamed(&views, "a", ""), views, "no name");
        assert_eq!(without(&views, "a"), [view("b")]);
        assert_eq!(read_views(&write_views(&views)), views);
        for text in ["", "<script>", "a\tjavascript:alert(1)", "\t/search"] {
            assert_eq!(read_views(text), [], "{text:?}");
        }
    }

    #[test]
    fn a_view_of_the_team_has_its_place_by_name() {
        let view = |id: u8, name: &str| View {
            id: shared::id::SpanId::from_bytes([id; 8]).expect("not zero"),
            name: name.to_owned(),
            address: "/search".to_owned(),
            author: String::new(),
            created: shared::time::UnixNanos(0),
            updated: shared::time::UnixNanos(0),
        };
        let views = team_with(&[view(1, "b")], view(2, "a"));
        assert_eq!(views, [view(2, "a"), view(1, "b")]);
        let renamed = team_with(&views, view(2, "c"));
        assert_eq!(renamed, [view(1, "b"), view(2, "c")]);
    }

    #[test]
    fn the_latest_query_comes_first_and_once() {
        let mut queries = Vec::new();
        for query in ["a", "b", "a"] {
            queries = asked(&queries, query);
        }
        assert_eq!(queries, ["a", "b"]);
        for number in 0..50 {
            queries = asked(&queries, &number.to_string());
        }
        assert_eq!(queries.len(), MOST_RECENT);
        assert_eq!(queries[0], "49");
        assert_eq!(read_queries(&write_queries(&queries)), queries);
        assert_eq!(write_queries(&["{\n}".to_owned()]), "{ }");
    }
}
