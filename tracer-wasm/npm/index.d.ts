import type { Attributes, Throughline, ThroughlineOptions } from './throughline.js';

export type { Attributes, Throughline, ThroughlineOptions, ThroughlineRecord } from './throughline.js';

/** Takes options over. Returns the tracer, or undefined where it does not run (on a server). */
export function initSync(options: ThroughlineOptions): Throughline | undefined;
/** The same as a promise. */
export function init(options: ThroughlineOptions): Promise<Throughline | undefined>;
/** Runs `body` as a span of the current action, or as an action of its own, and returns what it returns. */
export function trace<T>(name: string, body: () => T): T;
export function event(name: string, attributes?: Attributes): void;
export function identify(user: Parameters<Throughline['identify']>[0]): void;
export function exception(error: unknown, attributes?: Attributes): void;
export function route(template: string): void;
export function baggage(entries: Record<string, string | null>): void;
export function capture(): void;
export function consent(granted: boolean): void;
export function flush(): Promise<void>;
export function shutdown(): Promise<void>;
