import type { Command, CommandOption } from './command.js'

const width = 100

export function programHelp(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }): [string, string] => [name, summary])
  return [
    'Usage: gradlens COMMAND [options]',
    '',
    'Gradients of training sets, computed once, for any page to explain from.',
    '',
    'Commands:',
    ...table(names),
    '',
    'Options:',
    ...table([
      ['--help', 'show this help, or that of a command'],
      ['--version', 'show the version'],
    ]),
    '',
    'Exit codes: 0 done; 1 failed, or a store is not whole; 2 the command line is wrong; 130 stopped by Ctrl-C.',
    '',
  ].join('\n')
}

export function commandHelp({ name, usage, summary, positionals, options }: Command): string {
  const rows = Object.entries(options).map(([option, how]): [string, string] => [
    optionLabel(option, how),
    how.help,
  ])
  return [
    `Usage: gradlens ${name} ${usage}`,
    '',
    ...wrapped(summary, width),
    '',
    ...(positionals === undefined ? [] : [...table([[positionals.name, positionals.help]]), '']),
    'Options:',
    ...table([...rows, ['--help', 'show this help']]),
    '',
  ].join('\n')
}

const optionLabel = (option: string, { value, multiple = false }: CommandOption): string =>
  `--${option}${value === undefined ? '' : ` ${value}${multiple ? ' …' : ''}`}`

function table(rows: readonly (readonly [string, string])[]): string[] {
  const column = Math.max(...rows.map(([label]) => label.length)) + 4
  return rows.flatMap(([label, text]) =>
    wrapped(text, width - column).map((line, i) =>
      `${(i === 0 ? `  ${label}` : '').padEnd(column)}${line}`.trimEnd(),
    ),
  )
}

function wrapped(text: string, most: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length > most && line !== '') {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}
