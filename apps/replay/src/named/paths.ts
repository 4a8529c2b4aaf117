import { ExpressionError, type Path } from '@devtrail/time-travel'
import { models } from '@devtrail/survey'
import { didYouMean } from '../session/suggest.ts'

const parts: readonly string[] = models.flatMap((m) => m.views?.parts ?? [])
const overall: ReadonlySet<string> = new Set(
  models.flatMap((m) => Object.keys(m.overall?.(m.initial(), { value: () => null } as never) ?? {})),
)

/**
 * The device that a path is about: the one it names, or the one given apart; null when it is about the machine as a whole.
 * @throws ExpressionError when there is no such part, or no device
 */
export function mustBePart({ device, steps: [{ name, at }] }: Path, source: string, given: string | undefined): string | null {
  if (device === null && overall.has(name)) return null
  if (!parts.includes(name)) {
    const all = [...new Set([...parts, ...overall])]
    throw new ExpressionError(`there is no "${name}"${didYouMean(name, all)} (there is ${all.join(', ')})`, source, at)
  }
  const wanted = device?.name ?? given
  if (wanted === undefined)
    throw new ExpressionError(`of which device? Write device("NAME").${name}, or name one: --device NAME, in the debugger device NAME`, source, at)
  return wanted
}
