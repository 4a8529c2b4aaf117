/** The names in a log folder. FORMAT in the README describes them. */
export const META_FILE = 'log.json'
export const EVENTS_FILE = 'events.ndjson'
export const ATTACHMENTS_FILE = 'attachments.json'
export const ATTACHMENTS_FOLDER = 'attachments'
export const LOCK_FOLDER = 'lock'
