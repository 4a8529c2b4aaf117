/** Characters (UTF-16 units) of all strings in one event's data, and of all in its envelope, at most. */
export const EVENT_CHARS_MAX = 16 * 1024 * 1024
/** Causes of one event at most. */
export const CAUSES_MAX = 65_536
/** Bytes of the stored meta (and of the list of attachments) at most. */
export const META_BYTES_MAX = 16 * 1024 * 1024
/** How deep a meta's `source` may nest. */
export const META_DEPTH_MAX = 64
/** Characters of an attachment's name at most. */
export const NAME_CHARS_MAX = 128
/** Bytes that `attachment()` hands out in one piece at most; larger ones are read with `attachmentChunks()`. */
export const ATTACHMENT_BYTES_MAX = 1024 * 1024 * 1024
/** Parts of one keyframe at most. */
export const KEYFRAME_PARTS_MAX = 65_536
/** Characters of a part's name at most. */
export const PART_NAME_CHARS_MAX = 128
/** Bytes of one part at most. */
export const PART_BYTES_MAX = 64 * 1024 * 1024
/** Bytes of all parts of a keyframe at most, those that it has from earlier ones included. */
export const KEYFRAME_BYTES_MAX = 1024 * 1024 * 1024
/** Events and attachments are read and written in pieces of at least this many bytes. */
export const IO_BYTES = 1024 * 1024
