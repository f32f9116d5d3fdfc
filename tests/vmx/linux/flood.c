/* Leaves the guest by CPUID as often as the processor can. Trust: test code only. */
void _start(void);

void _start(void)
{
	for (;;) {
		unsigned a = 0, b, c = 0, d;
		__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	}
}
