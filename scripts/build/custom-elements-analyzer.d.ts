/** The parts of the analyzer that the build uses. Its own declarations do not cover them. */
declare module '@custom-elements-manifest/analyzer' {
  export interface Named {
    readonly name: string
    readonly description?: string
    readonly privacy?: string
    readonly kind?: string
    readonly type?: { readonly text: string }
    readonly default?: string
    /** The property that an attribute sets. */
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

  export interface Plugin {
    readonly name: string
  }

  export const ts: typeof import('typescript')

  export function create(options: {
    readonly modules: readonly import('typescript').SourceFile[]
    readonly plugins: readonly Plugin[]
    readonly context: { readonly dev: boolean; readonly thirdPartyCEMs: readonly object[] }
  }): {
    readonly schemaVersion: string
    readonly modules: readonly { readonly declarations?: readonly Declaration[] }[]
  }
}

declare module '@custom-elements-manifest/analyzer/src/features/framework-plugins/lit/lit.js' {
  export function litPlugin(): import('@custom-elements-manifest/analyzer').Plugin[]
}
