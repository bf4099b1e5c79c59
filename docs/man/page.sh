#!/bin/sh
# SPDX-License-Identifier: MIT
# Make a page, from standard input to standard output: page.sh SCDOC
#
# Words that people search for or type (events, options, fields) are not cut at the end of a line. scdoc asks for
# that as well, but before .TH, with which groff begins anew.
set -eu
page=$("$1")
printf '%s\n' "$page" | sed '/^\.TH /a .nh'
