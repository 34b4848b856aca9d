import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { contentTypeOf } from '../support/content-types.js'

/** Serves pages by their path, and the files of the repository below them, on the loopback. */
export async function servePages(
  pages: Readonly<Record<string, string>>,
): Promise<{ url: string; close: () => void }> {
  const server = createServer(({ url = '/' }, response) => {
    const file = path.resolve(`.${path.normalize(url)}`)
    const page = pages[url]
    if (page !== undefined) {
      response.writeHead(200, { 'content-type': contentTypeOf(url) }).end(page)
    } else if (existsSync(file) && statSync(file).isFile()) {
      response.writeHead(200, { 'content-type': contentTypeOf(file) })
      createReadStream(file).pipe(response)
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
