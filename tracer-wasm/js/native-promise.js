// The language's own promises, which are those of async functions. zone.js puts others in the place of the global, and
// its `then` of the language's own runs reactions later.
import { getPrototypeOf } from './native.js';

const { constructor, __zone_symbol__then, then } = getPrototypeOf((async () => {})());

export const Native = constructor;
export const nativeThen = __zone_symbol__then || then;
