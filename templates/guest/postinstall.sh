#!/bin/sh
# Makes a fresh YunoHost a server: postinstall.sh DOMAIN USERNAME FULLNAME
# The password is the first line of standard input, so that it stands in no call
# of the hypervisor. YunoHost itself takes it as an argument only; at this moment
# the machine has no user who could read its process list.
set -eu
IFS= read -r password
yunohost tools postinstall --domain "$1" --username "$2" --fullname "$3" --password "$password" \
	--ignore-dyndns --i-have-read-terms-of-services --output-as json
