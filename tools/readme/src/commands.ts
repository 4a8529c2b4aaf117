/** The commands that a Markdown text shows, in its console blocks. */

/** Behind a command that does not exit 0: the code is shown below its output. */
export const SHOW_EXIT = '; echo "exit $?"'

export interface Shown {
  readonly command: string
  /** First and last line of the output in the text, from 0, the last not included. */
  readonly from: number
  readonly to: number
}

/** The commands of the console blocks, and where the output of each stands. */
export function shownIn(lines: readonly string[]): Shown[] {
  const found: Shown[] = []
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] !== '```console') continue
    const end = lines.indexOf('```', i)
    for (i++; i < end;) {
      const from = i + 1
      const next = lines.findIndex((line, at) => at >= from && (at >= end || line.startsWith('$ ')))
      found.push({ command: lines[i]!.slice(2), from, to: next })
      i = next
    }
  }
  return found
}

/** The words of a command line, quotes taken off; no shell is needed to run it. */
export const wordsOf = (command: string): string[] => [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!)

/** What a user says in a dialogue: the lines behind a prompt. */
export const saidIn = (lines: readonly string[]): string => lines.flatMap((line) => /^\(\d+[^)]*\) (.*)$/.exec(line)?.[1] ?? []).join('\n')
