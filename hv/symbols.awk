# From `nm -n` of the hypervisor linked without it: the table of hv/boot/symbols.h, as assembler text.
function value(hex,  i, n) {
	n = 0
	for (i = 1; i <= length(hex); i++)
		n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return n
}
$2 ~ /^[tT]$/ && $3 !~ /^\./ { address[count] = value($1); name[count++] = $3 }
END {
	print ".section .symbols, \"a\""
	printf ".long %d\n", count
	for (i = 0; i < count; i++) {
		printf ".long %d, %d\n", address[i], at
		at += length(name[i]) + 1
	}
	for (i = 0; i < count; i++)
		printf ".asciz \"%s\"\n", name[i]
	print ".section .note.GNU-stack, \"\", @progbits"
}
