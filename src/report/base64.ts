/** The bytes in base64. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  // A call has limited arguments.
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  }
  return btoa(text)
}
