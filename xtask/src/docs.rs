//! `cargo xtask docs`: writes what the documentation says of the tracer's options from their one table.
//!
//! The table is `tracer-wasm/options.json`; what is written stands between two marks in each of the files. The tracer's
//! own tests compare the table with the program.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;

use crate::workspace::Workspace;

/// Whether to write or to compare.
#[derive(Args)]
pub struct Options {
    /// Change nothing; fail where a file is not what would be written.
    #[arg(long)]
    pub check: bool,
}

const TABLE: &str = "tracer-wasm/options.json";
/// How a part is written.
type Writer = fn(&[Entry]) -> String;
/// Each file, the marks around its part, and how that is written.
const FILES: [(&str, [&str; 2], Writer); 3] = [
    ("docs/guides/tag-options.md", MARKDOWN, markdown),
    ("tracer-wasm/npm/README.md", MARKDOWN, markdown),
    (
        "tracer-wasm/npm/throughline.d.ts",
        [
            "  // Options: written by `cargo xtask docs`.\n",
            "  // End of the options.\n",
        ],
        typescript,
    ),
];
const MARKDOWN: [&str; 2] = [
    "<!-- Options: written by `cargo xtask docs`. -->\n",
    "<!-- End of the options. -->\n",
];

/// An option as the table has it.
struct Entry {
    name: String,
    /// None where only `init` takes it.
    attribute: Option<String>,
    kind: String,
    choices: Vec<String>,
    default: String,
    meaning: String,
}

/// Writes the documentation, or compares it.
///
/// # Errors
/// When the table or a file is not as it must be, or, with `check`, is stale.
pub fn docs(workspace: &Workspace, options: &Options) -> Result<()> {
    let table = fs::read_to_string(workspace.root.join(TABLE)).context(TABLE)?;
    let entries = entries(&table).context(TABLE)?;
    for (name, marks, write) in FILES {
        let path = workspace.root.join(name);
        let before = fs::read_to_string(&path).context(name)?;
        let after = replaced(&before, marks, &write(&entries)).context(name)?;
        if options.check {
            ensure!(after == before, "{name} is stale: run `cargo xtask docs`");
        } else if after != before {
            fs::write(&path, after).context(name)?;
            eprintln!("wrote {name}");
        }
    }
    Ok(())
}

fn entries(table: &str) -> Result<Vec<Entry>> {
    let table: Value = serde_json::from_str(table)?;
    let rows = table.as_array().context("is no array")?;
    rows.iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().map(str::to_owned);
            let needed = |key: &str| text(key).with_context(|| format!("{row} has no {key}"));
            Ok(Entry {
                name: needed("name")?,
                attribute: text("attribute"),
                kind: needed("type")?,
                choices: row["choices"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|choice| choice.as_str().map(str::to_owned))
                    .collect(),
                default: needed("default")?,
                meaning: needed("meaning")?,
            })
        })
        .collect()
}

/// The text with another part between its two marks.
fn replaced(text: &str, [start, end]: [&str; 2], part: &str) -> Result<String> {
    let (before, rest) = text
        .split_once(start)
        .with_context(|| format!("lacks the mark {start}"))?;
    let (_, after) = rest
        .split_once(end)
        .with_context(|| format!("lacks the mark {end}"))?;
    Ok([before, start, part, end, after].concat())
}

fn markdown(entries: &[Entry]) -> String {
    let mut table = String::from(
        "| attribute | `throughline.init` | default | meaning |\n| --- | --- | --- | --- |\n",
    );
    for entry in entries {
        let attribute = entry.attribute.as_ref().map(|name| format!("`{name}`"));
        let values = match entry.kind.as_str() {
            "list" if !entry.choices.is_empty() => {
                format!(" One or more of {}, with commas.", coded(&entry.choices))
            }
            "list" | "origins" => " Several with commas.".to_owned(),
            "pairs" => " `key=value`, several with commas, values percent-encoded.".to_owned(),
            "choice" => format!(" One of {}.", coded(&entry.choices)),
            _ => String::new(),
        };
        let _ = writeln!(
            table,
            "| {} | `{}` | {} | {}.{values} |",
            attribute.as_deref().unwrap_or("only in `init`"),
            entry.name,
            entry.default,
            entry.meaning
        );
    }
    table
}

fn coded(choices: &[String]) -> String {
    let coded: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
    coded.join(", ")
}

fn typescript(entries: &[Entry]) -> String {
    let mut members = String::new();
    for entry in entries {
        let choices: Vec<String> = entry
            .choices
            .iter()
            .map(|choice| format!("'{choice}'"))
            .collect();
        let choices = choices.join(" | ");
        let of = match entry.kind.as_str() {
            "list" if !choices.is_empty() => format!("string | ({choices})[]"),
            "list" | "origins" => "string | string[]".to_owned(),
            "pairs" => "string | Record<string, string>".to_owned(),
            "choice" => choices,
            "ratio" => "number".to_owned(),
            "flag" => "boolean".to_owned(),
            "function" => "(record: ThroughlineRecord) => unknown".to_owned(),
            _ => "string".to_owned(),
        };
        let _ = writeln!(
            members,
            "  /** {}. Default: {}. */\n  {}?: {of};",
            entry.meaning, entry.default, entry.name
        );
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = r#"[
        { "name": "ratio", "attribute": "data-ratio", "type": "ratio", "default": "`1`", "meaning": "the share" },
        { "name": "respect", "attribute": "data-respect", "type": "list", "choices": ["dnt", "gpc"], "default": "none", "meaning": "signals" },
        { "name": "beforeSend", "type": "function", "default": "none", "meaning": "a hook" }
    ]"#;

    #[test]
    fn writes_a_row_and_a_member_an_option() {
        let entries = entries(ROWS).expect("a table");
        let table = markdown(&entries);
        for row in [
            "| `data-ratio` | `ratio` | `1` | the share. |\n",
            "| `data-respect` | `respect` | none | signals. One or more of `dnt`, `gpc`, with commas. |\n",
            "| only in `init` | `beforeSend` | none | a hook. |\n",
        ] {
            assert!(table.contains(row), "{row} is not in\n{table}");
        }
        let members = typescript(&entries);
        for member in [
            "  ratio?: number;\n",
            "  respect?: string | ('dnt' | 'gpc')[];\n",
        ] {
            assert!(members.contains(member), "{member} is not in\n{members}");
        }
    }

    #[test]
    fn replaces_what_stands_between_the_marks_and_nothing_else() {
        for (text, expected) in [
            ("a<b>old</b>c", Some("a<b>new</b>c")),
            ("a<b></b>c", Some("a<b>new</b>c")),
            ("a<b>old", None),
            ("old</b>", None),
        ] {
            let replaced = replaced(text, ["<b>", "</b>"], "new").ok();
            assert_eq!(replaced.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn refuses_a_row_without_its_meaning() {
        for table in [
            "{}",
            r#"[{ "name": "x", "type": "text", "default": "none" }]"#,
        ] {
            assert!(entries(table).is_err(), "{table}");
        }
    }
}
