#!/bin/sh
# Every manual page is there and without a complaint of mandoc's.
command -v mandoc >/dev/null || { echo "skipped: no mandoc"; exit 77; }
cd "$(dirname "$0")/../../packaging/man" || exit 1
for page in sallyport.1 sallyportd.8 sallyportd.yaml.5 sallyport-policy.5; do
    [ -f "$page" ] || { echo "$page is missing"; exit 1; }
done
mandoc -T lint -W warning ./*.[1-8]
