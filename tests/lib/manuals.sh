#!/bin/sh
# manuals.sh BUILD: every manual page is there and without a complaint of mandoc's.
command -v mandoc >/dev/null || { echo "skipped: no mandoc"; exit 77; }
cd "$(dirname "$0")/../../packaging/man" || exit 1
mandoc -T lint -W warning sallyport.1 sallyportd.8 sallyport-policy.5 "$1/man/sallyportd.yaml.5" "$1/man/sallyport-rpc.7"
