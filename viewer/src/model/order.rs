//! One sort for all lists, since every sort of another type is code of its own that the browser must load.

/// The places of the keys, the least first; equal keys keep their order.
#[must_use]
pub fn ascending(keys: Vec<f64>) -> Vec<usize> {
    let mut keyed: Vec<(f64, usize)> = keys
        .into_iter()
        .enumerate()
        .map(|(place, key)| (key, place))
        .collect();
    keyed.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    keyed.into_iter().map(|(_, place)| place).collect()
}

/// The places of the keys, the greatest first; equal keys keep their order.
#[must_use]
pub fn descending(keys: Vec<f64>) -> Vec<usize> {
    ascending(keys.into_iter().map(|key| -key).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_keep_their_order() {
        assert_eq!(ascending(vec![2.0, 1.0, 2.0, 0.5]), [3, 1, 0, 2]);
        assert_eq!(descending(vec![2.0, 1.0, 2.0, 0.5]), [0, 2, 1, 3]);
        assert_eq!(ascending(Vec::new()), [0_usize; 0]);
    }
}
