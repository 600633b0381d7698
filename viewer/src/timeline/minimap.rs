//! The whole trace on a strip: for each pixel the busiest depth, the critical path, failures.
//!
//! One pass over the spans fills buckets, a bucket a pixel, so that the picture costs the same at any zoom.

use super::surface::{Rect, Surface, Theme};
use crate::model::colour::Colours;
use crate::model::trace::TraceModel;

/// Spans looked at; of larger traces so many, evenly spread, since more would not change the picture.
const MOST_SPANS: usize = 200_000;

/// What lies in one bucket of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    /// The deepest span's depth plus one; 0 where there is none.
    pub depth: u32,
    /// The hue of the deepest span.
    pub hue: u16,
    /// Whether something failed here first.
    pub failed: bool,
    /// The hue of what the total waits for.
    pub critical: Option<u16>,
}

/// The trace in `count` buckets of the same length.
#[must_use]
pub fn buckets(model: &TraceModel, colours: &Colours, count: usize) -> Vec<Bucket> {
    let mut out = vec![Bucket::default(); count];
    if count == 0 || model.is_empty() {
        return out;
    }
    let place = |nanos: i64| {
        let share = nanos.clamp(0, model.duration) as f64 / model.duration as f64;
        ((share * count as f64) as usize).min(count - 1)
    };
    let step = model.len().div_ceil(MOST_SPANS);
    for node in (0..model.len()).step_by(step) {
        let depth = model.depth[node] + 1;
        let (from, to) = (place(model.start[node]), place(model.end[node]));
        let hue = colours.hue(model, node as u32);
        // Long spans are shallow as a rule: what is deeper draws over them, so that few buckets are written twice.
        for bucket in &mut out[from..=to] {
            if bucket.depth < depth {
                bucket.depth = depth;
                bucket.hue = hue;
            }
        }
    }
    for node in model.failed() {
        if model.errors_below[node as usize] == 0 {
            out[place(model.start[node as usize])].failed = true;
        }
    }
    for segment in model.critical() {
        let hue = colours.hue(model, segment.node);
        for bucket in &mut out[place(segment.start)..=place(segment.end)] {
            bucket.critical = Some(hue);
        }
    }
    out
}

/// Draws buckets, each a pixel wide; deeper is lower, the critical path runs along the bottom, failures stand above.
pub fn draw(surface: &mut impl Surface, buckets: &[Bucket], height: f64, theme: &Theme) {
    let deepest = buckets.iter().map(|bucket| bucket.depth).max().unwrap_or(0);
    let lane = (height - 10.0) / f64::from(deepest.max(1));
    let mut x = 0;
    // Equal neighbours are one rectangle.
    for run in buckets.chunk_by(|a, b| (a.depth, a.hue, a.critical) == (b.depth, b.hue, b.critical))
    {
        let (left, width) = (f64::from(x), run.len() as f64);
        let bucket = run[0];
        if bucket.depth > 0 {
            let body = Rect {
                x: left,
                y: 4.0,
                width,
                height: (f64::from(bucket.depth) * lane).max(2.0),
            };
            surface.fill(body, 0.0, &theme.service(bucket.hue, 0.4));
        }
        if let Some(hue) = bucket.critical {
            let line = Rect {
                x: left,
                y: height - 4.0,
                width,
                height: 3.0,
            };
            surface.fill(line, 0.0, &theme.service(hue, 1.0));
        }
        x += run.len() as u32;
    }
    for (x, bucket) in (0_u32..).zip(buckets) {
        if bucket.failed {
            let tick = Rect {
                x: f64::from(x) - 1.0,
                y: 0.0,
                width: 3.0,
                height: height - 5.0,
            };
            surface.fill(tick, 1.0, &theme.error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{booking, failed, model, span};

    #[test]
    fn each_bucket_knows_what_is_deepest_there() {
        let model = model(vec![
            span(1, 0, "a", "root", 0, 100),
            span(2, 1, "b", "child", 50, 100),
            failed(span(3, 2, "b", "grandchild", 80, 90), "no"),
        ]);
        let found = buckets(&model, &Colours::Service, 10);
        let depths: Vec<u32> = found.iter().map(|bucket| bucket.depth).collect();
        assert_eq!(depths, [1, 1, 1, 1, 1, 2, 2, 2, 3, 3]);
        assert_eq!(found.iter().filter(|bucket| bucket.failed).count(), 1);
        assert!(found[8].failed);
        let hue = |service: usize| Some(model.services[service].hue);
        assert_eq!((found[0].critical, found[6].critical), (hue(0), hue(1)));
    }

    #[test]
    fn no_width_has_no_buckets() {
        assert!(buckets(&booking(), &Colours::Service, 0).is_empty());
    }
}
