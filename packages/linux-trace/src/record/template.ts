/** What the recording script is made of; `@NAME@` stands for what a kernel fills in. */
export const TEMPLATE = String.raw`#!/bin/sh
# Records what happens to device memory, for devtrail to explain. Made by "devtrail record --print".
# For: @KERNELS@
#
#   sh record.sh -o DIR                       until it is interrupted
#   sh record.sh -o DIR -d 30                 for 30 seconds
#   sh record.sh -o DIR -- COMMAND ARG...     while a command runs
#
# Needs root. Uses a trace instance and a group of kprobes of its own, and takes both away at the end, also when it is
# interrupted or killed softly (INT, TERM, HUP, QUIT): the recording is whole up to then.
# shellcheck disable=SC2317
set -u

say() { echo "record: $*" >&2; }
die() { say "$*"; exit 1; }
usage() { say "usage: sh record.sh -o DIR [-d SECONDS] [-b KIB_PER_CPU] [-- COMMAND ARG...]"; exit 2; }

out='' seconds='' buffer=16384
while [ $# -gt 0 ]; do
  case $1 in
    -o) [ $# -ge 2 ] || usage; out=$2; shift 2 ;;
    -d) [ $# -ge 2 ] || usage; seconds=$2; shift 2 ;;
    -b) [ $# -ge 2 ] || usage; buffer=$2; shift 2 ;;
    --) shift; break ;;
    *) usage ;;
  esac
done
[ -n "$out" ] || usage
# As the shell and the kernel read them: decimal, and no larger than either counts to.
for n in "$buffer" "${'$'}{seconds:-1}"; do
  case $n in '' | 0* | *[!0-9]* | ?????????*) say "\"$n\" is no count: 1 to 99999999, without a leading zero"; usage ;; esac
done

# Where the kernel's files are; another place is for trying the script out.
root=${'$'}{DEVTRAIL_RECORD_ROOT-}
proc=$root/proc sys=$root/sys
[ -n "$root" ] || [ "$(id -u)" = 0 ] || die "needs root: tracing is not for everybody"

# A kernel whose structures are not known would be recorded as plausible nonsense.
btf=$sys/kernel/btf/vmlinux
[ -r "$btf" ] || die "this kernel has no $btf (CONFIG_DEBUG_INFO_BTF): where its structures lie cannot be told, so it is not recorded"
hash=$(sha256sum "$btf") || die "sha256sum is needed to tell the kernel by its type information"
hash=$(echo "$hash" | cut -d' ' -f1)

@FUNCTIONS@

# What the probes rest on, by the type information of this machine: where members lie, and what functions take.
facts() {
  # Words of the header: magic number and version, its length, then where types and strings lie behind it, and their lengths.
  # shellcheck disable=SC2046
  set -- $(od -A n -v -t u4 -N 24 "$btf")
  [ $# = 6 ] && [ $(($1 % 65536)) = 60319 ] || return 1
  {
    wanted
    echo
    tail -c "+$(($2 + $5 + 1))" "$btf" | tr '\000' '\n'
    od -A n -v -t u4 -j $(($2 + $3)) -N "$4" "$btf"
  } | LC_ALL=C awk -v strings="$6" "$(reader)"
}
wanted() {
  cat <<'END'
@WANTED@
END
}
reader() {
  cat <<'AWK'
@FACTS_AWK@
AWK
}

kernel='' number=''
case $hash in
@HASHES@
esac
if [ -z "$number" ] && [ "$(uname -m)" = x86_64 ]; then
  say "a build that was not seen before: reads its type information"
  found=$(facts) || found=''
@SERIES@
  [ -z "$number" ] || { say "its structures lie as in $kernel, which was checked"; kernel="$(uname -r) (as $kernel)"; }
fi
[ -n "$number" ] || die "this kernel ($(uname -r)) is none that this script knows (@KERNELS@).
record: copy $btf to a machine with devtrail, and make a script for it:
record:   devtrail record --print --btf vmlinux > record.sh"

t=$sys/kernel/tracing
[ -e "$t/kprobe_events" ] || [ -n "$root" ] || mount -t tracefs nodev "$t" 2>/dev/null
[ -e "$t/kprobe_events" ] || t=$sys/kernel/debug/tracing
[ -e "$t/kprobe_events" ] || die "there is no tracefs with kprobe_events: mount -t tracefs nodev /sys/kernel/tracing (CONFIG_KPROBE_EVENTS)"
i=$t/instances/@GROUP@

# Of two that begin at once one has the lock. One whose process is gone was left behind: who takes it over is told by a folder,
# which only one can make, and who made it looks again.
lock=$root/run/devtrail-record.pid
mkdir -p "$root/run"
must_be_free() {
  owner=$(cat "$lock" 2>/dev/null)
  [ -n "$owner" ] || { sleep 1; owner=$(cat "$lock" 2>/dev/null); }
  if [ -n "$owner" ] && [ -d "$proc/$owner" ]; then die "another recording is under way (process $owner); if that is something else, remove $lock"; fi
}
if ! (set -C; echo $$ > "$lock") 2>/dev/null; then
  must_be_free
  mkdir "$lock.taken" 2>/dev/null || die "another recording is about to begin (if none is, remove $lock.taken)"
  trap 'rmdir "$lock.taken"' EXIT
  must_be_free
  if ! echo $$ > "$lock.new" || ! mv "$lock.new" "$lock"; then die "cannot write $lock"; fi
  rmdir "$lock.taken"
fi
trap 'rm -f "$lock"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
trap 'exit 131' QUIT
if [ -e "$out/trace.txt" ]; then die "$out holds a recording already"; fi
mkdir -p "$out" || die "cannot write to $out"
# Of a root file system in memory nothing may be told.
free=$(df -Pk "$out" 2>/dev/null | awk 'NR == 2 { print $4 }')
case $free in
  '' | *[!0-9]*) ;;
  *) [ "$free" -ge 65536 ] || die "$out has $free KiB free; 65536 are wanted" ;;
esac

reader='' syncer='' command='' ended=''
# What reads the instance, or writes for it, may be left over from a recording that was killed.
readers() {
  for fd in "$proc"/[0-9]*/fd/*; do
    [ "$(readlink "$fd")" = "$i/trace_pipe" ] || continue
    fd=${'$'}{fd%/fd/*}
    echo "${'$'}{fd##*/}"
  done
}
clear_away() {
  rm -f "$out/.reader" "$out/.died"
  [ -d "$i" ] && echo 0 > "$i/tracing_on" && echo 0 > "$i/events/enable"
  for p in $command $syncer $reader; do kill "$p" 2>/dev/null; done
  n=0
  while [ -d "$i" ] && ! rmdir "$i" 2>/dev/null && [ $n -lt 5 ]; do
    for p in $(readers); do kill "$p" 2>/dev/null; done
    n=$((n + 1))
    sleep 1
  done
  [ ! -d "$i" ] || say "cannot take away $i: something has it open"
  # Each probe by its name: those of others stay.
  sed -n 's|^[pr][0-9]*:\(@GROUP@/[^ ]*\).*|-:\1|p' "$t/kprobe_events" 2>/dev/null | while read -r gone; do echo "$gone" >> "$t/kprobe_events"; done
}
cleanup() {
  trap '' INT TERM HUP QUIT
  clear_away
  rm -f "$lock"
}
if [ -d "$i" ] || grep -q ':@GROUP@/' "$t/kprobe_events"; then
  say "takes away what a recording that died has left behind"
  clear_away
fi
mkdir "$i" || die "cannot make the trace instance $i"
trap cleanup EXIT
# Nobody may be there to be told any more; the recording goes on.
trap : PIPE

echo 0 > "$i/tracing_on"
echo mono > "$i/trace_clock"
echo "$buffer" > "$i/buffer_size_kb" || die "the kernel has no $buffer KiB for each CPU's buffer; ask for less with -b"

# A function of a module that is not loaded yet is probed when it is.
installed=0
: > "$out/probes.missing"
"probes_$number" > "$out/.probes"
awk 'NR == FNR { wanted[$3]; next } $3 in wanted { print $3; delete wanted[$3] }' "$out/.probes" "$proc/kallsyms" > "$out/.symbols"
while read -r kind event place fetch; do
  case $place in
    *:*) known=1 ;;
    *) known=$(grep -x "$place" "$out/.symbols") ;;
  esac
  line="$kind:@GROUP@/$event $place $fetch"
  if [ -n "$known" ] && echo "$line" >> "$t/kprobe_events" 2>> "$out/.errors"; then
    installed=$((installed + 1))
  else
    echo "$line" >> "$out/probes.missing"
  fi
done < "$out/.probes"
wanted=$(wc -l < "$out/.probes")
rm -f "$out/.symbols" "$out/.probes" "$out/.errors"
missing=$((wanted - installed))
[ "$installed" -gt 0 ] || die "the kernel took none of $wanted probes"

echo 1 > "$i/events/@GROUP@/enable" || die "the probes cannot be switched on"
for e in @TRACEPOINTS@; do
  if [ -d "$i/events/$e" ]; then echo 1 > "$i/events/$e/enable"; else echo "tracepoint $e" >> "$out/probes.missing"; fi
done

cpus=0
for c in "$i"/per_cpu/cpu*; do cpus=$((cpus + 1)); done
say "Linux $kernel: $installed of $wanted probes, $cpus buffers of $buffer KiB ($((cpus * buffer / 1024)) MiB of memory), to $out"
[ "$missing" = 0 ] || say "$missing probes could not be set (see $out/probes.missing): what they would show will be unknown"

listing() {
  cat "$proc/iomem" > "$out/iomem.$1"
  cat "$proc/mounts" > "$out/mounts.$1"
  if command -v ndctl > /dev/null 2>&1; then ndctl list -vNRDi > "$out/ndctl.$1.json" 2>/dev/null || rm -f "$out/ndctl.$1.json"; fi
}
uname -a > "$out/uname.txt"
grep ':@GROUP@/' "$t/kprobe_events" > "$out/kprobe_events.txt"
cat "$i/trace_clock" > "$out/trace_clock.txt"
echo "devtrail record 1, Linux $kernel, BTF $hash" > "$out/recorder.txt"
listing before

# From here on everything goes to the disk as it comes: a crash loses little.
# If what reads ends before the recording does (while .reader is there), nothing is recorded any more.
died=''
ends() { if [ -e "$out/.died" ] && [ -z "$died" ]; then died=1; else ended=143; fi; }
trap 'ends' TERM
(
  cat "$i/trace_pipe" > "$out/trace.txt" &
  cat=$!
  echo "$cat" > "$out/.reader"
  trap 'kill "$cat" 2>/dev/null; wait "$cat"' TERM
  wait "$cat"
  status=$?
  if [ -e "$out/.reader" ]; then
    say "what reads the trace ended with $status: nothing is recorded from here on"
    : > "$out/.died"
    kill "$$" 2>/dev/null
  fi
) &
reader=$!
while [ ! -s "$out/.reader" ]; do sleep 0.1 2>/dev/null || sleep 1; done
( while sleep 1; do sync "$out/trace.txt" 2>/dev/null || sync; done ) &
syncer=$!
# What writes the recording is not recorded: it would never come to an end.
if [ -e "$i/set_event_notrace_pid" ]; then
  echo 1 > "$i/options/event-fork" 2>/dev/null
  for p in $reader $(cat "$out/.reader") $syncer; do echo "$p" >> "$i/set_event_notrace_pid"; done
fi
echo 1 > "$i/tracing_on"
began=$(cut -d. -f1 "$proc/uptime")
# From here on a signal ends the recording, which is whole then.
trap 'ended=130' INT
trap 'ended=143' HUP
trap 'ended=131' QUIT
status=0
if [ $# -gt 0 ]; then
  # Waited for beside it: a signal to the script alone must not wait for the command.
  exec 3<&0
  "$@" > "$out/commands.log" 2>&1 <&3 3<&- &
  command=$!
  exec 3<&-
  while :; do
    wait "$command"
    status=$?
    if [ -n "$ended" ] || ! kill -0 "$command" 2>/dev/null; then break; fi
  done
  if [ -n "$ended" ]; then
    kill "$command" 2>/dev/null
    say "interrupted: the command was told to end"
  else
    say "the command ended with $status; what it said is in $out/commands.log"
  fi
  command=''
elif [ -n "$seconds" ]; then
  n=0
  while [ -z "$ended$died" ] && [ $n -lt "$seconds" ]; do sleep 1; n=$((n + 1)); done
else
  say "recording; interrupt it to end"
  while [ -z "$ended$died" ]; do sleep 1; done
  ended=0
fi
[ -z "$ended" ] || status=$ended
# What is left to do takes moments; another signal must not cut it.
trap '' INT TERM HUP QUIT

rm -f "$out/.reader" "$out/.died"
echo 0 > "$i/tracing_on"
# What is still in the buffers follows; the reader ends by itself once they are empty.
n=0
while [ -z "$died" ] && kill -0 "$reader" 2>/dev/null && [ $n -lt 300 ]; do
  left=$(cat "$i"/per_cpu/cpu*/stats | awk '/^entries:/ { n += $2 } END { print n + 0 }')
  if [ "$left" = 0 ]; then n=$((n + 50)); fi
  sleep 0.1 2>/dev/null || sleep 1
  n=$((n + 1))
done
kill "$reader" 2>/dev/null
wait "$reader" 2>/dev/null
reader=''

for c in "$i"/per_cpu/cpu*; do echo "CPU: $(basename "$c" | tr -dc 0-9)"; cat "$c/stats"; done > "$out/stats.txt"
read_events=$(awk '/^read events:/ { n += $3 } END { print n + 0 }' "$out/stats.txt")
left=$(awk '/^entries:/ { n += $2 } END { print n + 0 }' "$out/stats.txt")
lost=$(awk '/^(overrun|commit overrun|dropped events):/ { n += $NF } END { print n + 0 }' "$out/stats.txt")
# What tracefs' own file says in its first lines; without it the recording was cut.
echo "# entries-in-buffer/entries-written: $((read_events + left))/$((read_events + left + lost))   #P:$cpus" >> "$out/trace.txt"
sed -n 's|^[pr][0-9]*:@GROUP@/\([^ ]*\).*|\1|p' "$t/kprobe_events" > "$out/.mine"
awk 'NR == FNR { mine[$1] = 1; next } ($1 in mine)' "$out/.mine" "$t/kprobe_profile" > "$out/kprobe_profile.txt"
rm -f "$out/.mine"
listing after
dmesg > "$out/dmesg.txt" 2>/dev/null || rm -f "$out/dmesg.txt"
[ -s "$out/probes.missing" ] || rm -f "$out/probes.missing"
sync
bytes=$(wc -c < "$out/trace.txt")
say "$read_events entries in $(($(cut -d. -f1 "$proc/uptime") - began)) s, $bytes bytes, $((lost + left)) lost"
[ "$left" = 0 ] || say "$left of them were left in the buffers: what reads the trace $([ -n "$died" ] && echo ended early || echo was too slow)"
[ "$lost" = 0 ] || say "some were lost: larger buffers (-b) lose less"
if [ "$status" = 0 ] && [ -n "$died" ]; then status=1; fi
exit "$status"
`
