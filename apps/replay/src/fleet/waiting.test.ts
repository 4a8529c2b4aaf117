import { expect, test } from 'vitest'
import { tellWaiting } from './waiting.ts'

test('who waits is told after some seconds, and once a minute', () => {
  const notes: string[] = []
  let now = 1_000_000
  const waiting = tellWaiting(
    'nats://here/FLEET',
    60_000,
    (text) => notes.push(text),
    () => now,
  )
  for (const ms of [50, 2000, 4500, 6500]) waiting(ms)
  expect(notes).toStrictEqual([
    'nats://here/FLEET takes nothing at the moment (no answer, or no majority of its servers); trying again for 60 s in all',
  ])
  now += 61_000
  waiting(67_000)
  expect(notes).toHaveLength(2)
})

test('who waits for ever says so', () => {
  const notes: string[] = []
  tellWaiting('nats://here/FLEET', Infinity, (text) => notes.push(text))(5000)
  expect(notes).toStrictEqual([expect.stringMatching(/; trying again until it does$/)])
})
