/*
 * The anchor as compiled: magic and zeros, with which the stage starts nothing. `signet boot build` writes the owner's
 * over it (docs/format.md).
 */
	.section .anchor, "a"
	.ascii	"SIGNETA1"
	.zero	16384 - 8

	.section .note.GNU-stack, "", @progbits
