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
