import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Serves the pages of a test under the headers that each is given, on the loopback. */
export class ReportServer {
  readonly address: string
  readonly close: () => void
  readonly #pages: Map<string, { headers: Record<string, string>; body: string }>

  private constructor(address: string, pages: ReportServer['pages'], close: () => void) {
    this.address = address
    this.#pages = pages
    this.close = close
  }

  static async start(): Promise<ReportServer> {
    const pages: ReportServer['pages'] = new Map()
    const server = createServer(({ url = '/' }, response) => {
      const page = pages.get(url)
      response.writeHead(page === undefined ? 404 : 200, {
        'content-type': 'text/html; charset=utf-8',
        ...page?.headers,
      })
      response.end(page?.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return new ReportServer(`http://127.0.0.1:${port}`, pages, () => server.close())
  }

  get pages(): Map<string, { headers: Record<string, string>; body: string }> {
    return this.#pages
  }

  /** The address of a page with these headers. */
  serve(name: string, body: string, headers: Record<string, string> = {}): string {
    this.#pages.set(`/${name}`, { body, headers })
    return `${this.address}/${name}`
  }

  /** The address of a page with the report in a sandboxed frame. */
  embed(name: string, sandbox: string, attributes = 'src="/report"'): string {
    return this.serve(
      name,
      `<!doctype html><iframe sandbox="${sandbox}" ${attributes} width="1000" height="800"></iframe>`,
    )
  }
}
