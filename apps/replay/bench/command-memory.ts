/** What memory whole commands need, as processes of their own. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, '../dist/main.js')
const PRELOAD = join(import.meta.dirname, 'max-rss.preload.ts')

/** The most that a command needed, in MiB; what it prints is thrown away. `input`: what it is told. */
export function mostOf(folder: string, args: readonly string[], input = ''): number {
  const file = join(folder, 'max-rss')
  const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', PRELOAD, MAIN, ...args], {
    input,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, MAX_RSS_FILE: file },
  })
  // 1 is an answer, too.
  if (status !== 0 && status !== 1) throw new Error(`devtrail ${args.join(' ')} ended with ${status}`)
  return Number(readFileSync(file, 'utf8'))
}

const NEVER = 'device("pfn7.0").driver.state == "bound" && count(device("pfn7.0").pagemaps[0x8000000000].pageRefs) > 100000'

/** What each explaining command is asked, at places far into a log of so many events. */
export function askedOf(log: string, last: number): ReadonlyMap<string, { readonly args: readonly string[]; readonly input?: string }> {
  const at = (part: number): string => String(Math.floor(last * part))
  const device = ['--device', 'pfn7.0'] as const
  const dialogue = [
    `goto ${at(0.7)}`,
    'step 10',
    'back 20',
    'next type memremap/grabbed',
    'until driver.state == "unbinding"',
    'since driver.state == "bound"',
    `goto ${at(0.3)}`,
    `diff ${at(0.29)}`,
    'blame driver.state',
    'why',
    'refs',
    'stuck',
    'state',
    'goto end',
    'quit',
  ]
  return new Map([
    ['state', { args: ['state', log, '--at', at(0.7)] }],
    ['diff', { args: ['diff', log, '--from', at(0.65), '--to', at(0.7)] }],
    ['blame', { args: ['blame', log, '--at', at(0.7), ...device, '--path', 'pagemaps[0x8000000000].state'] }],
    ['why', { args: ['why', log, at(0.7)] }],
    ['refs', { args: ['refs', log, '--at', at(0.7)] }],
    ['stuck', { args: ['stuck', log, '--at', at(0.7)] }],
    ['bisect', { args: ['bisect', log, '--when', NEVER] }],
    ['events', { args: ['events', log, '--where', 'pfn == 0x8000123 && device == "pfn7.0"'] }],
    ['check', { args: ['check', log] }],
    ['debug', { args: ['debug', log, ...device], input: `${dialogue.join('\n')}\n` }],
  ])
}
