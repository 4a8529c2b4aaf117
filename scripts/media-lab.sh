#!/bin/sh
# Holds devtrail's media against a real kernel in QEMU: what devtrail made the kernel takes, finds clean and reads back; what the kernel wrote
# after that devtrail reads as the kernel does.
#
#   LAB_KIT=KIT LAB=BUILT sh scripts/media-lab.sh OUT
#
# LAB_KIT: a folder whose run.sh boots a kernel with an emulated NVDIMM and runs commands in it, with a folder shared at /out; LAB: where
# its kernel was built. Six boots, a minute or two. Needs a build.
set -eu
[ $# -eq 1 ] || { echo 'usage: LAB_KIT=KIT LAB=BUILT sh scripts/media-lab.sh OUT' >&2; exit 2; }
here=$(cd "$(dirname "$0")/.." && pwd)
out=$1
mkdir -p "$out"
# A namespace of 48 MiB, and a label area behind it.
size=50331648
export NVDIMM_SIZE=$((size + 131072))
devtrail() { "$here/node_modules/.bin/node" "$here/apps/replay/dist/main.js" "$@"; }
say() { printf '\n## %s\n' "$*"; }
# boot IMAGE NAME COMMAND...: runs commands in the kernel with IMAGE as its NVDIMM; prints what they print.
boot() {
  NVDIMM=$1 name=$2
  export NVDIMM
  shift 2
  "$LAB_KIT/run.sh" "$out/$name" "$@"
}
failed=0
same() { # same WHAT A B
  if [ "$2" = "$3" ]; then echo "same: $1"; else echo "DIFFERS: $1: $2 / $3"; failed=1; fi
}
sum() { md5sum | cut -d' ' -f1; }
field() { devtrail pmem info "$1" --json | sed -n "s/^  \"$2\": \"\\(.*\\)\",*\$/\\1/p"; }
# Bytes that repeat only after a long time.
pattern() { i=0; while [ $i -lt 4000 ]; do echo "line $i of what devtrail wrote"; i=$((i + 1)); done; }

for sector in 512 4096; do
  img=$out/btt-$sector.img
  say "sector mode, $sector: the kernel makes the namespace and its label; devtrail makes the BTT anew"
  rm -f "$img"
  boot "$img" "make-$sector" "ndctl create-namespace -f -e namespace0.0 -m sector -l $sector" 'ndctl disable-namespace namespace0.0'
  parent=$(field "$img" parent_uuid)
  uuid=$(field "$img" uuid)
  devtrail pmem create "$img" --size $size --sector-size $sector --superblock-version 2.0 --uuid "$uuid" --parent-uuid "$parent" --force
  pattern | devtrail pmem write "$img" --at 8192
  devtrail pmem check "$img"
  before=$(devtrail pmem cat "$img" | sum)

  say "sector mode, $sector: the kernel takes it, checks it, reads it, writes to it"
  boot "$img" "use-$sector" 'ndctl list' 'md5sum /dev/pmem0s' \
    'dd if=/dev/urandom of=/dev/pmem0s bs=4096 count=200 seek=100 oflag=direct 2>/dev/null' 'md5sum /dev/pmem0s' \
    'ndctl disable-namespace namespace0.0' 'ndctl check-namespace -v namespace0.0; echo "check rc=$?"' 'dmesg | grep -i btt || true'
  sums=$(sed -n 's|  /dev/pmem0s$||p' "$out/use-$sector/run.log")
  same "what devtrail wrote, as the kernel reads it" "$before" "$(echo "$sums" | sed -n 1p)"
  same "what the kernel wrote, as devtrail reads it" "$(echo "$sums" | sed -n 2p)" "$(devtrail pmem cat "$img" | sum)"
  grep -q 'check rc=0' "$out/use-$sector/run.log" && echo 'same: ndctl check-namespace is clean' || { echo 'DIFFERS: ndctl check-namespace'; failed=1; }
  devtrail pmem check "$img"
done

img=$out/fsdax.img
say 'fsdax: the kernel makes the namespace and its label; devtrail makes the superblock anew'
rm -f "$img"
boot "$img" make-fsdax 'ndctl create-namespace -f -e namespace0.0 -m fsdax -M dev' 'ndctl disable-namespace namespace0.0' \
  'grep -i "persistent" /proc/iomem'
parent=$(field "$img" parent_uuid)
start=0x$(sed -n 's/^\([0-9a-f]*\)-.*Persistent Memory.*/\1/p' "$out/make-fsdax/run.log" | head -1)
kernels=$(devtrail pmem info "$img" --json | sed -n '/"signature"/,/"page_struct_size"/p' | head -14)
uuid=$(field "$img" uuid)
devtrail pmem create "$img" --mode fsdax --size $size --start "$start" --uuid "$uuid" --parent-uuid "$parent" --force
ours=$(devtrail pmem info "$img" --json | sed -n '/"signature"/,/"page_struct_size"/p' | head -14)
same 'the superblock that devtrail makes and the one that the kernel made' "$ours" "$kernels"
pattern | devtrail pmem write "$img" --at 4096
before=$(devtrail pmem cat "$img" | sum)
say 'fsdax: the kernel takes it, reads it, writes to it'
boot "$img" use-fsdax 'ndctl list' 'md5sum /dev/pmem0' 'dd if=/dev/urandom of=/dev/pmem0 bs=4096 count=200 seek=100 oflag=direct 2>/dev/null' \
  'md5sum /dev/pmem0' 'ndctl disable-namespace namespace0.0' 'ndctl read-infoblock -V -j namespace0.0'
sums=$(sed -n 's|  /dev/pmem0$||p' "$out/use-fsdax/run.log")
same "what devtrail wrote, as the kernel reads it" "$before" "$(echo "$sums" | sed -n 1p)"
same "what the kernel wrote, as devtrail reads it" "$(echo "$sums" | sed -n 2p)" "$(devtrail pmem cat "$img" | sum)"
grep -q '"mode":"fsdax"' "$out/use-fsdax/run.log" && echo 'same: the namespace is fsdax' || { echo 'DIFFERS: the namespace is not fsdax'; failed=1; }
exit $failed
