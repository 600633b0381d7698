//! Level of detail: stretches too small to be told apart become one, so that no pixel is painted twice.

/// Joins stretches that are less than `gap` pixels apart and gives each at least `least` pixels.
/// The stretches come and go in order of their start.
#[must_use]
pub fn joined(
    stretches: impl IntoIterator<Item = (f64, f64)>,
    gap: f64,
    least: f64,
) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    for (start, end) in stretches {
        let end = end.max(start + least);
        match out.last_mut() {
            Some(last) if start - last.1 < gap => last.1 = last.1.max(end),
            _ => out.push((start, end)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_told_apart_is_one() {
        let dense = (0..10_000).map(|i| (f64::from(i) * 0.01, f64::from(i) * 0.01 + 0.005));
        assert_eq!(joined(dense, 0.5, 1.0).len(), 1);
        assert_eq!(
            joined([(0.0, 10.0), (20.0, 20.1)], 0.5, 2.0),
            [(0.0, 10.0), (20.0, 22.0)]
        );
    }
}
