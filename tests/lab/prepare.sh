# Sourced by examples/quickstart, tests/run and tests/bench: what they need
# before the first program runs.  POSIX sh.
# shellcheck shell=sh disable=SC2034

BUILD_PACKAGES="gcc libc6-dev make autoconf automake pkg-config ca-certificates
	libfcgi-dev libgnutls28-dev libcurl4-gnutls-dev libjson-c-dev
	libsqlite3-dev libbsd-dev libpq-dev libknot-dev
	libseccomp-dev"
LAB_PACKAGES="nginx-light spawn-fcgi pdns-server pdns-backend-sqlite3
	bind9-dnsutils curl iproute2 python3 python3-cryptography"
TEST_PACKAGES="libcmocka-dev python3-pytest python3-pytest-xdist libfaketime
	mandoc clang-format shellcheck pyflakes3 systemd
	ddclient libio-socket-ssl-perl inadyn wget busybox
	python3-yaml python3-jinja2 python3-aiohttp
	multiwatch runit supervisor git python3-jsonschema
	apache2-bin lighttpd lighttpd-mod-openssl caddy haproxy
	knot bind9 python3-dnspython postgresql prometheus chromium
	python3-aiosmtpd"
POLICY=/usr/sbin/policy-rc.d

die() {
	echo "$0: $*" >&2
	exit 1
}

# What ends with this shell, however it ends: the directory $work unless $keep
# is set, and a policy of ours.
work='' keep='' our_policy=''
forget() {
	[ -z "$our_policy" ] || rm -f "$POLICY"
	[ -z "$work" ] || [ -n "$keep" ] || rm -rf "$work"
}
trap forget EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# quietly LOG COMMAND...: shows what the command printed only if it fails
quietly() {
	quietly_log=$1
	shift
	"$@" >>"$quietly_log" 2>&1 || {
		tail -n 40 "$quietly_log" >&2
		keep=yes
		die "failed: $*; all of it: $quietly_log"
	}
}

# in_own_root COMMAND...: in a plain chroot nothing can be mounted for one
# program alone, as some tests do with /etc/resolv.conf.  In a copy of it that
# is a mount they can: there COMMAND runs in such a copy, and this shell ends.
in_own_root() {
	unshare --net true 2>/dev/null || return 0
	! unshare --mount true 2>/dev/null || return 0
	own_root=$(mktemp -d /tmp/ddnsgate-root.XXXXXX)
	mount --rbind / "$own_root"
	mount --make-rprivate "$own_root"
	own_status=0
	chroot "$own_root" "$@" || own_status=$?
	umount --recursive --lazy "$own_root"
	rmdir "$own_root"
	exit "$own_status"
}

# missing PACKAGE...: prints those that are not installed
missing() {
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" \
		    2>/dev/null)" = installed ] || printf '%s ' "$package"
	done
}

# install_packages LOG PACKAGE...: without starting their daemons
install_packages() {
	install_log=$1
	shift
	if [ ! -e "$POLICY" ]; then
		our_policy=yes
		printf '#!/bin/sh\nexit 101\n' >"$POLICY"
		chmod +x "$POLICY"
	fi
	quietly "$install_log" apt-get -q update
	quietly "$install_log" env DEBIAN_FRONTEND=noninteractive apt-get -qy \
		--no-install-recommends --no-remove install "$@"
	if [ -n "$our_policy" ]; then
		rm -f "$POLICY"
		our_policy=''
	fi
}

# copy_source FROM TO: the source tree without what was built in it
copy_source() {
	mkdir -p "$2"
	tar -C "$1" -cf - --exclude=.git --exclude='*.o' --exclude='*.a' \
		--exclude=autom4te.cache --exclude=config.status \
		--exclude=./config.h --exclude=./Makefile . | tar -C "$2" -xf -
}

# build LOG SOURCE DIRECTORY PREFIX [OPTION...]: out of tree, and installed
build() {
	build_log=$1 build_source=$2 build_in=$3 build_prefix=$4
	shift 4
	mkdir -p "$build_in"
	cd "$build_in" || exit 1
	quietly "$build_log" "$build_source/configure" --quiet \
		--prefix="$build_prefix" --sysconfdir="$build_prefix/etc" "$@"
	quietly "$build_log" make -j2
	quietly "$build_log" make install
	cd "$OLDPWD" || exit 1
}
