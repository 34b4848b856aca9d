import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers with a range of the bytes if one is requested. */
export function answerRange(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
): void {
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '')
  if (match === null) {
    response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes)
    return
  }
  const [first, last] = [match[1] ?? '', match[2] ?? '']
  const start = first === '' ? bytes.length - Number(last) : Number(first)
  const end = first === '' ? bytes.length - 1 : Math.min(Number(last), bytes.length - 1)
  response
    .writeHead(206, {
      'Content-Length': end - start + 1,
      'Content-Range': `bytes ${start}-${end}/${bytes.length}`,
    })
    .end(bytes.subarray(start, end + 1))
}
