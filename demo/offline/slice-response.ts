/**
 * The part of a file that a Range header requests, or the whole file unless the header has exactly
 * one range.
 */
export async function sliceResponse(response: Response, range: string): Promise<Response> {
  const asked = /^bytes=(\d*)-(\d*)$/.exec(range.trim())
  if (asked === null || (asked[1] === '' && asked[2] === '')) return response
  const bytes = await response.arrayBuffer()
  const total = bytes.byteLength
  const [, first = '', last = ''] = asked
  const start = first === '' ? Math.max(0, total - Number(last)) : Number(first)
  const end = first === '' || last === '' ? total : Math.min(total, Number(last) + 1)
  if (start >= end) {
    return new Response(null, {
      status: 416,
      headers: { 'Content-Range': `bytes */${total}` },
    })
  }
  const headers = new Headers(response.headers)
  headers.set('Content-Range', `bytes ${start}-${end - 1}/${total}`)
  headers.set('Content-Length', `${end - start}`)
  return new Response(bytes.slice(start, end), {
    status: 206,
    statusText: 'Partial Content',
    headers,
  })
}
