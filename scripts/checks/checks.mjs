import process from 'node:process'
import { tool } from './command.mjs'

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {import('./command.mjs').Command} command
 * @property {string} advice what to do if it fails
 */

/** @type {Check} */
export const build = {
  name: 'build',
  command: [process.execPath, 'scripts/build/build.mjs'],
  advice: 'Run npm run build to see the whole output.',
}

/** Checks of the sources. @type {readonly Check[]} */
export const sourceChecks = [
  {
    name: 'lint',
    command: tool('eslint', '.', '--max-warnings', '0'),
    advice: 'npm run lint -- --fix fixes what it can.',
  },
  {
    name: 'types',
    command: [process.execPath, 'scripts/checks/types.mjs'],
    advice: 'Run npm run typecheck to see them all.',
  },
  {
    name: 'format',
    command: tool('prettier', '--check', '.', '--log-level', 'warn'),
    advice: 'npm run format fixes it.',
  },
  {
    name: 'unused code and dependencies',
    command: tool('knip'),
    advice: 'Delete what it lists. List what it cannot see in knip.json.',
  },
  {
    name: 'imports: no circle, one direction',
    command: tool(
      'dependency-cruiser',
      '--config',
      '.dependency-cruiser.mjs',
      'src',
      'demo',
      'bench',
    ),
    advice: 'Move what both modules need to the left; .dependency-cruiser.mjs has the rules.',
  },
]

/** Checks of the build's output. @type {readonly Check[]} */
export const packageChecks = [
  {
    name: 'documentation site',
    command: [process.execPath, 'scripts/docs/build.mjs'],
    advice: 'Run npm run build:docs to see the whole output.',
  },
  {
    name: 'size',
    command: tool('size-limit'),
    advice: 'The limits and their reasons are in .size-limit.json.',
  },
  {
    name: 'package.json (publint)',
    command: tool('publint', '--strict', '--pack', 'npm'),
    advice: 'The exports must lead to files that are in the package.',
  },
  {
    name: 'types of the package (attw)',
    command: tool('@arethetypeswrong/cli', '--pack', '.', '--profile', 'esm-only', '--quiet'),
    advice: 'Each entry of exports must have declarations that fit it.',
  },
  {
    name: 'the Python package',
    command: [process.execPath, 'scripts/checks/python/package.mjs'],
    advice: 'It needs Python 3.10 or later. Run npm run test:python to see the whole output.',
  },
  {
    name: 'declarations as a user sees them',
    command: tool('typescript', '-p', 'tests/types/tsconfig.dist.json', '--pretty', 'false'),
    advice: 'tests/types/contract.ts checks the declarations.',
  },
]
