#!/bin/sh
# Makes the secrets of compose.yaml, one a file, in deploy/secrets or in the folder that is named.
# Those that exist stay. Nobody else on this machine can enter the folder; the files themselves must
# be readable for the users of the containers.
set -eu
umask 077
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
chmod 700 "$folder"
echo '*' >"$folder/.gitignore"
for name in influx_password influx_token grafana_password page_token; do
  [ -s "$folder/$name" ] && continue
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$folder/$name"
  chmod 644 "$folder/$name"
  echo "made $folder/$name"
done
