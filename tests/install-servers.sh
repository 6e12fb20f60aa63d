#!/bin/sh
# Installs what the tests use besides Python: InfluxDB, Chromium, and systemd's checker of units.
# Where that cannot be done it says why, and the tests that need a missing one are skipped.
set -u
wanted=""
for pair in influxd:influxdb chromium:chromium systemd-analyze:systemd; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || wanted="$wanted ${pair##*:}"
done
[ -n "$wanted" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
  echo "tests: without$wanted, since this is no Debian; tests that need them are skipped" >&2
elif [ "$(id -u)" != 0 ]; then
  echo "tests: without$wanted, since only root may install; sudo apt-get install$wanted" >&2
else
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # a list of words
  { apt-get update && apt-get install --yes --no-install-recommends $wanted; } >&2 ||
    echo "tests: without$wanted, since apt-get could not install them" >&2
fi
exit 0
