/**
 * What the probes of a kernel rest on, a fact a line: where members lie, and how functions call their parameters. The script
 * works the same lines out of the type information of the machine it runs on, in awk: a build of a kernel that was never seen
 * is recorded if its facts are those of one that was checked.
 */
import { catalogue } from './catalogue.ts'
import { membersOf, STRUCT_PAGE_BYTES, type Layout } from './layout.ts'

const NONE = '-'

/** Members (`page._refcount`), sizes (`page`) and functions (`memremap_pages()`). */
export const WANTED: readonly string[] = [
  ...new Set(['page', ...catalogue.flatMap(({ symbol, fetch }) => [`${symbol}()`, ...Object.values(fetch).flatMap(membersOf)])]),
].toSorted()

/** The facts of a layout, as the script tells them. */
export function factsOf({ offsets, parameters }: Layout): string {
  const fact = (what: string): string => {
    if (what === 'page') return String(STRUCT_PAGE_BYTES)
    if (what.endsWith('()')) return parameters[what.slice(0, -2)]?.join(',') ?? NONE
    return String(offsets[what] ?? NONE)
  }
  return WANTED.map((what) => `${what} ${fact(what)}`).join('\n')
}

/** Structures that a path goes through on its way. What lies in others is not looked at: the script would take too long. */
const THROUGH: readonly string[] = ['kobject', 'percpu_ref', 'range', 'vmem_altmap']

/** What the script is to look for: what is wanted, and the names on the way there, with a colon before each. */
export function namesWanted(kernels: readonly Layout[]): string {
  const parameters = kernels.flatMap((kernel) => Object.values(kernel.parameters).flat())
  return [...WANTED, ...[...new Set([...THROUGH, ...parameters])].toSorted().map((name) => `:${name}`)].join('\n')
}

/**
 * Reads what is wanted, an empty line, the strings of a BTF (a line each) and its types (words in decimal, four a line).
 * `strings`: how many bytes those are. Any POSIX awk runs it.
 */
export const FACTS_AWK = String.raw`
function resolve(id,   depth) {
  for (depth = 0; depth < 64 && kindOf[id] in through; depth++) id = valueOf[id]
  return id
}
# A member of a structure, or of an unnamed one within it.
function find(type, name, depth,   list, part, n, i, bits, isField) {
  if (depth > 64 || !(type in membersOf)) return 0
  n = split(membersOf[type], list, " ")
  for (i = 1; i <= n; i++) {
    split(list[i], part, ":")
    bits = hasFields[type] ? part[3] % 16777216 : part[3]
    isField = hasFields[type] && part[3] >= 16777216
    if (part[1] == name) {
      if (isField) return 0
      foundBits = bits
      foundType = part[2]
      return 1
    }
    if (part[1] == "" && find(resolve(part[2]), name, depth + 1)) {
      foundBits += bits
      return 1
    }
  }
  return 0
}
# Most types are of no use here, and are passed over.
function isIdle() {
  if (word[1] == 0) return kind == 12
  if (!(word[1] in string)) return 1
  return kind == 12 ? !(string[word[1]] in isFunction) : !(string[word[1]] in isStruct)
}
function take(   i, name, text) {
  kindOf[id] = kind
  valueOf[id] = word[3]
  name = string[word[1]]
  if (kind == 4 || kind == 5) {
    if (name != "" && !(name in structOf)) structOf[name] = id
    text = ""
    for (i = 4; i < n; i += 3) {
      name = string[word[i]]
      if (word[i] == 0 || name in isMember) text = text name ":" word[i + 1] ":" word[i + 2] " "
    }
    membersOf[id] = text
    hasFields[id] = word[2] >= 2147483648
  } else if (kind == 12) {
    if (!(name in functionOf)) functionOf[name] = word[3]
  } else if (kind == 13) {
    text = ""
    for (i = 4; i < n; i += 2) text = text (i > 4 ? "," : "") (word[i] in string ? string[word[i]] : "?")
    parametersOf[id] = text
  }
}
function fact(what,   part, n, i, type, bits) {
  if (what ~ /\(\)$/) {
    sub(/\(\)$/, "", what)
    if (!(what in functionOf)) return "-"
    type = resolve(functionOf[what])
    return type in parametersOf ? parametersOf[type] : "-"
  }
  n = split(what, part, ".")
  if (!(part[1] in structOf)) return "-"
  type = structOf[part[1]]
  if (n == 1) return valueOf[type]
  bits = 0
  for (i = 2; i <= n; i++) {
    if (!find(type, part[i], 0)) return "-"
    bits += foundBits
    type = resolve(foundType)
  }
  return bits % 8 == 0 ? bits / 8 : "-"
}
BEGIN {
  reading = "wanted"
  at = n = skip = 0
  string[0] = ""
  split("0 4 0 12 0 0 0 0 0 0 0 0 0 0 4 0 0 4 0 0", fixed, " ")
  split("0 0 0 0 12 12 8 0 0 0 0 0 0 8 0 12 0 0 0 12", each, " ")
  idle[1]; idle[2]; idle[3]; idle[6]; idle[7]; idle[14]; idle[15]; idle[16]; idle[17]; idle[19]
  named[4]; named[5]; named[12]
  through[8]; through[9]; through[10]; through[11]; through[18]
}
reading == "wanted" {
  if ($0 == "") { reading = "strings"; next }
  if ($0 ~ /^:/) { name = substr($0, 2); isName[name]; isStruct[name]; next }
  wanted[++wants] = $0
  if ($0 ~ /\(\)$/) { name = substr($0, 1, length($0) - 2); isName[name]; isFunction[name]; next }
  parts = split($0, path, ".")
  isStruct[path[1]]
  for (i = 1; i <= parts; i++) isName[path[i]]
  for (i = 2; i <= parts; i++) isMember[path[i]]
  next
}
reading == "strings" {
  if ($0 in isName) string[at] = $0
  at += length($0) + 1
  if (at >= strings) reading = "types"
  next
}
skip >= 4 { skip -= 4; next }
{
  for (i = skip + 1; i <= NF; i++) {
    word[++n] = $i
    if (n == 2) {
      kind = int($i / 16777216) % 32
      if (kind < 1 || kind > 19) { broken = 1; exit }
      id++
      size = 3 + (fixed[kind + 1] + each[kind + 1] * ($i % 65536)) / 4
      if (kind in idle || kind in named && isIdle()) { i += size - 2; n = 0 }
    } else if (n >= 3 && n == size) { take(); n = 0 }
  }
  skip = i - NF - 1
}
END {
  if (broken || reading != "types" || n != 0 || skip > 0) exit 1
  for (i = 1; i <= wants; i++) print wanted[i] " " fact(wanted[i])
}
`
