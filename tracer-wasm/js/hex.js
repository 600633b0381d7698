/** Bytes in lowercase hexadecimal digits. */
export function hex(bytes) {
  let digits = '';
  for (const byte of bytes) digits += (byte + 256).toString(16).slice(1);
  return digits;
}
