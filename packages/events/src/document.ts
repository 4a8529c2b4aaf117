import type { Catalogue } from './declare.ts'
import { kindDocs, type Field } from './field.ts'

function kindOf(field: Field): string {
  const kind = field.kind === 'enum' ? field.values!.map((v) => `\`${v}\``).join(' ') : kindDocs[field.kind]
  return field.optional ? `${kind}, or null` : kind
}

/** A bar would begin another column. */
const escaped = (text: string): string => text.replaceAll('|', '\\|')

/** The Markdown table of a catalogue, as the package READMEs carry it. */
export function documentEvents(catalogue: Catalogue): string {
  const lines = ['| event | what happened | fields |', '| --- | --- | --- |']
  for (const [name, d] of Object.entries(catalogue.declarations)) {
    const fields = Object.entries(d.fields)
      .map(([n, f]) => `\`${n}\` ${f.doc} (${kindOf(f)})`)
      .join('; ')
    const kernel = d.kernel ? ` \`${d.kernel}\`` : ''
    const version = d.version > 1 ? ` (v${d.version})` : ''
    lines.push(`| \`${catalogue.prefix}/${name}\`${version} | ${escaped(d.doc)}${kernel} | ${escaped(fields)} |`)
  }
  return lines.join('\n')
}
