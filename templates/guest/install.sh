#!/bin/sh
# Installs YunoHost: install.sh URL
# Needs root and the network, and ten to twenty minutes; its own log is
# /var/log/yunohost-installation_*.log.
set -eu
mkdir -p /run/accolade
curl -fsSL "$1" -o /run/accolade/yunohost-installer
bash /run/accolade/yunohost-installer -a
