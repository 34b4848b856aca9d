import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { contentTypeOf } from '../../support/content-types.js'

export interface DemoServer {
  readonly url: string
  /** The files in a folder of the site, as paths below `url`. */
  files(folder: string): string[]
  close(): Promise<void>
}

/** Serves the built demo from a folder below the root, as many hosts do; every path in it must be relative. */
export async function serveDemo(): Promise<DemoServer> {
  const folder = path.resolve(import.meta.dirname, '../../../dist-demo')
  if (!existsSync(path.join(folder, 'index.html'))) {
    throw new Error('The built demo is missing; run npm run build first.')
  }
  const base = '/some/folder/'
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const relative = pathname.slice(base.length).replace(/(^|\/)$/, '$1index.html')
    const file = path.join(folder, path.normalize(relative))
    if (!pathname.startsWith(base) || !file.startsWith(folder) || !isFile(file)) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-type': contentTypeOf(file) })
    createReadStream(file).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${base}`,
    files: (name) =>
      readdirSync(path.join(folder, name), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))),
    close: () => close(server),
  }
}

function isFile(file: string): boolean {
  return existsSync(file) && statSync(file).isFile()
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
    server.closeAllConnections()
  })
}
