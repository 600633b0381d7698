//! Metrics in OTLP/JSON.
//!
//! As lenient as protobuf's JSON mapping asks for: both spellings of field names, 64-bit numbers as
//! strings or numbers, enumerations as numbers or names, `null` as absent, unknown fields ignored.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge,
    Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
    Summary, SummaryDataPoint, exemplar, exponential_histogram_data_point::Buckets, metric::Data,
    number_data_point, summary_data_point::ValueAtQuantile,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::{Map, Value};

/// Why a body is not a metrics request.
#[derive(Debug, thiserror::Error)]
pub enum MetricsJsonError {
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A field holds what it cannot hold.
    #[error("{field} must be {expected}")]
    Field {
        /// The field's name.
        field: String,
        /// What it may hold.
        expected: &'static str,
    },
}

type Result<T> = std::result::Result<T, MetricsJsonError>;

/// Reads an `ExportMetricsServiceRequest`.
///
/// # Errors
/// [`MetricsJsonError`] where the body is not such a request.
pub fn decode(body: &[u8]) -> Result<ExportMetricsServiceRequest> {
    let value: Value = serde_json::from_slice(body)?;
    let request = Object::of(&value, "the request")?;
    Ok(ExportMetricsServiceRequest {
        resource_metrics: request.list("resourceMetrics", |group| {
            Ok(ResourceMetrics {
                resource: group.member("resource", resource)?,
                scope_metrics: group.list("scopeMetrics", |group| {
                    Ok(ScopeMetrics {
                        scope: group.member("scope", scope)?,
                        metrics: group.list("metrics", metric)?,
                        schema_url: group.text("schemaUrl")?,
                    })
                })?,
                schema_url: group.text("schemaUrl")?,
            })
        })?,
    })
}

fn resource(from: &Object<'_>) -> Result<Resource> {
    Ok(Resource {
        attributes: from.list("attributes", key_value)?,
        dropped_attributes_count: from.number("droppedAttributesCount")?,
        entity_refs: Vec::new(),
    })
}

fn scope(from: &Object<'_>) -> Result<InstrumentationScope> {
    Ok(InstrumentationScope {
        name: from.text("name")?,
        version: from.text("version")?,
        attributes: from.list("attributes", key_value)?,
        dropped_attributes_count: from.number("droppedAttributesCount")?,
    })
}

fn metric(from: &Object<'_>) -> Result<Metric> {
    Ok(Metric {
        name: from.text("name")?,
        description: from.text("description")?,
        unit: from.text("unit")?,
        metadata: from.list("metadata", key_value)?,
        data: data(from)?,
    })
}

fn data(from: &Object<'_>) -> Result<Option<Data>> {
    if let Some(data) = from.member("gauge", |gauge| {
        Ok(Data::Gauge(Gauge {
            data_points: gauge.list("dataPoints", number_point)?,
        }))
    })? {
        return Ok(Some(data));
    }
    if let Some(data) = from.member("sum", |sum| {
        Ok(Data::Sum(Sum {
            data_points: sum.list("dataPoints", number_point)?,
            aggregation_temporality: temporality(sum)?,
            is_monotonic: sum.truth("isMonotonic")?,
        }))
    })? {
        return Ok(Some(data));
    }
    if let Some(data) = from.member("histogram", |histogram| {
        Ok(Data::Histogram(Histogram {
            data_points: histogram.list("dataPoints", histogram_point)?,
            aggregation_temporality: temporality(histogram)?,
        }))
    })? {
        return Ok(Some(data));
    }
    if let Some(data) = from.member("exponentialHistogram", |histogram| {
        Ok(Data::ExponentialHistogram(ExponentialHistogram {
            data_points: histogram.list("dataPoints", exponential_point)?,
            aggregation_temporality: temporality(histogram)?,
        }))
    })? {
        return Ok(Some(data));
    }
    from.member("summary", |summary| {
        Ok(Data::Summary(Summary {
            data_points: summary.list("dataPoints", summary_point)?,
        }))
    })
}

fn temporality(from: &Object<'_>) -> Result<i32> {
    match from.get("aggregationTemporality") {
        Some(Value::String(name)) if name.parse::<i32>().is_err() => {
            AggregationTemporality::from_str_name(name)
                .map(|temporality| temporality as i32)
                .ok_or_else(|| field("aggregationTemporality", "an aggregation temporality"))
        }
        _ => from.number("aggregationTemporality"),
    }
}

fn number_point(from: &Object<'_>) -> Result<NumberDataPoint> {
    let value = match (
        from.optional_number("asInt")?,
        from.optional_double("asDouble")?,
    ) {
        (Some(value), _) => Some(number_data_point::Value::AsInt(value)),
        (None, value) => value.map(number_data_point::Value::AsDouble),
    };
    Ok(NumberDataPoint {
        attributes: from.list("attributes", key_value)?,
        start_time_unix_nano: from.number("startTimeUnixNano")?,
        time_unix_nano: from.number("timeUnixNano")?,
        exemplars: from.list("exemplars", exemplar)?,
        flags: from.number("flags")?,
        value,
    })
}

fn histogram_point(from: &Object<'_>) -> Result<HistogramDataPoint> {
    Ok(HistogramDataPoint {
        attributes: from.list("attributes", key_value)?,
        start_time_unix_nano: from.number("startTimeUnixNano")?,
        time_unix_nano: from.number("timeUnixNano")?,
        count: from.number("count")?,
        sum: from.optional_double("sum")?,
        bucket_counts: from.numbers("bucketCounts")?,
        explicit_bounds: from.doubles("explicitBounds")?,
        exemplars: from.list("exemplars", exemplar)?,
        flags: from.number("flags")?,
        min: from.optional_double("min")?,
        max: from.optional_double("max")?,
    })
}

fn exponential_point(from: &Object<'_>) -> Result<ExponentialHistogramDataPoint> {
    let buckets = |from: &Object<'_>| {
        Ok(Buckets {
            offset: from.number("offset")?,
            bucket_counts: from.numbers("bucketCounts")?,
        })
    };
    Ok(ExponentialHistogramDataPoint {
        attributes: from.list("attributes", key_value)?,
        start_time_unix_nano: from.number("startTimeUnixNano")?,
        time_unix_nano: from.number("timeUnixNano")?,
        count: from.number("count")?,
        sum: from.optional_double("sum")?,
        scale: from.number("scale")?,
        zero_count: from.number("zeroCount")?,
        positive: from.member("positive", buckets)?,
        negative: from.member("negative", buckets)?,
        flags: from.number("flags")?,
        exemplars: from.list("exemplars", exemplar)?,
        min: from.optional_double("min")?,
        max: from.optional_double("max")?,
        zero_threshold: from.optional_double("zeroThreshold")?.unwrap_or(0.0),
    })
}

fn summary_point(from: &Object<'_>) -> Result<SummaryDataPoint> {
    Ok(SummaryDataPoint {
        attributes: from.list("attributes", key_value)?,
        start_time_unix_nano: from.number("startTimeUnixNano")?,
        time_unix_nano: from.number("timeUnixNano")?,
        count: from.number("count")?,
        sum: from.optional_double("sum")?.unwrap_or(0.0),
        quantile_values: from.list("quantileValues", |from| {
            Ok(ValueAtQuantile {
                quantile: from.optional_double("quantile")?.unwrap_or(0.0),
                value: from.optional_double("value")?.unwrap_or(0.0),
            })
        })?,
        flags: from.number("flags")?,
    })
}

fn exemplar(from: &Object<'_>) -> Result<Exemplar> {
    let value = match (
        from.optional_number("asInt")?,
        from.optional_double("asDouble")?,
    ) {
        (Some(value), _) => Some(exemplar::Value::AsInt(value)),
        (None, value) => value.map(exemplar::Value::AsDouble),
    };
    Ok(Exemplar {
        filtered_attributes: from.list("filteredAttributes", key_value)?,
        time_unix_nano: from.number("timeUnixNano")?,
        span_id: from.hex("spanId")?,
        trace_id: from.hex("traceId")?,
        value,
    })
}

fn key_value(from: &Object<'_>) -> Result<KeyValue> {
    Ok(KeyValue {
        key: from.text("key")?,
        value: from.member("value", any_value)?,
        ..KeyValue::default()
    })
}

fn any_value(from: &Object<'_>) -> Result<AnyValue> {
    use any_value::Value as Any;

    let value = if let Some(Value::String(text)) = from.get("stringValue") {
        Some(Any::StringValue(text.clone()))
    } else if from.get("boolValue").is_some() {
        Some(Any::BoolValue(from.truth("boolValue")?))
    } else if let Some(number) = from.optional_number("intValue")? {
        Some(Any::IntValue(number))
    } else if let Some(number) = from.optional_double("doubleValue")? {
        Some(Any::DoubleValue(number))
    } else if let Some(list) = from.member("arrayValue", |from| from.list("values", any_value))? {
        Some(Any::ArrayValue(ArrayValue { values: list }))
    } else if let Some(list) = from.member("kvlistValue", |from| from.list("values", key_value))? {
        Some(Any::KvlistValue(KeyValueList { values: list }))
    } else if let Some(Value::String(text)) = from.get("bytesValue") {
        let bytes = base64(text).ok_or_else(|| field("bytesValue", "base64"))?;
        Some(Any::BytesValue(bytes))
    } else {
        None
    };
    Ok(AnyValue { value })
}

/// A JSON object whose members are read as protobuf's fields.
struct Object<'json>(&'json Map<String, Value>);

impl<'json> Object<'json> {
    fn of(value: &'json Value, name: &str) -> Result<Self> {
        value
            .as_object()
            .map(Self)
            .ok_or_else(|| field(name, "an object"))
    }

    /// A member by its name in `lowerCamelCase` or in `snake_case`; `null` is absent.
    fn get(&self, name: &str) -> Option<&'json Value> {
        let found = self.0.get(name).or_else(|| {
            let mut snake = String::with_capacity(name.len() + 4);
            for letter in name.chars() {
                if letter.is_ascii_uppercase() {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
            }
            self.0.get(&snake)
        });
        found.filter(|value| !value.is_null())
    }

    fn member<T>(&self, name: &str, read: impl Fn(&Object<'_>) -> Result<T>) -> Result<Option<T>> {
        self.get(name)
            .map(|value| read(&Object::of(value, name)?))
            .transpose()
    }

    fn elements(&self, name: &str) -> Result<&'json [Value]> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(values)) => Ok(values),
            Some(_) => Err(field(name, "an array")),
        }
    }

    fn list<T>(&self, name: &str, read: impl Fn(&Object<'_>) -> Result<T>) -> Result<Vec<T>> {
        self.elements(name)?
            .iter()
            .map(|value| read(&Object::of(value, name)?))
            .collect()
    }

    fn text(&self, name: &str) -> Result<String> {
        match self.get(name) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(field(name, "a string")),
        }
    }

    fn truth(&self, name: &str) -> Result<bool> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(field(name, "true or false")),
        }
    }

    fn number<T: TryFrom<i128> + Default>(&self, name: &str) -> Result<T> {
        Ok(self.optional_number(name)?.unwrap_or_default())
    }

    fn optional_number<T: TryFrom<i128>>(&self, name: &str) -> Result<Option<T>> {
        self.get(name).map(|value| integer(value, name)).transpose()
    }

    fn numbers(&self, name: &str) -> Result<Vec<u64>> {
        self.elements(name)?
            .iter()
            .map(|value| integer(value, name))
            .collect()
    }

    fn optional_double(&self, name: &str) -> Result<Option<f64>> {
        self.get(name).map(|value| double(value, name)).transpose()
    }

    fn doubles(&self, name: &str) -> Result<Vec<f64>> {
        self.elements(name)?
            .iter()
            .map(|value| double(value, name))
            .collect()
    }

    fn hex(&self, name: &str) -> Result<Vec<u8>> {
        let text = self.text(name)?;
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|digit| digit.to_digit(16).map(|digit| digit as u8))
            .collect();
        match digits {
            Some(digits) if digits.len() % 2 == 0 => Ok(digits
                .chunks_exact(2)
                .map(|pair| pair[0] << 4 | pair[1])
                .collect()),
            _ => Err(field(name, "hexadecimal digits")),
        }
    }
}

fn integer<T: TryFrom<i128>>(value: &Value, name: &str) -> Result<T> {
    let number = match value {
        Value::String(text) => text.parse::<i128>().ok(),
        Value::Number(number) => number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from))
            // 3.0 is an integer to the mapping.
            .or_else(|| {
                number
                    .as_f64()
                    .filter(|n| n.fract() == 0.0)
                    .map(|n| n as i128)
            }),
        _ => None,
    };
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| field(name, "an integer within its range"))
}

fn double(value: &Value, name: &str) -> Result<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        _ => None,
    }
    .ok_or_else(|| field(name, "a number"))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

    let text = text.trim_end_matches('=');
    STANDARD_NO_PAD
        .decode(text)
        .or_else(|_| URL_SAFE_NO_PAD.decode(text))
        .ok()
}

fn field(name: &str, expected: &'static str) -> MetricsJsonError {
    MetricsJsonError::Field {
        field: name.to_owned(),
        expected,
    }
}

#[cfg(test)]
mod tests;
