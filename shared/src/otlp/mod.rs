//! OTLP, OpenTelemetry's wire format.
