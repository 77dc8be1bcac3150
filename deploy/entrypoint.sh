#!/bin/sh
# A new volume belongs to root on many hosts. Started as root, this gives the state's folder to the user
# without rights and goes on as that user; started as anybody else, it changes nothing.
set -eu
if [ "$(id -u)" = 0 ]; then
    chown monitor:monitor .
    exec setpriv --reuid=monitor --regid=monitor --clear-groups --no-new-privs --bounding-set=-all \
        aws-spend-monitor "$@"
fi
exec aws-spend-monitor "$@"
