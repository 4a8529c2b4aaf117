import { LOG_SCHEMA_VERSION } from '@devtrail/event-log'
import { cacheFinding, temporaryFinding } from './folders.ts'
import { ok, type Finding } from './finding.ts'
import { nodeFinding, zstdFinding } from './node.ts'
import { recordingFindings } from './recording-here.ts'

/** What the package says of itself. */
export interface Own {
  readonly version: string
  readonly node: string
}

/** Looks at all that devtrail needs, and leaves nothing behind. */
export async function examine({ version, node }: Own): Promise<Finding[]> {
  return [
    ok('devtrail', `${version}; logs of schemaVersion ${LOG_SCHEMA_VERSION}`),
    nodeFinding(process.versions.node, node),
    zstdFinding(),
    await cacheFinding(),
    await temporaryFinding(),
    ...(await recordingFindings()),
  ]
}
