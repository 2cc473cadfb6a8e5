#!/bin/sh
# units.sh BUILD: installs into an empty root and lets systemd-analyze and systemd-sysusers judge what came of it.
command -v systemd-analyze >/dev/null || { echo "skipped: no systemd-analyze"; exit 77; }
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
DESTDIR=$root cmake --install "$1" >/dev/null || exit 1
prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$1/CMakeCache.txt")
units=$root$prefix/lib/systemd/system
# systemd-analyze looks at the programs that a unit starts: they are where DESTDIR put them.
sed -i "s|^ExecStart=$prefix|ExecStart=$root$prefix|" "$units/sallyport.service"
systemd-analyze verify --man=no "$units/sallyport.socket" "$units/sallyport.service" >"$root/said" 2>&1
status=$?
grep -F sallyport "$root/said"
[ $status = 0 ] && ! grep -qF sallyport "$root/said" || exit 1
# What is left open is what sandboxes need, as the unit says. The number is ten times what systemd-analyze shows.
systemd-analyze security --offline=true --threshold=60 "$units/sallyport.service" >"$root/exposure" 2>&1 ||
    { tail -1 "$root/exposure"; exit 1; }
# These the unit must not have: sandboxes could not be made.
if grep -E '^(ProtectKernelLogs|ProtectKernelTunables|ProtectProc|ProcSubset|ProtectHostname|RestrictNamespaces|PrivateUsers|ProtectControlGroups)=' \
    "$units/sallyport.service"; then exit 1; fi
systemd-sysusers --dry-run "$root$prefix/lib/sysusers.d/sallyport.conf" 2>&1 | grep "Creating user .sallyport"
