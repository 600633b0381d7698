// Time in milliseconds: `now` since the navigation, as every event and performance entry has it.
const { performance } = globalThis;

export const now = performance.now.bind(performance);

/** Milliseconds since the Unix epoch of a time since the navigation. */
export const epoch = (time) => performance.timeOrigin + time;
