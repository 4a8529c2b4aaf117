/** The shell scripts that a Markdown text shows: its sh blocks. */

export interface Script {
  readonly text: string
  /** The line of its fence, from 1. */
  readonly line: number
  /** Why it cannot be run by a test; null: it is. */
  readonly notRun: string | null
}

const NOT_RUN = /^<!-- not run: (.+) -->$/

/** `<!-- not run: WHY -->` stands right above the block, with a blank line at most between. */
export function scriptsIn(markdown: string): Script[] {
  const lines = markdown.split('\n')
  const scripts: Script[] = []
  let fence = ''
  for (const [i, line] of lines.entries()) {
    if (fence !== '') {
      if (line === fence) fence = ''
      continue
    }
    const language = /^(```|~~~)(.*)$/.exec(line)
    if (language === null) continue
    fence = language[1]!
    if (language[2] !== 'sh') continue
    const above = lines[i - 1] === '' ? lines[i - 2] : lines[i - 1]
    const end = lines.indexOf(fence, i + 1)
    scripts.push({
      text: `${lines.slice(i + 1, end < 0 ? undefined : end).join('\n')}\n`,
      line: i + 1,
      notRun: NOT_RUN.exec(above ?? '')?.[1] ?? null,
    })
  }
  return scripts
}
