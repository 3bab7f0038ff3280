#!/bin/sh
# After the files of a deb or rpm are there: makes or renews the service. dpkg
# calls it with "configure" and the version before, rpm with how many versions
# are installed now.
set -e

case "$1" in
configure | abort-remove | [1-9]*) ;;
*) exit 0 ;;
esac

shelfd=/usr/bin/shelfd config=/etc/shelfd/config.yaml

# 0 runs, 19 was stopped by somebody, 20 failed; anything else: is not there yet.
before=0
"$shelfd" service status >/dev/null 2>&1 || before=$?

mkdir -p /etc/shelfd
if [ ! -e "$config" ]; then
	# All commented out: what is not set follows the defaults of the version installed.
	sed 's/^\([^#]\)/#\1/' /usr/share/shelfd/config.example.yaml >"$config"
fi

# Keys of other systems may be in there, for nobody but the service to read. An
# editor may have made the file anew, as root's.
close_config() {
	getent group shelfd >/dev/null || return 0
	chgrp shelfd /etc/shelfd "$config"
	chmod 0750 /etc/shelfd
	chmod g+r,o-rwx "$config"
}

close_config
if ! "$shelfd" service install; then
	echo "shelfd is installed, its service is not. Mend what is said above, then run: sudo shelfd service install && sudo shelfd service start" >&2
	exit 0
fi
close_config

# Whoever makes an image, or updates a machine in pieces, may forbid starting.
if [ -x /usr/sbin/policy-rc.d ] && ! /usr/sbin/policy-rc.d shelfd start; then
	exit 0
fi
case $before in
0 | 20) action=restart ;;
19) exit 0 ;;
*) action=start ;;
esac
"$shelfd" service "$action" || {
	echo "shelfd is installed and did not start. To see why, run: sudo shelfd service status" >&2
	exit 0
}
