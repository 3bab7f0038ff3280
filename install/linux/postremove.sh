#!/bin/sh
# After the files of a deb are gone. Even a purge takes no stock away: what was
# counted and sold has to be kept for years, whatever becomes of this machine.
set -e

[ "$1" = purge ] || exit 0

config=/etc/shelfd/config.yaml data=/var/lib/shelfd
if [ -f "$config" ]; then
	named=$(sed -n 's/^data_dir:[[:space:]]*\([^#]*[^#[:space:]]\).*/\1/p' "$config" | tr -d "\"'")
	data=${named:-$data}
fi
rm -f "$config"
rmdir /etc/shelfd 2>/dev/null || true
if [ -d "$data" ]; then
	echo "The ledger of the shop stays in $data, and the account shelfd, which owns it. Take a copy before you delete it."
fi
