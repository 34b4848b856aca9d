import type { Command, CommandOption } from './command.js'

const width = 100

export function formatProgramHelp(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }): [string, string] => [name, summary])
  return [
    'Usage: gradlens COMMAND [options]',
    '',
    'Computes the gradients of a training set once, so that any page can explain predictions with them,',
    'and writes explanations as pages.',
    '',
    'Commands:',
    ...table(names),
    '',
    'Options:',
    ...table([
      ['--help', 'show this help, or the help of a command'],
      ['--version', 'show the version'],
    ]),
    '',
    'Exit codes: 0 success; 1 failure, or a store that is damaged or incomplete; 2 wrong command line; 130 stopped by Ctrl-C.',
    '',
  ].join('\n')
}

export function formatCommandHelp({ name, usage, summary, positionals, options }: Command): string {
  const rows = Object.entries(options).map(([option, how]): [string, string] => [
    formatOption(option, how),
    how.help,
  ])
  return [
    `Usage: gradlens ${name} ${usage}`,
    '',
    ...wrapText(summary, width),
    '',
    ...(positionals === undefined ? [] : [...table([[positionals.name, positionals.help]]), '']),
    'Options:',
    ...table([...rows, ['--help', 'show this help']]),
    '',
  ].join('\n')
}

const formatOption = (option: string, { value, multiple = false }: CommandOption): string =>
  `--${option}${value === undefined ? '' : ` ${value}${multiple ? ' …' : ''}`}`

function table(rows: readonly (readonly [string, string])[]): string[] {
  const column = Math.max(...rows.map(([label]) => label.length)) + 4
  return rows.flatMap(([label, text]) =>
    wrapText(text, width - column).map((line, i) =>
      `${(i === 0 ? `  ${label}` : '').padEnd(column)}${line}`.trimEnd(),
    ),
  )
}

function wrapText(text: string, most: number): string[] {
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
