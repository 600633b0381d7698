//! What a Leptos application tells Throughline's browser tracer: the template of the route that is shown, and the errors
//! that its boundaries catch.
//!
//! The tracer is the script that the page has loaded (`window.throughline`); without it every call does nothing. This
//! crate knows none of its insides.
//!
//! ```text
//! #[component]
//! fn Movie() -> impl IntoView {
//!     use_route(); // the action says `/movies/:id`, not `/movies/42`
//!     view! {
//!         <ErrorBoundary fallback=reporting("Movie", |errors| view! { <p>"Something went wrong."</p> })>
//!             <Details />
//!         </ErrorBoundary>
//!     }
//! }
//! ```

use std::collections::HashSet;

use js_sys::{Error, Function, Object, Reflect};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use wasm_bindgen::{JsCast, JsValue};

/// Tells the tracer which route the component stands in, now and whenever the router shows it anew. To be called in a
/// component that a `<Route>` shows.
///
/// # Panics
/// Outside a route, as the router's own hooks do.
pub fn use_route() {
    let pathname = use_location().pathname;
    let params = use_params_map();
    Effect::new(move || {
        let params: Vec<(String, String)> = params
            .get()
            .into_iter()
            .map(|(name, value)| (name.to_string(), value))
            .collect();
        call("route", &[route_template(&pathname.get(), &params).into()]);
    });
}

/// The template of a path: each segment that is a parameter's value becomes the parameter's name, from left to right.
/// A parameter that holds several segments is a wildcard.
#[must_use]
pub fn route_template(pathname: &str, params: &[(String, String)]) -> String {
    let mut template = String::with_capacity(pathname.len());
    let mut left: Vec<&(String, String)> = params.iter().collect();
    let mut rest = pathname.trim_matches('/');
    while !rest.is_empty() {
        let (segment, after) = rest.split_once('/').unwrap_or((rest, ""));
        template.push('/');
        // A wildcard's value is everything that is left of the path.
        if let Some((name, _)) = left
            .iter()
            .find(|(_, value)| value.contains('/') && value.trim_matches('/') == rest)
        {
            template.push('*');
            template.push_str(name);
            return template;
        }
        match left.iter().position(|(_, value)| value == segment) {
            Some(index) => {
                template.push(':');
                template.push_str(&left.remove(index).0);
            }
            None => template.push_str(segment),
        }
        rest = after;
    }
    if template.is_empty() {
        template.push('/');
    }
    template
}

/// A fallback for Leptos' `<ErrorBoundary>` that tells the tracer of each error once, with the name of the component
/// that stands around the boundary, and then shows `fallback`.
pub fn reporting<View>(
    component: &'static str,
    mut fallback: impl FnMut(ArcRwSignal<Errors>) -> View,
) -> impl FnMut(ArcRwSignal<Errors>) -> View {
    move |errors| {
        let told = StoredValue::new(HashSet::new());
        let seen = errors.clone();
        Effect::new(move || {
            for (id, error) in seen.get() {
                if told.try_update_value(|told| told.insert(id)) == Some(true) {
                    report(&error.to_string(), component);
                }
            }
        });
        fallback(errors)
    }
}

/// Tells the tracer of an error that a component has met.
pub fn report(message: &str, component: &str) {
    let attributes = Object::new();
    let _ = Reflect::set(
        &attributes,
        &"throughline.component".into(),
        &component.into(),
    );
    call(
        "exception",
        &[Error::new(message).into(), attributes.into()],
    );
}

/// Calls a function of the page's tracer, where there is one.
fn call(name: &str, arguments: &[JsValue]) {
    let found = Reflect::get(&js_sys::global(), &"throughline".into())
        .and_then(|tracer| Reflect::get(&tracer, &name.into()).map(|function| (tracer, function)));
    if let Ok((tracer, function)) = found
        && let Some(function) = function.dyn_ref::<Function>()
    {
        // The tracer's functions do not throw; whatever stands in their place must not break the application.
        let _ = function.apply(&tracer, &arguments.iter().collect());
    }
}

#[cfg(test)]
mod tests {
    use super::route_template;

    #[test]
    fn templates_name_the_parameters() {
        for (path, params, expected, reason) in [
            ("/", &[][..], "/", "the root"),
            ("/movies", &[], "/movies", "no parameter"),
            (
                "/movies/42",
                &[("id", "42")],
                "/movies/:id",
                "one parameter",
            ),
            (
                "/a/a/x",
                &[("first", "a")],
                "/:first/a/x",
                "a value that is also a static segment is taken once",
            ),
            (
                "/7/seats/7",
                &[("show", "7"), ("seat", "7")],
                "/:show/seats/:seat",
                "equal values keep their order",
            ),
            (
                "/files/a/b.txt",
                &[("rest", "a/b.txt")],
                "/files/*rest",
                "a wildcard",
            ),
        ] {
            let params: Vec<(String, String)> = params
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(route_template(path, &params), expected, "{reason}");
        }
    }
}
