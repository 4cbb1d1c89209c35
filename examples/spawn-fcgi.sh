#!/bin/sh
# Starts ddnsgate under spawn-fcgi, which makes the socket for the web server,
# becomes the user ddnsgate, and then *is* the supervisor (-n: no fork): end it
# with TERM, let it read its configuration again with HUP.  As the script "run"
# of runit, or under any manager that starts it again when it ends.
set -e
directory=${DDNSGATE_RUN:-/run/ddnsgate}
socket=$directory/ddnsgate.sock
install -d -m 0755 "$directory"
pid=$directory/ddnsgate.pid
# Where a supervisor was killed, a worker may go on with an update for seconds,
# and keeps the socket listening meanwhile, so spawn-fcgi would refuse.
old=$(cat "$pid" 2>/dev/null) || old=
if [ -z "$old" ] || ! kill -0 "$old" 2>/dev/null; then
	[ -z "$old" ] || rm -f "$socket"
	echo $$ >"$pid"
fi
exec spawn-fcgi -n -s "$socket" -M 0660 -G www-data -b 1024 \
	-u "${DDNSGATE_USER:-ddnsgate}" -g "${DDNSGATE_USER:-ddnsgate}" -- \
	"${DDNSGATE:-/usr/sbin/ddnsgate}" serve "$@"
