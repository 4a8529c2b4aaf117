/**
 * Names of ranges that firmware or the kernel itself declares. A driver's region has the name of its device instead. They are not busy, so no
 * release_region frees them, and they are no device's of the nvdimm or dax bus.
 */
const DECLARED =
  /^(?:Persistent Memory|System RAM|Reserved|Soft Reserved|PCI Bus|PCI MMCONFIG|ACPI|Video|Adapter ROM|System ROM|RAM buffer|Crash kernel|CXL|Kernel )/

/** Whether a range of that name was declared by firmware or the kernel, and requested by no driver. False when the name is not known. */
export const isDeclared = (name: string | null): boolean => name !== null && DECLARED.test(name)
