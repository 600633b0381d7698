//! Both stores at once: whatever is sent to them, they answer alike.

use proptest::prelude::*;

use super::*;

fn any_span() -> impl Strategy<Value = SpanRecord> {
    let attribute = (0..3_u8, 0..3_i64).prop_map(|(key, value)| {
        let key = ["a", "b", "service.name"][usize::from(key)];
        match value {
            0 => Attribute::new(key, "shop"),
            1 => Attribute::new(key, 1_i64),
            _ => Attribute::new(key, 1.0),
        }
    });
    (
        (0..12_u32, 0..6_u32, 0..3_usize, 0..3_usize),
        (0..200_i64, 0..30_i64, any::<bool>()),
        proptest::collection::vec(attribute, 0..3),
    )
        .prop_map(
            |((trace, number, of, name), (start, length, failed), attributes)| {
                with(trace, start, |record| {
                    record.span.span_id = crate::sample::span_id(number);
                    record.resource = service(["shop", "payment", "seating"][of]);
                    record.span.name = ["load", "pay", "seat"][name].to_owned();
                    record.span.end = after_noon(start + length);
                    record.span.attributes = attributes;
                    if failed {
                        record.span.status.code = StatusCode::Error;
                    }
                })
            },
        )
}

const QUERIES: [&str; 19] = [
    "{ .service.name = \"shop\" } << { name = \"pay\" }",
    "{ .a = 1 } !>> { .b = 1 && status = error }",
    "{ name = \"pay\" } &~ { .a = \"shop\" }",
    "{ name =~ \"pay|seat\" && .a != 1 } | count() > 1",
    "{ .a = 1.0 } | by(name) | max(duration) > 5s | { status = error }",
    "count() > 2 | { .b = 1 } || { .a = 1 && status = error }",
    "{ duration - 1s > 20s && .a + 1 = 2 }",
    "",
    "{ .a = 1 }",
    "{ .a = 1 && .b = \"shop\" }",
    "{ resource.service.name = \"payment\" && status = error }",
    "{ .service.name = \"shop\" && duration > 20s }",
    "{ name = \"pay\" || duration > 25s }",
    "{ name = \"pay\" } && { name = \"seat\" && status = error }",
    "{ name = \"pay\" } || { .b = 1.0 } && { status = error }",
    "{ duration >= 10s && duration < 12s }",
    "{ rootName = \"load\" && status = error }",
    "{ rootServiceName = \"seating\" }",
    "{ .a != nil && name = \"seat\" }",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The indexes of one store leave out nothing that the other finds by looking at everything.
    #[test]
    fn both_stores_find_the_same(
        batches in proptest::collection::vec(proptest::collection::vec(any_span(), 1..12), 1..8),
        start in 0..150_i64,
        length in 0..150_i64,
        limit in 1..6_usize,
        midnight in any::<bool>(),
    ) {
        let [memory, sqlite] = subjects();
        for subject in [&memory, &sqlite] {
            for (index, batch) in batches.iter().enumerate() {
                if midnight && index == batches.len() / 2 {
                    subject.clock.set(after_noon(12 * 3_600 + 60));
                }
                subject.append(spans(batch.clone()));
            }
        }
        for query in QUERIES {
            let find = |subject: &Subject| {
                let found = subject.find(query, after_noon(start), after_noon(start + length), limit);
                (found.traces, found.more)
            };
            prop_assert_eq!(find(&memory), find(&sqlite), "{}", query);
            prop_assert_eq!(memory.found(query), sqlite.found(query), "{}", query);
            let page = Search { query: self::query(query), limit, ..Search::default() };
            for subject in [&memory, &sqlite] {
                prop_assert_eq!(subject.pages(&page, &long()).0, subject.found(query), "{}", query);
            }
        }
        prop_assert_eq!(memory.services(), sqlite.services());
        let range = |subject: &Subject| subject.store.range().expect("readable").unzip();
        let (memory, sqlite) = (range(&memory), range(&sqlite));
        prop_assert_eq!(memory.0, sqlite.0);
        prop_assert!(memory.1 <= sqlite.1, "a part of a trace after midnight starts later");
    }
}
