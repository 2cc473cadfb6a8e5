#!/bin/sh
# Runs a test as an ordinary user that owns nothing: what a private daemon is. usage: as_user.sh PROGRAM [ARGUMENT]…
# Exit status 77, with the reason, where that cannot be done.
set -eu
uid=1899999999
if [ "$(id -u)" != 0 ]; then
    echo "skipped: not root, so the plain form is this one already"
    exit 77
fi
folder=$(mktemp -d /tmp/sallyport-user-XXXXXX)
trap 'rm -rf "$folder"' EXIT
chown $uid:$uid "$folder"
cd /
status=0
if ! setpriv --reuid $uid --regid $uid --clear-groups --inh-caps=-all --bounding-set=-all unshare --user true 2>"$folder/why"; then
    echo "skipped: an ordinary user may not make user namespaces here: $(cat "$folder/why")"
    exit 77
fi
if ! setpriv --reuid $uid --regid $uid --clear-groups test -x "$1"; then
    echo "skipped: an ordinary user cannot reach $1"
    exit 77
fi
TMPDIR=$folder HOME=$folder setpriv --reuid $uid --regid $uid --clear-groups --inh-caps=-all --bounding-set=-all "$@" || status=$?
exit $status
