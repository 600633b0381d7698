// A trace as a test sees it: OTLP/JSON read into spans with parents, and a vocabulary of expectations.

import assert from 'node:assert/strict';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUS = ['unset', 'ok', 'error'];

/**
 * @typedef {object} Span
 * @property {string} traceId
 * @property {string} spanId
 * @property {string | null} parentSpanId
 * @property {string} name
 * @property {string} kind `internal`, `server`, `client` …
 * @property {bigint} startNanos since 1970
 * @property {bigint} endNanos since 1970
 * @property {Record<string, any>} attributes
 * @property {{name: string, nanos: bigint, attributes: Record<string, any>}[]} events
 * @property {{traceId: string, spanId: string, attributes: Record<string, any>}[]} links
 * @property {string} status `unset`, `ok`, `error`
 * @property {string} statusMessage
 * @property {number} flags
 * @property {string} traceState
 * @property {string} service
 * @property {Record<string, any>} resource
 * @property {string} scope
 */

/**
 * @typedef {object} Log
 * @property {string} name of the event; empty for a record that is none
 * @property {string} spanId
 * @property {bigint} nanos since 1970
 * @property {number} severity
 * @property {string} body
 * @property {Record<string, any>} attributes
 */

/**
 * What picks a span: its name, a pattern of its name, or the fields that it must have (a pattern matches as text,
 * `attributes` must all be there).
 *
 * @typedef {string | RegExp | {name?: string | RegExp, service?: string, kind?: string, status?: string, attributes?: Record<string, any>}} Matcher
 */

export class Trace {
  /** @param {Span[]} spans */
  constructor(spans) {
    this.spans = spans;
    this.byId = new Map(spans.map((span) => [span.spanId, span]));
  }

  /** @param {any} body an `ExportTraceServiceRequest` or `TracesData` in OTLP/JSON */
  static fromOtlp(body) {
    const spans = [];
    for (const { resource, scopeSpans } of body.resourceSpans ?? []) {
      const attributes = attributesOf(resource?.attributes);
      for (const { scope, spans: members } of scopeSpans ?? []) {
        for (const member of members ?? []) spans.push(spanOf(member, attributes, scope?.name ?? ''));
      }
    }
    spans.sort((a, b) => (a.startNanos < b.startNanos ? -1 : a.startNanos > b.startNanos ? 1 : a.spanId < b.spanId ? -1 : 1));
    return new Trace(spans);
  }

  get traceId() {
    return this.spans[0]?.traceId;
  }

  /** Spans without a parent id. */
  get roots() {
    return this.spans.filter((span) => span.parentSpanId === null);
  }

  /** Spans that name a parent which the trace lacks. */
  get orphans() {
    return this.spans.filter((span) => span.parentSpanId !== null && !this.byId.has(span.parentSpanId));
  }

  /** One root, and every parent is there. */
  get whole() {
    return this.roots.length === 1 && this.orphans.length === 0;
  }

  /** @param {Span} span @returns {Span | undefined} */
  parentOf(span) {
    return span.parentSpanId === null ? undefined : this.byId.get(span.parentSpanId);
  }

  /** @param {Span} span @returns {Span[]} nearest first; ends at a cycle */
  ancestorsOf(span) {
    const ancestors = [];
    for (let at = this.parentOf(span); at && !ancestors.includes(at); at = this.parentOf(at)) ancestors.push(at);
    return ancestors;
  }

  /** @param {Span} span */
  childrenOf(span) {
    return this.spans.filter((child) => child.parentSpanId === span.spanId);
  }

  /** Services in the order of a walk from the roots, parents first. */
  get services() {
    const seen = new Set();
    this.walk((span) => seen.add(span.service));
    return [...seen];
  }

  /** @param {Matcher} matcher */
  all(matcher) {
    return this.spans.filter((span) => matches(span, matcher));
  }

  /** @param {Matcher} matcher @returns {Span | undefined} */
  find(matcher) {
    return this.spans.find((span) => matches(span, matcher));
  }

  /** The one span that matches. @param {Matcher} matcher */
  only(matcher) {
    const found = this.all(matcher);
    assert.equal(found.length, 1, `expected one span ${describe(matcher)}, found ${found.length}\n${this}`);
    return found[0];
  }

  /** Visits parents before children, siblings by start; orphans stand as roots. @param {(span: Span, depth: number) => void} visit */
  walk(visit) {
    const visited = new Set();
    const descend = (span, depth) => {
      if (visited.has(span)) return;
      visited.add(span);
      visit(span, depth);
      for (const child of this.childrenOf(span)) descend(child, depth + 1);
    };
    for (const span of [...this.roots, ...this.orphans, ...this.spans]) descend(span, 0);
  }

  /** The tree as text, for messages. */
  toString() {
    const lines = [`trace ${this.traceId}`];
    this.walk((span, depth) => {
      const mark = span.status === 'error' ? ' ERROR' : '';
      const orphan = span.parentSpanId !== null && !this.byId.has(span.parentSpanId) ? ` (parent ${span.parentSpanId} is missing)` : '';
      lines.push(`${'  '.repeat(depth + 1)}${span.service}: ${span.name} [${span.kind}]${mark}${orphan}`);
    });
    return lines.join('\n');
  }
}

/**
 * Expectations of a trace; each returns itself, and each failure prints the tree.
 *
 * @param {Trace} trace
 */
export function expectTrace(trace) {
  const check = (condition, message) => assert.ok(condition, `${message}\n${trace}`);
  const expectation = {
    /** Exactly one root, and no span whose parent is missing. */
    isWhole() {
      check(trace.roots.length === 1, `expected one root, found ${trace.roots.length}`);
      check(trace.orphans.length === 0, `expected no orphan, found ${trace.orphans.map((span) => span.name).join(', ')}`);
      return expectation;
    },
    /** The root matches. @param {Matcher} matcher */
    hasRoot(matcher) {
      check(trace.roots.some((span) => matches(span, matcher)), `expected a root ${describe(matcher)}`);
      return expectation;
    },
    /**
     * From a root down: each matcher's span is a descendant of the one before, with any spans between.
     *
     * @param {Matcher[]} matchers
     */
    hasChain(matchers) {
      let heads = trace.roots.filter((span) => matches(span, matchers[0]));
      check(heads.length > 0, `no root ${describe(matchers[0])}`);
      for (const matcher of matchers.slice(1)) {
        const next = trace.all(matcher).filter((span) => trace.ancestorsOf(span).some((ancestor) => heads.includes(ancestor)));
        check(next.length > 0, `no ${describe(matcher)} below ${heads.map((span) => span.name).join(' or ')}`);
        heads = next;
      }
      return expectation;
    },
    /** Each matcher's span is the direct child of the one before. @param {Matcher[]} matchers */
    hasDirectChain(matchers) {
      let heads = trace.all(matchers[0]);
      check(heads.length > 0, `no span ${describe(matchers[0])}`);
      for (const matcher of matchers.slice(1)) {
        const next = trace.all(matcher).filter((span) => heads.includes(trace.parentOf(span)));
        check(next.length > 0, `no ${describe(matcher)} directly below ${heads.map((span) => span.name).join(' or ')}`);
        heads = next;
      }
      return expectation;
    },
    /** Exactly these services, in the order of the path. @param {string[]} services */
    hasServices(services) {
      assert.deepEqual(trace.services, services, `services differ\n${trace}`);
      return expectation;
    },
    /** Some span matches. @param {Matcher} matcher */
    has(matcher) {
      check(trace.find(matcher), `expected a span ${describe(matcher)}`);
      return expectation;
    },
    /** No span matches. Prove presence elsewhere first. @param {Matcher} matcher */
    hasNo(matcher) {
      check(!trace.find(matcher), `expected no span ${describe(matcher)}`);
      return expectation;
    },
    /** Every span that failed matches one of these, and each of these matches a span that failed. @param {Matcher[]} matchers */
    failsExactlyAt(matchers) {
      const failed = trace.spans.filter((span) => span.status === 'error');
      for (const matcher of matchers) check(failed.some((span) => matches(span, matcher)), `expected ${describe(matcher)} to have failed`);
      for (const span of failed) check(matchers.some((matcher) => matches(span, matcher)), `did not expect ${span.service}: ${span.name} to have failed`);
      return expectation;
    },
  };
  return expectation;
}

/** @param {Span} span @param {Matcher} matcher */
export function matches(span, matcher) {
  if (typeof matcher === 'string') return span.name === matcher;
  if (matcher instanceof RegExp) return matcher.test(span.name);
  const { attributes = {}, ...fields } = matcher;
  const fits = (actual, wanted) => (wanted instanceof RegExp ? wanted.test(String(actual)) : actual === wanted);
  return (
    Object.entries(fields).every(([field, wanted]) => fits(span[field], wanted)) &&
    Object.entries(attributes).every(([key, wanted]) => key in span.attributes && fits(span.attributes[key], wanted))
  );
}

/** @param {Matcher} matcher */
function describe(matcher) {
  if (typeof matcher === 'string') return JSON.stringify(matcher);
  if (matcher instanceof RegExp) return String(matcher);
  return JSON.stringify(matcher, (_, value) => (value instanceof RegExp ? String(value) : value));
}

/** The records of a `LogsData` in OTLP/JSON, by time. @param {any} body @returns {Log[]} */
export function logsOf(body) {
  const records = (body.resourceLogs ?? []).flatMap(({ scopeLogs = [] }) => scopeLogs.flatMap(({ logRecords = [] }) => logRecords));
  return records
    .map((record) => ({
      name: record.eventName ?? '',
      spanId: record.spanId ?? '',
      nanos: BigInt(record.timeUnixNano ?? 0),
      severity: record.severityNumber ?? 0,
      body: valueOf(record.body ?? {}),
      attributes: attributesOf(record.attributes),
    }))
    .sort((a, b) => (a.nanos < b.nanos ? -1 : 1));
}

function spanOf(span, resource, scope) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId || null,
    name: span.name ?? '',
    kind: numbered(span.kind, KINDS, 'SPAN_KIND_'),
    startNanos: BigInt(span.startTimeUnixNano ?? 0),
    endNanos: BigInt(span.endTimeUnixNano ?? 0),
    attributes: attributesOf(span.attributes),
    events: (span.events ?? []).map((event) => ({ name: event.name ?? '', nanos: BigInt(event.timeUnixNano ?? 0), attributes: attributesOf(event.attributes) })),
    links: (span.links ?? []).map((link) => ({ traceId: link.traceId, spanId: link.spanId, attributes: attributesOf(link.attributes) })),
    status: numbered(span.status?.code, STATUS, 'STATUS_CODE_'),
    statusMessage: span.status?.message ?? '',
    flags: span.flags ?? 0,
    traceState: span.traceState ?? '',
    service: resource['service.name'] ?? '',
    resource,
    scope,
  };
}

/** OTLP/JSON writes an enum as its number; proto3 JSON as its name. */
function numbered(value, names, prefix) {
  if (typeof value === 'string') return value.slice(prefix.length).toLowerCase();
  return names[value ?? 0];
}

function attributesOf(list = []) {
  return Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value ?? {})]));
}

function valueOf(value) {
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(valueOf);
  if (value.kvlistValue) return attributesOf(value.kvlistValue.values);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? value.bytesValue ?? null;
}
