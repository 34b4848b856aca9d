import process from 'node:process'
import { isGradlensError, version } from 'gradlens'
import { readArguments } from './arguments.js'
import { type Command, type CommandContext, type Terminal, UsageError } from './command.js'
import { describeFailure } from './failure.js'
import { formatCommandHelp, formatProgramHelp } from './help.js'
import { mergeCommand } from './commands/merge.js'
import { precomputeCommand } from './commands/precompute.js'
import { reportCommand } from './commands/report.js'
import { verifyCommand } from './commands/verify.js'

const commands: readonly Command[] = [precomputeCommand, mergeCommand, verifyCommand, reportCommand]

/** Where the program writes. */
export interface Output {
  readonly stdout: Terminal
  readonly stderr: Terminal
}

/** Runs the program; resolves to its exit code. */
export async function run(args: readonly string[], output: Output = process): Promise<number> {
  const { stdout, stderr } = output
  const [name, ...rest] = args
  if (name === '--version') {
    stdout.write(`${version}\n`)
    return 0
  }
  if (name === undefined || name === '--help' || name === 'help') {
    const help = formatProgramHelp(commands)
    if (name === undefined) stderr.write(help)
    else stdout.write(help)
    return name === undefined ? usageExit : 0
  }
  const command = commands.find((candidate) => candidate.name === name)
  if (command === undefined) {
    const names = commands.map((candidate) => candidate.name).join(', ')
    stderr.write(
      `gradlens: unknown command '${name}'; expected one of ${names}, --help, --version.\n`,
    )
    return usageExit
  }
  if (rest.includes('--help')) {
    stdout.write(formatCommandHelp(command))
    return 0
  }
  return await runCommand(command, rest, output)
}

const usageExit = 2

async function runCommand(
  command: Command,
  args: readonly string[],
  { stdout, stderr }: Output,
): Promise<number> {
  const controller = new AbortController()
  let stopped: keyof typeof signalExits | undefined
  const stop = (signal: NodeJS.Signals): void => {
    // A second signal stops at once.
    if (stopped !== undefined) process.exit(signalExits[stopped])
    stopped = signal as keyof typeof signalExits
    controller.abort(new Error(`Stopped by ${signal}.`))
  }
  for (const signal of Object.keys(signalExits)) process.on(signal, stop)
  const context: CommandContext = {
    signal: controller.signal,
    print: (line) => stdout.write(`${line}\n`),
    note: (line) => stderr.write(`${line}\n`),
    terminal: stderr,
  }
  try {
    return await command.run(readArguments(command, args), context)
  } catch (error) {
    if (stopped !== undefined && error === controller.signal.reason) {
      context.note(
        `Stopped by ${stopped}.${command.resume === undefined ? '' : ` ${command.resume}`}`,
      )
      return signalExits[stopped]
    }
    if (error instanceof UsageError) {
      context.note(`${error.message}\nSee gradlens ${command.name} --help.`)
      return usageExit
    }
    context.note(describeFailure(error))
    return isGradlensError(error, 'InvalidArgumentError') ? usageExit : 1
  } finally {
    for (const signal of Object.keys(signalExits)) process.off(signal, stop)
  }
}

/** 128 plus the signal's number, as in shells. */
const signalExits = { SIGINT: 130, SIGTERM: 143 } as const
