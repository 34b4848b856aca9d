import path from 'node:path'
import { build, type Plugin, type UserConfig } from 'vite'

/** The script of the elements, which the page Yours puts into reports. */
const elementsKitName = 'elements.global.js'

/** Adds the script of the elements to the built demo. */
export function elementsKit(config: UserConfig): Plugin {
  return {
    name: 'demo-elements-kit',
    apply: 'build',
    async generateBundle() {
      const built = await build({
        ...config,
        configFile: false,
        logLevel: 'warn',
        build: { ...config.build, write: false, sourcemap: false, license: false },
      })
      const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []))
      const script = outputs.find(({ fileName }) => path.basename(fileName) === elementsKitName)
      if (script?.type !== 'chunk') throw new Error(`${elementsKitName} was not built.`)
      this.emitFile({ type: 'asset', fileName: elementsKitName, source: script.code })
    },
  }
}
