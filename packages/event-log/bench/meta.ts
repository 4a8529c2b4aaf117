import { LOG_SCHEMA_VERSION, type LogMeta } from '../src/contract.ts'

export const meta: LogMeta = { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: {}, notes: [] }
