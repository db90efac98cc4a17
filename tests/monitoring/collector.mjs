// An OTLP receiver: collector.mjs HTTP_PORT GRPC_PORT OUT. Decodes what comes with the official messages and writes a line of JSON for each metric and span.
import { createRequire } from "node:module";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const here = path.dirname(fileURLToPath(import.meta.url));
const { opentelemetry } = require(path.join(here, "node_modules/@opentelemetry/otlp-transformer/build/src/generated/root.js"));
const grpc = require("@grpc/grpc-js");
const [httpPort, grpcPort, out] = process.argv.slice(2);
const { metrics, trace } = opentelemetry.proto.collector;
const signals = {
  metrics: { request: metrics.v1.ExportMetricsServiceRequest, response: metrics.v1.ExportMetricsServiceResponse, service: "opentelemetry.proto.collector.metrics.v1.MetricsService" },
  traces: { request: trace.v1.ExportTraceServiceRequest, response: trace.v1.ExportTraceServiceResponse, service: "opentelemetry.proto.collector.trace.v1.TraceService" },
};

const attributes = (list) => Object.fromEntries((list ?? []).map(({ key, value }) => [key, value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue)]));
const hex = (bytes) => Buffer.from(bytes ?? []).toString("hex");
const write = (line) => fs.appendFileSync(out, `${JSON.stringify(line)}\n`);

function take(by, signal, bytes) {
  const request = signals[signal].request.decode(bytes);
  for (const of of request.resourceMetrics ?? []) {
    for (const metric of of.scopeMetrics.flatMap((scope) => scope.metrics)) {
      const kind = ["sum", "gauge", "histogram"].find((each) => metric[each]);
      write({ by, metric: metric.name, unit: metric.unit, kind, monotonic: metric.sum?.isMonotonic, resource: attributes(of.resource.attributes),
        points: metric[kind].dataPoints.map((point) => ({ attributes: attributes(point.attributes), bounds: point.explicitBounds, count: point.count && Number(point.count), value: Number(point.asDouble ?? point.asInt ?? point.sum) })) });
    }
  }
  for (const of of request.resourceSpans ?? []) {
    for (const span of of.scopeSpans.flatMap((scope) => scope.spans)) {
      write({ by, span: span.name, trace: hex(span.traceId), id: hex(span.spanId), parent: hex(span.parentSpanId), attributes: attributes(span.attributes),
        tookMs: (Number(span.endTimeUnixNano) - Number(span.startTimeUnixNano)) / 1e6 });
    }
  }
  return Buffer.from(signals[signal].response.encode({}).finish());
}

http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
    response.setHeader("content-type", "application/x-protobuf");
    response.end(take(`http ${request.headers["x-key"]}`, request.url.replace("/v1/", ""), Buffer.concat(chunks)));
  });
}).listen(Number(httpPort), "127.0.0.1");

const server = new grpc.Server();
for (const [signal, { service }] of Object.entries(signals)) {
  const same = (bytes) => bytes;
  server.addService({ Export: { path: `/${service}/Export`, requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same } },
    { Export: (call, done) => done(null, take("grpc", signal, call.request)) });
}
server.bindAsync(`127.0.0.1:${grpcPort}`, grpc.ServerCredentials.createInsecure(), (error) => { if (error) throw error; });
