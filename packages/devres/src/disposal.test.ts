import { expect, it } from 'vitest'
import { errno } from '@devtrail/events'
import { coreOf } from './core.test-support.ts'
import { DeviceResources } from './devres.ts'

function bench(fails = 0) {
  const { core, events } = coreOf('linux-6.1', fails)
  const ran: string[] = []
  const file = (name: string): Disposable => ({ [Symbol.dispose]: () => void ran.push(name) })
  const socket = (name: string): AsyncDisposable => ({
    [Symbol.asyncDispose]: async () => {
      await Promise.resolve()
      ran.push(name)
    },
  })
  return { resources: new DeviceResources(core, 1), ran, file, socket, events }
}

it('what can be disposed of is, newest first, when the scope of the list ends', () => {
  const { resources, ran, file } = bench()
  {
    using list = resources
    list.manage(file('a'))
    list.manage(file('b'))
  }
  expect(ran).toEqual(['b', 'a'])
})

it('a group releases at the end of its scope what was added in it, unless it is kept', () => {
  const { resources, ran, file } = bench()
  resources.manage(file('outside'))
  const attempt = (works: boolean): void => {
    using group = resources.group()
    resources.manage(file(works ? 'kept' : 'undone'))
    if (works) group.keep()
  }
  attempt(false)
  attempt(true)
  expect([ran, resources.list()]).toEqual([['undone'], [expect.anything(), expect.anything()]])
  resources.releaseAll('explicit')
  expect(ran).toEqual(['undone', 'kept', 'outside'])
})

it('what takes time is waited for, one after the other', async () => {
  const { resources, ran, file, socket } = bench()
  {
    await using list = resources
    list.manageAsync(socket('a'))
    list.manage(file('b'))
    list.manageAsync(socket('c'))
  }
  expect(ran).toEqual(['c', 'b', 'a'])
})

it('so is what a group has to wait for', async () => {
  const { resources, ran, file, socket } = bench()
  resources.manage(file('outside'))
  const attempt = async (works: boolean): Promise<void> => {
    await using group = resources.group()
    resources.manageAsync(socket(works ? 'kept' : 'a'))
    resources.manage(file(works ? 'kept too' : 'b'))
    if (works) group.keep()
  }
  await attempt(false)
  expect(ran).toEqual(['b', 'a'])
  await attempt(true)
  expect([ran.length, resources.list().length]).toEqual([2, 3])
  resources.openGroup('g')
  resources.manageAsync(socket('c'))
  expect(() => resources.releaseGroup('g')).toThrow(/await using/)
  expect([await resources.releaseGroupAsync('g'), await resources.releaseGroupAsync('g'), ran.at(-1)]).toEqual([1, 0, 'c'])
})

it('is not released behind its back: nothing is run when something needs to be waited for', () => {
  const { resources, ran, file, socket } = bench()
  resources.manage(file('a'))
  resources.manageAsync(socket('b'))
  expect(() => resources.releaseAll('explicit')).toThrow(/await using/)
  expect([ran, resources.list().length]).toEqual([[], 2])
})

it('one that throws does not keep the others from being released', () => {
  const { resources, ran, file, events } = bench()
  resources.manage(file('a'))
  for (const n of [1, 2])
    resources.addAction(() => {
      throw new Error(`broken ${n}`)
    }, null)
  resources.manage(file('b'))
  expect(() => resources.releaseAll('explicit')).toThrow(AggregateError)
  expect([ran, events.at(-1)!.type, resources.isEmpty]).toEqual([['b', 'a'], 'devres/release-all-ended', true])
})

it('without memory it is disposed of at once, as an action that resets is run', () => {
  const { resources, ran, file } = bench(1)
  expect([resources.manage(file('a')), ran]).toEqual([null, ['a']])
  const reset = bench(1)
  expect(reset.resources.addActionOrReset((name: string) => void reset.ran.push(name), 'x')).toBe(errno.ENOMEM)
  expect([reset.ran, reset.resources.isEmpty]).toEqual([['x'], true])
})
