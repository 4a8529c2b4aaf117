/** Only lines that the kernel itself prints with line breaks in them are continued. */
const MULTILINE: ReadonlySet<string> = new Set(['console', 'tracing_mark_write', 'print', 'bprint', 'printk'])

export const isMultiline = (event: string): boolean => MULTILINE.has(event)

/** Whether entries of an event are more than a probe's hit or a tracepoint without effect. */
export const isSpecial = (event: string): boolean => MULTILINE.has(event) || event === 'devres_log' || event === 'function'
