#!/bin/sh
# Runs a command to which a folder is a disk of its own: on-disk.sh KIBIBYTES|read-only FOLDER COMMAND…
# The disk is mounted in a mount namespace that only the command is in, and is gone with it. Needs unshare and mount
# (util-linux), and root or user namespaces.
set -eu
if [ "${ON_DISK:-}" != inside ]; then
  if [ "$(id -u)" = 0 ]; then user=; else user='--user --map-root-user'; fi
  # shellcheck disable=SC2086 -- no word, or two
  ON_DISK=inside exec unshare $user --mount sh "$0" "$@"
fi
unset ON_DISK
disk=$1 folder=$2
shift 2
if [ "$disk" = read-only ]; then
  mount --bind "$folder" "$folder"
  mount -o remount,ro,bind "$folder"
else
  mount -t tmpfs -o "size=${disk}k" tmpfs "$folder"
fi
exec "$@"
