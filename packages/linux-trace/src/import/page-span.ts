/** Pages by number, both ends included. */
export interface PageSpan {
  readonly first: number
  readonly last: number
}

/** Memory of a namespace. */
export interface DeviceMemory extends PageSpan {
  readonly namespace: number
}

export const isIn = ({ first, last }: PageSpan, pfn: number): boolean => first <= pfn && pfn <= last

/** The memory that a page is of. Asked at every grab of a page that is nobody's. */
export function memoryOf(all: readonly DeviceMemory[], pfn: number): DeviceMemory | null {
  for (let i = 0; i < all.length; i++) if (isIn(all[i]!, pfn)) return all[i]!
  return null
}
