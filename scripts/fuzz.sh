#!/bin/sh
# Runs every fuzz target for FUZZTIME (10m each by default), one after another;
# FUZZ chooses targets by a regular expression. An input that fails is kept by Go
# under the package's testdata/fuzz, where `go test` runs it from then on; the
# other targets run all the same.
set -eu
time=${FUZZTIME:-10m}
failed=""
for file in $(grep -rl '^func Fuzz' --include='*_test.go' . | sort); do
	package=$(dirname "$file")
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file" | grep -E "${FUZZ:-.}" || true); do
		echo "== $package $target, $time"
		"${GO:-go}" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 5s -timeout 0 "$package" || failed="$failed $package:$target"
	done
done
if [ -n "$failed" ]; then
	echo "failed:$failed" >&2
	exit 1
fi
