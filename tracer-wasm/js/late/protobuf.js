// The little protobuf that must be read: OTLP answers, and how many records a request has.

/** The values of a field of a message: bytes, or the number of a varint. Damaged bytes give damaged values. */
export function fields(bytes = [], wanted) {
  const found = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (!(byte > 127)) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const number = varint();
    const value = key % 8 === 2 ? bytes.subarray(at, (at += number)) : number;
    if (key >> 3 === wanted) found.push(value);
  }
  return found;
}

/** How many records an OTLP request has: all signals have them in the scopes (2, 2) of resources (1). */
export const countRecords = (request) =>
  fields(request, 1)
    .flatMap((resource) => fields(resource, 2))
    .flatMap((scope) => fields(scope, 2)).length;
