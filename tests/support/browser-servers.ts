import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerRange } from './elements/answer-range.js'

interface Served {
  readonly server: Server
  readonly requests: string[]
}

/** What a server sends with the bytes. */
interface ServerOptions {
  readonly headers: Readonly<Record<string, string>>
  /** The number of answers after which the server stops. */
  readonly answers?: number
}

const served = new Map<string, Served>()

/** Commands of browser tests: they start servers of another origin in Vitest's process. */
export const serverCommands = {
  /** The address of a server with these files, by their path. */
  async openServer(
    _: unknown,
    files: Readonly<Record<string, readonly number[]>>,
    { headers, answers = Infinity }: ServerOptions,
  ): Promise<string> {
    const requests: string[] = []
    const server = createServer((request, response) => {
      const { method = '', url = '/', socket } = request
      requests.push(`${method} ${url}`)
      if (requests.length > answers) {
        socket.destroy()
        return
      }
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      const bytes = files[url.slice(1)]
      if (method === 'OPTIONS') response.writeHead(204).end()
      else if (bytes === undefined) response.writeHead(404).end()
      else answerRange(request, response, Uint8Array.from(bytes))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    served.set(url, { server, requests })
    return url
  },

  /** Stops the server, and returns its requests, as `GET /path`. */
  async closeServer(_: unknown, url: string): Promise<string[]> {
    const { server, requests } = served.get(url)!
    served.delete(url)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    return requests
  },
}
