/** What `throughline.init` takes; the tag's `data-*` attributes say the same. What is absent stays as it is. */
export interface ThroughlineOptions {
  // Options: written by `cargo xtask docs`.
  /** `service.name` of everything that the page sends. Default: the page's host name. */
  service?: string;
  /** `service.version`: the release that the page is from. Default: none. */
  version?: string;
  /** `deployment.environment.name`, such as `production`. Default: none. */
  environment?: string;
  /** where to send; `/v1/traces` and its like are appended. May be relative to the page (`/telemetry`), and may be any OTLP/HTTP endpoint, such as an OpenTelemetry Collector. Default: the script's origin. */
  endpoint?: string;
  /** headers of what is sent, such as `x-api-key=…`. Everybody who can open the page can read them. Default: none. */
  headers?: string | Record<string, string>;
  /** further origins that get trace headers, such as `https://api.shop.example` or `https://*.shop.example`. The page's own origin always gets them. Default: none. */
  propagate?: string | string[];
  /** the formats of the trace headers. Default: `tracecontext,baggage`. */
  propagators?: string | ('tracecontext' | 'baggage' | 'b3' | 'b3multi' | 'jaeger' | 'ottrace' | 'xcloud' | 'xray')[];
  /** entries of the `baggage` header, such as `shop.region=eu`. Default: none. */
  baggage?: string | Record<string, string>;
  /** `tail` sends everything and lets the server choose whole traces; `head` sends the share of sessions that `data-ratio` says, and of the others what came before an error or a slow action. Default: `tail`. */
  sampling?: 'tail' | 'head';
  /** the share of sessions that `head` sampling sends, from 0 to 1. Default: `1`. */
  ratio?: number;
  /** `required` stores and sends nothing before `throughline.consent(true)`. Default: `granted`. */
  consent?: 'granted' | 'required';
  /** browser signals that count as a refused consent: Do Not Track, Global Privacy Control. Default: none. */
  respect?: string | ('dnt' | 'gpc')[];
  /** templates of the page's routes, such as `/films/{film}`, for addresses whose variable parts do not look like identifiers. Default: none. */
  routes?: string | string[];
  /** sees each span and log record before it is queued; may change it or return `false` to drop it. Default: none. */
  beforeSend?: (record: ThroughlineRecord) => unknown;
  /** `on` names the functions that took the time of a slow action, where the page is sent with `Document-Policy: js-profiling`; without that header the browser complains on the console. Default: `off`. */
  profile?: 'off' | 'on';
  /** `off` leaves the step log out, which says what it takes to do an action again. Default: `on`. */
  steps?: 'off' | 'on';
  /** also names elements by texts that may be content, such as a link in a row of a table. Default: `false`. */
  allowText?: boolean;
  /** elements whose texts are never read, as if they had the attribute `data-throughline-mask`. Default: none. */
  mask?: string;
  /** records the page, without its texts, values and addresses: `always` all of it, `error` the last minute before an exception or a poor interaction and what follows. Default: `off`. */
  replay?: 'off' | 'error' | 'always';
  // End of the options.
}

/** A span or log record as `beforeSend` sees it. */
export interface ThroughlineRecord {
  readonly signal: 'span' | 'event' | 'log';
  /** The span's name; of a log record its event's name. */
  name: string;
  attributes: Record<string, string | number | boolean | string[]>;
}

export type Attributes = Record<string, string | number | boolean | string[] | null | undefined>;

export interface Throughline {
  readonly version: string;
  init(options: ThroughlineOptions): Throughline;
  /**
   * Runs `body` as a span of the current action, or as an action of its own, and returns what it returns. The span ends
   * when `body` returns, or when the promise that it returned settles.
   */
  trace<T>(name: string, body: () => T): T;
  /** Records something that happened, with attributes, in the trace of the action that it happened in. */
  event(name: string, attributes?: Attributes): void;
  /** Says who uses the page; null takes it back. */
  identify(user: { id: string; name?: string; email?: string } | null): void;
  /** Reports an error that the page has caught; the action that it happened in has failed. */
  exception(error: unknown, attributes?: Attributes): void;
  /** Says the template of the route that the page shows, such as `/films/:film`. */
  route(template: string): void;
  /** Adds members to the `baggage` of requests; null takes one away. */
  baggage(entries: Record<string, string | null>): Throughline;
  /** Sends what the flight recorder holds, and all that the session does from now on. */
  capture(): void;
  /** With `consent: 'required'`: nothing is stored or sent before `consent(true)`. */
  consent(granted: boolean): void;
  /** Sends what has ended. Settles when it is taken, or when the try has failed. */
  flush(): Promise<void>;
  /** Sends what there is, and gives the browser's functions back. */
  shutdown(): Promise<void>;
}

declare global {
  const throughline: Throughline;
  interface Window {
    readonly throughline: Throughline;
  }
}
