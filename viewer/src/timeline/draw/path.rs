//! The critical path over the bars.

use super::Scene;
use crate::timeline::line::{self, Point, Step, steps};
use crate::timeline::surface::Surface;

/// Draws the line; its steps from row to row are the answer.
pub(super) fn draw_line(surface: &mut impl Surface, scene: &Scene<'_>, height: f64) -> Vec<Step> {
    let offset = scene.first as f64 * scene.measures.height;
    let mut points = line::points(
        scene.model.critical(),
        scene.rows,
        scene.scale,
        scene.measures,
    );
    for point in &mut points {
        point.y -= offset;
    }
    let begins = scene
        .model
        .critical()
        .first()
        .map(|segment| scene.scale.px_from_nanos(segment.start));
    // Runs of points above or below the surface draw nothing; the first and last of each keep the steps straight.
    let beyond = |point: &Point| {
        if point.y < -8.0 {
            -1
        } else {
            i8::from(point.y > height + 8.0)
        }
    };
    let mut run: Vec<Point> = Vec::new();
    let mut strokes = Vec::new();
    for point in &points {
        if let Some(last) = run.last()
            && beyond(last) != 0
            && beyond(last) == beyond(point)
        {
            strokes.push(std::mem::take(&mut run));
        }
        run.push(*point);
    }
    strokes.push(run);
    strokes.retain(|stroke| stroke.len() > 1);
    for stroke in &strokes {
        surface.stroke(stroke, 3.5, &scene.theme.panel);
    }
    for stroke in &strokes {
        surface.stroke(stroke, 2.25, &scene.theme.line);
    }
    if let (Some(first), Some(begins)) = (points.first(), begins)
        && begins >= -4.0
    {
        let center = Point {
            x: first.x.max(4.5),
            y: first.y,
        };
        surface.dot(center, 6.0, &scene.theme.panel);
        surface.dot(center, 4.0, &scene.theme.line);
    }
    steps(&strokes)
}
