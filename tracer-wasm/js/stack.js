/**
 * An error's stack without the queries of its frames: nothing would tell the end of a query's value from line and column.
 * A frame is V8's `    at f (URL:1:20)` or Gecko's `f@URL:1:20`; the message before V8's frames stays, to be redacted.
 */
export const plainFrames = (stack) => stack?.replace?.(/^((?: {4}at |[^/\n]*@)[^?\n]*)\?.*?(?=:\d+:\d+\)?$)/gm, '$1');
