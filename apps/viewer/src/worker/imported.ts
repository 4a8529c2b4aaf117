/** What the import of a recording said, as it stands in the log. */
import type { LogReader } from '@devtrail/event-log'

/** The attachment in which it does. */
const SUMMARY = 'import.json'

export interface ImportSummary {
  readonly summary?: {
    readonly kernel?: string | null
    readonly entries?: number
    readonly lost?: number | null
    readonly complete?: boolean
    readonly notes?: readonly string[]
  }
  readonly devices?: readonly string[]
}

export async function importedOf(reader: LogReader): Promise<ImportSummary> {
  try {
    return JSON.parse(new TextDecoder().decode(await reader.attachment(SUMMARY))) as ImportSummary
  } catch {
    // A log that no import made, or a packed one without it.
    return {}
  }
}
