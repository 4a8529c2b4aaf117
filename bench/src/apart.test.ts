import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { measuredApart } from './apart.ts'
import { selected } from './select.ts'
import { benches } from './sample-benches.test-support.ts'

const file = join(import.meta.dirname, 'sample-benches.test-support.ts')
const measured = (name: string): ReturnType<typeof measuredApart> => measuredApart(file, selected(benches, [name])[0]!, { rounds: 3 })

describe('a bench measured in a process of its own', () => {
  it('gives the figures beside the peers that are wanted', async () => {
    const [figure, ...more] = await measured('sample/timed vs b')
    expect(figure).toMatchObject({ name: 'sample/timed vs b, which toils', unit: 'ns/spin', goal: 1, rounds: 6 })
    // A hundred times the work: whatever else the machine does, ours is better.
    expect(figure!.ratio).toBeGreaterThan(1)
    expect(more).toEqual([])
  })

  it('may count instead', async () => {
    expect(await measured('sample/counted')).toEqual([
      { name: 'sample/counted vs twice', ours: 7, peer: 14, unit: 'byte', ratio: 2, goal: 2 },
      { name: 'sample/counted vs half', ours: 7, peer: 3.5, unit: 'byte', ratio: 0.5 },
    ])
  })

  it('tells why it failed', async () => {
    await expect(measured('sample/throwing')).rejects.toThrow('sample/throwing: there is no such lid')
  })

  it('is told from one whose process ended early', async () => {
    await expect(measured('sample/dying')).rejects.toThrow('sample/dying: its process ended with SIGKILL before it had figures')
  })
})
