import { describeImage, infoblockJson, type ArenaShape, type Described } from '../../pmem/describe.ts'
import { openImage, orphanOf, superblockName, type Image, type RangeOptions } from '../../pmem/image.ts'
import { contradictedBy, labelsJson, labelsOf } from '../../pmem/labels.ts'
import { facts, table } from '../../print/table.ts'
import { bytes } from '@devtrail/survey'
import { examples, type Cli } from '../command.ts'
import { exit, type ExitCode } from '../../session/failure.ts'
import type { Session } from '../../session/session.ts'
import { IMAGE, withRange } from './options.ts'

const codeOf = ({ superblock }: Image): ExitCode => (superblock !== null && superblock.problem !== null ? exit.damaged : exit.fine)

function arenaJson({ at, fields, copy }: ArenaShape): object {
  return { at, copy, ...fields }
}

function json(image: Image, { shape, arenas, cut }: Described): object {
  const { superblock, infoblocks } = image
  const labels = labelsOf(image)
  return {
    schemaVersion: 1,
    file: image.given,
    ...superblock?.fields,
    namespace: shape,
    superblocks: infoblocks.map(infoblockJson),
    arenas: arenas.map(arenaJson),
    labels: labels === null ? null : labelsJson(labels),
    whole: superblock === null ? null : superblock.problem === null && cut === null,
  }
}

function namespaceText({ shape }: Described): [string, string][] {
  const { mode, capacity, sectorSize, map } = shape
  return [
    ['mode', [mode, ...(map === null ? [] : [`struct pages in ${map === 'dev' ? 'the namespace' : 'RAM'}`])].join(', ')],
    [
      'capacity',
      capacity === null ? '?' : `${capacity} bytes (${bytes(capacity)})${sectorSize === null ? '' : `, sectors of ${sectorSize}`}`,
    ],
  ]
}

function text(image: Image, described: Described, session: Session): string {
  const { dim, bad } = session.style
  const { superblock, medium, given } = image
  const head: [string, string][] = [['image', `${given} (${bytes(medium.size)})`], ...namespaceText(described)]
  if (superblock === null) return facts(head, dim)
  const state = superblock.problem === null ? 'whole' : bad(`damaged: ${superblock.problem}`)
  const block = Object.entries(superblock.fields ?? {}).map(([name, value]) => [name, String(value)] as const)
  const rows = described.arenas.map(({ at, fields, copy }, i) => [String(i), String(at), String(fields['external_nlba']), copy])
  const columns = [
    { title: 'arena' },
    { title: 'at byte', align: 'right' },
    { title: 'sectors', align: 'right' },
    { title: 'second info block' },
  ] as const
  return [
    facts([...head, ['superblock', `at byte ${superblock.at}, ${state}`]], dim),
    facts(block, dim),
    ...(rows.length === 0 ? [] : [table(columns, rows, dim)]),
  ].join('\n')
}

function notes(image: Image, { cut }: Described, session: Session): void {
  const { superblock, infoblocks, medium, given } = image
  const contradicted = contradictedBy(image, labelsOf(image))
  if (contradicted !== null) session.note(contradicted)
  if (cut !== null) session.note(`${given} does not hold all of it: ${cut}`)
  for (const other of infoblocks.filter((b) => b !== superblock))
    session.note(
      `there is ${superblockName(other)} as well, which is ${other.at === 0 ? 'of another version' : 'data of a sector, or stale'}`,
    )
  if (superblock?.problem != null)
    session.note(`${superblockName(superblock)} is damaged, and the kernel would take the namespace for a raw one`)
  const orphan = superblock === null ? orphanOf(image) : null
  if (orphan !== null)
    session.note(
      `at byte ${orphan.at} of ${medium.size} a BTT's second info block is whole: its first one was overwritten (devtrail pmem check --repair puts that back)`,
    )
}

export function pmemInfoCommand({ program, run }: Cli): void {
  withRange(program.command('info'))
    .summary('superblocks: every field as ndctl read-infoblock names it')
    .description(
      "Prints a namespace's superblock under ndctl read-infoblock's names, its capacity, and the arenas of a BTT. The first 64 KiB of an image are enough for most of it. Exits 3 when the superblock is damaged.",
    )
    .argument('<IMAGE>', IMAGE)
    .addHelpText(
      'after',
      examples(
        ['devtrail pmem info recordings/media/crash-a-4096.img.zst', ''],
        ['head -c 65536 /dev/pmem0 | devtrail pmem info - --json | jq .uuid', 'of a device, as a script'],
      ),
    )
    .action(
      run<RangeOptions>(async (session, given, options) => {
        await using image = await openImage(given, session, options)
        const described = describeImage(image)
        notes(image, described, session)
        if (session.json) await session.printJson(json(image, described))
        else await session.print(text(image, described, session))
        return codeOf(image)
      }),
    )
}
