//! Takes out of a recording whatever acts: scripts, handlers, frames, plug-ins, redirections.
//!
//! The format is rrweb's. What is not known is left out: kinds of events, sources of changes. A node keeps its id, or
//! the changes that name it would go astray; so an element that must not be becomes an empty one of no meaning.

use serde_json::{Map, Value};

/// Kinds of events that are kept: DOM loaded, loaded, full snapshot, change, meta, custom.
const KINDS: [u64; 6] = [0, 1, 2, 3, 4, 5];
/// Sources of changes that are kept: mutation, mouse, touch, scroll, size, input, media, styles, selection, adopted
/// sheets. Not among them: canvas commands, which a player would run; fonts, custom elements.
const SOURCES: [u64; 14] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15];
/// rrweb's number of an element among the types of nodes.
const ELEMENT: u64 = 2;

/// Elements that act or bring in what acts.
const FORBIDDEN: [&str; 12] = [
    "script",
    "noscript",
    "object",
    "embed",
    "applet",
    "base",
    "portal",
    "frame",
    "frameset",
    "fencedframe",
    "animate",
    "set",
];
/// Attributes that name an address.
const ADDRESSES: [&str; 12] = [
    "href",
    "src",
    "action",
    "formaction",
    "xlink:href",
    "data",
    "poster",
    "background",
    "cite",
    "ping",
    "rr_src",
    "rr_dataurl",
];

/// An event without what acts; `None` for one that must not be.
pub fn event(mut event: Value) -> Option<Value> {
    let kind = event["type"].as_u64().filter(|kind| KINDS.contains(kind))?;
    event["timestamp"].as_f64()?;
    match kind {
        2 => node(event["data"].get_mut("node")?),
        3 => {
            let source = event["data"]["source"].as_u64()?;
            if !SOURCES.contains(&source) {
                return None;
            }
            if source == 0 {
                mutation(&mut event["data"]);
            }
        }
        4 => {
            if let Some(data) = event["data"].as_object_mut() {
                attributes("a", data);
            }
        }
        _ => {}
    }
    Some(event)
}

fn mutation(data: &mut Value) {
    for added in data["adds"].as_array_mut().into_iter().flatten() {
        if let Some(added) = added.get_mut("node") {
            node(added);
        }
    }
    for changed in data["attributes"].as_array_mut().into_iter().flatten() {
        // A change does not say of what kind its element is, so it is held to the rules of all.
        if let Some(changed) = changed["attributes"].as_object_mut() {
            for name in ["src", "srcdoc", "content", "http-equiv"] {
                let inert = changed
                    .get(name)
                    .and_then(Value::as_str)
                    .is_some_and(|value| name == "src" && value.starts_with("data:image/"));
                if !inert {
                    changed.remove(name);
                }
            }
            attributes("", changed);
        }
    }
}

/// Cleans a node and all below it. A document may be nested deeper than the stack is: this does not recurse.
fn node(root: &mut Value) {
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        let Some(node) = node.as_object_mut() else {
            continue;
        };
        if node.get("type").and_then(Value::as_u64) == Some(ELEMENT) {
            let tag = node
                .get("tagName")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_ascii_lowercase();
            let own = tag.rsplit(':').next().unwrap_or_default();
            let redirects = own == "meta"
                && node.get("attributes").is_some_and(|attributes| {
                    attributes.as_object().is_some_and(|all| {
                        all.keys().any(|key| key.eq_ignore_ascii_case("http-equiv"))
                    })
                });
            if FORBIDDEN.contains(&own) || redirects {
                node.insert("tagName".to_owned(), "template".into());
                node.insert("attributes".to_owned(), Value::Object(Map::new()));
                node.insert("childNodes".to_owned(), Value::Array(Vec::new()));
                continue;
            }
            if let Some(all) = node.get_mut("attributes").and_then(Value::as_object_mut) {
                attributes(own, all);
            }
        }
        if let Some(children) = node.get_mut("childNodes").and_then(Value::as_array_mut) {
            open.extend(children.iter_mut());
        }
    }
}

fn attributes(tag: &str, all: &mut Map<String, Value>) {
    all.retain(|name, value| {
        let name = name.to_ascii_lowercase();
        if name.starts_with("on") || name == "srcdoc" || name == "manifest" {
            return false;
        }
        if matches!(tag, "iframe" | "link" | "meta")
            && matches!(name.as_str(), "src" | "href" | "content")
        {
            return false;
        }
        !ADDRESSES.contains(&name.as_str()) || value.as_str().is_none_or(|value| !acts(value))
    });
}

/// Whether an address is a program. Browsers ignore white space and control characters in a scheme.
fn acts(address: &str) -> bool {
    let scheme: String = address
        .chars()
        .filter(|character| !character.is_control() && !character.is_whitespace())
        .take_while(|character| *character != ':')
        .collect();
    let scheme = scheme.to_ascii_lowercase();
    let document = || {
        let address = address.trim_start().to_ascii_lowercase();
        scheme == "data" && !address.starts_with("data:image/")
    };
    matches!(scheme.as_str(), "javascript" | "vbscript" | "livescript") || document()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn element(tag: &str, attributes: Value) -> Value {
        json!({ "type": 2, "id": 1, "tagName": tag, "attributes": attributes, "childNodes": [] })
    }

    fn snapshot(node: Value) -> Value {
        let root = json!({ "type": 0, "id": 9, "childNodes": [node] });
        let event = event(json!({ "type": 2, "timestamp": 1, "data": { "node": root } }));
        event.expect("kept")["data"]["node"]["childNodes"][0].clone()
    }

    #[test]
    fn what_acts_is_taken_out_and_the_rest_stays() {
        let nothing = || element("template", json!({}));
        for (hostile, expected, reason) in [
            (
                element("script", json!({ "src": "https://e.example/x.js" })),
                nothing(),
                "a script",
            ),
            (
                element("SVG:script", json!({ "xlink:href": "x" })),
                nothing(),
                "one of SVG, in capitals",
            ),
            (
                element("object", json!({ "data": "x" })),
                nothing(),
                "a plug-in",
            ),
            (
                element(
                    "meta",
                    json!({ "HTTP-Equiv": "refresh", "content": "0;url=//e" }),
                ),
                nothing(),
                "a redirection",
            ),
            (
                element(
                    "img",
                    json!({ "src": "data:image/png;base64,AA", "onerror": "x()" }),
                ),
                element("img", json!({ "src": "data:image/png;base64,AA" })),
                "a handler",
            ),
            (
                element("a", json!({ "href": " java\tscript:x()" })),
                element("a", json!({})),
                "a program for an address",
            ),
            (
                element("a", json!({ "href": "data:text/html,<script>" })),
                element("a", json!({})),
                "a document for an address",
            ),
            (
                element(
                    "iframe",
                    json!({ "src": "//e.example", "srcdoc": "<script>", "class": "c" }),
                ),
                element("iframe", json!({ "class": "c" })),
                "a frame's content",
            ),
            (
                element("p", json!({ "class": "c", "style": "color:red" })),
                element("p", json!({ "class": "c", "style": "color:red" })),
                "nothing to take",
            ),
        ] {
            assert_eq!(snapshot(hostile), expected, "{reason}");
        }
    }

    #[test]
    fn changes_are_held_to_the_same_rules() {
        let change = json!({ "type": 3, "timestamp": 1, "data": { "source": 0,
            "adds": [{ "parentId": 1, "nextId": null, "node": element("embed", json!({ "src": "x" })) }],
            "attributes": [{ "id": 4, "attributes": { "onclick": "x()", "src": "//e.example", "class": "c" } }] } });
        let kept = event(change).expect("kept");
        assert_eq!(kept["data"]["adds"][0]["node"]["tagName"], "template");
        assert_eq!(
            kept["data"]["attributes"][0]["attributes"],
            json!({ "class": "c" })
        );
    }

    #[test]
    fn unknown_kinds_and_canvas_commands_are_left_out() {
        for (hostile, reason) in [
            (
                json!({ "type": 6, "timestamp": 1, "data": {} }),
                "a plug-in's event",
            ),
            (
                json!({ "type": 3, "timestamp": 1, "data": { "source": 9 } }),
                "a canvas command",
            ),
            (
                json!({ "type": 2, "timestamp": "x", "data": { "node": {} } }),
                "no time",
            ),
            (
                json!({ "type": 2, "timestamp": 1, "data": {} }),
                "no document",
            ),
            (json!("text"), "no event"),
        ] {
            assert_eq!(event(hostile), None, "{reason}");
        }
    }

    #[test]
    fn a_document_deeper_than_the_stack_is_cleaned() {
        let mut deep = element("script", json!({}));
        for _ in 0..100 {
            deep = json!({ "type": 2, "id": 1, "tagName": "div", "attributes": { "onclick": "x" }, "childNodes": [deep] });
        }
        let text = snapshot(deep).to_string();
        assert!(!text.contains("script") && !text.contains("onclick"));
    }
}
