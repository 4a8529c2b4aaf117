/** The script that records on a stock kernel: POSIX shell, for one or several kernels that it tells apart by their BTF. */
import { TRACEPOINTS } from './catalogue.ts'
import { FACTS_AWK, factsOf, namesWanted } from './facts.ts'
import { probesOf, type Probe } from './layout.ts'
import { TEMPLATE } from './template.ts'
import type { KernelBuild, VerifiedKernel } from './verified.ts'

/** The group that the script's probes are in, and the name of its instance. */
export const GROUP = 'devtrail'

const definition = ({ event, symbol, module, isReturn, fetch }: Probe): string =>
  `${isReturn ? 'r' : 'p'} ${event} ${module === null ? '' : `${module}:`}${symbol}${fetch === '' ? '' : ` ${fetch}`}`

const buildsOf = ({ btf, release, also = [] }: VerifiedKernel): readonly KernelBuild[] => [{ btf, release }, ...also]

const hashCases = (kernel: VerifiedKernel, i: number): string[] =>
  buildsOf(kernel).map(({ btf, release }) => `  ${btf}) kernel=${release} number=${i} ;;`)

/** `6.1` of `6.1.0-56-amd64`; null of what is no version. */
const series = (release: string): string | null => /^\d+\.\d+(?=\.)/.exec(release)?.[0] ?? null

const seriesCase = ({ release }: VerifiedKernel, i: number): string[] => {
  const of = series(release)
  if (of === null) return []
  return [`  case $(uname -r) in ${of}.*) [ "$found" = "$(facts_${i})" ] && kernel=${release} number=${i} ;; esac`]
}

const shellFunction = (name: string, text: string): string => `${name}() {
  cat <<'END'
${text}
END
}`

const kernelFunctions = (kernel: VerifiedKernel, i: number): string =>
  [
    `# Linux ${kernel.release}`,
    shellFunction(`probes_${i}`, probesOf(kernel).map(definition).join('\n')),
    ...(series(kernel.release) === null ? [] : [shellFunction(`facts_${i}`, factsOf(kernel))]),
  ].join('\n')

/** Makes the script. Names and hashes come from kernels; nothing in them may end a quoted word. @throws Error when one could. */
export function recordScript(kernels: readonly VerifiedKernel[]): string {
  for (const { release, btf } of kernels.flatMap(buildsOf)) {
    if (!/^[\w.+~:-]{1,100}$/.test(release) || !/^[0-9a-f]{64}$/.test(btf))
      throw new Error(`not a kernel's release and hash: ${release} ${btf}`)
  }
  const parts: Readonly<Record<string, string>> = {
    HASHES: kernels.flatMap(hashCases).join('\n'),
    SERIES: kernels.flatMap(seriesCase).join('\n'),
    KERNELS: kernels.map(({ release }) => release).join(', '),
    FUNCTIONS: kernels.map(kernelFunctions).join('\n\n'),
    WANTED: namesWanted(kernels),
    FACTS_AWK: FACTS_AWK.trim(),
    GROUP,
    TRACEPOINTS: TRACEPOINTS.join(' '),
  }
  return TEMPLATE.replaceAll(/@([A-Z_]+)@/g, (_, name: string) => parts[name]!)
}
