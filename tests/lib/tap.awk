# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads the TAP output of one test program; counts its cases and repeats what
# failed or was skipped, with the notes that follow.  The variables: what (a
# name for messages), status (the program's exit status), counts (the file
# that one line "PASSED FAILED SKIPPED" is appended to), all (1: repeat
# everything).  The plan may come first or last, and more than once.

# The line without what every such line has.
function reason(line)
{
	sub(/^(not )?ok [0-9]+( - | )?/, "", line)
	sub(/# *[Ss][Kk][Ii][Pp] */, "", line)
	return line
}

/^1\.\.[0-9]+/ {
	split($0, plan, /\.\./)
	planned += plan[2]
	showing = 0
	if (plan[2] + 0 == 0 && tolower($0) ~ /# *skip/) {
		skipped++
		planned++
		print "skip: " what ": " reason($0)
	}
	next
}
# cmocka calls a skipped case so.
/^not ok [0-9]+ # SKIP / {
	skipped++
	showing = 0
	print "skip: " what ": " reason($0)
	next
}
/^not ok/ {
	failed++
	showing = 1
	print "FAIL: " what ": " $0
	next
}
/^ok/ {
	showing = 0
	if (tolower($0) ~ /# *skip/) {
		skipped++
		print "skip: " what ": " reason($0)
	} else {
		passed++
		if (all)
			print "pass: " what ": " $0
	}
	next
}
/^Bail out!/ { showing = 1 }
showing || all { print "      " $0 }

END {
	ran = passed + failed + skipped
	if (planned != ran) {
		print "FAIL: " what ": " planned + 0 " cases planned, " ran \
			" seen"
		failed += (planned > ran ? planned - ran : 1)
	} else if (status != 0 && failed == 0) {
		print "FAIL: " what ": ended with status " status
		failed++
	} else if (ran == 0) {
		print "FAIL: " what ": ran no case"
		failed++
	}
	print passed + 0, failed + 0, skipped + 0 >> counts
}
