import type { Cli } from '../command.ts'
import { pmemCatCommand } from './cat.ts'
import { pmemCheckCommand } from './check.ts'
import { pmemCreateCommand } from './create.ts'
import { pmemInfoCommand } from './info.ts'
import { pmemWriteCommand } from './write.ts'

/** `devtrail pmem`: what works on the bytes of a namespace. */
export function pmemCommand(cli: Cli): void {
  const program = cli.program
    .command('pmem')
    .summary('superblocks and BTT of an NVDIMM namespace, as bytes')
    .description('Reads, checks, makes and writes the bytes of NVDIMM namespaces, in the formats of Linux: BTT, fsdax (pfn) and devdax.')
    .usage('info|cat|check|create|write IMAGE [options]')
  for (const add of [pmemInfoCommand, pmemCatCommand, pmemCheckCommand, pmemCreateCommand, pmemWriteCommand]) add({ ...cli, program })
}
