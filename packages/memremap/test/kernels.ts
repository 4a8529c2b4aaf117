/** Rules of kernels between the seed and Linux 6.1, as far as their bugs need them. */
import { memremapRules, type MemremapRules } from '../src/rules.ts'

const { seed } = memremapRules
const six = memremapRules['linux-6.1']

/** 4.9 to 4.13: keys by section, -EBUSY on a clash, whole sections added, no grace period at release. */
export const v4_9: MemremapRules = {
  ...seed,
  index: 'sections',
  ramTest: 'aligned',
  unmap: { before: ['check-live'], eachRange: ['remove', 'erase'], after: ['check-altmap', 'free'] },
  unmapsWhatWasMapped: true,
}

/** 4.16 to 4.20: keys by page, a grace period before the record is freed. */
export const v4_16: MemremapRules = {
  ...v4_9,
  index: 'pages',
  unmap: { before: ['check-live'], eachRange: ['remove', 'erase'], after: ['check-altmap', 'grace', 'free'] },
}

/** 5.2: unmapping kills the driver's reference and waits for it. */
export const v5_2: MemremapRules = {
  ...v4_16,
  unmap: { before: ['kill', 'wait'], eachRange: ['remove', 'erase'], after: ['check-altmap', 'grace', 'free'] },
}

/** 6.1 with another order of unmapping. */
export const sixInOrder = (before: MemremapRules['unmap']['before'], after: MemremapRules['unmap']['after']): MemremapRules => ({
  ...six,
  unmap: { before, eachRange: six.unmap.eachRange, after },
})

export { seed, six }
