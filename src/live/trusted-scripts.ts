/** The part of the Trusted Types API that is used, which TypeScript doesn't declare. */
interface TrustedTypes {
  createPolicy(name: string, rules: Partial<TrustedScripts>): TrustedScripts
}

/** Marks the report's own code as trusted, where a page asks for it. */
export interface TrustedScripts {
  createScript(text: string): string
  createScriptURL(address: string): string
}

const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes }

const plain: TrustedScripts = {
  createScript: (text) => text,
  createScriptURL: (address) => address,
}

/** @throws TypeError where the page's content security policy doesn't allow the policy 'gradlens' */
export function openTrustedScripts(): TrustedScripts {
  return trustedTypes?.createPolicy('gradlens', plain) ?? plain
}

/**
 * Lets this worker start workers of its own, whose code names no policy. Where the page's policy
 * doesn't allow it, one thread compares gradients.
 */
export function trustWorkers(): void {
  try {
    trustedTypes?.createPolicy('default', { createScriptURL: (address) => address })
  } catch {
    // The explainers report that workers can't be started.
  }
}
