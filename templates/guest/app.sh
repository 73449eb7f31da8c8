#!/bin/sh
# Installs an app: app.sh ID LABEL
# The answers to its questions, URL-encoded, are the first line of standard input.
set -eu
IFS= read -r args
yunohost app install "$1" --label "$2" --args "$args" --output-as json
