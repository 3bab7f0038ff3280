#!/bin/sh
# Installs the shelfd beside it as a service of this machine, or brings the one
# that is installed up to date. Needs no network.
#
#	sudo ./install.sh              install or upgrade, and start
#	sudo ./install.sh --uninstall  stop and remove; settings and stock stay
set -eu

installed=/usr/local/bin/shelfd
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# fail says what is wrong and ends with one of shelfd's exit codes.
fail() {
	code=$1
	shift
	printf 'install.sh: %s\n' "$*" >&2
	exit "$code"
}

# Where the settings are: on macOS beside the data.
case $(uname -s) in
Linux) config=/etc/shelfd/config.yaml ;;
Darwin) config='/Library/Application Support/shelfd/config.yaml' ;;
*) fail 1 "shelfd is a service on Linux and macOS only; on $(uname -s) run it by hand: $here/shelfd serve" ;;
esac

need_root() {
	[ "$(id -u)" = 0 ] || fail 14 "this changes the services of the machine; run it with sudo: sudo $0 $*"
}

uninstall() {
	need_root --uninstall
	[ -x "$installed" ] || fail 4 "there is no $installed, so there is nothing to remove"
	code=0
	"$installed" service uninstall || code=$?
	[ "$code" = 0 ] || [ "$code" = 4 ] || fail "$code" "the service could not be removed, so the program stays: see above"
	rm -f "$installed"
	echo "shelfd is removed. The settings stay in $config; the stock stays where it is."
}

# check_program refuses what would not run once it is installed.
check_program() {
	[ -f "$here/shelfd" ] || fail 4 "there is no program shelfd beside $0; unpack the whole archive and run it from there"
	"$here/shelfd" version >/dev/null 2>&1 ||
		fail 1 "the shelfd beside this script does not run on this machine ($(uname -sm)); take the archive that is made for it"
	if [ -x /usr/bin/shelfd ]; then
		fail 5 "shelfd is installed here as a package; upgrade the package, or remove it first"
	fi
}

# write_config leaves settings that are there as they are. New ones are all
# commented out: what is not set follows the defaults of the version installed.
write_config() {
	[ ! -e "$config" ] || return 0
	[ -f "$here/config.example.yaml" ] || return 0
	mkdir -p "$(dirname "$config")"
	sed 's/^\([^#]\)/#\1/' "$here/config.example.yaml" >"$config.new"
	mv "$config.new" "$config"
	echo "Settings are in $config; none is needed to begin."
}

# close_config keeps what may be secret in the settings from all accounts but the
# service's. An editor may have made the file anew, as root's.
close_config() {
	[ "$(uname -s)" = Linux ] && [ -e "$config" ] && getent group shelfd >/dev/null || return 0
	chgrp shelfd "$(dirname "$config")" "$config"
	chmod 0750 "$(dirname "$config")"
	chmod g+r,o-rwx "$config"
}

install() {
	need_root
	check_program
	before=0
	if [ -x "$installed" ]; then
		"$installed" service status >/dev/null 2>&1 || before=$?
	else
		before=4
	fi
	mkdir -p "$(dirname "$installed")"
	# In one step: a service that is started meanwhile has the old or the new.
	cp "$here/shelfd" "$installed.new"
	chmod 0755 "$installed.new"
	mv -f "$installed.new" "$installed"
	write_config
	close_config
	"$installed" service install || fail $? "the program is in $installed; its service is not there: see above"
	close_config
	case $before in
	0 | 20) "$installed" service restart || fail $? "the service did not start again: see above" ;;
	19) echo "The service was stopped before and is left so. To start it: sudo shelfd service start" ;;
	*) "$installed" service start || fail $? "the service did not start: see above" ;;
	esac
}

case $# in
0) install ;;
1) case $1 in
	--uninstall) uninstall ;;
	-h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0" ;;
	*) fail 2 "$1 is no option; there is --uninstall" ;;
	esac ;;
*) fail 2 "one option at most; there is --uninstall" ;;
esac
