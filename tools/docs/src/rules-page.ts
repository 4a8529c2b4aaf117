import { rulesOf } from '@devtrail/time-travel'
import { models } from './models.ts'
import { tableOf, type Page } from './page.ts'

/** All that `devtrail check` holds a log against. */
export function rulesPage(): Page {
  const rules = rulesOf(models).map(({ rule }) => [`\`${rule.id}\``, rule.says, rule.because])
  const text = `What \`devtrail check\` holds a log against: ${rules.length} rules. A violation is called certain only on complete evidence.

${tableOf(['rule', 'what must hold', 'because'], rules)}
`
  return { name: 'rules', title: 'Rules', text }
}
