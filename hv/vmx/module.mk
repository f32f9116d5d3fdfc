HV_PURE_SRCS += $(addprefix hv/vmx/,bitmaps.c caps.c controls.c decode.c guest.c inject.c switch.c vcpu.c)
TEST_SRCS += tests/unit/fake_vmcs.c tests/unit/fake_vcpu.c
HV_SRCS += $(addprefix hv/vmx/,enter.S host.c run.c vmcs.c)
