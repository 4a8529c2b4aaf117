import { join } from 'node:path'
import type { Session } from '../session/session.ts'
import { openLog } from '../logs/open.ts'
import { wrap } from '../print/text.ts'
import { crashOf } from './crash.ts'
import { hangText } from './hang.ts'
import { asTyped, DEMO_RECORDINGS, recordingsFolder } from './recordings.ts'
import { storyOf } from './story.ts'
import { twinText } from './twin.ts'

/** The demo is read as prose: not wider than this. */
const WIDTH_MAX = 96

/** Tells of three recordings: a crash in full, its harmless twin and a hang in short. Everything is asked of their logs. */
export async function printDemo(session: Session): Promise<void> {
  const { style, digits } = session
  const { folder, checkout } = recordingsFolder()
  const at = (name: string): string => asTyped(join(folder, name))
  const width = Math.min(style.width, WIDTH_MAX)
  const indented = (text: string): string =>
    wrap(text, width - 2)
      .map((line) => `  ${line}\n`)
      .join('')

  const crash = await crashOf(await openLog(at(DEMO_RECORDINGS.crash), session))
  await session.print(storyOf(crash, style, digits, width))

  const twin = await twinText(await openLog(at(DEMO_RECORDINGS.twin), session), crash.violation.about ?? [], digits)
  await session.print(`\n${style.bold('Its harmless twin')} ${style.dim(`(${DEMO_RECORDINGS.twin})`)}\n${indented(twin)}`)

  const hang = await hangText(await openLog(at(DEMO_RECORDINGS.hang), session), digits)
  await session.print(`\n${style.bold('And a hang')} ${style.dim(`(${DEMO_RECORDINGS.hang})`)}\n${indented(hang)}`)

  const how = checkout ? ` ${style.dim('(in this folder: npx --yes pnpm@12.21.0 devtrail …)')}` : ''
  const ask = [
    `check ${at(DEMO_RECORDINGS.crash)}`,
    `state ${at(DEMO_RECORDINGS.crash)} --device ${crash.device.key} --at ${crash.violation.seq}`,
    `stuck ${at(DEMO_RECORDINGS.hang)}`,
  ]
  await session.print(
    `\n${style.bold('Ask for yourself')}${how}\n${ask.map((command) => `  ${style.dim('$')} devtrail ${command}\n`).join('')}`,
  )
}
