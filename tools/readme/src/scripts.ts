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
  for (let i = 0; i < lines.length; i++) {
    const open = /^( *)(```|~~~)(.*)$/.exec(lines[i]!)
    if (open === null) continue
    const [, indent, fence, language] = open
    const close = lines.findIndex((line, at) => at > i && line.trim() === fence)
    const end = close < 0 ? lines.length : close
    if (language === 'sh') {
      const above = lines[i - 1]?.trim() === '' ? lines[i - 2] : lines[i - 1]
      const text = lines.slice(i + 1, end).map((line) => `${line.startsWith(indent!) ? line.slice(indent!.length) : line}\n`)
      scripts.push({ text: text.join(''), line: i + 1, notRun: NOT_RUN.exec(above?.trim() ?? '')?.[1] ?? null })
    }
    i = end
  }
  return scripts
}
