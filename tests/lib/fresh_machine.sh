#!/bin/bash
# The two commands of the README, proven on a machine with nothing but git and root:
#   fresh_machine.sh DIR [COMMAND…]
# Makes a minimal Debian in DIR (kept, and used again), clones this repository's HEAD into it, enters it by pivot_root in
# mount and pid namespaces of its own (in a plain chroot the kernel refuses user namespaces), and runs
# packaging/quickstart and packaging/check, or COMMAND. Needs root, debootstrap, and the network that apt uses.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=${1:?usage: fresh_machine.sh DIR [COMMAND…]}
shift
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
command -v debootstrap >/dev/null || { echo "skipped: no debootstrap"; exit 77; }

root=$dir/root
if [ ! -e "$dir/made" ]; then
    mirror=$(apt-get indextargets --format '$(SITE)' | grep -m1 debian || true)
    mkdir -p "$dir"
    debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" ${mirror:+"$mirror"}
    touch "$dir/made"
fi
# The way out to the mirror is this machine's.
cp /etc/resolv.conf /etc/hosts "$root/etc/"
mkdir -p "$root/etc/apt/apt.conf.d"
for file in /etc/apt/apt.conf.d/*registry* /etc/apt/apt.conf.d/*proxy*; do
    [ -f "$file" ] && cp "$file" "$root/etc/apt/apt.conf.d/"
done
rm -rf "$root/root/sallyport"
git clone -q "$here" "$root/root/sallyport"

if [ $# = 0 ]; then
    set -- bash -c 'packaging/quickstart && packaging/check'
fi

exec unshare --mount --pid --fork --uts --ipc --kill-child -- bash -euo pipefail -c '
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p .old
pivot_root . .old
cd /
umount -l /.old
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    bash -c "cd /root/sallyport && exec \"\$@\"" fresh "$@"
' fresh "$root" "$@"
