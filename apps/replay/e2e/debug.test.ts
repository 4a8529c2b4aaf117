/** The debugger as its users have it: told by scripts, and at a terminal. */
import { spawn, spawnSync } from 'node:child_process'
import { afterAll, expect, test } from 'vitest'
import { BIN, recording, ROOT, Scratch } from './devtrail.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const CRASH = recording('fsdax-pinned-unbind')

test('a script that fails ends with the code of what failed first, and is read to its end', async () => {
  const script = scratch.write('steps', 'goto 98\nprint nothing.like.it\ngoto 99999\n# a remark\nstep 2\n')
  const { code, out } = await scratch.run(['debug', CRASH, '--device', 'pfn0.0', '--script', script])
  expect(code).toBe(2)
  expect(out).toContain('there is no "nothing"')
  expect(out).toContain('there is no event 99999: the log ends at 314')
  expect(out).toContain('\n100    9.324422  pfn0.0')
})

const said = async (commands: string): Promise<string> => (await scratch.run(['debug', CRASH], { stdin: commands })).out
/** The numbers of the events in what was said. */
const places = (out: string): string[] => [...out.matchAll(/^ *(\d+) {2}/gm)].map((m) => m[1]!)

test('next takes a type with or without the word', async () => {
  expect(places(await said('next memremap/memory-removed\nprevious memremap/grabbed\n'))).toEqual(['224', '98'])
  expect(places(await said('next type memremap/memory-removed\n'))).toEqual(['224'])
})

test('where nothing is left to find, it is said on which side', async () => {
  const out = await said('previous device pfn0.0\ngoto end\nnext device pfn0.0\n')
  expect([...out.matchAll(/there is none (\w+) this event/g)].map((m) => m[1])).toEqual(['before', 'after'])
})

test.each([
  [2, ['--json'], 'has no JSON'],
  [3, ['--script', '/nowhere'], 'there is no script at /nowhere'],
  [4, ['--at', '9999'], 'there is no event 9999'],
  [4, ['--device', 'pfn9'], ''],
])('exit %i: %j', async (expected, args, message) => {
  const { code, err } = await scratch.run(['debug', CRASH, ...args])
  expect(code).toBe(expected)
  expect(err).toContain(message)
})

const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0

test.runIf(hasScript)(
  'at a terminal it completes, forgets a line at Ctrl-C, repeats a move, and remembers',
  async () => {
    const command = `'${process.execPath}' '${BIN}' debug '${CRASH}'`
    const options = scratch.spawnOptions({ cwd: ROOT, env: { NO_COLOR: '1', XDG_STATE_HOME: scratch.path('state') } })
    const child = spawn('script', ['-qec', command, '/dev/null'], { ...options, stdio: ['pipe', 'pipe', 'inherit'] })
    let out = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text))
    const until = async (text: string): Promise<void> => {
      while (!out.includes(text)) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const type = async (keys: string, shows: string): Promise<void> => {
      child.stdin!.write(keys)
      await until(shows)
    }
    await until('(0) ')
    // A key at a time, as fingers do: what comes at once is taken for a paste.
    await type('got', 'got')
    await type('\t', 'goto ')
    await type('98\r', '(98)')
    await type('nonsense', 'nonsense')
    await type('\u0003', '^C')
    await type('step\r', '(99)')
    await type('\r', '(100)')
    await type('quit\r', 'quit')
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(code).toBe(0)
    expect(out).not.toContain('is no command')
    const again = await scratch.run(['debug', CRASH], { stdin: 'quit\n' })
    expect(again.code).toBe(0)
  },
  60_000,
)

test('a script: an empty line says nothing, a predicate never true is the answer no, what may be several says so', async () => {
  const never = await scratch.run(['debug', CRASH], { stdin: 'goto 10\nstep\n\n\nuntil count(iomem) == 99999\nprint 1\nprint "x"\n' })
  expect(never.code).toBe(1)
  expect(never.out).toContain('(11) until')
  expect(never.out).toMatch(/print 1\n1\n.*print "x"\nx\n/)
  const { code, out } = await scratch.run(['debug', CRASH], { stdin: 'st\n' })
  expect(code).toBe(2)
  expect(out).toContain('"st" may be step, state or stuck')
})

test('a run backwards says which watch it stopped for, and what its event changed', async () => {
  const { out } = await scratch.run(['debug', CRASH, '--device', 'pfn0.0'], { stdin: 'goto 300\nwatch driver.state\nreverse\n' })
  expect(out).toMatch(/watch 1 {2}driver\.state: \S+ → unbound/)
})

const STRESS = recording('fsdax-gup-stress')

test('Ctrl-C ends a run of a script where it is, and what was said is there', { timeout: 60_000 }, async () => {
  const script = scratch.write('long', 'step\nuntil iomem["nosuch"] || count(pagemaps) == 99\nstep\n')
  const child = spawn(process.execPath, [BIN, 'debug', STRESS, '--device', 'namespace0.0', '--script', script], {
    ...scratch.spawnOptions(),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let out = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    out += text
    if (out.includes('until')) child.kill('SIGINT')
  })
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130)
  expect(out).toMatch(/\ninterrupted at \d+\n/)
  expect(out).not.toContain('to the end')
  expect(out.trimEnd().split('\n').at(-2)).toContain('interrupted')
})

test('a name of several devices is never taken for the first of them in silence', async () => {
  const several = 'means several devices'
  const path = 'pagemaps[0x100000000].pageRefs[0x109310]'
  const blamed = await scratch.run(['blame', CRASH, '--device', 'pmem0', '--path', path, '--at', '224'])
  expect([blamed.code, blamed.out]).toEqual([4, ''])
  expect(blamed.err).toContain(several)
  const bisected = await scratch.run(['bisect', CRASH, '--device', 'pmem0', '--when', 'driver.state == "unbound"'])
  expect(bisected.err).toContain(several)
  const { out } = await scratch.run(['debug', CRASH, '--device', 'pmem0'], { stdin: 'quit\n' })
  expect(out).toContain(several)
})
