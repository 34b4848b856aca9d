/** The analyzer's command line as a function; it has no declarations of its own for it. */
declare module '@custom-elements-manifest/analyzer/cli.js' {
  interface Named {
    readonly name: string
    readonly privacy?: string
  }

  interface Declaration extends Named {
    readonly tagName?: string
    readonly attributes?: readonly Named[]
    readonly members?: readonly Named[]
    readonly events?: readonly Named[]
    readonly cssParts?: readonly Named[]
    readonly cssStates?: readonly Named[]
    readonly cssProperties?: readonly Named[]
  }

  export function cli(options: {
    readonly argv: readonly string[]
    readonly noWrite: boolean
  }): Promise<{
    readonly schemaVersion: string
    readonly modules: readonly { readonly declarations?: readonly Declaration[] }[]
  }>
}
