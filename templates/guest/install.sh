#!/bin/sh
# Installs YunoHost, unless it is there: install.sh URL
# Needs root and the network, and ten to twenty minutes; its own log is
# /var/log/yunohost-installation_*.log.
set -eu
if yunohost tools versions --output-as json >/dev/null 2>&1; then
	exit 0
fi
mkdir -p /run/accolade
curl -fsSL "$1" -o /run/accolade/yunohost-installer
bash /run/accolade/yunohost-installer -a
