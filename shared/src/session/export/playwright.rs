//! A session as a test of Playwright's.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::locator::locator;
use super::seen::seen;
use super::{Exported, line, string};
use crate::session::{By, Instruction, ValueReference};

const TRACES: &str = include_str!("traces.js");

/// The test's source. It takes the environment's origin from `BASE_URL`, what is entered from variables
/// that it names, and the Throughline server from `THROUGHLINE_SERVER`; without one no trace is checked.
#[must_use]
pub fn playwright(exported: &Exported<'_>) -> String {
    let script = exported.script;
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = head(&mut out, exported);
    let _ = writeln!(
        out,
        "test({}, async ({{ page }}) => {{\n  const traces = followTraces(page);",
        string(exported.title())
    );
    for one in &script.instructions {
        let _ = step(&mut out, exported, one);
    }
    out.push_str("});\n\n");
    out.push_str(TRACES);
    out
}

fn head(out: &mut String, exported: &Exported<'_>) -> std::fmt::Result {
    let script = exported.script;
    writeln!(
        out,
        "// Session {}, as it was recorded at {}.",
        line(&script.session),
        line(&script.origin)
    )?;
    for left_out in &script.left_out {
        writeln!(out, "// Left out: {}.", line(left_out))?;
    }
    writeln!(out, "import {{ expect, test }} from '@playwright/test';\n")?;
    writeln!(
        out,
        "const ENVIRONMENT = process.env.BASE_URL ?? {};",
        string(&script.origin)
    )?;
    writeln!(
        out,
        "/** The address of Throughline's viewer, to which the environment reports; without it no trace is checked. */\n\
         const THROUGHLINE = process.env.THROUGHLINE_SERVER;\n"
    )?;
    let names: BTreeSet<String> = script
        .instructions
        .iter()
        .filter(|one| one.kind == "change")
        .filter_map(|one| one.step.value.as_ref().map(variable))
        .collect();
    if !names.is_empty() {
        writeln!(
            out,
            "// No session records what was entered: {} say it.\n\
             const given = (name) => process.env[name] ?? expect.fail(`set the variable ${{name}}`);\n",
            names.into_iter().collect::<Vec<_>>().join(", ")
        )?;
    }
    if let Some((width, height)) = script.viewport {
        let scheme = script.color_scheme.map(|scheme| scheme.as_str());
        let scheme = scheme.map_or(String::new(), |scheme| format!(", colorScheme: '{scheme}'"));
        writeln!(
            out,
            "test.use({{ viewport: {{ width: {width}, height: {height} }}{scheme} }});\n"
        )?;
    }
    Ok(())
}

/// The environment variable for a value: `INPUT_EMAIL`, `SECRET_CARD`.
fn variable(value: &ValueReference) -> String {
    let kind = if value.is_secret() { "SECRET" } else { "INPUT" };
    let name: String = value
        .name()
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() {
                one.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    format!("{kind}_{name}")
}

fn step(out: &mut String, exported: &Exported<'_>, one: &Instruction) -> std::fmt::Result {
    let title = if one.kind == "goto" {
        format!("open {}", one.path)
    } else {
        one.name.clone()
    };
    writeln!(
        out,
        "\n  await test.step({}, async () => {{",
        string(&title)
    )?;
    act(out, one)?;
    if one.kind != "goto"
        && let Some(route) = &one.leads_to
    {
        let path = route.split(['?', '#']).next().unwrap_or_default();
        writeln!(
            out,
            "    await expect(page).toHaveURL(new RegExp({}));",
            string(&pattern(path))
        )?;
    }
    if let Some(trace) = exported.trace(one.trace) {
        let seen = seen(trace);
        if !seen.calls.is_empty() {
            let json = serde_json::to_string_pretty(&seen).unwrap_or_default();
            let json = json.replace('\n', "\n    ").replace("</", "<\\/");
            writeln!(
                out,
                "    await traces.expect({}, {json});",
                string(&one.name)
            )?;
        }
    }
    writeln!(out, "  }});")
}

fn act(out: &mut String, one: &Instruction) -> std::fmt::Result {
    if one.kind == "goto" {
        return writeln!(
            out,
            "    await page.goto(ENVIRONMENT + {});",
            string(&one.path)
        );
    }
    if one.kind == "back" {
        return writeln!(out, "    await page.goBack();");
    }
    let key = string(
        &one.step
            .key
            .clone()
            .unwrap_or_default()
            .replace("Ctrl+", "Control+"),
    );
    let Some(best) = one.step.selectors.first() else {
        return writeln!(out, "    await page.keyboard.press({key});");
    };
    writeln!(out, "    const element = {};", locator(best))?;
    writeln!(out, "    await expect(element).toBeEnabled();")?;
    let role = one
        .step
        .selectors
        .iter()
        .find_map(|selector| match selector.parts.last() {
            Some(By::Role(role, _)) => Some(role.as_str()),
            _ => None,
        });
    let call = match (one.kind.as_str(), &one.step.value) {
        ("change", Some(value)) if role == Some("combobox") => {
            format!("selectOption(given({}))", string(&variable(value)))
        }
        ("change", Some(value)) => format!("fill(given({}))", string(&variable(value))),
        ("keydown", _) => format!("press({key})"),
        ("submit", _) if role != Some("button") => "press('Enter')".to_owned(),
        ("drag", _) => match one.step.target.first() {
            Some(target) => format!("dragTo({})", locator(target)),
            None => "hover()".to_owned(),
        },
        _ => "click()".to_owned(),
    };
    writeln!(out, "    await element.{call};")
}

/// A regular expression for a path, in which `{id}` stands for any identifier.
fn pattern(path: &str) -> String {
    let mut out = String::new();
    for (index, part) in path.split("{id}").enumerate() {
        if index > 0 {
            out.push_str("[^/]+");
        }
        out.push_str(&regex::escape(part));
    }
    out
}
