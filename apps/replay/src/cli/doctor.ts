import { examine } from '../doctor/doctor.ts'
import type { Finding, Verdict } from '../doctor/finding.ts'
import { facts } from '../print/table.ts'
import { examples, type Cli } from './command.ts'
import { exit } from '../session/failure.ts'
import { ownManifest } from './manifest.ts'
import type { Session } from '../session/session.ts'

function line({ verdict, says, todo }: Finding, { style }: Session): string {
  const paint: Readonly<Record<Verdict, (text: string) => string>> = { ok: style.good, limited: style.warn, broken: style.bad }
  return `${paint[verdict](verdict.padEnd('limited'.length))}  ${says}${todo === null ? '' : `\n${' '.repeat(9)}→ ${todo}`}`
}

export function doctorCommand({ program, runAlone }: Cli): void {
  program
    .command('doctor')
    .summary('whether devtrail can work here, and record here')
    .description(
      'Looks at all that devtrail needs (Node, zstd, its cache) and at what recording on this machine would need (root, tracefs, BTF). Changes nothing. Exits 1 when devtrail cannot work; that this machine cannot be recorded is no failure.',
    )
    .addHelpText('after', examples(['devtrail doctor', ''], ["devtrail doctor --json | jq '.findings[] | select(.todo)'", 'what to do']))
    .action(
      runAlone(async (session) => {
        const { version, engines } = ownManifest()
        const findings = await examine({ version, node: engines.node })
        const works = findings.every(({ verdict }) => verdict !== 'broken')
        if (session.json) await session.printJson({ schemaVersion: 1, works, findings })
        else
          await session.print(
            facts(
              findings.map((finding) => [finding.name, line(finding, session)] as const),
              session.style.dim,
            ),
          )
        return works ? exit.fine : exit.no
      }),
    )
}
