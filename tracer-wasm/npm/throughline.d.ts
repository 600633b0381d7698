/** What `throughline.init` takes; the tag's `data-*` attributes say the same. What is absent stays as it is. */
export interface ThroughlineOptions {
  /** `service.name` of everything that the page sends. */
  service?: string;
  /** Where to send; `/v1/traces` is appended. May be relative to the page. */
  endpoint?: string;
  /** Further origins that get trace headers; the page's own always gets them. */
  propagate?: string | string[];
}

export interface Throughline {
  readonly version: string;
  init(options: ThroughlineOptions): Throughline;
  /**
   * Runs `body` as a span of the current action, or as an action of its own, and returns what it returns. The span ends
   * when `body` returns, or when the promise that it returned settles.
   */
  trace<T>(name: string, body: () => T): T;
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
