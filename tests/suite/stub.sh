#!/bin/sh
# Writes down what it was asked, then acts.
d=$0.d
line=$$
for argument; do line="$line	$argument"; done
echo "$line" >>"$d/asked"
# shellcheck source=/dev/null
. "$d/act"
