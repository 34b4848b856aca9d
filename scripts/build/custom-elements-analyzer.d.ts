/** The analyzer's command line as a function; it has no declarations of its own for it. */
declare module '@custom-elements-manifest/analyzer/cli.js' {
  export interface Named {
    readonly name: string
    readonly description?: string
    readonly privacy?: string
    readonly kind?: string
    readonly type?: { readonly text: string }
    readonly default?: string
    /** Of an attribute: the property that it sets. */
    readonly fieldName?: string
  }

  export interface Declaration extends Named {
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
