#!/bin/sh
# Holds devtrail's media against a real kernel in QEMU: what devtrail made the kernel takes, finds clean and reads back; what the kernel wrote
# after that devtrail reads as the kernel does.
#
#   LAB_KIT=KIT LAB=BUILT sh scripts/media-lab.sh OUT [512|520|528|4096|4104|4160|4224|fsdax|devdax|repair]...
#
# LAB_KIT: a folder whose run.sh boots a kernel with an emulated NVDIMM and runs commands in it, with a folder shared at /out; LAB: where
# its kernel was built. Default 512, 4096, fsdax and repair, two boots each, three for repair. Needs a build. ndctl cannot check sectors with metadata.
set -eu
[ $# -ge 1 ] || { echo 'usage: LAB_KIT=KIT LAB=BUILT sh scripts/media-lab.sh OUT [512|…|4224|fsdax|devdax|repair]...' >&2; exit 2; }
here=$(cd "$(dirname "$0")/.." && pwd)
out=$1
shift
[ $# -gt 0 ] || set -- 512 4096 fsdax repair
mkdir -p "$out"
# A namespace of 48 MiB, and a label area behind it.
size=50331648
export NVDIMM_SIZE=$((size + 131072))
devtrail() { "$here/node_modules/.bin/node" "$here/apps/replay/dist/main.js" "$@"; }
say() { printf '\n## %s\n' "$*"; }
failed=0
same() { # WHAT A B
  if [ "$2" = "$3" ]; then echo "same: $1"; else echo "DIFFERS: $1: $2 / $3"; failed=1; fi
}
holds() { # WHAT PATTERN FILE
  if grep -q "$2" "$3"; then echo "holds: $1"; else echo "DOES NOT HOLD: $1"; failed=1; fi
}
sum() { md5sum | cut -d' ' -f1; }
field() { devtrail pmem info "$1" --json | sed -n "s/^  \"$2\": \"\\(.*\\)\",*\$/\\1/p"; }
superblock() { devtrail pmem info "$1" --json | sed -n '/^  "signature"/,/^  "page_struct_size"/p'; }
pattern() { i=0; while [ $i -lt 4000 ]; do echo "line $i of what devtrail wrote"; i=$((i + 1)); done; }

# boot IMAGE NAME COMMAND...: runs commands in the kernel with IMAGE as its NVDIMM. On a busy machine an emulated kernel may find that its
# timer does not work, and panic before it runs anything: then again, with the image as it was.
boot() {
  image=$1 name=$2
  shift 2
  [ ! -e "$image" ] || cp "$image" "$image.before"
  for _ in 1 2 3; do
    rm -f "$out/$name/run.log"
    NVDIMM=$image "$LAB_KIT/run.sh" "$out/$name" "$@" && break
    [ ! -e "$image.before" ] || cp "$image.before" "$image"
  done
  rm -f "$image.before"
  [ -e "$out/$name/run.log" ] || { echo "the kernel did not come up: $out/$name/console.log" >&2; exit 1; }
}

# What the kernel read of a disk before and after it wrote to it.
compared() { # IMAGE LOG BEFORE
  sums=$(sed -n 's|^\([0-9a-f]*\)  /dev/.*|\1|p' "$2")
  same 'what devtrail wrote, as the kernel reads it' "$3" "$(echo "$sums" | sed -n 1p)"
  same 'what the kernel wrote, as devtrail reads it' "$(echo "$sums" | sed -n 2p)" "$(devtrail pmem cat "$1" | sum)"
  devtrail pmem check "$1" || failed=1
}
work() { echo "md5sum /dev/$1; dd if=/dev/urandom of=/dev/$1 bs=4096 count=200 seek=100 oflag=direct 2>/dev/null; md5sum /dev/$1"; }

sector_mode() { # SECTOR
  img=$out/btt-$1.img
  rm -f "$img"
  say "sector mode, $1: the kernel makes the namespace and its label; devtrail makes the BTT anew"
  boot "$img" "make-$1" "ndctl create-namespace -f -e namespace0.0 -m sector -l $1" 'ndctl disable-namespace namespace0.0'
  parent=$(field "$img" parent_uuid)
  uuid=$(field "$img" uuid)
  devtrail pmem create "$img" --size $size --sector-size "$1" --superblock-version 2.0 --uuid "$uuid" --parent-uuid "$parent" --force
  pattern | devtrail pmem write "$img" --at 8192
  before=$(devtrail pmem cat "$img" | sum)
  say "sector mode, $1: the kernel takes it, reads it, writes to it, checks it"
  boot "$img" "use-$1" 'ndctl list' "$(work pmem0s)" 'ndctl disable-namespace namespace0.0' \
    'ndctl check-namespace namespace0.0; echo "check rc=$?"' 'dmesg | grep -i "btt\|arena" || true'
  compared "$img" "$out/use-$1/run.log" "$before"
  case $1 in 512 | 4096) holds 'ndctl check-namespace is clean' 'check rc=0' "$out/use-$1/run.log" ;; esac
}

dax_mode() { # MODE
  img=$out/$1.img
  rm -f "$img"
  say "$1: the kernel makes the namespace and its label; devtrail makes the superblock anew"
  boot "$img" "make-$1" "ndctl create-namespace -f -e namespace0.0 -m $1 -M dev" 'ndctl disable-namespace namespace0.0' \
    'grep "Persistent Memory" /proc/iomem'
  start=0x$(sed -n 's/^ *\([0-9a-f]*\)-[0-9a-f]* : Persistent Memory.*/\1/p' "$out/make-$1/run.log" | head -1)
  kernels=$(superblock "$img")
  parent=$(field "$img" parent_uuid)
  uuid=$(field "$img" uuid)
  devtrail pmem create "$img" --mode "$1" --size $size --start "$start" --uuid "$uuid" --parent-uuid "$parent" --force
  same 'the superblock that devtrail makes and the one that the kernel made' "$(superblock "$img")" "$kernels"
  pattern | devtrail pmem write "$img" --at 4096
  before=$(devtrail pmem cat "$img" | sum)
  say "$1: the kernel takes it, reads it, writes to it"
  [ "$1" = fsdax ] && todo=$(work pmem0) || todo=true
  boot "$img" "use-$1" 'ndctl list' "$todo" 'ndctl disable-namespace namespace0.0' 'ndctl read-infoblock -V -j namespace0.0'
  holds "the namespace is $1" "\"mode\":\"$1\"" "$out/use-$1/run.log"
  [ "$1" != fsdax ] || compared "$img" "$out/use-$1/run.log" "$before"
}

repair_mode() {
  img=$out/repair.img ndctls=$out/repair-ndctl.img
  rm -f "$img"
  say 'repair: the kernel makes a namespace and writes to it; its info block is overwritten with zeros'
  boot "$img" make-repair 'ndctl create-namespace -f -e namespace0.0 -m sector -l 4096' "$(work pmem0s)" 'ndctl disable-namespace namespace0.0'
  written=$(sed -n 's|^\([0-9a-f]*\)  /dev/.*|\1|p' "$out/make-repair/run.log" | sed -n 2p)
  dd if=/dev/zero of="$img" bs=4096 count=1 conv=notrunc 2>/dev/null
  cp "$img" "$ndctls"
  devtrail pmem check "$img" && { echo 'DOES NOT HOLD: the damage is found'; failed=1; }
  devtrail pmem check "$img" --repair || failed=1
  say 'repair: ndctl repairs another copy; the kernel takes the one that devtrail repaired'
  boot "$ndctls" ndctl-repair 'ndctl disable-namespace namespace0.0' 'ndctl check-namespace --repair namespace0.0; echo "repair rc=$?"'
  holds 'ndctl repairs it, too' 'repair rc=0' "$out/ndctl-repair/run.log"
  same 'the namespaces that ndctl and devtrail repaired' "$(head -c $size "$ndctls" | sum)" "$(head -c $size "$img" | sum)"
  boot "$img" use-repair 'md5sum /dev/pmem0s' 'ndctl disable-namespace namespace0.0' 'ndctl check-namespace namespace0.0; echo "check rc=$?"'
  same 'what the kernel had written, as it reads it again' "$written" "$(sed -n 's|^\([0-9a-f]*\)  /dev/.*|\1|p' "$out/use-repair/run.log")"
  holds 'ndctl check-namespace is clean' 'check rc=0' "$out/use-repair/run.log"
}

for what in "$@"; do
  case $what in fsdax | devdax) dax_mode "$what" ;; repair) repair_mode ;; *) sector_mode "$what" ;; esac
done
exit $failed
