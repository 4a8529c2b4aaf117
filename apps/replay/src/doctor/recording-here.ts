import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { arch, release } from 'node:os'
import { join } from 'node:path'
import { BTF_BYTES_MAX, kernelOfBtf, type Kernel } from '../kernel/of-btf.ts'
import { limited, ok, type Finding } from './finding.ts'

/** A machine, as far as recording on it goes. */
export interface Host {
  readonly platform: NodeJS.Platform
  readonly arch: string
  readonly release: string
  readonly isRoot: boolean
  /** Where the kernel's files are: `/sys`. */
  readonly sys: string
}

export const thisHost = (): Host => ({
  platform: process.platform,
  arch: arch(),
  release: release(),
  isRoot: process.getuid?.() === 0,
  sys: '/sys',
})

const RECORD_ELSEWHERE = 'record on the machine in question and ask here: devtrail record --print'

const WHOLE = 'recording here'
const BTF = 'BTF'

async function tracefsFinding({ sys, isRoot }: Host): Promise<Finding> {
  const name = 'tracefs'
  const places = [join(sys, 'kernel/tracing'), join(sys, 'kernel/debug/tracing')]
  for (const place of places) {
    const found = await access(join(place, 'kprobe_events'), constants.W_OK).then(
      () => 'ok',
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    )
    if (found === 'ok') return ok(name, `${place}, with kprobe_events`)
    if (found === 'EACCES' || found === 'EPERM') return limited(name, `${place} is there, but not for this user`, 'record as root')
  }
  if (!isRoot) return limited(name, 'not seen; it may be there for root', 'ask again as root')
  return limited(name, `no kprobe_events in ${places.join(' or ')}`, 'mount -t tracefs nodev /sys/kernel/tracing (CONFIG_KPROBE_EVENTS)')
}

/** What is to be said of a kernel whose type information could be read. */
export function kernelFinding({ isVerified, like }: Pick<Kernel, 'isVerified' | 'like'>, kernel: string, file: string): Finding {
  if (isVerified) return ok(BTF, `Linux ${kernel}, a build that was recorded and checked`)
  if (like !== null) return ok(BTF, `Linux ${kernel}, whose structures lie as in ${like}, which was checked`)
  return ok(BTF, `Linux ${kernel}, which was not checked; a script is made for it: devtrail record --print --btf ${file}`)
}

async function btfFinding({ sys, release: kernel }: Host): Promise<Finding> {
  const file = join(sys, 'kernel/btf/vmlinux')
  try {
    const bytes = await readFile(file)
    if (bytes.length > BTF_BYTES_MAX) return limited(BTF, `${file} has ${bytes.length} bytes, which is no kernel's`, RECORD_ELSEWHERE)
    return kernelFinding(kernelOfBtf(bytes), kernel, file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const says = code === 'ENOENT' ? `the kernel has no ${file} (CONFIG_DEBUG_INFO_BTF)` : message
    return limited(BTF, says, RECORD_ELSEWHERE)
  }
}

/** Whether this very machine could be recorded; nothing is mounted or set up for the answer. */
export async function recordingFindings(host: Host = thisHost()): Promise<Finding[]> {
  if (host.platform !== 'linux') return [limited(WHOLE, `not here: ${host.platform} is not Linux`, RECORD_ELSEWHERE)]
  const user = host.isRoot ? ok('root', 'yes') : limited('root', 'no, and tracing is not for everybody', 'record as root')
  const parts = [user, await tracefsFinding(host), await btfFinding(host)]
  if (host.arch !== 'x64') parts.unshift(limited('processor', `${host.arch}: only x86-64 was checked`, RECORD_ELSEWHERE))
  const missing = parts.filter(({ verdict }) => verdict !== 'ok')
  const whole =
    missing.length === 0
      ? ok(WHOLE, 'possible here: devtrail record --print > record.sh')
      : limited(WHOLE, `not here as it is: ${missing.map(({ name }) => name).join(', ')}`, RECORD_ELSEWHERE)
  return [whole, ...parts]
}
