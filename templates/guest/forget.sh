#!/bin/sh
# Forgets a command that once.sh ran and that failed, so that it can run again: forget.sh ID
set -eu
if test -f "/run/accolade/$1/status"; then
	rm -r "/run/accolade/$1"
fi
