/** Only lines that the kernel itself prints with line breaks in them are continued. */
const MULTILINE: ReadonlySet<string> = new Set(['console', 'tracing_mark_write', 'print', 'bprint', 'printk'])

/** Stacks of the options stacktrace and userstacktrace, and of triggers: a line for each function. */
const STACKS: ReadonlySet<string> = new Set(['kernel_stack', 'user_stack'])
const IN_STACK = /^ =>( |$)/

export const isMultiline = (event: string): boolean => MULTILINE.has(event) || STACKS.has(event)

/** Whether a line that is no entry can go on with one of this event. */
export const canGoOn = (event: string, line: string): boolean => !STACKS.has(event) || IN_STACK.test(line)

/** Whether entries of an event are more than a probe's hit or a tracepoint without effect; behind a name may stand an offset. */
export const isSpecial = (event: string): boolean =>
  isMultiline(event) || event === 'devres_log' || event === 'function' || event.includes('+0x')
