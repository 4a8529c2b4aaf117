#!/bin/sh
# Records a scenario on a real kernel in QEMU with the script that `devtrail record --print` gives, and says what devtrail finds.
#
#   LAB_KIT=KIT LAB=BUILT sh scripts/lab.sh OUT SCENARIO...
#
# LAB_KIT: a folder whose run.sh boots a kernel and runs commands in it, with a folder shared at /out and its scenarios in
# /out/scenarios.sh; LAB: where its kernel was built. E.g. OUT 'fs_up; dax_cut "truncate -s 0 /mnt/a" 4194304', with VDA_BPS=131072.
set -eu
[ $# -ge 2 ] || { echo 'usage: LAB_KIT=KIT LAB=BUILT sh scripts/lab.sh OUT SCENARIO...' >&2; exit 2; }
here=$(cd "$(dirname "$0")/.." && pwd)
out=$1
shift
mkdir -p "$out"
devtrail() { "$here/node_modules/.bin/node" "$here/apps/replay/dist/main.js" "$@"; }
devtrail record --print > "$out/record.sh"
{ echo '. /out/scenarios.sh'; printf '%s\n' "$@"; } > "$out/scenario.sh"
"$LAB_KIT/run.sh" "$out" 'sh /out/record.sh -o /out/recording -- sh /out/scenario.sh'
devtrail import "$out/recording"
# That rules are broken is a finding, not a failure.
devtrail check "$out/recording" || [ $? -eq 1 ]
devtrail stuck "$out/recording"
