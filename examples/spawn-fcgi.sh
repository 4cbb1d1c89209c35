#!/bin/sh
# Starts ddnsgate under spawn-fcgi, which makes the socket for the web server,
# becomes the user ddnsgate, and then *is* the supervisor (-n: no fork): end it
# with TERM, let it read its configuration again with HUP.  As the script "run"
# of runit, or under any manager that starts it again when it ends.
set -e
directory=${DDNSGATE_RUN:-/run/ddnsgate}
socket=$directory/ddnsgate.sock
install -d -m 0755 "$directory"
# Where a supervisor was killed, its workers stop listening a moment later, and
# until then spawn-fcgi would refuse.  00010000: it listens, proc(5).
tries=40
while [ "$tries" -gt 0 ] &&
    grep -q " 00010000 .* $socket\$" /proc/net/unix 2>/dev/null; do
	tries=$((tries - 1))
	sleep 0.05
done
exec spawn-fcgi -n -s "$socket" -M 0660 -G www-data -b 1024 \
	-u "${DDNSGATE_USER:-ddnsgate}" -g "${DDNSGATE_USER:-ddnsgate}" -- \
	"${DDNSGATE:-/usr/sbin/ddnsgate}" serve "$@"
