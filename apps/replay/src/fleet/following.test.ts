import { LogUsageError } from '@devtrail/event-log'
import { StreamError } from '@devtrail/event-log-jetstream'
import { expect, test } from 'vitest'
import { followOn } from './following.ts'

/** What becomes of following when it fails with these, one after the other. */
async function after(...errors: readonly Error[]): Promise<{ readonly tries: number; readonly ended: unknown }> {
  const over = new AbortController()
  let tries = 0
  const follow = async (): Promise<void> => {
    const error = errors[tries++]
    if (error !== undefined) throw error
    over.abort()
  }
  const ended = await followOn(follow, over.signal, 1).catch((error: unknown) => error)
  return { tries, ended }
}

test('who follows waits for a server that is away, and for another one that keeps the copy up', async () => {
  const away = new StreamError('unreachable', 'no server answered')
  expect(await after(away, new LogUsageError('locked', 'another one'), away)).toMatchObject({ tries: 4, ended: { name: 'AbortError' } })
})

test('what does not pass ends it', async () => {
  const gone = new StreamError('gone', 'the stream was deleted')
  expect(await after(gone)).toStrictEqual({ tries: 1, ended: gone })
  const broken = new LogUsageError('let-go', 'its head went')
  expect(await after(broken)).toStrictEqual({ tries: 1, ended: broken })
})
