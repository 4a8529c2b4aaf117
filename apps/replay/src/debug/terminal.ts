/** A debugger at a terminal, or told by a script. */
import { createReadStream } from 'node:fs'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { exit, type ExitCode } from '../session/failure.ts'
import type { Session } from '../session/session.ts'
import { complete } from './completion.ts'
import type { Dialogue } from './dialogue.ts'

/** Lines remembered from one time to the next. */
const REMEMBERED = 500

const historyFile = (): string => join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'devtrail', 'debug_history')

async function remembered(): Promise<string[]> {
  const text = await readFile(historyFile(), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-REMEMBERED)
    .toReversed()
}

async function remember(line: string): Promise<void> {
  try {
    await mkdir(dirname(historyFile()), { recursive: true })
    await appendFile(historyFile(), `${line}\n`)
  } catch {
    // What cannot be remembered is not worth a word.
  }
}

/** Talks at a terminal until the user leaves. */
export async function talk(dialogue: Dialogue, session: Session): Promise<void> {
  const { place } = dialogue
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    completer: (line: string) => complete(place, line),
    history: await remembered(),
    historySize: REMEMBERED,
    removeHistoryDuplicates: true,
  })
  const hit = (): void => {
    if (dialogue.interrupt()) return
    // As a shell does: the line begun is forgotten.
    process.stdout.write('^C\n')
    terminal.write(null, { ctrl: true, name: 'u' })
    terminal.prompt()
  }
  terminal.on('SIGINT', hit)
  session.interrupt.instead = hit
  try {
    terminal.setPrompt(dialogue.prompt)
    terminal.prompt()
    for await (const line of terminal) {
      if (line.trim() !== '') await remember(line.trim())
      await dialogue.say(line)
      await session.flush()
      if (dialogue.isOver) break
      terminal.setPrompt(dialogue.prompt)
      terminal.prompt()
    }
  } finally {
    session.interrupt.instead = null
    terminal.close()
  }
}

/**
 * Says the lines of a script (null: stdin) and shows them before what they are answered. Ctrl-C ends what runs and the script with it.
 * @returns the code of the first that failed
 */
export async function recite(dialogue: Dialogue, session: Session, script: string | null): Promise<ExitCode> {
  const lines = createInterface({ input: script === null ? process.stdin : createReadStream(script), crlfDelay: Infinity })
  let isOver = false
  session.interrupt.instead = () => {
    if (isOver) process.exit(exit.interrupted)
    isOver = true
    dialogue.interrupt()
    lines.close()
  }
  let code: ExitCode = exit.fine
  try {
    for await (const line of lines) {
      if (isOver) break
      await session.print(`${session.style.dim(dialogue.prompt)}${line}\n`)
      await session.flush()
      const failed = line.trim() === '' ? exit.fine : await dialogue.say(line)
      if (code === exit.fine) code = failed
      if (dialogue.isOver) break
    }
  } finally {
    session.interrupt.instead = null
    lines.close()
  }
  return isOver ? exit.interrupted : code
}
