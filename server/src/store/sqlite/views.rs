//! The views of a team, in the file of the notes: they are changed and deleted like those.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use shared::id::SpanId;
use shared::query::View;
use shared::time::UnixNanos;

/// The table, which the file of the notes gets with its second version.
pub const TABLE: &str = "
CREATE TABLE view (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    author TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) WITHOUT ROWID;
";

/// Every view, by name.
///
/// # Errors
/// When SQLite refuses.
pub fn list(connection: &Connection) -> rusqlite::Result<Vec<View>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, address, author, created, updated FROM view ORDER BY name, id",
    )?;
    let mut views = Vec::new();
    for view in statement.query_map([], view)? {
        views.extend(view?);
    }
    Ok(views)
}

/// Writes a view, new or again; the first writing's time stays.
///
/// # Errors
/// When SQLite refuses.
pub fn put(connection: &Connection, view: &View) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO view (id, name, address, author, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET name = ?2, address = ?3, author = ?4, updated = ?6",
        params![
            view.id.as_bytes(),
            view.name,
            view.address,
            view.author,
            view.created.0 as i64,
            view.updated.0 as i64,
        ],
    )?;
    Ok(())
}

/// Deletes a view; whether there was one.
///
/// # Errors
/// When SQLite refuses.
pub fn delete(connection: &Connection, id: SpanId) -> rusqlite::Result<bool> {
    let deleted = connection
        .query_row(
            "DELETE FROM view WHERE id = ?1 RETURNING 1",
            params![id.as_bytes()],
            |_| Ok(()),
        )
        .optional()?;
    Ok(deleted.is_some())
}

/// A row; none where the id is no id, which no writer makes.
fn view(row: &Row<'_>) -> rusqlite::Result<Option<View>> {
    let instant = |column| {
        row.get::<_, i64>(column)
            .map(|nanos| UnixNanos(nanos as u64))
    };
    let Some(id) = SpanId::from_bytes(row.get(0)?) else {
        return Ok(None);
    };
    Ok(Some(View {
        id,
        name: row.get(1)?,
        address: row.get(2)?,
        author: row.get(3)?,
        created: instant(4)?,
        updated: instant(5)?,
    }))
}
