#!/bin/sh
# Sets the mail relay; the settings, URL-encoded, are the first line of standard
# input. All at once: one at a time fails.
set -eu
IFS= read -r args
yunohost settings set email.smtp --args "$args" --output-as json
