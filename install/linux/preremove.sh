#!/bin/sh
# Before the files of a deb or rpm go: ends the service, unless a newer version
# takes their place. dpkg calls it with "remove", rpm with how many are left.
set -e

case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac

/usr/bin/shelfd service uninstall ||
	echo "The service of shelfd could not be taken away; it will not find its program any more." >&2
