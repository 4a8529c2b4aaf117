/** The script in a made-up /proc and /sys; that it records is shown by recordings made with it. */
import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { probesOf } from './layout.ts'
import { recordScript } from './script.ts'
import { verifiedKernels } from './verified.ts'

const BTF = 'the type information of some kernel'
const [first] = verifiedKernels as [(typeof verifiedKernels)[number]]
const ours = { ...first, release: '9.9.9-ours', btf: createHash('sha256').update(BTF).digest('hex') }

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'devtrail-record-'))
  for (const folder of ['proc', 'sys/kernel/btf', 'sys/kernel/tracing/instances', 'run']) mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'sys/kernel/btf/vmlinux'), BTF)
  writeFileSync(join(root, 'sys/kernel/tracing/kprobe_events'), '')
})
afterEach(() => rmSync(root, { recursive: true }))

function run(script: string, ...args: readonly string[]): SpawnSyncReturns<string> {
  const path = join(root, 'record.sh')
  writeFileSync(path, script)
  return spawnSync('sh', [path, ...args], { encoding: 'utf8', env: { ...process.env, DEVTRAIL_RECORD_ROOT: root }, timeout: 20_000 })
}

it('is a script that sh takes, with every probe of every kernel', () => {
  const script = recordScript(verifiedKernels)
  execFileSync('sh', ['-n'], { input: script })
  for (const kernel of verifiedKernels) {
    expect(script).toContain(kernel.btf)
    for (const { event } of probesOf(kernel)) expect(script).toContain(`${event} `)
    expect(script).toContain(`# Linux ${kernel.release}`)
  }
})

describe('refuses', () => {
  it('a kernel that it does not know, and says how to make a script for it', () => {
    const { status, stderr } = run(recordScript(verifiedKernels), '-o', join(root, 'out'))
    expect(status).toBe(1)
    expect(stderr).toContain('is none that this script knows')
    expect(stderr).toContain('devtrail record --print --btf vmlinux > record.sh')
  })

  it('a kernel without type information', () => {
    rmSync(join(root, 'sys/kernel/btf/vmlinux'))
    const { status, stderr } = run(recordScript([ours]), '-o', join(root, 'out'))
    expect([status, stderr]).toEqual([1, expect.stringContaining('where its structures lie cannot be told')])
  })

  it('to record over a recording, and beside another', () => {
    mkdirSync(join(root, 'out'))
    writeFileSync(join(root, 'out/trace.txt'), '')
    expect(run(recordScript([ours]), '-o', join(root, 'out')).stderr).toContain('holds a recording already')
    mkdirSync(join(root, 'sys/kernel/tracing/instances/devtrail'))
    mkdirSync(join(root, 'proc/4711'))
    writeFileSync(join(root, 'run/devtrail-record.pid'), '4711\n')
    expect(run(recordScript([ours]), '-o', join(root, 'new')).stderr).toContain('another recording is under way (process 4711)')
  })

  it.each([[[]], [['-o']], [['-x']], [['-o', 'a', '-d', 'soon']], [['-o', 'a', '-b', '1;reboot']]])('to guess what %j means', (args) => {
    const { status, stderr } = run(recordScript([ours]), ...args)
    expect([status, stderr]).toEqual([2, expect.stringContaining('usage: sh record.sh -o DIR')])
  })
})

it('is made of nothing that could end a quoted word', () => {
  expect(() => recordScript([{ ...ours, release: "6.1'; reboot #" }])).toThrow('not a kernel')
  expect(() => recordScript([{ ...ours, btf: '$(reboot)' }])).toThrow('not a kernel')
})
