#!/bin/sh
# Writes down what it was asked, then acts.
d=$0.d
line=$$
for argument; do line="$line	$argument"; done
echo "$line" >>"$d/asked"
# Prints the rows of a file with as many columns as were asked for.
pad() {
	columns=$(printf '%s' "$line" | tr '\t' '\n' | grep -- --query-gpu= | tr -cd , | wc -c)
	awk -v commas="$columns" '{ n = gsub(/,/, ","); if (n == 11) for (; n < commas; n++) $0 = $0 ", [N/A]"; print }' "${1:--}"
}
# shellcheck source=/dev/null
. "$d/act"
