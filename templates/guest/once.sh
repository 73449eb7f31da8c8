#!/bin/sh
# Runs a command once, however often it is asked to: once.sh ID COMMAND [ARGUMENT]...
# The command reads our standard input. A later call with the same ID starts
# nothing: it gives the output and the exit status of the first, or ends with
# status 75 while that one still runs. The memory of it is gone after a reboot, as
# is the command.
set -eu
umask 077
dir=/run/accolade/$1
shift
mkdir -p /run/accolade
if mkdir "$dir" 2>/dev/null; then
	status=0
	"$@" >"$dir/out" 2>"$dir/err" || status=$?
	echo "$status" >"$dir/status.new"
	mv "$dir/status.new" "$dir/status"
fi
if ! test -f "$dir/status"; then
	exit 75
fi
cat "$dir/out"
cat "$dir/err" >&2
exit "$(cat "$dir/status")"
