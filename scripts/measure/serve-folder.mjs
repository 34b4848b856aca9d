/**
 * Serves the files of a folder from memory on loopback, as fast as Node can: `node serve-folder.mjs
 * FOLDER`.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'

const folder = path.resolve(process.argv[2] ?? '.')
const files = new Map(
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const file = path.join(parentPath, name)
      return [`/${path.relative(folder, file)}`, readFileSync(file)]
    }),
)
const server = createServer(({ url }, response) => {
  const body = files.get(url ?? '')
  if (body === undefined) response.writeHead(404).end()
  else response.writeHead(200, { 'Content-Length': body.length }).end(body)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') console.log(address?.port)
})
