//! What an application does to send its spans here, as text to copy.

/// A way to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipe {
    /// Its name on the page.
    pub name: &'static str,
    /// The text, with `{http}`, `{grpc}` and `{host}` where the addresses go.
    template: &'static str,
}

/// Every way, the commonest first.
pub const RECIPES: [Recipe; 9] = [
    Recipe {
        name: "Any SDK",
        template: "OTEL_SERVICE_NAME=my-service\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\nOTEL_EXPORTER_OTLP_ENDPOINT={http}",
    },
    Recipe {
        name: "Node",
        template: "npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node\n\nOTEL_SERVICE_NAME=my-service \\\nOTEL_EXPORTER_OTLP_ENDPOINT={http} \\\nNODE_OPTIONS=\"--require @opentelemetry/auto-instrumentations-node/register\" \\\nnode server.js",
    },
    Recipe {
        name: "Python",
        template: "pip install opentelemetry-distro opentelemetry-exporter-otlp\nopentelemetry-bootstrap -a install\n\nOTEL_SERVICE_NAME=my-service \\\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf \\\nOTEL_EXPORTER_OTLP_ENDPOINT={http} \\\nopentelemetry-instrument python app.py",
    },
    Recipe {
        name: "Java",
        template: "# opentelemetry-javaagent.jar, 2.0 or later, from\n# https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases\nOTEL_SERVICE_NAME=my-service \\\nOTEL_EXPORTER_OTLP_ENDPOINT={http} \\\njava -javaagent:opentelemetry-javaagent.jar -jar app.jar",
    },
    Recipe {
        name: "Go",
        template: "// go get go.opentelemetry.io/otel/sdk \\\n//   go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp\nexporter, err := otlptracehttp.New(ctx) // reads the variables\notel.SetTracerProvider(trace.NewTracerProvider(trace.WithBatcher(exporter)))\notel.SetTextMapPropagator(propagation.TraceContext{})\n\nOTEL_SERVICE_NAME=my-service \\\nOTEL_EXPORTER_OTLP_ENDPOINT={http} \\\n./my-service",
    },
    Recipe {
        name: "Rust",
        template: "// opentelemetry-otlp with the feature grpc-tonic\nlet exporter = SpanExporter::builder().with_tonic().build()?; // reads the variables\nglobal::set_tracer_provider(SdkTracerProvider::builder().with_batch_exporter(exporter).build());\nglobal::set_text_map_propagator(TraceContextPropagator::new());\n\nOTEL_SERVICE_NAME=my-service \\\nOTEL_EXPORTER_OTLP_ENDPOINT={grpc} \\\n./my-service",
    },
    Recipe {
        name: ".NET",
        template: "// dotnet add package OpenTelemetry.Extensions.Hosting\n// dotnet add package OpenTelemetry.Instrumentation.AspNetCore\n// dotnet add package OpenTelemetry.Instrumentation.Http\n// dotnet add package OpenTelemetry.Exporter.OpenTelemetryProtocol\nbuilder.Services.AddOpenTelemetry().WithTracing(tracing => tracing\n    .AddAspNetCoreInstrumentation()\n    .AddHttpClientInstrumentation()\n    .AddOtlpExporter()); // reads the variables\n\nOTEL_SERVICE_NAME=my-service \\\nOTEL_EXPORTER_OTLP_ENDPOINT={grpc} \\\ndotnet run",
    },
    Recipe {
        name: "Collector",
        template: "# beside the receivers that are there\nexporters:\n  otlphttp/throughline:\n    endpoint: {http}\nservice:\n  pipelines:\n    traces:\n      exporters: [otlphttp/throughline]",
    },
    Recipe {
        name: "nginx",
        template: "load_module modules/ngx_otel_module.so; # first in the file; the rest within http { }\n\notel_exporter {\n  endpoint {host};\n}\notel_service_name my-proxy;\notel_trace on;\notel_trace_context propagate;",
    },
];

impl Recipe {
    /// The text for a server that takes OTLP at these addresses.
    #[must_use]
    pub fn text(&self, http: &str, grpc: &str) -> String {
        let host = grpc.split_once("://").map_or(grpc, |(_, host)| host);
        self.template
            .replace("{http}", http)
            .replace("{grpc}", grpc)
            .replace("{host}", host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_names_this_server_and_nothing_is_left_open() {
        for recipe in RECIPES {
            let text = recipe.text("http://127.0.0.1:14318", "http://127.0.0.1:14317");
            let count = text.matches("127.0.0.1:1431").count();
            assert_eq!(count, 1, "{}: one address", recipe.name);
            for open in ["{http}", "{grpc}", "{host}"] {
                assert!(!text.contains(open), "{}", recipe.name);
            }
        }
        let nginx = RECIPES
            .last()
            .map(|recipe| recipe.text("", "http://h:4317"));
        assert!(nginx.is_some_and(|text| text.contains("endpoint h:4317;")));
    }
}
