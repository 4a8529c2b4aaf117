/** A recording in which everything that somebody could have thought of, or that tells of the machine, holds a secret. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** None is a part of another word, and each is looked for wherever it stands in bytes. */
export const secretIn = {
  host: 'acme-host-secret',
  builder: 'acme-builder-secret',
  task: 'acmetasksecret',
  probe: 'acme_probe_secret',
  addressProbe: 'acme_address_probe_secret',
  tracepoint: 'acme_tracepoint_secret',
  daxTracepoint: 'dax_insert_acmesecret',
  where: 'ffff8880deadb000',
  mark: 'acme-mark-secret',
  iomem: 'Customer/alice-secret',
  mount: '/mnt/acme-mount-secret',
  subtype: 'acme-secretfs',
  map: 'acme-map-secret',
  mode: 'acme-mode-secret',
  uuid: '5ec2e700-5ec2-4e70-8ec2-5ec2e7005ec2',
  dmesg: 'acme-dmesg-secret',
} as const

/** Names that stay, which help and the how-to say. */
export const staysIn = { module: 'acme_module', device: 'acme_nd0', region: 'acme_region' } as const

const s = secretIn
const FILES: Readonly<Record<string, string>> = {
  'trace.txt': `# tracer: nop
#
# entries-in-buffer/entries-written: 6/6   #P:2
   ${s.task}-4242    [000] .....  1.001000: tracing_mark_write: ${s.mark}
   ${s.task}-4242    [000] .....  1.002000: ${s.probe}: (memremap_pages+0x0/0x100 [${staysIn.module}]) pgmap=0xffff8880deadbe00 start=0x100000000 end=0x13fffffff type=3
   ${s.task}-4242    [000] .....  1.003000: ${s.probe}_ret: (0x${s.where} <- memremap_pages) ret=0x0
   ${s.task}-4242    [000] .....  1.004000: ${s.tracepoint}: customer=alice-secret
   ${s.task}-4242    [000] .....  1.005000: ${s.daxTracepoint}: customer=alice-secret
   ${s.task}-4242    [000] .....  1.006000: ${s.addressProbe}: (0x${s.where}) customer=alice-secret
`,
  'kprobe_events.txt': `p:acme/${s.probe} memremap_pages pgmap=$arg1:x64 start=+136($arg1):x64 end=+144($arg1):x64 type=+96($arg1):u32
r10:acme/${s.probe}_ret memremap_pages ret=$retval:x64
`,
  'iomem.before': `100000000-13fffffff : /home/My ${s.iomem}\n140000000-17fffffff : ${staysIn.device}\n`,
  'mounts.before': `/dev/pmem0 ${s.mount} fuse.${s.subtype} rw 0 0\n`,
  'ndctl.before.json': JSON.stringify({
    regions: [{ dev: staysIn.region, namespaces: [{ dev: 'namespace0.0', mode: s.mode, map: s.map, uuid: s.uuid, blockdev: 'pmem0' }] }],
  }),
  'uname.txt': `Linux ${s.host} 6.1.0-56-amd64 (root@${s.builder}) #1 SMP x86_64 GNU/Linux\n`,
  'dmesg.txt': `[    1.006500] WARNING: CPU: 0 PID: 4242 at mm/memremap.c:1 ${s.dmesg}\n`,
}

/** Writes it into a folder, which is made. */
export function writeSecretiveRecording(folder: string): void {
  mkdirSync(folder)
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
}

/** Those of the words that stand anywhere in the bytes. */
export const standingIn = (bytes: readonly Buffer[], words: readonly string[]): string[] =>
  words.filter((word) => bytes.some((part) => part.includes(word)))
