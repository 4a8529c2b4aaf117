/** The script in a made-up /proc and /sys; that it records is shown by recordings made with it. */
import { execFileSync, spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeBtf, type BtfType } from '../btf/btf.test-support.ts'
import { Btf } from '../btf/btf.ts'
import { factsOf, WANTED } from './facts.ts'
import { probesOf, type Layout } from './layout.ts'
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
  return spawnSync('sh', [path, ...args], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${root}:${process.env['PATH']}`, DEVTRAIL_RECORD_ROOT: root },
    timeout: 20_000,
  })
}

it('is a script that sh takes, with every probe of every kernel', () => {
  const script = recordScript(verifiedKernels)
  execFileSync('sh', ['-n'], { input: script })
  for (const kernel of verifiedKernels) {
    expect(script).toContain(kernel.btf)
    for (const { event } of probesOf(kernel)) expect(script).toContain(`${event} `)
    expect(script).toContain(`# Linux ${kernel.release}`)
  }
  expect(script).not.toMatch(/@[A-Z_]+@/)
})

/** Structures as some kernel could have them: unnamed ones within, bit fields, qualified types, names that nobody asks for. */
const structures = fc.record({ before: fc.nat(3), gap: fc.nat(40), isUnion: fc.boolean(), field: fc.boolean(), swapped: fc.boolean() })

function btfOf({ before, gap, isUnion, field, swapped }: typeof structures extends fc.Arbitrary<infer T> ? T : never): Uint8Array {
  const idle: BtfType[] = Array.from({ length: before }, () => ({
    kind: 19,
    name: 'unused',
    value: 8,
    members: 2,
    words: ['x', 1, 2, 'y', 3, 4],
  }))
  const at = (id: number): number => before + id
  return makeBtf([
    ...idle,
    { kind: 1, name: 'int', value: 4, words: [32] }, // 1
    { kind: 4, name: 'range', value: 16, members: 2, words: ['start', at(1), 0, 'end', at(1), 64] }, // 2
    { kind: 10, value: at(2) }, // 3: const struct range
    { kind: isUnion ? 5 : 4, value: 32, members: 2, words: ['range', at(3), gap * 8, 'ranges', at(1), gap * 8] }, // 4: unnamed
    { kind: 4, name: 'dev_pagemap', value: 200, flag: field, members: 2, words: [0, at(4), 64, 'type', at(1), field ? 0x0300_0005 : 320] }, // 5
    { kind: 4, name: 'page', value: 64, members: 2, words: ['flags', at(1), 0, '_refcount', at(1), 8 * gap] }, // 6
    { kind: 13, value: 0, members: 2, words: swapped ? ['nid', at(1), 'pgmap', at(1)] : ['pgmap', at(1), 'nid', at(1)] }, // 7
    { kind: 12, name: 'memremap_pages', value: at(7) }, // 8
    { kind: 12, name: 'unheard_of', value: at(7) },
  ])
}

const layout = (bytes: Uint8Array): Layout => {
  const btf = new Btf(bytes)
  const members = WANTED.filter((what) => !what.endsWith('()')).flatMap((what) => {
    const place = btf.member(what)
    return place === null ? [] : [[what, what.includes('.') ? place.offset : place.size!] as const]
  })
  const functions = WANTED.filter((what) => what.endsWith('()')).map((what) => what.slice(0, -2))
  return {
    offsets: Object.fromEntries(members),
    parameters: Object.fromEntries(functions.flatMap((name) => (btf.parameters(name) === null ? [] : [[name, btf.parameters(name)!]]))),
  }
}

/** The facts that the script itself finds. */
function found(bytes: Uint8Array): string {
  const path = join(root, 'sys/kernel/btf/vmlinux')
  writeFileSync(path, bytes)
  const [functions] = /^facts\(\) \{.*?^AWK\n\}\n/ms.exec(recordScript(verifiedKernels))!
  return execFileSync('sh', ['-c', `btf=${path}\n${functions}\nfacts`], { encoding: 'utf8' }).trimEnd()
}

describe('a build that was never seen', () => {
  const some = { before: 1, gap: 8, isUnion: true, field: false, swapped: false }

  it('is read by the script as it is read here', () => {
    fc.assert(
      fc.property(structures, (structure) => {
        const bytes = btfOf(structure)
        expect(found(bytes)).toBe(factsOf(layout(bytes)))
      }),
      { numRuns: 25 },
    )
    expect(found(btfOf(some))).toContain('dev_pagemap.range.end 24\n')
    expect(found(btfOf({ ...some, swapped: true }))).toContain('memremap_pages() nid,pgmap\n')
  })

  const tryOut = (release: string, bytes: Uint8Array): SpawnSyncReturns<string> => {
    const checked = { release: '6.1.0-1-checked', btf: first.btf, ...layout(btfOf(some)) }
    writeFileSync(join(root, 'sys/kernel/btf/vmlinux'), bytes)
    writeFileSync(join(root, 'uname'), `#!/bin/sh\n[ "$1" = -m ] && echo x86_64 || echo ${release}\n`, { mode: 0o755 })
    // What comes next needs a tracefs.
    rmSync(join(root, 'sys/kernel/tracing/kprobe_events'))
    return run(recordScript([{ ...ours, release: '5.10.0-1' }, checked]), '-o', join(root, 'out'))
  }

  it('is recorded as the one of its series with the same structures', () => {
    const { stderr } = tryOut('6.1.0-99-later', btfOf({ ...some, before: 3 }))
    expect(stderr).toContain('its structures lie as in 6.1.0-1-checked, which was checked')
    expect(stderr).toContain('there is no tracefs')
  })

  it.each([
    ['of another series', '6.2.0-1', btfOf(some)],
    ['whose structures lie elsewhere', '6.1.0-99', btfOf({ ...some, gap: 9 })],
    ['whose functions take something else', '6.1.0-99', btfOf({ ...some, swapped: true })],
    ['that is cut', '6.1.0-99', btfOf(some).subarray(0, 100)],
    ['that is none', '6.1.0-99', new TextEncoder().encode('no BTF at all, but long enough for a header')],
  ])('%s is refused', (_, release, bytes) => {
    const { status, stderr } = tryOut(release, bytes)
    expect([status, stderr]).toEqual([1, expect.stringContaining('is none that this script knows (5.10.0-1, 6.1.0-1-checked)')])
  })
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

  it.each(['0', '0900', '12345678901234567890'])('a buffer of %j, before anything is made', (count) => {
    for (const option of ['-b', '-d']) {
      const { status, stderr } = run(recordScript([ours]), '-o', join(root, 'out'), option, count)
      expect([status, stderr]).toEqual([2, expect.stringContaining(`"${count}" is no count: 1 to 99999999`)])
    }
    expect(existsSync(join(root, 'out'))).toBe(false)
  })

  it.each([[[]], [['-o']], [['-x']], [['-o', 'a', '-d', 'soon']], [['-o', 'a', '-b', '1;reboot']]])('to guess what %j means', (args) => {
    const { status, stderr } = run(recordScript([ours]), ...args)
    expect([status, stderr]).toEqual([2, expect.stringContaining('usage: sh record.sh -o DIR')])
  })
})

/** A program that the script finds in the place of the system's. */
const put = (name: string, text: string): void => writeFileSync(join(root, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })

describe('beside others that begin at once', () => {
  it('has the lock alone, also when it takes over a stale one', async () => {
    writeFileSync(join(root, 'run/devtrail-record.pid'), '4711\n')
    // What the script runs once it has the lock: two of them at once leave a trace.
    put('df', `mkdir ${root}/held || : > ${root}/both\nsleep 0.5\nrmdir ${root}/held`)
    const path = join(root, 'record.sh')
    writeFileSync(path, recordScript([ours]))
    const env = { ...process.env, PATH: `${root}:${process.env['PATH']}`, DEVTRAIL_RECORD_ROOT: root }
    const told = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        // The starters are alive for each other.
        const child = spawn('sh', ['-c', `mkdir -p ${root}/proc/$$; exec sh ${path} -o ${root}/out${i}`], { env })
        let said = ''
        child.stderr.on('data', (piece) => (said += String(piece)))
        await once(child, 'close')
        return said
      }),
    )
    expect(existsSync(join(root, 'both'))).toBe(false)
    expect(told.filter((said) => /another recording is (?:under way|about to begin)/.test(said))).toHaveLength(7)
  })
})

describe('what reads the trace', () => {
  const stats = 'entries: 77\\noverrun: 0\\ndropped events: 0\\nread events: 3\\n'

  /** Where probes can be set, and an instance whose trace_pipe is a pipe that this test writes to. */
  function tracefs(): void {
    writeFileSync(join(root, 'proc/kallsyms'), '0 T memremap_pages\n')
    for (const [name, text] of [
      ['iomem', ''],
      ['mounts', ''],
      ['uptime', '1.0 1.0'],
    ] as const)
      writeFileSync(join(root, 'proc', name), text)
    writeFileSync(join(root, 'sys/kernel/tracing/kprobe_profile'), '')
    put(
      'mkdir',
      `/bin/mkdir "$@" || exit
case $* in */instances/devtrail) cd "$1" && /bin/mkdir -p per_cpu/cpu0 events/devtrail && mkfifo trace_pipe && printf '${stats}' > per_cpu/cpu0/stats ;; esac`,
    )
    put('dmesg', 'exit 1')
  }

  it('and is killed is said at once, and what it left in the buffers is counted', async () => {
    tracefs()
    const path = join(root, 'record.sh')
    writeFileSync(path, recordScript([ours]))
    const instance = join(root, 'sys/kernel/tracing/instances/devtrail')
    const env = { ...process.env, PATH: `${root}:${process.env['PATH']}`, DEVTRAIL_RECORD_ROOT: root }
    const child = spawn('sh', [path, '-o', join(root, 'out'), '-d', '60'], { env })
    let said = ''
    child.stderr.on('data', (piece) => (said += String(piece)))
    const feeding = spawn('sh', [
      '-c',
      `while [ ! -p ${instance}/trace_pipe ]; do sleep 0.1; done; exec > ${instance}/trace_pipe; printf 'a\\nb\\nc\\n'; sleep 60`,
    ])
    await expect
      .poll(() => existsSync(join(root, 'out/trace.txt')) && readFileSync(join(root, 'out/trace.txt'), 'utf8'), { timeout: 20_000 })
      .toBe('a\nb\nc\n')
    process.kill(Number(readFileSync(join(root, 'out/.reader'), 'utf8')), 'SIGKILL')
    const [code] = (await once(child, 'close')) as [number]
    feeding.kill()
    expect(said).toContain('what reads the trace ended with 137: nothing is recorded from here on')
    expect(said).toContain('77 of them were left in the buffers: what reads the trace ended early')
    expect(said).toMatch(/3 entries in .*, 77 lost/)
    expect(readFileSync(join(root, 'out/trace.txt'), 'utf8')).toBe('a\nb\nc\n# entries-in-buffer/entries-written: 80/80   #P:1\n')
    expect(code).toBe(1)
    expect(existsSync(join(root, 'out/.reader'))).toBe(false)
  })
})

it('is made of nothing that could end a quoted word', () => {
  expect(() => recordScript([{ ...ours, release: "6.1'; reboot #" }])).toThrow('not a kernel')
  expect(() => recordScript([{ ...ours, btf: '$(reboot)' }])).toThrow('not a kernel')
})
