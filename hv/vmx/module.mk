HV_PURE_SRCS += $(addprefix hv/vmx/,bitmaps.c caps.c controls.c decode.c guest.c inject.c mitigate.c switch.c vcpu.c)
TEST_SRCS += tests/unit/fake_vmcs.c tests/unit/fake_vcpu.c
HV_SRCS += $(addprefix hv/vmx/,enter.S host.c run.c vmcs.c)
# What vmcs.h declares is in ring 0 instructions, in host tests calls of the fake.
VMX_OBJS := $(patsubst hv/vmx/%.c,$(B)/ring0/hv/vmx/%.o,$(filter hv/vmx/%.c,$(HV_PURE_SRCS) $(HV_SRCS)))
$(VMX_OBJS): CFLAGS_RING0 += -include hv/vmx/vmcs_inline.h -include hv/vmx/instructions.h
$(VMX_OBJS): hv/vmx/module.mk
# What most exits run through: speed before size, and one unit for the compiler, so that a call between two of these files
# costs none. Of each some function stays for tools/loc to see, but of the decoder of instructions: that one is called.
EXIT_OBJS := $(addprefix $(B)/ring0/hv/,vmx/run.o vmx/decode.o vmx/vcpu.o vm/vcpu.o vm/vm.o x86/lock.o dev/bus.o \
	dev/guest_memory.o dev/virtio.o dev/virtqueue.o \
	$(addprefix exit/,table.o msr.o io.o cpuid.o memory.o))
$(EXIT_OBJS): CFLAGS_RING0 += -O2 -flto
$(B)/ring0/hv/exit/instruction.o: CFLAGS_RING0 += -O2
$(EXIT_OBJS): hv/vmx/module.mk
