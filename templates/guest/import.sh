#!/bin/sh
# Imports users from the CSV on standard input: import.sh NAME
# The file holds passwords: it is for root alone, in memory, and gone afterwards.
set -eu
umask 077
mkdir -p /run/accolade
file=/run/accolade/$1.csv
cat >"$file"
status=0
yunohost user import "$file" --output-as json || status=$?
rm -f "$file"
exit "$status"
