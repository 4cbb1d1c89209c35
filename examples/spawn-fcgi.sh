#!/bin/sh
# Starts ddnsgate under spawn-fcgi, which makes the socket for the web server,
# becomes the user ddnsgate, and then *is* the supervisor (-n: no fork): end it
# with TERM, let it read its configuration again with HUP.
set -e
directory=${DDNSGATE_RUN:-/run/ddnsgate}
install -d -m 0755 "$directory"
exec spawn-fcgi -n -s "$directory/ddnsgate.sock" -M 0660 -G www-data -b 64 \
	-u "${DDNSGATE_USER:-ddnsgate}" -g "${DDNSGATE_USER:-ddnsgate}" -- \
	"${DDNSGATE:-/usr/sbin/ddnsgate}" serve "$@"
