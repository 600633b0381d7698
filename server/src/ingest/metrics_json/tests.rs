//! Every kind of metric in every spelling.

use super::*;

fn metric(json: &str) -> Metric {
    let body = format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{json}]}}]}}]}}"#);
    let request = decode(body.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    request.resource_metrics[0].scope_metrics[0].metrics[0].clone()
}

#[test]
fn reads_every_kind_of_metric() {
    let gauge = metric(
        r#"{"name":"g","unit":"1","description":"d","gauge":{"dataPoints":[
            {"timeUnixNano":"5","asDouble":"NaN","attributes":[{"key":"k","value":{"boolValue":false}}]},
            {"asInt":"-7","flags":1,"exemplars":[{"spanId":"EEE19B7EC3C1B174","traceId":"5b8efff798038103d269b633813fc60c","asDouble":1}]},
            {"asDouble":null,"as_int":3}]}}"#,
    );
    let Some(Data::Gauge(Gauge { data_points })) = gauge.data else {
        panic!("a gauge")
    };
    let Some(number_data_point::Value::AsDouble(value)) = data_points[0].value else {
        panic!("a double")
    };
    assert!(value.is_nan());
    assert_eq!(data_points[0].time_unix_nano, 5);
    assert_eq!(
        data_points[1].value,
        Some(number_data_point::Value::AsInt(-7))
    );
    assert_eq!(data_points[1].exemplars[0].span_id[0], 0xee);
    assert_eq!(
        data_points[2].value,
        Some(number_data_point::Value::AsInt(3))
    );

    let sum = metric(
        r#"{"sum":{"isMonotonic":true,"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE",
            "data_points":[{"start_time_unix_nano":3.0}]}}"#,
    );
    let Some(Data::Sum(sum)) = sum.data else {
        panic!("a sum")
    };
    assert_eq!((sum.is_monotonic, sum.aggregation_temporality), (true, 2));
    assert_eq!(sum.data_points[0].start_time_unix_nano, 3);

    let histogram = metric(
        r#"{"histogram":{"aggregationTemporality":1,"dataPoints":[{"count":"3","sum":4.5,"min":1,
            "bucketCounts":["1",2],"explicitBounds":[10,"Infinity"]}]}}"#,
    );
    let Some(Data::Histogram(histogram)) = histogram.data else {
        panic!("a histogram")
    };
    let point = &histogram.data_points[0];
    assert_eq!(
        (point.count, point.sum, point.min, point.max),
        (3, Some(4.5), Some(1.0), None)
    );
    assert_eq!(point.bucket_counts, [1, 2]);
    assert_eq!(point.explicit_bounds, [10.0, f64::INFINITY]);

    let exponential = metric(
        r#"{"exponentialHistogram":{"dataPoints":[{"scale":-2,"zeroCount":"1","zeroThreshold":0.5,
            "positive":{"offset":-3,"bucketCounts":[1,"2"]},"negative":null}]}}"#,
    );
    let Some(Data::ExponentialHistogram(exponential)) = exponential.data else {
        panic!("an exponential histogram")
    };
    let point = &exponential.data_points[0];
    assert_eq!(
        (point.scale, point.zero_count, point.zero_threshold),
        (-2, 1, 0.5)
    );
    let positive = Buckets {
        offset: -3,
        bucket_counts: vec![1, 2],
    };
    assert_eq!(
        (point.positive.as_ref(), point.negative.as_ref()),
        (Some(&positive), None)
    );

    let summary =
        metric(r#"{"summary":{"dataPoints":[{"quantileValues":[{"quantile":0.5,"value":7}]}]}}"#);
    let Some(Data::Summary(summary)) = summary.data else {
        panic!("a summary")
    };
    assert_eq!(summary.data_points[0].quantile_values[0].value, 7.0);
    assert_eq!(metric(r#"{"name":"of no kind"}"#).data, None);
}

#[test]
fn reads_attribute_values_of_every_kind() {
    for (json, expected) in [
        (
            r#"{"stringValue":"s"}"#,
            Some(any_value::Value::StringValue("s".to_owned())),
        ),
        (r#"{"intValue":"-5"}"#, Some(any_value::Value::IntValue(-5))),
        (
            r#"{"double_value":1}"#,
            Some(any_value::Value::DoubleValue(1.0)),
        ),
        (
            r#"{"bytesValue":"AP8="}"#,
            Some(any_value::Value::BytesValue(vec![0, 255])),
        ),
        (
            r#"{"bytesValue":"AP8"}"#,
            Some(any_value::Value::BytesValue(vec![0, 255])),
        ),
        (
            r#"{"bytesValue":"_w"}"#,
            Some(any_value::Value::BytesValue(vec![255])),
        ),
        (
            r#"{"arrayValue":{"values":[{"boolValue":true}]}}"#,
            Some(any_value::Value::ArrayValue(ArrayValue {
                values: vec![AnyValue {
                    value: Some(any_value::Value::BoolValue(true)),
                }],
            })),
        ),
        (
            r#"{"kvlistValue":{}}"#,
            Some(any_value::Value::KvlistValue(KeyValueList::default())),
        ),
        ("{}", None),
        (r#"{"futureValue":1}"#, None),
    ] {
        let json = format!(
            r#"{{"gauge":{{"dataPoints":[{{"attributes":[{{"key":"k","value":{json}}}]}}]}}}}"#
        );
        let Some(Data::Gauge(gauge)) = metric(&json).data else {
            panic!("a gauge")
        };
        let attribute = &gauge.data_points[0].attributes[0];
        assert_eq!(
            attribute.value,
            Some(AnyValue { value: expected }),
            "{json}"
        );
    }
}

#[test]
fn names_the_field_that_holds_what_it_cannot_hold() {
    for (body, expected) in [
        ("", "EOF"),
        ("7", "the request"),
        (
            r#"{"resourceMetrics":7}"#,
            "resourceMetrics must be an array",
        ),
        (
            r#"{"resourceMetrics":[7]}"#,
            "resourceMetrics must be an object",
        ),
        (
            r#"{"resourceMetrics":[{"schemaUrl":7}]}"#,
            "schemaUrl must be a string",
        ),
        (
            r#"{"resourceMetrics":[{"resource":{"droppedAttributesCount":-1}}]}"#,
            "droppedAttributesCount must be an integer",
        ),
        (
            r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"aggregationTemporality":"NEVER"}}]}]}]}"#,
            "aggregationTemporality",
        ),
    ] {
        let error = decode(body.as_bytes()).expect_err(body).to_string();
        assert!(error.contains(expected), "{body}: {error}");
    }
}
