/*
 * Fake TPM registers.
 * Test code.
 */
#include "tests/tpm/fake_registers.h"

#include "lib/bytes.h"
#include "lib/tpm/types.h"

#include <string.h>

enum { LOOK_MICROSECONDS = 50, CRB_BUFFER = 0x80 };

enum {
	REG_ACCESS = 0x00,
	REG_LOC_CTRL = 0x08,
	REG_STS = 0x18,
	REG_FIFO = 0x24,
	REG_INTERFACE_ID = 0x30,
	REG_CTRL_REQ = 0x40,
	REG_CTRL_STS = 0x44,
	REG_CTRL_CANCEL = 0x48,
	REG_CTRL_START = 0x4C,
	REG_COMMAND_SIZE = 0x58,
	REG_COMMAND_LOW = 0x5C,
	REG_RESPONSE_SIZE = 0x64,
	REG_RESPONSE_LOW = 0x68,
};

static void make_response(struct fake_tpm *f)
{
	for (size_t i = 0; i < sizeof(f->response); i++)
		f->response[i] = (u8)i;
	store_be16(f->response, TPM_ST_NO_SESSIONS);
	store_be32(f->response + 2, (u32)f->response_size);
	if (f->fault == FAULT_SIZE_SMALL)
		store_be32(f->response + 2, TPM_HEADER_SIZE - 1);
	if (f->fault == FAULT_SIZE_LARGE)
		store_be32(f->response + 2, TPM_BUFFER_SIZE + 1);
	if (f->fault == FAULT_ONES || f->fault == FAULT_ZEROS)
		memset(f->response, f->fault == FAULT_ONES ? 0xFF : 0, sizeof(f->response));
}

void fake_tpm_init(struct fake_tpm *f, u32 type, size_t response_size)
{
	memset(f, 0, sizeof(*f));
	f->type = type;
	f->burst = 64;
	f->execution_looks = 3;
	f->response_size = response_size;
}

static void begin_execution(struct fake_tpm *f)
{
	f->executing = true;
	f->looks = 0;
	f->sent = 0;
}

static void end_execution(struct fake_tpm *f)
{
	f->executing = false;
	f->complete = true;
	make_response(f);
}

/* One look at a command under way. */
static void execute(struct fake_tpm *f)
{
	if (f->executing && f->fault != FAULT_NEVER_DONE && f->fault != FAULT_DEAF && ++f->looks >= f->execution_looks)
		end_execution(f);
}

static size_t fifo_available(const struct fake_tpm *f)
{
	size_t size = f->response_size;
	if (f->fault == FAULT_LONG)
		size++;
	if (f->fault == FAULT_SHORT)
		size--;
	return f->complete && f->sent < size ? size - f->sent : 0;
}

static bool fifo_expects(const struct fake_tpm *f)
{
	u32 size = f->received < TPM_HEADER_SIZE ? UINT32_MAX : load_be32(f->command + 2);
	if (f->fault == FAULT_EXPECT_EARLY)
		size++;
	if (f->fault == FAULT_EXPECT_LATE)
		size--;
	return f->received < size;
}

static u32 fifo_status(struct fake_tpm *f)
{
	execute(f);
	u32 sts = f->fault == FAULT_NO_BURST ? 0 : f->burst << 8;
	if (f->executing)
		return sts;
	sts |= BIT(7);
	if (f->complete)
		return sts | (fifo_available(f) ? BIT(4) : 0);
	if (f->ready && f->received == 0 && f->fault != FAULT_NOT_READY)
		sts |= BIT(6);
	if (f->received && fifo_expects(f))
		sts |= BIT(3);
	return sts;
}

static u8 fifo_take(struct fake_tpm *f)
{
	return fifo_available(f) ? f->response[f->sent++] : 0xFF;
}

static void fifo_command_ready(struct fake_tpm *f)
{
	if (f->executing)
		f->cancelled = true;
	if (f->executing && f->fault == FAULT_DEAF)
		return;
	f->executing = f->complete = false;
	f->ready = true;
	f->received = 0;
}

static void fifo_write(struct fake_tpm *f, u32 offset, u8 v)
{
	if (offset == REG_ACCESS && v == BIT(1))
		f->locality = f->fault != FAULT_LOCALITY;
	else if (offset == REG_ACCESS && v == BIT(5))
		f->locality = false;
	else if (offset == REG_STS && v == BIT(6))
		fifo_command_ready(f);
	else if (offset == REG_STS && v == BIT(5))
		begin_execution(f);
	else if (offset == REG_FIFO && f->received < sizeof(f->command))
		f->command[f->received++] = v;
}

static u32 crb_read(struct fake_tpm *f, u32 offset)
{
	u64 at = f->fault == FAULT_BUFFER_OUTSIDE ? 0x1000 : (u64)TPM_REGISTERS_BASE + CRB_BUFFER;
	u32 size = TPM_REGISTERS_SIZE - CRB_BUFFER + (f->fault == FAULT_BUFFER_LONG);
	switch (offset) {
	case REG_ACCESS:
		return BIT(7) | (f->locality ? BIT(1) : 0);
	case REG_CTRL_REQ:
		return f->fault == FAULT_NOT_READY ? BIT(0) : 0;
	case REG_CTRL_STS:
		return (f->ready ? 0 : BIT(1)) | (f->complete && f->fault == FAULT_FATAL ? BIT(0) : 0);
	case REG_CTRL_START:
		execute(f);
		return f->executing;
	case REG_COMMAND_SIZE:
		return f->fault == FAULT_BUFFER_SMALL ? TPM_HEADER_SIZE : size;
	case REG_RESPONSE_SIZE:
		return f->fault == FAULT_RESPONSE_SMALL ? (u32)f->response_size - 1 : size;
	case REG_COMMAND_LOW:
	case REG_RESPONSE_LOW:
		return (u32)at;
	default:
		return 0;
	}
}

static void crb_write(struct fake_tpm *f, u32 offset, u32 v)
{
	if (offset == REG_LOC_CTRL && v == BIT(0))
		f->locality = f->fault != FAULT_LOCALITY;
	else if (offset == REG_LOC_CTRL && v == BIT(1))
		f->locality = false;
	else if (offset == REG_CTRL_REQ) {
		f->ready = v == BIT(0);
		f->complete = false;
	} else if (offset == REG_CTRL_START && v == 1)
		begin_execution(f);
	else if (offset == REG_CTRL_CANCEL && v == 1 && f->executing) {
		f->cancelled = true;
		f->executing = f->fault == FAULT_DEAF;
	}
}

static bool reads_as(const struct fake_tpm *f, u32 *out)
{
	bool ones = f->fault == FAULT_READS_ONES || (f->fault == FAULT_GONE_EXECUTING && (f->executing || f->complete));
	*out = ones ? UINT32_MAX : 0;
	return ones || f->fault == FAULT_READS_ZEROS;
}

static u32 read32(void *context, u32 offset)
{
	struct fake_tpm *f = context;
	u32 v;
	f->clock++;
	if (reads_as(f, &v))
		return v;
	if (offset == REG_INTERFACE_ID)
		return f->type == FAKE_TIS13 ? UINT32_MAX : f->type;
	if (f->type == FAKE_CRB)
		return crb_read(f, offset);
	return offset == REG_STS ? fifo_status(f) : 0;
}

static u8 read8(void *context, u32 offset)
{
	struct fake_tpm *f = context;
	u32 v;
	f->clock++;
	if (reads_as(f, &v))
		return (u8)v;
	if (f->type == FAKE_CRB)
		return offset >= CRB_BUFFER ? f->response[offset - CRB_BUFFER] : (u8)crb_read(f, offset);
	if (offset == REG_FIFO)
		return fifo_take(f);
	return offset == REG_ACCESS ? (u8)(BIT(7) | (f->locality ? BIT(5) : 0)) : 0;
}

static void write32(void *context, u32 offset, u32 v)
{
	struct fake_tpm *f = context;
	f->clock++;
	if (f->type == FAKE_CRB)
		crb_write(f, offset, v);
}

static void write8(void *context, u32 offset, u8 v)
{
	struct fake_tpm *f = context;
	f->clock++;
	if (f->type != FAKE_CRB)
		fifo_write(f, offset, v);
	else if (offset >= CRB_BUFFER)
		f->command[offset - CRB_BUFFER] = v;
}

static u64 now(void *context)
{
	struct fake_tpm *f = context;
	f->clock += LOOK_MICROSECONDS;
	return f->clock;
}

static u32 access(void *context, u32 offset, u32 width, const u32 *value)
{
	if (!value)
		return width == 1 ? read8(context, offset) : read32(context, offset);
	if (width == 1)
		write8(context, offset, (u8)*value);
	else
		write32(context, offset, *value);
	return 0;
}

struct tpm_registers fake_tpm_registers(struct fake_tpm *f)
{
	return (struct tpm_registers){
		.access = access,
		.now = now,
		.context = f,
	};
}
