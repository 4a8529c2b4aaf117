/** Whose behaviour the driver core has: the 2015 series' kernel (4.3 to 4.5) or Linux 6.1. */
export type Rules = 'seed' | 'linux-6.1'

/** A step of an unbind or of the cleanup after a failed probe. `remove` and `release-all` have events of their own. */
export type Step = 'remove' | 'release-all' | BindingStep

/** Steps that say nothing but that they were taken. */
export const bindingSteps = [
  'runtime-pm-got',
  'runtime-pm-put',
  'sysfs-links-removed',
  'not-bound-notified',
  'unbind-notified',
  'unbound-notified',
  'bus-dma-cleaned-up',
  'device-links-dropped',
  'arch-dma-torn-down',
  'driver-cleared',
  'drvdata-cleared',
  'pm-domain-dismissed',
  'runtime-pm-reinitialised',
] as const
export type BindingStep = (typeof bindingSteps)[number]

/** Where the two eras differ. */
export interface DevresRules {
  /** What really_probe does after a driver's probe failed, in order. */
  readonly probeFailure: readonly Step[]
  /** What __device_release_driver does, in order. */
  readonly unbind: readonly Step[]
  /** A device with managed resources is not probed (-EBUSY); before, the core warned and went on. */
  readonly refusesLeftovers: boolean
  /** device_del ends with devres_release_all (6.6, and 6.1.53); before, only the final put did. */
  readonly releasesOnDel: boolean
  /** devres_release_group finding no group warns even when the list is empty (until 6.1.135). */
  readonly warnsOfEmptyList: boolean
  /** devm_release_action is there (since 5.2). */
  readonly canReleaseAction: boolean
  /** devm_add_action_or_reset is there (since 4.6). */
  readonly canReset: boolean
  /** devm_krealloc is there (since 5.10). */
  readonly canRealloc: boolean
  /** devm_kmalloc of no bytes gives ZERO_SIZE_PTR, which devm_kfree ignores as it does NULL. */
  readonly hasZeroSizePointer: boolean
}

/** What device_unbind_cleanup does, after a failed probe and in an unbind alike. */
const unbindCleanup = [
  'release-all',
  'arch-dma-torn-down',
  'driver-cleared',
  'drvdata-cleared',
  'pm-domain-dismissed',
  'runtime-pm-reinitialised',
] as const satisfies readonly Step[]

/** By the name of the era; `seed` is drivers/base of 4.3 to 4.5. */
export const devresRules: Readonly<Record<Rules, DevresRules>> = {
  seed: {
    probeFailure: ['release-all', 'sysfs-links-removed', 'driver-cleared', 'drvdata-cleared', 'pm-domain-dismissed'],
    unbind: [
      'runtime-pm-got',
      'sysfs-links-removed',
      'unbind-notified',
      'runtime-pm-put',
      'remove',
      'release-all',
      'driver-cleared',
      'drvdata-cleared',
      'pm-domain-dismissed',
      'unbound-notified',
    ],
    refusesLeftovers: false,
    releasesOnDel: false,
    warnsOfEmptyList: true,
    canReleaseAction: false,
    canReset: false,
    canRealloc: false,
    hasZeroSizePointer: false,
  },
  'linux-6.1': {
    probeFailure: ['sysfs-links-removed', 'not-bound-notified', 'bus-dma-cleaned-up', 'device-links-dropped', ...unbindCleanup],
    unbind: [
      'runtime-pm-got',
      'sysfs-links-removed',
      'unbind-notified',
      'runtime-pm-put',
      'remove',
      'bus-dma-cleaned-up',
      'device-links-dropped',
      ...unbindCleanup,
      'unbound-notified',
    ],
    refusesLeftovers: true,
    releasesOnDel: true,
    warnsOfEmptyList: false,
    canReleaseAction: true,
    canReset: true,
    canRealloc: true,
    hasZeroSizePointer: true,
  },
}
