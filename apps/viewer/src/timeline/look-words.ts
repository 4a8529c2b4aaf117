import type { Look } from '@devtrail/survey'

/** What a look says: what is not sure has a mark, where its own words have none. */
export const lookWords = ({ text, sure }: Pick<Look, 'text' | 'sure'>): string => (sure || /[?≥]|perhaps/.test(text) ? text : `${text} ?`)
