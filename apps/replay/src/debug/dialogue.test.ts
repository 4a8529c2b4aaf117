import { History } from '@devtrail/time-travel'
import { models, surveyOf } from '@devtrail/survey'
import { expect, test } from 'vitest'
import { exit } from '../session/failure.ts'
import { Interrupt } from '../session/interrupt.ts'
import { Session } from '../session/session.ts'
import type { OpenLog } from '../logs/open.ts'
import { KeptSource, logOf } from '../recordings/kept-source.test-support.ts'
import { imported } from '../recordings/recorded.test-support.ts'
import { Dialogue } from './dialogue.ts'
import { Place } from './place.ts'

class Heard extends Session {
  out = ''
  override async print(text: string): Promise<void> {
    this.out += text
  }
}

async function dialogueAt(seq: number): Promise<{ dialogue: Dialogue; session: Heard }> {
  const { events } = await imported('fsdax-pinned-unbind')
  const history = new History(new KeptSource(await logOf(events), events, new Set([100])), models, { fold: 'x' })
  const session = new Heard({ color: false }, new Interrupt())
  const place = await Place.open({ history } as OpenLog, await surveyOf(history))
  await place.goTo(seq)
  return { dialogue: new Dialogue(place, session), session }
}

test.each(['next where pfn == 0x1', 'previous type memremap/mapped', 'diff 1', 'blame driver.state', 'why 224'])(
  '%s: Ctrl-C ends it, says so, and keeps the place',
  async (line) => {
    const { dialogue, session } = await dialogueAt(200)
    expect(dialogue.interrupt()).toBe(false)
    expect(await dialogue.say('device pfn0.0')).toBe(exit.fine)
    session.out = ''
    const answer = dialogue.say(line)
    expect(dialogue.interrupt()).toBe(true)
    expect(await answer).toBe(exit.interrupted)
    expect(session.out).toBe('interrupted; still at event 200\n')
    expect(dialogue.place.seq).toBe(200)
    // It goes on as if nothing had been asked.
    expect(await dialogue.say('step')).toBe(exit.fine)
    expect(dialogue.place.seq).toBe(201)
  },
)

test('what is no list is not counted, and help fits a terminal', async () => {
  const { dialogue, session } = await dialogueAt(200)
  await dialogue.say('device pfn0.0')
  session.out = ''
  await dialogue.say('mark')
  expect(session.out).toBe('there are no marks, breakpoints or watches\n')
  expect(await dialogue.say('print count(driver)')).toBe(exit.usage)
  session.out = ''
  Object.assign(session.style, { cut: 80 })
  await dialogue.say('help')
  expect(Math.max(...session.out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
})
